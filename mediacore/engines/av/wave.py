"""The likeness of a sound: its peaks as bars, as a picture or as SVG."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image, ImageDraw

from mediacore.engines.av import graph as av_graph
from mediacore.engines.av.opening import Film, opened
from mediacore.engines.operation import Unusable

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

RATE = 8000
"""Samples a second that are looked at: enough to see speech and silence."""
HEARD_SECONDS = 900.0
"""Of a longer recording, a part of every ten seconds is heard instead of all."""
CYCLE = 10.0
BUCKETS = 4096
"""Peaks kept while decoding; the bars are drawn of them."""
BACK, BAR = (255, 255, 255), (37, 99, 175)
_QUIET = 0.04
PITCH = 6
"""Pixels from bar to bar."""


def waveform(file: BinaryIO, mime: str, side: int) -> Image.Image:
    """The sound as bars in a picture ``side`` wide and a quarter as high.

    Raises:
        Unusable: as ``opened``; ``no-preview`` for a recording without sound.
    """
    side = max(16, side)
    return drawn(peaks(file, mime, max(4, side // PITCH)), side)


def peaks(file: BinaryIO, mime: str, count: int) -> list[float]:
    """The loudest moment of each of ``count`` equal parts, 0 to 1, against the loudest of all.

    Raises:
        Unusable: as ``waveform``.
    """
    with opened(file, mime) as film:
        if film.audio is None:
            raise Unusable("no-preview", "There is no sound in this recording.")
        heard = _heard(film)
    if not heard:
        raise Unusable("damaged", "No sound of this recording can be decoded.")
    edges = [len(heard) * number // count for number in range(count + 1)]
    parts = [max(heard[start : max(start + 1, end)]) for start, end in pairwise(edges)]
    # below a sixteenth of full scale a recording counts as quiet: its noise is not blown up
    most = max(2048, *parts)
    return [part / most for part in parts]


def drawn(levels: Sequence[float], width: int) -> Image.Image:
    """Bars in a picture."""
    height = max(8, width // 4)
    picture = Image.new("RGB", (width, height), BACK)
    pen = ImageDraw.Draw(picture)
    pitch = width / len(levels)
    for number, level in enumerate(levels):
        half = max(0.5, max(_QUIET, level) * (height / 2 - 2))
        left = round(number * pitch + pitch / 6)
        right = max(left, round((number + 1) * pitch - pitch / 6) - 1)
        pen.rounded_rectangle((left, round(height / 2 - half), right, round(height / 2 + half)), radius=1, fill=BAR)
    return picture


def svg(levels: Sequence[float]) -> str:
    """The same bars as SVG, one path in a box of ``4 x 100`` for each; ``currentColor`` lets a page choose."""
    steps = "".join(
        f"M{4 * n + 2} {50 - half:.0f}V{50 + half:.0f}" for n, half in enumerate(max(2.0, 48 * x) for x in levels)
    )
    box = f"0 0 {4 * len(levels)} 100"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" preserveAspectRatio="none">'
        f'<path d="{steps}" stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/></svg>'
    )


def _heard(film: Film) -> list[int]:
    """Peaks in order, some for each moment of the recording."""
    assert film.audio is not None
    length = max(0.0, (film.container.duration or 0) / 1_000_000)
    share = min(1.0, HEARD_SECONDS / length) if length else 1.0
    bucket = max(RATE // 100, int(length * share * RATE) // BUCKETS)
    found: list[int] = []
    waiting = array("h")
    graph = av_graph.Sounds(RATE, "mono", "s16", gaps=False)
    for packet in film.container.demux(film.audio):
        at = float(packet.pts * packet.time_base) if packet.pts is not None else 0.0
        if share < 1.0 and at % CYCLE > CYCLE * share:
            continue
        for frame in av_graph.decoded(packet):
            for ready in graph.passed(frame, Fraction(0)):
                waiting.extend(_samples(ready))
        while len(waiting) >= bucket:
            found.append(_peak(waiting[:bucket]))
            del waiting[:bucket]
    return [*found, *([_peak(waiting)] if waiting else [])]


def _samples(frame: AudioFrame) -> Any:  # noqa: ANN401 - a view
    return memoryview(bytes(frame.planes[0]))[: frame.samples * 2].cast("h")


def _peak(samples: array[int]) -> int:
    return max(max(samples), -min(samples))
