"""After stripping, a file shows the same and says nothing."""

from __future__ import annotations

import io
from typing import Any

import pymupdf
import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps, ImageStat

from mediacore.engines.strip import strip
from tests.engines import builders as b

MARKS = (b.SECRET, b"Exif\x00\x00", b"http://ns.adobe.com", b"xmpmeta", b"GPS")


def stripped(data: bytes, mime: str) -> tuple[bytes, dict[str, Any]]:
    """The clean bytes and the facts."""
    made = strip(io.BytesIO(data), {"type": mime})
    return made.files[0], dict(made.facts)


def same(one: bytes, other: bytes) -> bool:
    """Whether two pictures have the same pixels, in every frame."""
    first, second = Image.open(io.BytesIO(one)), Image.open(io.BytesIO(other))
    for frame in range(getattr(second, "n_frames", 1)):
        first.seek(frame)
        second.seek(frame)
        if ImageChops.difference(first.convert("RGBA"), second.convert("RGBA")).getbbox():
            return False
    return True


def loud(kind: str) -> bytes:
    """A picture of a format that carries every private block the format has."""
    options: dict[str, Any] = {"exif": b.exif(), "xmp": b"<x:xmpmeta>" + b.SECRET}
    if kind in ("GIF", "TIFF", "BMP"):
        options = {"comment": b.SECRET} if kind == "GIF" else {}
    if kind == "TIFF":
        options = {"tiffinfo": {270: b.SECRET.decode(), 315: b.SECRET.decode()}}
    return b.saved(b.photo(120, 90), kind, **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_nothing_private_is_left(kind: str) -> None:
    """No EXIF, place, XMP or comment is left in any format."""
    data = loud(kind) if kind != "JPEG" else b.loud_jpeg()
    assert b.SECRET in data
    clean, facts = stripped(data, f"image/{kind.lower()}")
    assert facts == {"type": f"image/{kind.lower()}", "stripped": True}
    assert not [mark for mark in MARKS if mark in clean]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_not_a_pixel_is_lost(kind: str) -> None:
    """Upright pictures keep every pixel."""
    data = loud(kind) if kind != "JPEG" else b.loud_jpeg()
    assert same(data, stripped(data, f"image/{kind.lower()}")[0])


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"quality": 90, "subsampling": 0}, {"restart_marker_rows": 1}]
)
def test_every_sort_of_jpeg(options: dict[str, Any]) -> None:
    """Progressive, full-colour and restart-marked JPEGs survive to the pixel, and so do CMYK ones."""
    for mode in ("RGB", "L", "CMYK"):
        data = b.saved(b.photo(200, 140, mode=mode), "JPEG", **options)
        clean, _ = stripped(data, "image/jpeg")
        assert Image.open(io.BytesIO(clean)).mode == mode
        assert same(data, clean)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_stays(kind: str) -> None:
    """An animation keeps its frames, their pixels and its loop."""
    pictures = [b.photo(40, 30, n) for n in range(4)]
    data = b.saved(pictures[0], kind, save_all=True, append_images=pictures[1:], loop=0, duration=80)
    clean, _ = stripped(data, f"image/{kind.lower()}")
    opened: Any = Image.open(io.BytesIO(clean))
    assert (opened.n_frames, opened.info.get("loop")) == (4, 0)
    assert same(data, clean)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_turned_pictures_stand_up(kind: str) -> None:
    """A picture that stood on its side by EXIF stands upright by its pixels."""
    picture = Image.new("RGB", (60, 40), (255, 255, 255))
    picture.paste((255, 0, 0), (0, 0, 60, 10))
    clean, _ = stripped(b.saved(picture, kind, exif=b.exif(6)), f"image/{kind.lower()}")
    upright = Image.open(io.BytesIO(clean)).convert("RGB")
    assert upright.size == (40, 60)
    red, green, _blue = upright.getpixel((37, 30))  # type: ignore[misc]
    assert red > 200 > 60 > green


@pytest.mark.parametrize("orientation", [2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize(
    "options",
    [
        {"quality": 92},
        {"quality": 97, "subsampling": 0},
        {"quality": 90, "subsampling": 1},
        {"quality": 85, "progressive": True},
        {"quality": 75, "optimize": True},
    ],
)
def test_turning_a_photo_costs_neither_bytes_nor_looks(orientation: int, options: dict[str, Any]) -> None:
    """A noisy photo that is set upright keeps its size within a twentieth, and every pixel within its first loss."""
    original = b.photo(1008, 752)
    data = b.saved(original, "JPEG", exif=b.exif(orientation), **options)
    clean, _ = stripped(data, "image/jpeg")
    assert len(clean) <= 1.05 * len(data)
    before = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    after = Image.open(io.BytesIO(clean)).convert("RGB")
    again = b.saved(before, "JPEG", quality=95)
    assert before.size == after.size
    assert apart(before, after) <= max(apart(before, Image.open(io.BytesIO(again)).convert("RGB")), 1.0)
    assert not [mark for mark in (*MARKS, b.SECRET) if mark in clean]


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, 0 to 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("options", [{"keep_rgb": True}, {"mode": "CMYK"}, {"mode": "L"}, {"foreign": True}])
def test_turning_odd_colours(options: dict[str, Any]) -> None:
    """Grey, CMYK, RGB stored as such and pictures of another colour space are set upright in their colours."""
    given = dict(options)
    original = b.photo(240, 160)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    if given.pop("foreign", False):
        given["icc_profile"] = profile.replace(b"s\x00R\x00G\x00B", b"x\x00R\x00G\x00B").replace(b"sRGB", b"xRGB")
    stored = original.convert(given.pop("mode", "RGB")).transpose(Image.Transpose.ROTATE_90)
    clean, _ = stripped(b.saved(stored, "JPEG", quality=95, exif=b.exif(6), **given), "image/jpeg")
    picture = Image.open(io.BytesIO(clean))
    assert picture.size == original.size
    reference = original.convert("L") if options.get("mode") == "L" else original
    assert apart(picture.convert("RGB"), reference.convert("RGB")) < 8
    assert ("icc_profile" in picture.info) == ("foreign" in options)


def test_tail_is_cut() -> None:
    """Bytes after the end of a picture do not go along."""
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        data = b.saved(b.photo(64, 64), kind)
        assert b.SECRET not in stripped(data + b.SECRET * 9, f"image/{kind.lower()}")[0]


def test_cropped_remains_are_cut() -> None:
    """A screenshot tool that left the old picture behind the new one does not give it away."""
    old, new = b.saved(b.photo(400, 400), "PNG"), b.saved(b.photo(20, 20), "PNG")
    clean, _ = stripped(new + old[len(new) :], "image/png")
    assert len(clean) <= len(new)


def test_pdf() -> None:
    """Author, XMP, scripts, embedded files and former revisions of a PDF are gone, and its text stays."""
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((50, 50), "stays")
    document.set_metadata({"author": b.SECRET.decode()})
    document.set_xml_metadata(f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{b.SECRET.decode()}</x:xmpmeta>")
    document.embfile_add("a.txt", b.SECRET)
    action = document.get_new_xref()
    document.update_object(action, f"<< /S /JavaScript /JS (app.alert\\('{b.SECRET.decode()}'\\)) >>")
    document.xref_set_key(document.pdf_catalog(), "OpenAction", f"{action} 0 R")
    clean, facts = stripped(document.tobytes(), "application/pdf")
    again = pymupdf.open(stream=clean, filetype="pdf")
    assert facts["stripped"]
    assert "stays" in again[0].get_text()
    inflated = again.tobytes(expand=255)
    for mark in (b.SECRET, b"JavaScript", b"EmbeddedFile", b"/Producer", b"xmpmeta"):
        assert mark not in inflated
    assert (
        stripped(document.tobytes(no_new_id=True), "application/pdf")[0]
        == stripped(document.tobytes(no_new_id=True), "application/pdf")[0]
    )


def test_others_are_left_alone() -> None:
    """A type without a rule comes back as it was, and says so."""
    assert stripped(b"plain", "text/plain") == (b"plain", {"type": "text/plain", "stripped": False})


def test_heic_becomes_jpeg() -> None:
    """A HEIC of a phone becomes a JPEG without its place."""
    path = b.CORPUS / "phone" / "samplefilehub.heif"
    if not path.exists():
        pytest.skip("the phone pictures are not here")
    clean, facts = stripped(path.read_bytes(), "image/heic")
    assert facts["type"] == "image/jpeg"
    assert not [mark for mark in MARKS if mark in clean]
