"""How many pixels a fitted picture gets: pixels first, then fineness."""

from __future__ import annotations

import math

from mediacore.engines import bounds
from mediacore.engines.picture import image
from mediacore.values import Fit

Size = tuple[int, int]

BITS_PER_PIXEL = 1.6
"""What a pixel of a photo is worth: more pixels look worse at the same size, fewer do too."""
PHOTO_SIDE, PHOTO_SIDE_BYTES = 1600, 250_000
"""A photo keeps this side as long as its budget is not below these bytes."""
NEAR_BELOW, NEAR_ABOVE = 0.8, 1.6
"""A JPEG's own reduced decode is taken when its side is within these of the one wanted: no resampling at all."""
NEARLY = 1.2
"""A photo that is at most this much larger than its budget keeps all its pixels."""


def most(size: Size, wanted: Fit) -> Size:
    """The size within the most side and the most pixels of the order."""
    width, height = size
    scale = min(1.0, bounds.WRITE_SIDE / max(size))
    if wanted.max_side:
        scale = min(scale, wanted.max_side / max(size))
    if wanted.max_pixels:
        scale = min(scale, math.sqrt(wanted.max_pixels / (width * height)))
    if wanted.exact_side:
        scale = min(scale, wanted.exact_side / max(size))
    return size if scale >= 1.0 else (max(1, int(width * scale)), max(1, int(height * scale)))


def start(size: Size, wanted: Fit, *, screen: bool) -> Size:
    """The size to begin with."""
    box = most(size, wanted)
    if screen or not wanted.max_bytes:
        return box
    pixels = wanted.max_bytes * 8 / BITS_PER_PIXEL
    side = math.sqrt(pixels / (box[0] * box[1])) * max(box)
    floor = PHOTO_SIDE * min(1.0, math.sqrt(wanted.max_bytes / PHOTO_SIDE_BYTES))
    side = min(max(side, floor), max(box))
    return image.contained(box, (round(side), round(side)))


def own(size: Size) -> tuple[Size, ...]:
    """The sizes that a JPEG decoder reaches by itself, the largest first."""
    return tuple((-(-size[0] // part), -(-size[1] // part)) for part in (1, 2, 4, 8))


def snapped(size: Size, box: Size, wanted: Fit, have: int) -> Size:
    """The box, or a JPEG's own size near it.

    Args:
        size: of the whole picture, as shown.
        box: the size to begin with.
        wanted: the order.
        have: bytes of the file; 0 when they say nothing.
    """
    widest = most(size, wanted)
    reached = [each for each in own(size) if each[0] <= widest[0] and each[1] <= widest[1]]
    if widest == size and 0 < have <= NEARLY * wanted.max_bytes:
        return size
    below = NEAR_BELOW if box != widest else 1.0
    for each in reversed(reached):
        if below * max(box) <= max(each) <= NEAR_ABOVE * max(box):
            return each
    return box
