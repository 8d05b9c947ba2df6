"""Painting images: the boxes are black, the rest is as it was, and no other byte of the file is left."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.image import BLOCK, padded, snapped
from mediacore.engines.painting.paint import paint
from mediacore.engines.reading.words import words
from mediacore.redaction.find import find
from tests.redaction.orders import paint_order, words_from

SECRET = b"TOPSECRET"


def noise(mode: str = "RGB", size: tuple[int, int] = (90, 70)) -> Image.Image:
    return Image.effect_noise(size, 80).convert(mode)


def stored(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def private_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6
    return exif


def painted(data: bytes, mime: str, *boxes: Any) -> tuple[Any, bytes, Any]:
    made = paint(io.BytesIO(data), {"type": mime, "regions": [[0, *box, "manual"] for box in boxes]})
    return Image.open(io.BytesIO(made.files[0])), made.files[0], made.facts["type"]


def test_png_keeps_every_other_pixel() -> None:
    """In a PNG every pixel outside the padded box is the same as before, and every one inside is black."""
    before = noise()
    after, _, mime = painted(stored(before, "PNG"), "image/png", (20.4, 30, 40, 45.5))
    assert mime == "image/png"
    cover = padded((20.4, 30, 40, 45.5), before.size)
    assert cover == (18, 28, 42, 48)
    assert after.crop(cover).getextrema() == ((0, 0),) * 3
    before.paste((0, 0, 0), cover)
    assert after.convert("RGB").tobytes() == before.tobytes()


def test_jpeg_leaves_nothing_behind() -> None:
    """EXIF with its thumbnail, comment, XMP, profile and what follows the end of a JPEG are gone; it stands upright."""
    segment = b"\xff\xe2" + struct.pack(">H", 2 + 12 + len(SECRET)) + b"ICC_PROFILE\0" + SECRET
    data = stored(noise(), "JPEG", exif=private_exif(), comment=SECRET, xmp=SECRET)
    data = data[:2] + segment + data[2:] + SECRET
    after, raw, mime = painted(data, "image/jpeg", (10, 10, 20, 20))
    assert SECRET not in raw
    assert raw.endswith(b"\xff\xd9")
    assert after.size == (70, 90)
    assert mime == "image/jpeg"
    assert set(after.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_png_leaves_nothing_behind() -> None:
    """Text chunks, EXIF, a profile and what follows the end of a PNG are gone."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", SECRET.decode(), zip=True)
    data = stored(noise(), "PNG", pnginfo=info, exif=private_exif()) + SECRET
    after, raw, _ = painted(data, "image/png")
    assert SECRET not in raw
    assert SECRET not in b"".join(inflated(raw))
    assert after.info == {}


def inflated(raw: bytes) -> list[bytes]:
    """Every compressed block of a PNG, inflated."""
    return [zlib.decompressobj().decompress(raw[i:]) for i in range(len(raw)) if raw[i : i + 2] == b"\x78\x9c"][:4]


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_transparent_pixels(form: str) -> None:
    """The colour of pixels that someone made transparent does not come back: they are white."""
    picture = Image.new("RGBA", (32, 32), (200, 10, 60, 0))
    after, _, _ = painted(stored(picture, form, lossless=True, exact=True), f"image/{form.lower()}")
    assert after.convert("RGB").getcolors() == [(32 * 32, (255, 255, 255))]


def test_animation_is_painted_whole() -> None:
    """Of an animation that is covered all over nothing is left but black; equal frames become one."""
    data = stored(noise("P"), "GIF", save_all=True, append_images=[noise("P"), noise("P")])
    after, _, mime = painted(data, "image/gif", (0, 0, 90, 70))
    assert mime == "image/gif"
    assert getattr(after, "n_frames", 1) == 1
    assert after.convert("RGB").getcolors() == [(90 * 70, (0, 0, 0))]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_modes(mode: str) -> None:
    """Every colour mode gives a plain picture in which black is black."""
    picture = Image.new("L", (40, 40), 255).convert(mode) if mode != "I;16" else Image.new("I;16", (40, 40), 65535)
    after, _, _ = painted(stored(picture, "TIFF"), "image/tiff", (0, 0, 20, 40))
    plain = after.convert("RGB")
    assert plain.getpixel((5, 20)) == (0, 0, 0)
    assert min(plain.getpixel((35, 20))) >= 250


@given(
    box=st.tuples(*[st.floats(-50, 300, allow_nan=False)] * 4),
    size=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    orientation=st.integers(1, 8),
)
def test_snapping(box: Any, size: tuple[int, int], orientation: int) -> None:
    """A snapped box holds the padded one, stays in the picture and ends on the grid of the stored picture."""
    plain, grown = padded(box, size), snapped(box, size, orientation)
    assert (plain is None) == (grown is None)
    if plain is not None and grown is not None:
        assert grown[0] <= plain[0]
        assert grown[1] <= plain[1]
        assert plain[2] <= grown[2] <= size[0]
        assert plain[3] <= grown[3] <= size[1]
        left = size[0] - grown[2] if orientation in {2, 3, 6, 7} else grown[0]
        top = size[1] - grown[3] if orientation in {3, 4, 7, 8} else grown[1]
        assert left % BLOCK == top % BLOCK == 0


@settings(max_examples=16, deadline=None)
@given(st.integers(1, 8))
def test_no_ghost_in_a_jpeg(orientation: int) -> None:
    """Around a covered word of a JPEG no ringing is left, however the picture is turned."""
    picture = Image.new("L", (100, 75), 255)
    picture.paste(noise("L", (30, 9)), (37, 33))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = stored(picture, "JPEG", quality=40, exif=exif)
    mark = Image.new("L", (100, 75), 0)
    mark.paste(255, (37, 33, 67, 42))
    exif_mark = Image.open(io.BytesIO(stored(mark, "PNG", exif=exif)))
    box: Any = ImageOps.exif_transpose(exif_mark).getbbox()
    after, _, _ = painted(data, "image/jpeg", box)
    grey = after.convert("L")
    cover: Any = snapped(box, grey.size, orientation)
    grey.paste(255, (cover[0] - 8, cover[1] - 8, cover[2] + 8, cover[3] + 8))
    assert grey.getextrema()[0] >= 250


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "unsupported"), (b"%PDF-1.7", "unsupported"), (stored(noise(), "PNG")[:900], "truncated")],
)
def test_unusable(data: bytes, code: str) -> None:
    """What is no image, and an image that is cut off, are refused with a reason."""
    with pytest.raises(Unusable) as caught:
        painted(data, "image/png")
    assert caught.value.code == code


def test_too_many_pixels() -> None:
    """A picture that claims more pixels than can be decoded is refused before it is."""
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(Unusable) as caught:
        painted(data, "image/png")
    assert caught.value.code == "too-many-pixels"


def test_text_is_covered_too() -> None:
    """In a plain text the letters of a region become full blocks; all others stay."""
    made = paint(
        io.BytesIO("hello\ncard 4111 1111 ok\n".encode("utf-16")),
        {"type": "text/plain", "regions": [[0, 5, 1, 14, 2, "card"]]},
    )
    assert made.files[0].decode() == "hello\ncard \u2588\u2588\u2588\u2588 \u2588\u2588\u2588\u2588 ok\n"


def test_text_from_end_to_end() -> None:
    """A plain text is searched, covered to the letter and searched again, also where a number is wrapped."""
    text = "Kartennummer:4111111111111111, bald\nmail a.b@example.com; IBAN DE89 3704\n0044 0532 0130 00 bye"
    seen = words_from(words(io.BytesIO(text.encode()), {"type": "text/plain"}).facts)
    regions = find(seen, ["card", "iban", "email"])
    after = paint(io.BytesIO(text.encode()), paint_order("text/plain", regions)).files[0].decode()
    full = "\u2588"
    assert after == (
        f"Kartennummer:{full * 16}, bald\nmail {full * 15}; IBAN {full * 4} {full * 4}\n"
        f"{full * 4} {full * 4} {full * 4} {full * 2} bye"
    )


def test_other_types_are_refused() -> None:
    """A type that cannot be painted is refused instead of being handed on as it is."""
    with pytest.raises(Unusable) as caught:
        paint(io.BytesIO(b""), {"type": "video/mp4", "regions": []})
    assert caught.value.code == "unsupported"
