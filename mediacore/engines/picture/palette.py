"""Few colours that look like all of them: the palette of a screenshot, in half a second for a 4K screen.

The colours are found on a sample of the picture's own pixels, where refining them by k-means is cheap; the whole is
mapped to them by Pillow's quick but coarse table; and each entry then becomes what it really stands for, exactly the
one colour when that covers most of it. So a flat background keeps its colour to the bit.
"""

from __future__ import annotations

import math

from PIL import Image

_SAMPLE = 500_000
"""Pixels looked at."""
_FEW = 4096
"""Colours up to which the slow and exact way is quick."""
_EXACT = 0.01
"""Share of the picture from which a colour gets an entry of its own."""
_CAP = 32
"""Times a colour counts at most, so that rare ones are heard."""
_REFINED = 2


def reduced(picture: Image.Image, colours: int) -> Image.Image:
    """The picture with a palette of its own, without dither, which would cost more bytes than it looks better.

    Args:
        picture: mode L, RGB or RGBA.
        colours: the most entries.
    """
    if picture.mode == "RGBA":
        return picture.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    picture = picture.convert("RGB")
    few = picture.getcolors(_FEW)
    if few is not None:
        rounds = _REFINED if len(few) > colours else 0
        return picture.quantize(colours, Image.Quantize.MEDIANCUT, kmeans=rounds, dither=Image.Dither.NONE)
    step = max(1, math.isqrt(picture.width * picture.height // _SAMPLE))
    size = (max(1, picture.width // step), max(1, picture.height // step))
    sample = picture.resize(size, Image.Resampling.NEAREST)
    found = entries(sample, colours)
    carrier = Image.new("P", (1, 1))
    carrier.putpalette(found)
    mapped = picture.quantize(palette=carrier, dither=Image.Dither.NONE)
    mapped.putpalette(_settled(sample, mapped.resize(size, Image.Resampling.NEAREST), found))
    return mapped


def entries(sample: Image.Image, colours: int) -> list[int]:
    """Red, green and blue of each entry: the frequent colours themselves, then centres of the rest.

    Args:
        sample: mode RGB.
        colours: the most entries.
    """
    area = sample.width * sample.height
    counted = sorted(_counted(sample), reverse=True)
    frequent = [colour for count, colour in counted[: colours // 2] if count >= _EXACT * area]
    rest = b"".join(bytes(colour) * min(count, _CAP) for count, colour in counted[len(frequent) :])
    line = Image.frombytes("RGB", (len(rest) // 3, 1), rest)
    left = colours - len(frequent)
    if not rest:
        return [part for colour in frequent for part in colour]
    centres = line.quantize(left, Image.Quantize.MEDIANCUT, kmeans=_REFINED).getpalette() or []
    return [part for colour in frequent for part in colour] + centres[: left * 3]


def _settled(sample: Image.Image, mapped: Image.Image, found: list[int]) -> list[int]:
    """Each entry as the colour that covers most of what was mapped to it, or the mean where none does."""
    top: dict[int, tuple[int, tuple[int, ...]]] = {}
    sums: dict[int, list[int]] = {}
    numbers = Image.frombytes("L", mapped.size, mapped.tobytes())
    for count, (red, green, blue, number) in _counted(Image.merge("RGBA", (*sample.split(), numbers))):
        if count > top.get(number, (0, ()))[0]:
            top[number] = (count, (red, green, blue))
        total = sums.setdefault(number, [0, 0, 0, 0])
        for index, value in enumerate((1, red, green, blue)):
            total[index] += value * count
    settled = list(found)
    for number, (count, *parts) in sums.items():
        most, colour = top[number]
        settled[number * 3 : number * 3 + 3] = colour if most * 2 >= count else [round(part / count) for part in parts]
    return settled


def _counted(picture: Image.Image) -> list[tuple[int, tuple[int, ...]]]:
    found = picture.getcolors(picture.width * picture.height) or []
    return [(count, colour) for count, colour in found if isinstance(colour, tuple)]
