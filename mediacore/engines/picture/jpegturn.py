"""A JPEG set upright at the quality it has: its own quantisation tables, its own colour resolution.

Pillow gives no way to the coefficients, so the turn goes over the pixels; but a block that is quantised by the table
that made it lands on the steps where it lay, so that next to nothing is lost and the size stays.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, JpegImagePlugin

from mediacore.engines.picture import chunks, image
from mediacore.engines.picture.profile import anonymous

_FULL, _HALF_ACROSS, _OTHER = 0, 1, -1
"""Pillow's names for 4:4:4, 4:2:2, and what it cannot name."""


def turned(opened: Image.Image) -> bytes | None:
    """The same JPEG, upright and without metadata.

    Args:
        opened: as opened, no pixel decoded yet; it is used up.

    Returns:
        The file, or None when its colours are not those of an ordinary JPEG (CMYK, or RGB stored as such).

    Raises:
        Unusable: ``truncated`` or ``damaged``.
    """
    turn = image.orientation_of(opened)
    tables = _tables(opened, lying=turn >= 5)
    if tables is None:
        return None
    sampling, profile = _sampling(opened, lying=turn >= 5), opened.info.get("icc_profile")
    progressive = bool(opened.info.get("progressive"))
    if opened.mode == "RGB":
        # without the way over RGB, not even rounding is lost
        opened.draft("YCbCr", opened.size)
    image.decode(opened)
    upright = image.fresh(opened.transpose(image.TURNS[turn]))
    kept = anonymous(profile) if isinstance(profile, bytes) and not chunks.is_srgb(profile) else None
    target = io.BytesIO()
    upright.save(
        target,
        "JPEG",
        qtables=tables,
        subsampling=sampling,
        progressive=progressive,
        optimize=True,
        icc_profile=kept,
    )
    return target.getvalue()


def _tables(opened: Image.Image, *, lying: bool) -> list[list[int]] | None:
    """The table of each component, columns for rows when the picture lies on its side; None for what is not YCbCr."""
    if not isinstance(opened, JpegImagePlugin.JpegImageFile) or opened.info.get("adobe_transform") == 0:
        return None
    names = [name for name, *_ in opened.layer]
    if opened.mode not in ("L", "RGB") or names == [*b"RGB"]:
        return None
    try:
        tables = [list(opened.quantization[table]) for *_, table in opened.layer]
    except KeyError:
        return None
    return [_mirrored(table) for table in tables] if lying else tables


def _mirrored(table: Sequence[int]) -> list[int]:
    return [table[column * 8 + row] for row in range(8) for column in range(8)]


def _sampling(opened: Image.Image, *, lying: bool) -> int:
    """Colour resolution; one that is halved across would be halved down once turned, for which there is no name."""
    sampling = JpegImagePlugin.get_sampling(opened)
    return _FULL if sampling == _OTHER or (lying and sampling == _HALF_ACROSS) else sampling
