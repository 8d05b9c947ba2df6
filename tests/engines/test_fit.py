"""What comes out of ``fit`` satisfies the order, whatever goes in."""

from __future__ import annotations

import io
from typing import Any

import pymupdf
import pytest
from attrs import asdict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat, JpegImagePlugin

from mediacore.engines.fit import fit
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import jpegfit
from mediacore.engines.probe import probe
from mediacore.values import Fit, Json
from tests.engines import builders as b

SAVED = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}


def fitted(data: bytes, mime: str, order: Fit) -> tuple[list[Image.Image], list[bytes], dict[str, Any]]:
    """The pictures, their bytes and the facts; each held against the order."""
    made = fit(io.BytesIO(data), {"type": mime, "fit": asdict(order)})
    pictures = [Image.open(io.BytesIO(file)) for file in made.files]
    for picture, file in zip(pictures, made.files, strict=True):
        within(picture, file, order)
    assert order.total_bytes == 0 or sum(map(len, made.files)) <= order.total_bytes
    return pictures, list(made.files), dict(made.facts)


def within(picture: Image.Image, file: bytes, order: Fit) -> None:
    """The promises of an order, for one result."""
    assert picture.get_format_mimetype() in order.types
    assert order.max_bytes == 0 or len(file) <= order.max_bytes
    assert order.max_side == 0 or max(picture.size) <= order.max_side
    assert order.max_pixels == 0 or picture.width * picture.height <= order.max_pixels
    assert not order.modes or picture.mode in order.modes
    assert order.exact_side == 0 or picture.size == (order.exact_side, order.exact_side)
    assert not {"exif", "xmp", "comment", "icc_profile"} & set(picture.info) or not order.strip
    picture.load()


orders = st.builds(
    Fit,
    types=st.lists(st.sampled_from(sorted(SAVED)), min_size=1, unique=True).map(tuple),
    max_bytes=st.sampled_from([0, 3_000, 20_000, 100_000]),
    max_side=st.sampled_from([0, 100, 256, 512]),
    max_pixels=st.sampled_from([0, 10_000, 90_000]),
    modes=st.sampled_from([(), ("RGB",), ("RGB", "L")]),
    exact_side=st.sampled_from([0, 0, 0, 96]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=orders,
    size=st.tuples(st.integers(1, 500), st.integers(1, 500)),
    mode=st.sampled_from(["RGB", "L", "P", "RGBA", "CMYK", "1"]),
    kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF"]),
    orientation=st.integers(1, 8),
    drawn=st.booleans(),
)
def test_any_picture_any_order(
    order: Fit, size: tuple[int, int], mode: str, kind: str, orientation: int, drawn: bool
) -> None:
    """Any picture under any order comes out within it, or is refused with a reason."""
    source = (b.screen(*size) if drawn and min(size) > 60 else b.photo(*size)).convert(mode)
    try:
        data = b.saved(source, kind, exif=b.exif(orientation))
    except (OSError, ValueError, KeyError):
        return
    gif_in_true_colour = bool(order.modes) and order.types == ("image/gif",)
    try:
        fitted(data, f"image/{kind.lower()}", order)
    except Unusable as refusal:
        assert refusal.code in ("illegible", "cannot-convert")  # noqa: PT017 - both ways are right
        assert refusal.code == "illegible" or gif_in_true_colour  # noqa: PT017


@pytest.mark.parametrize("budget", [60_000, 150_000, 300_000, 600_000])
def test_photo_uses_its_budget(budget: int) -> None:
    """A large photo fills at least 90 % of its bytes and never passes them."""
    data = b.saved(b.photo(3000, 2250), "JPEG", quality=95)
    assert len(data) > 600_000
    (picture,), (file,), _ = fitted(data, "image/jpeg", Fit(("image/jpeg",), max_bytes=budget))
    assert len(file) >= 0.9 * budget
    assert max(picture.size) >= 700


def test_one_or_two_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot is right enough that a photo is written at most twice."""
    encodes = []
    real = jpegfit.encode

    def counted(picture: Image.Image, scale: float, sampling: int) -> bytes:
        encodes.append(picture.size)
        return real(picture, scale, sampling)

    monkeypatch.setattr(jpegfit, "encode", counted)
    data = b.saved(b.photo(4000, 3000), "JPEG", quality=95)
    (picture,), _, _ = fitted(data, "image/jpeg", Fit(("image/jpeg",), max_bytes=500_000))
    assert encodes.count(picture.size) <= 2


def test_sixteen_bits_become_eight() -> None:
    """A PNG of 16 bits a channel is written anew for whoever takes eight, although Pillow calls both RGB."""
    _, files, _ = fitted(b.plain_png(16), "image/png", Fit(("image/png",), 5_000_000, modes=("RGB", "RGBA")))
    assert (b.plain_png(16)[24], files[0][24]) == (16, 8)


def test_same_in_same_out() -> None:
    """The same file under the same order gives the same bytes."""
    data = b.saved(b.photo(1800, 1200), "JPEG", quality=95)
    order = Fit(("image/jpeg",), max_bytes=120_000)
    assert fitted(data, "image/jpeg", order)[1] == fitted(data, "image/jpeg", order)[1]


def test_small_enough_is_left_alone() -> None:
    """A picture that is carried already keeps its pixels and loses its metadata."""
    clean_pixels = Image.open(io.BytesIO(b.loud_jpeg()))
    (picture,), (file,), _ = fitted(b.loud_jpeg(), "image/jpeg", Fit(("image/jpeg",), max_bytes=1_000_000))
    assert ImageChops.difference(clean_pixels.convert("RGB"), picture.convert("RGB")).getbbox() is None
    assert b.SECRET not in file


@pytest.mark.parametrize("mime", sorted(SAVED))
def test_nothing_private_in_any_type(mime: str) -> None:
    """No output of any type holds anything of the metadata."""
    _, (file,), _ = fitted(b.loud_jpeg(), "image/jpeg", Fit((mime,), max_side=200))
    assert b.SECRET not in file
    assert b"Exif" not in file


def test_screenshot_stays_sharp() -> None:
    """A screenshot goes lossless while it can, then with a palette, and keeps its size."""
    source = b.screen(1400, 1000)
    data = b.saved(source, "PNG")
    types = ("image/jpeg", "image/png")
    (picture,), (file,), _ = fitted(data, "image/png", Fit(types, max_bytes=len(data) + 1000))
    assert ImageChops.difference(picture.convert("RGB"), source).getbbox() is None
    (picture,), (file,), _ = fitted(b.saved(source, "BMP"), "image/bmp", Fit(types, max_bytes=len(file) * 4 // 5))
    assert picture.size == source.size
    assert picture.format == "PNG"
    assert max(ImageStat.Stat(ImageChops.difference(picture.convert("RGB"), source)).mean) < 6


def test_screenshot_saved_as_jpeg_keeps_its_pixels() -> None:
    """A JPEG of a screen keeps its size and its colours at full resolution, where a photo would be halved."""
    data = b.saved(b.screen(2400, 1600), "JPEG", quality=96, subsampling=0)
    order = Fit(("image/jpeg", "image/png"), max_bytes=int(len(data) * 0.55))
    (picture,), _, _ = fitted(data, "image/jpeg", order)
    assert picture.size == (2400, 1600)
    assert JpegImagePlugin.get_sampling(picture) == 0


def test_legibility_has_a_floor() -> None:
    """A picture is refused rather than made unreadable."""
    with pytest.raises(Unusable) as caught:
        fitted(b.saved(b.screen(1400, 1000), "PNG"), "image/png", Fit(("image/jpeg",), max_bytes=4_000))
    assert caught.value.code == "illegible"


def test_sticker() -> None:
    """A sticker has exactly its side, on nothing, within its bytes."""
    data = b.saved(b.photo(800, 300), "PNG")
    (picture,), _, _ = fitted(data, "image/png", Fit(("image/webp",), max_bytes=100_000, exact_side=512))
    assert picture.mode == "RGBA"
    assert picture.getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_animation_is_kept_or_said_to_be_lost() -> None:
    """An animated GIF stays one where GIF is taken; elsewhere its first picture goes and the facts say so."""
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "lime", "blue")]
    data = b.saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    (picture,), _, facts = fitted(data, "image/gif", Fit(("image/gif",)))
    assert getattr(picture, "n_frames", 1) == 3
    (picture,), _, facts = fitted(data, "image/gif", Fit(("image/jpeg",)))
    assert facts["note"] == "animation lost"
    red, green, _blue = picture.convert("RGB").getpixel((25, 25))  # type: ignore[misc]
    assert red > 240 > 20 > green


@pytest.mark.parametrize("share", [0.8, 0.4, 0.15, 0.06])
@pytest.mark.parametrize("holes", [False, True])
def test_animation_shrinks_and_still_moves(share: float, holes: bool) -> None:
    """An animated GIF over its bytes keeps moving, as long, within them; a see-through one stays so."""
    data = b.film(holes=holes)
    order = Fit(("image/gif", "image/jpeg"), max_bytes=int(len(data) * share))
    (picture,), (file,), facts = fitted(data, "image/gif", order)
    assert "note" not in facts
    assert getattr(picture, "n_frames", 1) >= 6
    assert picture.info["loop"] == 0
    assert lasting(file) == pytest.approx(lasting(data), rel=0.1)
    assert max(picture.size) >= 96
    assert (picture.convert("RGBA").getpixel((2, 2))[3] == 0) == holes  # type: ignore[index]


def test_animation_within_sides() -> None:
    """An animation that is too wide, or no GIF, becomes a GIF of the sides that are taken."""
    frames = [b.photo(300, 200, n) for n in range(5)]
    data = b.saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=80)
    (picture,), _, _ = fitted(data, "image/webp", Fit(("image/gif",), max_side=150))
    assert (picture.size, getattr(picture, "n_frames", 1)) == ((150, 100), 5)


def test_animation_that_is_left_too_small_stands_still() -> None:
    """Where hardly a byte is left, one sharp picture says more than a moving stamp."""
    data = b.film(40)
    (picture,), _, facts = fitted(data, "image/gif", Fit(("image/gif", "image/jpeg"), max_bytes=9_000))
    assert getattr(picture, "n_frames", 1) == 1
    assert facts["note"] == "animation lost"


def lasting(data: bytes) -> float:
    """Milliseconds of an animation."""
    opened: Any = Image.open(io.BytesIO(data))
    total = 0.0
    for number in range(opened.n_frames):
        opened.seek(number)
        total += opened.info["duration"]
    return total


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_upright(orientation: int) -> None:
    """What is sent stands upright without a word about it."""
    picture = Image.new("RGB", (640, 400), (255, 255, 255))
    picture.paste((255, 0, 0), (0, 0, 640, 60))
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    stored = picture.transpose(back[orientation])
    data = b.saved(stored, "JPEG", exif=b.exif(orientation))
    (result,), _, _ = fitted(data, "image/jpeg", Fit(("image/jpeg",), max_side=320))
    red, green, _blue = result.convert("RGB").getpixel((160, 10))  # type: ignore[misc]
    assert result.size == (320, 200)
    assert red > 230 > 60 > green


def letter(pages: int) -> bytes:
    """A PDF of pages full of text."""
    document = pymupdf.open()
    for number in range(pages):
        page = document.new_page()
        for line in range(50):
            page.insert_text((50, 60 + line * 14), f"page {number} line {line}: your order 4711 was sent on monday")
    return bytes(document.tobytes())


def test_pdf_becomes_pictures() -> None:
    """A PDF becomes one legible picture for each page, all within their share."""
    order = Fit(("image/jpeg", "image/png"), max_bytes=600_000, max_pages=5, total_bytes=300_000, max_side=2600)
    pictures, files, _ = fitted(letter(3), "application/pdf", order)
    assert len(files) == 3
    assert all(
        len(file) <= 100_000 and max(picture.size) >= 1100 for picture, file in zip(pictures, files, strict=True)
    )
    with pytest.raises(Unusable) as caught:
        fitted(letter(6), "application/pdf", order)
    assert caught.value.code == "too-many-pages"


def test_pdf_that_cannot_shrink() -> None:
    """A PDF over its bytes where only PDF is taken says that it cannot be made smaller."""
    with pytest.raises(Unusable) as caught:
        fit(io.BytesIO(letter(2)), {"type": "application/pdf", "fit": asdict(Fit(("application/pdf",), max_bytes=500))})
    assert caught.value.code == "cannot-shrink"


@pytest.mark.parametrize("mime", ["audio/mpeg", "application/zip"])
def test_no_way(mime: str) -> None:
    """What no engine can turn into the type says so."""
    with pytest.raises(Unusable) as caught:
        fit(io.BytesIO(b"abc"), {"type": mime, "fit": asdict(Fit(("image/jpeg",)))})
    assert caught.value.code == "cannot-convert"


def scans(pages: int = 3) -> bytes:
    """A PDF of scanned pages, 300 dots per inch, with a line of text on each."""
    document = pymupdf.open()
    for number in range(pages):
        page = document.new_page(width=300, height=400)
        page.insert_image((0, 0, 300, 400), stream=b.saved(b.photo(1250, 1667, number), "JPEG", quality=92))
        page.insert_text((20, 390), f"page {number} of the contract")
    return bytes(document.tobytes())


def test_pdf_with_smaller_pictures() -> None:
    """A PDF that is too large keeps its pages and its text, and its pictures get smaller, as far as there is need."""
    data = scans()
    budget = len(data) // 3
    order: dict[str, Json] = {"types": ["application/pdf"], "max_bytes": budget}
    made = fit(io.BytesIO(data), {"type": "application/pdf", "fit": order})
    assert made.facts["note"] == "the pictures in it are smaller"
    assert budget * 0.8 <= len(made.files[0]) <= budget
    small = pymupdf.open(stream=made.files[0])
    assert [page.get_text().strip() for page in small] == [f"page {n} of the contract" for n in range(3)]
    seen, whole = (
        Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
        for pixels in (document[1].get_pixmap(dpi=72) for document in (small, pymupdf.open(stream=data)))
    )
    assert max(ImageStat.Stat(ImageChops.difference(seen, whole)).mean) < 6


def test_pdf_too_large_for_any_picture() -> None:
    """Below what can be read a PDF is not made smaller, and says so."""
    order: dict[str, Json] = {"types": ["application/pdf"], "max_bytes": 9_000}
    with pytest.raises(Unusable) as caught:
        fit(io.BytesIO(scans()), {"type": "application/pdf", "fit": order})
    assert caught.value.code == "cannot-shrink"


def test_pictures_of_a_pdf_are_weighed() -> None:
    """The probe tells how many bytes of a PDF are pictures, from which the planner knows what it could become."""
    data = scans()
    facts = probe(io.BytesIO(data), {"type": "application/pdf"}).facts
    assert len(data) * 0.9 < int(str(facts["pictures"])) < len(data)


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_every_orientation_is_fitted_alike(shape: str) -> None:
    """The public orientation set looks the same in all nine files once fitted, but for the digit in the middle."""
    files = sorted((b.CORPUS / "orientation").glob(f"{shape}_*.jpg"))
    if not files:
        pytest.skip("the public orientation set is not here")
    order = Fit(types=("image/jpeg",), max_bytes=60_000, max_side=640)
    seen = [fitted(file.read_bytes(), "image/jpeg", order)[0][0].convert("RGB") for file in files]
    assert {picture.size for picture in seen} == {seen[0].size}
    apart = [max(ImageStat.Stat(ImageChops.difference(seen[0], picture)).mean) for picture in seen]
    assert max(apart) < 8


def test_an_animation_loses_its_comment() -> None:
    """What was written beside the frames of a GIF is not in the one that is made of it."""
    frames = [Image.new("RGB", (300, 200), (shade, 90, 200 - shade)) for shade in (0, 60, 120, 180)]
    sink = io.BytesIO()
    frames[0].save(sink, "GIF", save_all=True, append_images=frames[1:], duration=120, comment=b"where it was made")
    made = fit(sink, {"type": "image/gif", "fit": asdict(Fit(("image/gif",), max_side=150))}).files
    assert b"where it was made" in sink.getvalue()
    assert b"where it was made" not in made[0]
