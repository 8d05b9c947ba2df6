"""An animated picture within a budget, still animated: fewer colours, then fewer frames, then fewer pixels."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import BinaryIO

from attrs import evolve, frozen
from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.containers import size_of
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import image, palette, sizes
from mediacore.values import Fit

ANIMATED = ("image/gif", "image/webp", "image/png")
"""Types whose frames are read."""
LEAST_SIDE = 96
"""Pixels on the longer side below which a moving picture says nothing."""
MOST_WORK = 20_000_000
"""Pixels of all frames together that are written at once."""
USUAL, HASTY = 100.0, 10.0
"""Milliseconds for which a frame without a time is shown, and up to which browsers take a time for none."""
Frames = Iterator[tuple[Image.Image, float]]
"""Frames with their milliseconds."""
_SAMPLE = 400_000
_SAMPLED_FRAMES = 12
_COLOURS = ((255, 1.0), (127, 0.87), (63, 0.74), (31, 0.62))
"""Colours of a palette, and what a GIF weighs with so many against the most; one index is kept for holes."""
_SLOWEST = 160
"""Milliseconds that a frame may stand for motion still to be seen."""
_TRIES = 5
_AIM, _ENOUGH = 0.95, 0.8


@frozen
class _Cut:
    """What is left of an animation.

    Args:
        colours: entries of the one palette.
        weight: what those do to the size.
        every: of so many frames one is kept.
        scale: of both sides.
    """

    colours: int
    weight: float
    every: int
    scale: float

    @property
    def share(self) -> float:
        """Of the bytes with all colours, frames and pixels; frames further apart have more to say each."""
        return self.weight * math.pow(self.every, -0.8) * math.pow(self.scale, 1.8)


def is_animated(opened: Image.Image, mime: str) -> bool:
    """Whether a picture moves."""
    return mime in ANIMATED and bool(getattr(opened, "is_animated", False))


def fit_gif(file: BinaryIO, mime: str, wanted: Fit) -> bytes | None:
    """The animation as a GIF within an order; None when so little of it would be left that a still is better.

    Raises:
        Unusable: as ``image.open_typed``.
    """
    try:
        return _fitted(file, mime, wanted)
    except Unusable as error:
        if error.code == "damaged":
            return None  # no frame of it can be read to its end
        raise


def _fitted(file: BinaryIO, mime: str, wanted: Fit) -> bytes | None:
    file.seek(0)
    opened = image.open_typed(file, mime)
    size, count = opened.size, min(int(getattr(opened, "n_frames", 1)), bounds.FRAMES)
    if size[0] * size[1] * count > bounds.FRAME_PIXELS:
        return None
    pace = _pace(opened, count)
    most = sizes.most(size, wanted)
    top = min(1.0, most[0] / size[0], most[1] / size[1], math.sqrt(MOST_WORK / (size[0] * size[1] * count)))
    film = _Film(file, mime, most, _montage(file, mime, count), opened.info.get("loop"))
    cut = _Cut(*_COLOURS[0], 1, top)
    whole = float(size_of(file)) if mime == "image/gif" else 0.0
    if whole * cut.share > wanted.max_bytes > 0:
        # what it weighs already tells more than writing it once more
        cut = _smaller(cut, top, wanted.max_bytes * _AIM / whole, pace)
    for _ in range(_TRIES):
        if max(size) * cut.scale < min(LEAST_SIDE, max(most)):
            return None
        data = film.write(cut)
        if not wanted.max_bytes or len(data) <= wanted.max_bytes:
            return _larger(film, cut, data, wanted.max_bytes, top)
        whole = max(whole * 1.03, len(data) / cut.share)
        cut = _smaller(cut, top, wanted.max_bytes * _AIM / whole, pace)
    return None


def _larger(film: _Film, cut: _Cut, data: bytes, budget: int, top: float) -> bytes:
    """One more try where the estimate took too much away."""
    if not budget or len(data) >= budget * _ENOUGH or cut.scale >= top:
        return data
    scale = min(top, cut.scale * math.pow(budget * _AIM / len(data), 1 / 1.8))
    again = film.write(evolve(cut, scale=scale))
    return again if len(data) < len(again) <= budget else data


def _smaller(cut: _Cut, top: float, share: float, pace: float) -> _Cut:
    """The cut that promises the wanted share and takes away least: colours, then frames, then pixels."""
    slowest = max(1, int(_SLOWEST / pace)) if pace else 1
    for every in range(1, min(slowest, 4) + 1):
        for colours, weight in _COLOURS[:3]:
            plain = evolve(cut, colours=colours, weight=weight, every=every, scale=top)
            if plain.share <= share:
                return plain
    colours, weight = _COLOURS[2]
    last = evolve(cut, colours=colours, weight=weight, every=min(slowest, 4), scale=1.0)
    return evolve(last, scale=min(top, cut.scale * 0.95, (share / last.share) ** (1 / 1.8)))


def _pace(opened: Image.Image, count: int) -> float:
    """Milliseconds of the usual frame."""
    try:
        opened.seek(min(1, count - 1))
    except (EOFError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return USUAL
    return float(opened.info.get("duration") or USUAL)


@frozen
class _Film:
    """An animation that can be written in many cuts.

    Args:
        file: the untrusted file.
        mime: its type.
        most: the largest size taken.
        montage: pixels of its frames.
        loop: how often it is shown, 0 for ever; None for once.
    """

    file: BinaryIO
    mime: str
    most: sizes.Size
    montage: Image.Image
    loop: int | None

    def write(self, cut: _Cut) -> bytes:
        """A GIF with one palette for all frames, so that what stands still costs nothing."""
        entries = palette.entries(self.montage, cut.colours)
        carrier = Image.new("P", (1, 1))
        carrier.putpalette(entries)
        hole = len(entries) // 3
        pages: list[Image.Image] = []
        durations: list[int] = []
        holed = False
        for frame, lasting in self._frames(cut):
            flat = frame.convert("RGB").quantize(palette=carrier, dither=Image.Dither.NONE)
            if image.see_through(frame):
                holed = True
                flat.paste(hole, mask=frame.getchannel("A").point(lambda value: 255 if value < 128 else 0))
            flat.putpalette([*entries, 0, 0, 0])
            flat.info = {}  # Pillow would write the comment of the source again
            pages.append(flat)
            durations.append(max(20, round(lasting / 10) * 10))
        target = io.BytesIO()
        options: dict[str, int] = {"transparency": hole, "disposal": 2} if holed else {}
        if self.loop is not None:
            options["loop"] = self.loop
        pages[0].save(target, "GIF", save_all=True, append_images=pages[1:], duration=durations, **options)
        return target.getvalue()

    def _frames(self, cut: _Cut) -> Iterator[tuple[Image.Image, float]]:
        """The frames that are kept, as RGBA at their size, and how long each is shown."""
        kept, lasting = None, 0.0
        for number, (whole, shown) in enumerate(frames(self.file, self.mime)):
            if number % cut.every == 0:
                if kept is not None:
                    yield kept, lasting
                kept, lasting = self._scaled(whole, cut.scale), 0.0
            lasting += shown
        if kept is None:
            raise Unusable("damaged", "The picture is damaged and cannot be shown.")
        yield kept, lasting

    def _scaled(self, whole: Image.Image, scale: float) -> Image.Image:
        size = (max(1, round(whole.width * scale)), max(1, round(whole.height * scale)))
        size = (min(size[0], self.most[0]), min(size[1], self.most[1]))
        picture = whole.convert("RGBA")
        return picture if size == picture.size else picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def frames(file: BinaryIO, mime: str) -> Frames:
    """Each frame as it is shown, and for how long; up to where the file is damaged."""
    file.seek(0)
    opened = image.open_typed(file, mime)
    for number in range(min(int(getattr(opened, "n_frames", 1)), bounds.FRAMES)):
        try:
            opened.seek(number)
            image.decode(opened)
        except (EOFError, OSError, SyntaxError, ValueError, Image.DecompressionBombError, Unusable):
            return
        yield opened, float(opened.info.get("duration") or USUAL)


def _montage(file: BinaryIO, mime: str, count: int) -> Image.Image:
    """Pixels out of frames from beginning to end, from which one palette for all is made."""
    step = max(1, count // _SAMPLED_FRAMES)
    parts: list[Image.Image] = []
    for number, (whole, _) in enumerate(frames(file, mime)):
        if number % step == 0:
            scale = min(1.0, math.sqrt(_SAMPLE / _SAMPLED_FRAMES / (whole.width * whole.height)))
            size = (max(1, int(whole.width * scale)), max(1, int(whole.height * scale)))
            part = image.opaque(whole.convert("RGBA").resize(size, Image.Resampling.NEAREST))
            parts.append(part.convert("RGB"))
    if not parts:
        raise Unusable("damaged", "The picture is damaged and cannot be shown.")
    montage = Image.new("RGB", (parts[0].width, sum(part.height for part in parts)))
    for number, part in enumerate(parts):
        montage.paste(part, (0, number * part.height))
    return montage
