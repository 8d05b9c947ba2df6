"""The best JPEG within a number of bytes, in one or two encodes.

Three things do it: the quantisation table of Klein, Silverstein and Carney (1992), which at equal size scores higher
than Annex K of the standard; a continuous scale of that table instead of a hundred quality steps; and a pilot, a
diagonal sample of tiles whose encoded sizes predict that of the whole within a few percent.
"""

from __future__ import annotations

import io
import math

from PIL import Image

from mediacore.engines.picture import image

# fmt: off
KLEIN = (
    10, 12, 14, 19, 26, 38, 57, 86,
    12, 18, 21, 28, 35, 41, 54, 76,
    14, 21, 25, 32, 44, 63, 92, 136,
    19, 28, 32, 41, 54, 75, 107, 157,
    26, 35, 44, 54, 70, 95, 132, 190,
    38, 41, 63, 75, 95, 125, 170, 239,
    57, 54, 92, 107, 132, 170, 227, 255,
    86, 76, 136, 157, 190, 239, 255, 255,
)
# fmt: on
"""Table 5 of mozjpeg at scale 100, for brightness and colour alike."""

FINEST = 10.0
"""Scale of the table at which no difference can be seen; nothing is gained below."""
COARSEST = 150.0
"""Scale above which a photo falls apart into blocks."""
COARSEST_SCREEN = 60.0
"""The same for small print."""
PHOTO, SCREEN = 2, 0
"""Pillow's names for 4:2:0 and 4:4:4."""

_FINEST_WITHIN = 5.0
"""The same where bytes are left over: a little is gained, and they are there."""
_AIM = 0.984
_ENOUGH = 0.97
_TRIES, _ENCODES = 1, 5
"""Corrections for the sake of the last percent, and encodes until something is small enough."""
_PILOT = 40.0
_SLOPE = 0.75
"""How fast size falls with the scale of the table, in logarithms, before the pilot has told."""
_PILOTS = 2
_PILOT_MOST = 400.0
_TILE = (32, 16)
_STEP = 10
_SMALL = 600_000
_HEADER = 620
"""Bytes of a JPEG's tables and headers, which the sample's size has as well."""


def encode(picture: Image.Image, scale: float, sampling: int) -> bytes:
    """One encode.

    Args:
        picture: mode L or RGB.
        scale: percent of the table; smaller is finer.
        sampling: ``PHOTO`` or ``SCREEN``.
    """
    table = [max(1, min(255, round(value * scale / 100))) for value in KLEIN]
    target = io.BytesIO()
    picture.save(target, "JPEG", qtables=[table, table], subsampling=sampling, optimize=True)
    return target.getvalue()


def within(picture: Image.Image, budget: int, *, screen: bool) -> bytes | None:
    """The best JPEG of a picture at its size within a budget.

    Args:
        picture: any of the upright modes; it is laid on white.
        budget: the most bytes; 0 for no bound.
        screen: it is a screen or a page with print: colours at full resolution, and no coarse tables.

    Returns:
        The file, or None when it would have to be coarser than can be read.
    """
    solid = image.opaque(picture)
    sampling, coarsest = (SCREEN, COARSEST_SCREEN) if screen else (PHOTO, COARSEST)
    if not budget:
        return encode(solid, FINEST, sampling)
    scale, slope = _guess(solid, budget * _AIM, sampling)
    scale = min(coarsest, max(_FINEST_WITHIN, scale))
    best: bytes | None = None
    for number in range(_ENCODES):
        data = encode(solid, scale, sampling)
        if len(data) <= budget and (best is None or len(data) > len(best)):
            best = data
        fits = len(data) <= budget
        if (fits and (scale <= _FINEST_WITHIN or len(data) >= budget * _ENOUGH)) or (not fits and scale >= coarsest):
            break
        if best is not None and number >= _TRIES:
            break
        step = (len(data) / (budget * _AIM)) ** (1 / slope)
        scale = min(coarsest, max(_FINEST_WITHIN, scale * step))
    return best


def _guess(picture: Image.Image, aim: float, sampling: int) -> tuple[float, float]:
    """The scale at which the pilot promises the wanted size, and how fast size falls with scale."""
    sample = _sample(picture)
    area = picture.width * picture.height / (sample.width * sample.height)

    def weighed(scale: float) -> float:
        return max(1.0, (len(encode(sample, scale, sampling)) - _HEADER) * area)

    aim, scale, size, slope = max(1.0, aim - _HEADER), _PILOT, weighed(_PILOT), _SLOPE
    for _ in range(_PILOTS):
        closer = min(_PILOT_MOST, max(1.0, scale * (size / aim) ** (1 / slope)))
        if 0.95 < closer / scale < 1.05:
            break
        weight = weighed(closer)
        slope = max(0.25, min(1.5, math.log(weight / size) / math.log(scale / closer)))
        scale, size = closer, weight
    return scale * (size / aim) ** (1 / slope), slope


def _sample(picture: Image.Image) -> Image.Image:
    """Every tenth tile along diagonals, put together; a small picture is its own sample."""
    if picture.width * picture.height <= _SMALL:
        return picture
    across, down = picture.width // _TILE[0], picture.height // _TILE[1]
    places = [(x, y) for y in range(down) for x in range(-3 * y % _STEP, across, _STEP)]
    columns = max(1, math.isqrt(len(places) * _TILE[1] // _TILE[0]))
    rows = len(places) // columns
    sample = Image.new(picture.mode, (columns * _TILE[0], rows * _TILE[1]), None)
    for index, (x, y) in enumerate(places[: columns * rows]):
        left, top = x * _TILE[0], y * _TILE[1]
        tile = picture.crop((left, top, left + _TILE[0], top + _TILE[1]))
        sample.paste(tile, (index % columns * _TILE[0], index // columns * _TILE[1]))
    return sample
