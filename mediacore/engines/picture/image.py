"""Opening pictures: only formats on the list, within bounds, upright, in sRGB, as fresh pixels without any metadata."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from heapq import nlargest
from operator import itemgetter
from typing import BinaryIO

from PIL import Image, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import colour, holes, rare, salvage
from mediacore.engines.picture.chunks import crowded_png, webp_size
from mediacore.engines.picture.jpegscans import scans_of

# Pillow refuses a picture whose packed text is longer than a megabyte, and drawing programs keep whole drawings there
PngImagePlugin.MAX_TEXT_CHUNK = bounds.PNG_TEXT

FORMATS: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/webp": ("WEBP",),
    "image/gif": ("GIF",),
    "image/tiff": ("TIFF",),
    "image/bmp": ("BMP",),
    "image/avif": ("AVIF",),
    "image/heic": ("HEIF",),
    "image/heif": ("HEIF",),
    **rare.FORMATS,
}
"""Pillow's formats by MIME type: the only ones that are ever tried on a file of that type."""

ORIENTATION = 0x0112
TURNS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by its EXIF orientation."""
WHITE = (255, 255, 255)
GROUND_SHARE, GROUND_LIGHT = 0.25, 144
"""What a screenshot saved as JPEG shows of its ground at least, and the sum of that ground's three colours."""
_ROUNDED = 2
"""Pixels that a thumbnail may fall short of, since its maker rounds to whole pairs of them."""
CAMERA = 0x010F
"""The EXIF tag of a camera's maker."""


def warm() -> None:
    """Load every codec, the colour engine and the HEIC plugin, since a locked process can import nothing more."""
    Image.init()
    _register_heif()
    pixel = Image.new("RGB", (8, 8))
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "BMP"):
        target = io.BytesIO()
        pixel.save(target, kind)
        upright(open_picture(io.BytesIO(target.getvalue()), (kind,)), (4, 4))
    colour.warm()


def open_typed(file: BinaryIO, mime: str) -> Image.Image:
    """Read a picture's header, trying only the formats of its sniffed type.

    Raises:
        Unusable: ``no-preview`` for a type that is no picture, and as ``open_picture``.
    """
    formats = FORMATS.get(mime)
    if formats is None:
        raise Unusable("no-preview", f"There is no picture in a file of the type {mime}.")
    if formats == ("HEIF",):
        _register_heif()
    picture = open_picture(file, formats)
    colour.note_curve(picture, file)
    return picture


def open_picture(file: BinaryIO, formats: tuple[str, ...]) -> Image.Image:
    """Read a picture's header and hold its claims against the bounds; no pixel is decoded yet.

    Args:
        file: the picture.
        formats: Pillow's names of the formats to try.

    Raises:
        Unusable: ``damaged``, ``too-many-pixels`` or ``bomb``.
    """
    if formats == ("WEBP",):
        # Pillow's WebP reader takes memory for the whole canvas as soon as it opens the file
        _check_size(*webp_size(file), "WEBP")
    if formats == ("PNG",) and crowded_png(file):
        raise _slow()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(file, formats=formats)
    except Image.DecompressionBombError:
        raise _too_many() from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise Unusable("damaged", "The picture is damaged or not what it claims to be.") from None
    _check_size(*picture.size, picture.format or "")
    if picture.format in ("JPEG", "MPO") and scans_of(file, bounds.JPEG_SCANS) > bounds.JPEG_SCANS:
        raise _slow()
    return picture


def _slow() -> Unusable:
    return Unusable("bomb", "The picture is made to take very long to open.")


def orientation_of(picture: Image.Image) -> int:
    """How the stored pixels must be turned, 1 to 8; 1 when the file says nothing sensible."""
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # EXIF is read by many hands; broken EXIF says nothing
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def by_camera(picture: Image.Image) -> bool:
    """Whether the file names the camera that took it."""
    try:
        return bool(picture.getexif().get(CAMERA))
    except Exception:  # as for the orientation
        return False


def shown_size(picture: Image.Image) -> tuple[int, int]:
    """Width and height as a person sees them; Pillow has already swapped those of a TIFF."""
    width, height = picture.size
    if orientation_of(picture) >= 5 and not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return height, width
    return width, height


def upright(
    picture: Image.Image,
    box: tuple[int, int] | None = None,
    *,
    sharp: bool = False,
    nearest: bool = False,
    partly: bool = False,
    embedded: bool = False,
) -> Image.Image:
    """Decode, scale, turn, and bring to sRGB: ``L``, ``RGB``, ``LA`` or ``RGBA`` with eight bits, and no metadata.

    Nothing is left under holes.

    Args:
        picture: as opened; it is used up.
        box: the most width and height of the result, as shown; None keeps the size.
        sharp: take Lanczos over a full decode, instead of a JPEG's own reduced decode and bicubic.
        nearest: take whole pixels out instead of mixing them, so that their colours can be counted.
        partly: take what is there of a picture that is cut off, if that is enough to be seen.
        embedded: take a HEIC's own thumbnail where it is large enough, of the same shape, turn, crop and colours; that
            it shows the same scene is the word of whoever made the file.

    Raises:
        Unusable: ``truncated`` or ``damaged``.
    """
    size = shown_size(picture)
    wanted = size if box is None else contained(size, box)
    turn = orientation_of(picture)
    if picture.format in ("JPEG", "MPO") and not sharp:
        picture.draft(picture.mode, wanted if turn < 5 else wanted[::-1])
    curve = colour.curve_of(picture)
    if embedded and picture.format == "HEIF" and not curve:  # of a bright picture it may be an ordinary one
        picture.draft(picture.mode, (max(1, wanted[0] - _ROUNDED), max(1, wanted[1] - _ROUNDED)))
    decode(picture, partly=partly)
    if not isinstance(picture, TiffImagePlugin.TiffImageFile) and turn in TURNS and turn >= 5:
        wanted = wanted[::-1]
    profile = picture.info.get("icc_profile")
    plain = colour.plain(picture)
    if nearest:
        plain = plain.resize(wanted, Image.Resampling.NEAREST)
    elif not _as_wanted(plain.size, wanted):
        method = Image.Resampling.LANCZOS if sharp else Image.Resampling.BICUBIC
        plain = plain.resize(wanted, method, reducing_gap=3.0 if sharp else 2.0)
    plain = colour.dimmed(plain, curve) if curve else colour.to_srgb(plain, profile)
    # Pillow turns a TIFF itself while it loads
    if turn in TURNS and not isinstance(picture, TiffImagePlugin.TiffImageFile):
        plain = plain.transpose(TURNS[turn])
    return holes.cleared(fresh(plain))


def contained(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """The size scaled down to lie within the box, never up, never below one pixel."""
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _as_wanted(size: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """A reduced decode rounds up where we round: one pixel is not worth a resample, unless it would be one too many."""
    return all(-1 <= have - want <= 0 for have, want in zip(size, wanted, strict=True))


def fresh(picture: Image.Image) -> Image.Image:
    """The same pixels in a picture that has nothing else: savers write comments and profiles found in ``info``.

    Args:
        picture: used up; one that was made in memory has no more than its ``info`` to lose, and is not copied.
    """
    if type(picture) is Image.Image:
        picture.info = {}
        return picture
    clean = Image.new(picture.mode, picture.size, None)
    clean.paste(picture)
    return clean


def see_through(picture: Image.Image) -> bool:
    """Whether any pixel lets the background through."""
    if picture.mode not in ("RGBA", "LA"):
        return False
    lowest, _ = picture.getchannel("A").getextrema()
    assert not isinstance(lowest, tuple)
    return lowest < 255


def opaque(picture: Image.Image) -> Image.Image:
    """The picture on white, without an alpha channel."""
    if picture.mode not in ("RGBA", "LA"):
        return picture
    target = "L" if picture.mode == "LA" else "RGB"
    if not see_through(picture):
        return picture.convert(target)
    ground = Image.new(target, picture.size, 255 if target == "L" else WHITE)
    ground.paste(picture.convert(target), mask=picture.getchannel("A"))
    return ground


def drawn(picture: Image.Image, *, lossy: bool = False) -> bool:
    """Whether it looks like a screen or a drawing: few colours cover nearly all of it.

    Args:
        picture: any picture; a small sample of its own pixels is judged.
        lossy: it was a JPEG, where photos are what is usual: one ground that is not dark must cover much of it, since
            a photo of the night has few colours too.
    """
    side = 160
    small = opaque(colour.plain(picture))
    step = max(1, max(small.size) // side)
    if step > 1:
        small = small.resize((max(1, small.width // step), max(1, small.height // step)), Image.Resampling.NEAREST)
    bins = small.convert("RGB").point(lambda value: value & 0xF8).getcolors(small.width * small.height) or []
    most_seen = nlargest(16, bins, key=itemgetter(0))
    total = small.width * small.height
    flat = total >= 1024 and sum(count for count, _ in most_seen) >= 0.6 * total
    if not (flat and lossy):
        return flat
    most, ground = most_seen[0]
    return most >= GROUND_SHARE * total and isinstance(ground, tuple) and sum(ground) >= GROUND_LIGHT


def decode(picture: Image.Image, *, partly: bool = False) -> None:
    """Decode the pixels in place; see ``upright``.

    Raises:
        Unusable: ``truncated`` or ``damaged``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.load()
    except Image.DecompressionBombError:
        raise _too_many() from None
    except (OSError, EOFError, SyntaxError, ValueError) as error:
        if partly and salvage.settle(picture):
            return
        if "truncated" in str(error) or isinstance(error, EOFError):
            raise Unusable("truncated", "The picture is cut off: part of it is missing.") from None
        raise Unusable("damaged", "The picture is damaged and cannot be shown.") from None


def _check_size(width: int, height: int, kind: str) -> None:
    if width * height > bounds.PIXELS.get(kind, bounds.PIXELS_ELSE) or max(width, height) > bounds.SIDE:
        raise _too_many()


def _too_many() -> Unusable:
    return Unusable("too-many-pixels", "The picture has too many pixels to be opened safely.")


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError:
        raise Unusable("library-missing", "HEIC pictures need the package pillow-heif (extra: heic).") from None
    pillow_heif.register_heif_opener(thumbnails=True)  # where pictures are painted over they are turned off
