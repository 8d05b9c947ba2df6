"""A picture in about twenty-five bytes: ThumbHash, to be shown blurred until the preview is there.

The format is Evan Wallace's (evanw.github.io/thumbhash, MIT): a few cosine terms of brightness, two colour differences
and opacity, so that any of its decoders shows it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

_SIDE = 32
"""Pixels looked at on the longer side; seven terms across need no more."""


def thumbhash(picture: Image.Image) -> bytes:
    """The ThumbHash of a picture.

    Args:
        picture: mode L, LA, RGB or RGBA, any size.
    """
    scale = min(1.0, _SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.convert("RGBA").resize(size, Image.Resampling.BOX)
    brightness, yellow, red, opacity, clear = _planes(small.tobytes())
    width, height = size
    limit, longer = (5 if clear else 7), max(size)
    across, down = (max(1, _half_up(limit * side / longer)) for side in size)
    light = _terms(brightness, size, max(3, across), max(3, down))
    tints = [_terms(plane, size, 3, 3) for plane in (yellow, red)]
    veil = _terms(opacity, size, 5, 5) if clear else None
    head = _half_up(63 * light[0]) | _half_up(31.5 + 31.5 * tints[0][0]) << 6
    head |= _half_up(31.5 + 31.5 * tints[1][0]) << 12 | _half_up(31 * light[2]) << 18 | int(clear) << 23
    lying = width > height
    tail = (down if lying else across) | _half_up(63 * tints[0][2]) << 3 | _half_up(63 * tints[1][2]) << 9 | lying << 15
    out = bytearray(head.to_bytes(3, "little") + tail.to_bytes(2, "little"))
    if veil is not None:
        out.append(_half_up(15 * veil[0]) | _half_up(15 * veil[2]) << 4)
    nibbles = [_half_up(15 * term) for plane in (light, *tints, *([veil] if veil else [])) for term in plane[1]]
    nibbles += [0] * (len(nibbles) % 2)
    out += bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes(out)


_Planes = tuple[list[float], list[float], list[float], list[float], bool]


def _planes(data: bytes) -> _Planes:
    """Brightness, yellow against blue, red against green, opacity, and whether anything is see-through.

    What is see-through takes the mean colour, so that it adds no edge.
    """
    reds, greens, blues, veils = (data[at::4] for at in range(4))
    total = sum(veils)
    means = [
        sum(c * a for c, a in zip(plane, veils, strict=True)) / (255 * total) if total else 0.0
        for plane in (reds, greens, blues)
    ]
    light, yellow, red = list[float](), list[float](), list[float]()
    for *pixel, veil in zip(reds, greens, blues, veils, strict=True):
        share = veil / 255
        r, g, b = (mean * (1 - share) + share * value / 255 for mean, value in zip(means, pixel, strict=True))
        light.append((r + g + b) / 3)
        yellow.append((r + g) / 2 - b)
        red.append(r - g)
    return light, yellow, red, [veil / 255 for veil in veils], total < 255 * len(veils)


def _terms(plane: Sequence[float], size: tuple[int, int], across: int, down: int) -> tuple[float, list[float], float]:
    """The mean, the other cosine terms between 0 and 1, and what they were divided by."""
    width, height = size
    waves = [[math.cos(math.pi / width * n * (x + 0.5)) for x in range(width)] for n in range(across)]
    rows = [plane[at : at + width] for at in range(0, width * height, width)]
    partly = [[_dot(row, wave) for wave in waves] for row in rows]
    found: list[float] = []
    for m in range(down):
        wave = [math.cos(math.pi / height * m * (y + 0.5)) for y in range(height)]
        kept = [n for n in range(across) if n * down < across * (down - m)]
        found += [_dot([row[n] for row in partly], wave) / (width * height) for n in kept]
    mean, *others = found
    most = max(map(abs, others), default=0.0)
    return mean, [0.5 + 0.5 / most * term for term in others] if most else [0.0 for _ in others], most


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _half_up(value: float) -> int:
    return math.floor(value + 0.5)
