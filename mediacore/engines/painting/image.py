"""Covering parts of an image: a new picture of the same pixels, with solid black boxes and nothing else.

No byte of the original file is carried over. Pillow alone would keep a JPEG comment, a TIFF's profile or the colour of
a fully transparent pixel through a plain re-save, so the picture is built anew from pixels.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import BinaryIO, TypeAlias

from PIL import Image, ImageCms, ImageDraw, ImageOps, UnidentifiedImageError

from mediacore.engines.operation import Unusable

Box: TypeAlias = tuple[float, float, float, float]
Cover: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom, the last two just outside."""

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF")
PHOTOS = frozenset({"JPEG", "MPO", "AVIF", "HEIF"})  # become JPEG; the others become PNG
BLOCKS = PHOTOS | {"WEBP"}  # coded in blocks: a ghost of the text is left all over a block that it touches
BLOCK = 16  # pixels: two 8x8 blocks, since colour is mostly stored at half size
PADDING = 2  # pixels around every box, for the soft edge of letters
MAX_PIXELS = 50_000_000
MAX_JPEG_PIXELS = 120_000_000
QUALITY = 92


def paint_image(file: BinaryIO, boxes: Iterable[Box]) -> tuple[str, bytes]:
    """A clean copy of the first picture, upright, with these boxes black.

    Args:
        file: the image.
        boxes: in pixels of the upright picture; parts outside it are ignored.

    Returns:
        The MIME type (``image/jpeg`` for photo formats, else ``image/png``) and the bytes.

    Raises:
        Unusable: ``unsupported``, ``too-many-pixels`` or ``truncated``.
    """
    picture, stored, orientation = upright(file)
    canvas = flat(picture)
    blacken(canvas, covers(boxes, canvas.size, stored, orientation), black(canvas))
    out = io.BytesIO()
    if stored in PHOTOS:
        canvas.save(out, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
        return "image/jpeg", out.getvalue()
    canvas.save(out, "PNG")
    return "image/png", out.getvalue()


def covers(boxes: Iterable[Box], size: tuple[int, int], stored: str, orientation: int) -> list[Cover]:
    """What must be black so that nothing of the boxes is left, in whole pixels.

    Args:
        boxes: in pixels of the upright picture; parts outside it are ignored.
        size: of the upright picture.
        stored: the format that it comes from; where that is coded in blocks, whole blocks are covered.
        orientation: how it was turned since.
    """
    grown = (snapped(box, size, orientation) if stored in BLOCKS else padded(box, size) for box in boxes)
    return [cover for cover in grown if cover is not None]


def blacken(canvas: Image.Image, rectangles: Iterable[Cover], ink: int | tuple[int, int, int]) -> None:
    """Draw what covers the boxes, in place, in the canvas's own black."""
    draw = ImageDraw.Draw(canvas)
    for left, top, right, bottom in rectangles:
        draw.rectangle((left, top, right - 1, bottom - 1), fill=ink)


def black(canvas: Image.Image) -> int | tuple[int, int, int]:
    """Black in a picture from ``flat``."""
    return 0 if canvas.mode == "L" else (0, 0, 0)


def upright(file: BinaryIO) -> tuple[Image.Image, str, int]:
    """The first picture, decoded and turned as a person sees it, its format and its stored orientation (1 to 8).

    Raises:
        Unusable: ``unsupported``, ``too-many-pixels`` or ``truncated``.
    """
    with readable():
        picture, stored, orientation = opened(file)
        return decoded(picture, orientation), stored, orientation


def opened(file: BinaryIO) -> tuple[Image.Image, str, int]:
    """A picture of which the header was read, its format and its stored orientation; within ``readable``."""
    load_formats()
    picture = Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])
    stored = picture.format or ""
    _check_size(picture, stored)
    return picture, stored, _orientation(picture)


def decoded(picture: Image.Image, orientation: int) -> Image.Image:
    """The picture's pixels as they stand, turned as a person sees them; within ``readable``."""
    _check_size(picture, picture.format or "")
    picture.load()
    return ImageOps.exif_transpose(picture) if orientation != 1 else picture


@contextmanager
def readable() -> Iterator[None]:
    """Make :class:`Unusable` of what Pillow raises over a file that it cannot read.

    Raises:
        Unusable: ``unsupported``, ``too-many-pixels`` or ``truncated``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and of size: the size is checked before decoding
            yield
    except UnidentifiedImageError as fault:
        raise Unusable("unsupported", "This is not an image that can be read here.") from fault
    except Image.DecompressionBombError as fault:
        raise Unusable("too-many-pixels", "This image has too many pixels.") from fault
    except (OSError, SyntaxError, ValueError, EOFError) as fault:
        raise Unusable("truncated", "This image is damaged or not complete.") from fault


def flat(picture: Image.Image, ground: int = 255) -> Image.Image:
    """A new picture, ``L`` or ``RGB``, in sRGB, on a ground from black (0) to white; without the old one's metadata."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    elif picture.has_transparency_data:
        colours = picture.convert("RGBA")
        page = Image.new("RGBA", colours.size, (ground, ground, ground, 255))
        page.alpha_composite(colours)
        page.info["icc_profile"] = picture.info.get("icc_profile")
        picture = page
    colours = _to_srgb(picture)
    clean = Image.new(colours.mode, colours.size)
    clean.paste(colours)
    return clean


def _to_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    grey = picture.mode in {"1", "L"}
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            plain = picture.convert("RGB") if picture.mode == "RGBA" else picture
            turned = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None  # a damaged profile: the colours are shown as they are stored
        if turned is not None:
            return turned
    return picture.convert("L" if grey else "RGB")


def padded(box: Box, size: tuple[int, int]) -> Cover | None:
    """The box in whole pixels with its padding, clipped to the picture; None when it lies outside or is empty."""
    left, top, right, bottom = (min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3]))
    if not all(map(math.isfinite, box)) or right <= 0 or bottom <= 0 or left >= size[0] or top >= size[1]:
        return None
    return (
        max(0, math.floor(left) - PADDING),
        max(0, math.floor(top) - PADDING),
        min(size[0], math.ceil(right) + PADDING),
        min(size[1], math.ceil(bottom) + PADDING),
    )


def snapped(box: Box, size: tuple[int, int], orientation: int = 1) -> Cover | None:
    """The padded box, grown to the blocks in which the picture was coded before it was turned upright.

    The grid starts at the stored top left corner; turned pictures have it at another one (EXIF orientation, tag 274).
    """
    cover = padded(box, size)
    if cover is None:
        return None
    from_right, from_bottom = orientation in {2, 3, 6, 7}, orientation in {3, 4, 7, 8}
    left, right = _to_grid(cover[0], cover[2], size[0], reverse=from_right)
    top, bottom = _to_grid(cover[1], cover[3], size[1], reverse=from_bottom)
    return left, top, right, bottom


def _to_grid(low: int, high: int, length: int, *, reverse: bool) -> tuple[int, int]:
    if reverse:
        start, end = _to_grid(length - high, length - low, length, reverse=False)
        return length - end, length - start
    return low // BLOCK * BLOCK, min(length, -(-high // BLOCK) * BLOCK)


def _check_size(picture: Image.Image, stored: str) -> None:
    most = MAX_JPEG_PIXELS if stored in {"JPEG", "MPO"} else MAX_PIXELS
    if picture.width * picture.height > most:
        raise Unusable("too-many-pixels", f"This image has more than {most // 1_000_000} million pixels.")


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(0x0112, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError):  # odd EXIF: Pillow raises what it meets
        return 1
    return value if value in range(1, 9) else 1


def load_formats() -> None:
    """Register every image format that is installed; HEIC comes with ``mediacore[heic]``."""
    Image.init()
    try:
        import_module("pillow_heif").register_heif_opener(thumbnails=False)
    except ImportError:
        return
