"""Colour: any mode to eight bits, any colour space to sRGB."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import BinaryIO

from PIL import Image, ImageCms, ImageFilter

from mediacore.engines.bright import CURVES, STEPS, table
from mediacore.engines.picture.chunks import is_srgb

_NCLX = "nclx_profile"
_HEADER = 16_384
_CURVE_AT = {
    # PNG (third edition), 11.3.2.6: the curve is the second byte, and stands before the pixels
    "PNG": re.compile(rb"\A\x89PNG(?:(?!IDAT).)*?\x00\x00\x00\x04cICP.(.)", re.DOTALL),
    # ISO/IEC 14496-12, 12.1.5: 16 bits of primaries, then of the curve
    "AVIF": re.compile(rb"colrnclx..\x00(.)", re.DOTALL),
}


def warm() -> None:
    """Load the colour engine, which Pillow imports when the first odd picture is decoded."""
    ImageCms.buildTransform(_srgb(), ImageCms.createProfile("LAB"), "RGB", "LAB")
    Image.new("LAB", (1, 1)).convert("RGB")


def plain(picture: Image.Image) -> Image.Image:
    """Eight bits and one of the modes L, LA, RGB, RGBA, CMYK, LAB."""
    mode = picture.mode
    if mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return picture
    if mode.startswith("I;16") or mode in ("I", "F"):
        return _eight_bits(picture)
    if mode == "1":
        return picture.convert("L")
    if mode == "La":
        # Pillow converts it to nothing but its own straight kind
        return picture.convert("LA")
    if "transparency" in picture.info or mode in ("PA", "RGBa"):
        return picture.convert("RGBA")
    return picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    wide = picture if picture.mode == "F" else picture.convert("I")
    low, high = wide.getextrema()
    assert not isinstance(low, tuple)
    assert not isinstance(high, tuple)
    if wide.mode == "F":
        span = (high - low) or 1.0
        return wide.point(lambda value: value * (255 / span) + (-low * 255 / span)).convert("L")
    return (wide.point(lambda value: value * (1 / 256) + 0) if high > 255 else wide).convert("L")


def to_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """The picture in sRGB, as L, LA, RGB or RGBA.

    Args:
        picture: from ``plain``.
        profile: the ICC profile found in the file; None, or one that cannot be read, counts as sRGB.
    """
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colours = picture.convert("RGB" if picture.mode == "RGBA" else "L") if alpha else picture
    if isinstance(profile, bytes) and not is_srgb(profile):
        colours = _managed(colours, profile)
    if colours.mode not in ("L", "RGB"):
        colours = colours.convert("RGB")
    if alpha is None:
        return colours
    if colours.mode == "L":
        return Image.merge("LA", (colours, alpha))
    return Image.merge("RGBA", (*colours.split(), alpha))


def note_curve(picture: Image.Image, file: BinaryIO) -> None:
    """Keep beside a PNG or AVIF which curve its header names, as pillow-heif does; Pillow does not tell.

    Args:
        picture: just opened.
        file: what it was opened from.
    """
    place = _CURVE_AT.get(picture.format or "")
    if place is None:
        return
    before = file.tell()
    file.seek(0)
    found = place.search(file.read(_HEADER))
    file.seek(before)
    if found:
        picture.info[_NCLX] = {"transfer_characteristics": found[1][0]}


def curve_of(picture: Image.Image) -> int:
    """The curve of a bright picture, one of ``CURVES``, or 0."""
    told = picture.info.get(_NCLX)
    curve = told.get("transfer_characteristics") if isinstance(told, dict) else None
    return curve if isinstance(curve, int) and curve in CURVES else 0


def dimmed(picture: Image.Image, curve: int) -> Image.Image:
    """A bright picture in sRGB, as RGB or RGBA.

    Args:
        picture: from ``plain``.
        curve: from ``curve_of``.
    """
    colours = picture.convert("RGBA" if picture.mode in ("LA", "RGBA") else "RGB")
    return colours.filter(_table(curve))


@cache
def _table(curve: int) -> ImageFilter.Color3DLUT:
    return ImageFilter.Color3DLUT(STEPS, [part for colour in table(curve) for part in colour])


def _managed(picture: Image.Image, profile: bytes) -> Image.Image:
    if picture.mode == "L":
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        made = ImageCms.profileToProfile(picture, source, _srgb(), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return made if made is not None else picture


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def stored_mode(picture: Image.Image) -> str:
    """The colours of a file just opened, such as ``RGB`` or ``P``; ``RGB;16`` where Pillow will decode 16 bits to 8.

    Ask this first: a PNG's tile, which alone tells, is gone once its pixels or its orientation were asked for.
    """
    tile = getattr(picture, "tile", None)  # only files that Pillow opened have one
    stored = str(tile[0].args) if picture.format == "PNG" and tile else ""
    return f"{picture.mode};16" if stored.endswith(";16B") and ";" not in picture.mode else picture.mode
