"""Previews: upright, small, and nothing of the original in them but its pixels."""

from __future__ import annotations

import base64
import io
import random
from importlib import import_module
from pathlib import Path

import pymupdf
import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat, PngImagePlugin

from mediacore.engines.fit import fit
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import image
from mediacore.engines.picture.rare import rare_type
from mediacore.engines.preview import preview
from mediacore.engines.sniff import type_of
from mediacore.values import Json
from tests.engines import builders as b


def shown(data: bytes, mime: str, side: int = 128, page: int = 0) -> tuple[Image.Image, bytes]:
    """The preview and its bytes."""
    made = preview(io.BytesIO(data), {"type": mime, "side": side, "page": page})
    picture = Image.open(io.BytesIO(made.files[0]))
    assert (made.facts["width"], made.facts["height"], made.facts["type"]) == (
        *picture.size,
        picture.get_format_mimetype(),
    )
    return picture, made.files[0]


def distance(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, 0 to 255."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_upright(orientation: int) -> None:
    """All eight ways to store a picture look the same."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    original = b.photo(240, 160)
    stored = original.transpose(Image.Transpose(back[orientation]))
    plain, _ = shown(b.saved(original, "JPEG", quality=95), "image/jpeg")
    turned, _ = shown(b.saved(stored, "JPEG", quality=95, exif=b.exif(orientation)), "image/jpeg")
    assert distance(plain, turned) < 4


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_upright_public_set(shape: str) -> None:
    """The public orientation set looks the same in all nine files, but for the digit in the middle."""
    files = sorted((b.CORPUS / "orientation").glob(f"{shape}_*.jpg"))
    if not files:
        pytest.skip("the public orientation set is not here")
    pictures = [shown(f.read_bytes(), "image/jpeg", 300)[0] for f in files]
    assert all(distance(pictures[0], p) < 6 for p in pictures)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "CMYK", "1", "I;16", "LA"])
def test_every_mode(kind: str, mode: str) -> None:
    """Every colour mode of every format becomes a picture that looks like it."""
    if mode == "I;16" and kind not in ("PNG", "TIFF"):
        pytest.skip(f"{kind} holds no {mode}")
    original = b.photo(200, 150).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        original = original.convert("I").point(lambda v: v * 256 + 0).convert("I;16")
    try:
        data = b.saved(original, kind)
    except (OSError, KeyError, ValueError):
        pytest.skip(f"{kind} holds no {mode}")
    picture, _ = shown(data, f"image/{kind.lower()}", 100)
    assert picture.size == (100, 75)
    grey = b.photo(200, 150).resize((100, 75)).convert("L")
    assert distance(picture.convert("L"), grey) < 30


@pytest.mark.parametrize("name", ["IMG_5195.HEIC", "samplefilehub.heif", "example.avif", "example.heic", "jolla.jpg"])
def test_phone_pictures(name: str) -> None:
    """Pictures of real phones are shown, without their EXIF."""
    path = b.CORPUS / "phone" / name
    if not path.exists():
        pytest.skip("the phone pictures are not here")
    data = path.read_bytes()
    picture, made = shown(data, type_of(io.BytesIO(data)), 320)
    assert max(picture.size) == 320
    assert b"Exif" not in made
    assert max(ImageStat.Stat(picture.convert("L")).stddev) > 10


def test_a_heic_shows_its_own_thumbnail_where_that_is_large_enough() -> None:
    """The picture itself, which takes fifty times as long, is decoded only for a larger preview."""
    import_module("pillow_heif").register_heif_opener(thumbnails=False)  # as painting leaves it
    for side, own in ((160, True), (120, True), (164, False)):
        picture, _ = shown(b.thumbed_heic(), "image/heic", side)
        assert picture.size == (side, side * 3 // 4)
        assert (distance(picture, b.photo(800, 600).resize(picture.size)) < 12) is own


@pytest.mark.parametrize("size", [(400, 300), (600, 401), (401, 600), (602, 403)])
def test_a_thumbnail_that_was_rounded_serves(size: tuple[int, int]) -> None:
    """Its maker may round each side to a whole pair of pixels."""
    whole = b.saved(b.photo(*size), "HEIF", quality=50, thumbnails=[160])
    with image.open_typed(io.BytesIO(whole), "image/heic") as opened:
        image.upright(opened, (160, 160), embedded=True)
        assert max(opened.size) <= 160


def test_nothing_but_pixels() -> None:
    """No metadata of any kind comes through."""
    picture, made = shown(b.loud_jpeg(), "image/jpeg")
    assert b.SECRET not in made
    assert not {"exif", "xmp", "comment", "icc_profile"} & set(picture.info)


def test_colours_are_managed() -> None:
    """A picture in another colour space is brought to sRGB."""
    lab = ImageCms.createProfile("LAB")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert lab
    foreign = profile.replace(b"s\x00R\x00G\x00B", b"x\x00R\x00G\x00B").replace(b"sRGB", b"xRGB")
    colour = Image.new("RGB", (64, 64), (200, 60, 30))
    picture, _ = shown(b.saved(colour, "JPEG", quality=95, icc_profile=foreign), "image/jpeg", 64)
    assert distance(picture, colour) < 6
    broken, _ = shown(b.saved(colour, "JPEG", quality=95, icc_profile=b"rubbish" * 40), "image/jpeg", 64)
    assert distance(broken, colour) < 6


def test_transparency_stays() -> None:
    """A picture with holes stays one, as PNG."""
    holes = Image.new("RGBA", (80, 80), (255, 0, 0, 0))
    holes.paste((0, 0, 255, 255), (20, 20, 60, 60))
    picture, _ = shown(b.saved(holes, "PNG"), "image/png")
    assert picture.format == "PNG"
    assert picture.convert("RGBA").getpixel((2, 2))[3] == 0  # type: ignore[index]


def test_pdf_pages() -> None:
    """Each page of a PDF is shown; one too many is said to be so."""
    document = pymupdf.open()
    for shade in (0.0, 1.0):
        document.new_page(width=200, height=100).draw_rect((0, 0, 200, 100), fill=(shade,) * 3, color=None)
    data = document.tobytes()
    assert shown(data, "application/pdf", 100, 0)[0].convert("L").getpixel((50, 25)) == 0
    assert shown(data, "application/pdf", 100, 1)[0].convert("L").getpixel((50, 25)) == 255
    with pytest.raises(Unusable, match="no page 3"):
        shown(data, "application/pdf", 100, 2)


def test_pdf_is_opened_as_pdf_only() -> None:
    """An SVG that is passed off as a PDF is not drawn."""
    with pytest.raises(Unusable) as caught:
        shown(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "application/pdf")
    assert caught.value.code == "damaged"


def test_svg_loads_nothing(tmp_path: Path) -> None:
    """An SVG is drawn in its shape, and the files it names are not read."""
    secret = tmp_path / "secret.png"
    secret.write_bytes(b.saved(Image.new("RGB", (10, 10), (255, 0, 0)), "PNG"))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#0000ff"/>'
        f'<image href="{secret}" width="40" height="20"/></svg>'
    )
    picture, _ = shown(svg.encode(), "image/svg+xml", 100)
    assert picture.size == (100, 50)
    assert picture.convert("RGB").getpixel((50, 25)) == (0, 0, 255)


@pytest.mark.parametrize("mime", ["font/ttf", "audio/midi", "application/x-7z-compressed", "application/octet-stream"])
def test_no_preview(mime: str) -> None:
    """What has no picture says so."""
    with pytest.raises(Unusable) as caught:
        shown(b"abc", mime)
    assert caught.value.code == "no-preview"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF"])
def test_truncated_picture(kind: str) -> None:
    """Of half a picture the half that is there is shown, and the rest is no black that looks like a part of it."""
    whole = b.photo(400, 300)
    data = b.saved(whole, kind)
    picture, _ = shown(data[: len(data) // 2], f"image/{kind.lower()}", 400)
    assert picture.size == (400, 300)
    # a BMP is stored from the bottom up
    there, gone = ((0, 0, 400, 90), (0, 260, 400, 300)) if kind != "BMP" else ((0, 210, 400, 300), (0, 0, 400, 40))
    seen = picture.convert("RGB")
    assert distance(seen.crop(there), whole.crop(there)) < 8
    assert min(ImageStat.Stat(seen.crop(gone)).mean) > 60


def test_progressive_cut_off() -> None:
    """Of a progressive JPEG that is cut off, the whole is shown coarsely."""
    whole = b.photo(400, 300)
    data = b.saved(whole, "JPEG", progressive=True)
    picture, _ = shown(data[: len(data) * 2 // 3], "image/jpeg", 400)
    assert distance(picture, whole) < 20


def test_nothing_left() -> None:
    """A picture of which only the head is there cannot be shown, and says so."""
    data = b.saved(b.photo(400, 300), "PNG")
    with pytest.raises(Unusable) as caught:
        shown(data[:120], "image/png")
    assert caught.value.code in ("truncated", "damaged")


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("ICO", "image/vnd.microsoft.icon"),
        ("JPEG2000", "image/jp2"),
        ("TGA", "image/x-tga"),
        ("PPM", "image/x-portable-anymap"),
        ("PCX", "image/x-pcx"),
        ("SGI", "image/x-sgi"),
        ("ICNS", "image/x-icns"),
        ("DDS", "image/vnd-ms.dds"),
        ("XBM", "image/x-xbitmap"),
        ("DIB", "image/x-dib"),
        ("MSP", "image/x-msp"),
        ("QOI", "image/qoi"),
    ],
)
def test_rare_formats(kind: str, mime: str) -> None:
    """Formats that few people send are known by their content, shown, and become a JPEG for a channel."""
    original = b.photo(128, 128).convert("1" if kind in ("XBM", "MSP") else "RGB")
    data = b.saved(original, kind)
    assert type_of(io.BytesIO(data)) == mime
    picture, _ = shown(data, mime, 128)
    assert distance(picture.convert("L").resize((16, 16)), original.convert("L").resize((16, 16))) < 16
    order: dict[str, Json] = {"types": ["image/jpeg"], "max_bytes": 20_000}
    assert fit(io.BytesIO(data), {"type": mime, "fit": order}).facts["type"] == "image/jpeg"


@pytest.mark.parametrize("data", [b"P1 is not a picture", b"#define WIDTH 3\n", b"\0\0\1\0" + b"\xff" * 40, b"\0" * 64])
def test_no_rare_format(data: bytes) -> None:
    """What only begins like a rare picture is not taken for one."""
    assert not rare_type(io.BytesIO(data), data)


def test_a_drawing_inside_its_picture() -> None:
    """A PNG that carries the drawing it was made from, megabytes of packed text, is shown as any other."""
    drawing = base64.b64encode(random.Random(1).randbytes(2_000_000)).decode()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("mxfile", drawing, zip=True)
    data = b.saved(Image.new("RGB", (300, 200), "teal"), "PNG", pnginfo=notes)
    assert shown(data, "image/png")[0].getpixel((50, 50)) == (0, 128, 128)


def test_page_tree_lost() -> None:
    """The pages of a PDF whose page tree is lost are found one by one."""
    data = b.pdf_file(
        [
            b"<</Type/Catalog/Pages 9 0 R>>",
            b"<</Type/Page/MediaBox[0 0 200 100]/Contents 3 0 R>>",
            b"<</Length 16>>\nstream\n0 0 200 100 re f\nendstream",
        ]
    )
    assert shown(data, "application/pdf", 100)[0].convert("L").getpixel((50, 25)) == 0


@pytest.mark.parametrize("password", ["", "secret"])
def test_locked_pdf(password: str) -> None:
    """A PDF that only its owner may change opens without a password; one that nobody may read is said to be locked."""
    document = pymupdf.open()
    document.new_page(width=200, height=100).draw_rect((0, 0, 200, 100), fill=(0, 0, 0), color=None)
    data = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw=password)
    if not password:
        assert shown(data, "application/pdf", 100)[0].convert("L").getpixel((50, 25)) == 0
        return
    with pytest.raises(Unusable) as caught:
        shown(data, "application/pdf")
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_placeholder(mode: str) -> None:
    """A placeholder has the mean colour and the shape of its picture, in less than thirty bytes."""
    picture = Image.new(mode, (300, 200), (200, 120, 40, 255)[: len(mode)])
    if mode == "RGBA":
        picture.paste((0, 0, 0, 0), (0, 0, 100, 200))
    made = preview(io.BytesIO(b.saved(picture, "PNG")), {"type": "image/png", "side": 64, "hash": True})
    assert made.facts["of"] == [300, 200]
    packed = base64.b64decode(str(made.facts["hash"]))
    assert len(packed) < 30
    head, shape = int.from_bytes(packed[:3], "little"), int.from_bytes(packed[3:5], "little")
    light, yellow, red = ((head >> at & 63) / 63 for at in (0, 6, 12))
    blue = light - 2 / 3 * (2 * yellow - 1)
    both = (3 * light - blue + 2 * red - 1) / 2
    assert [both, both - 2 * red + 1, blue] == pytest.approx([200 / 255, 120 / 255, 40 / 255], abs=0.05)
    assert (head >> 23, shape >> 15) == (int(mode == "RGBA"), 1)


def test_card() -> None:
    """A file without a likeness gets a sheet that names it, and nothing of the file is read for it."""
    made = preview(io.BytesIO(b"\0"), {"type": "application/x-odd", "side": 512, "card": "ODD", "note": "locked"})
    picture = Image.open(io.BytesIO(made.files[0]))
    assert picture.size == (512, 512)
    assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 3


@pytest.mark.parametrize("mime", ["image/gif", "image/webp", "image/png"])
def test_a_picture_that_moves_still_moves_where_asked(mime: str) -> None:
    """A clip of a moving picture has its frames and its pace within the side, and nothing that was said beside them."""
    frames = [Image.new("RGB", (300, 200), (shade, 90, 200 - shade)) for shade in (0, 60, 120, 180)]
    sink = io.BytesIO()
    form = mime.partition("/")[2].upper()
    more = {"comment": b"where it was made"} if form == "GIF" else {}
    frames[0].save(sink, form, save_all=True, append_images=frames[1:], duration=120, loop=0, **more)
    made = preview(sink, {"type": mime, "side": 150, "form": "clip"})
    assert (made.facts["type"], made.facts["width"], made.facts["height"]) == ("image/gif", 150, 100)
    with Image.open(io.BytesIO(made.files[0])) as shown:
        assert (shown.size, shown.n_frames, shown.info["duration"]) == ((150, 100), 4, 120)  # type: ignore[attr-defined]
    assert b"where it was made" not in made.files[0]


def test_a_still_picture_has_no_clip() -> None:
    """Whoever asks for one hears it, and takes the picture."""
    sink = io.BytesIO()
    Image.new("RGB", (30, 20)).save(sink, "PNG")
    with pytest.raises(Unusable) as caught:
        preview(sink, {"type": "image/png", "form": "clip"})
    assert caught.value.code == "no-preview"
