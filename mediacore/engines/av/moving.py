"""A moving picture (GIF, APNG, WebP) as a film without sound, for channels that carry films and no moving pictures.

Pillow takes the frames apart, as for every other use of them, so FFmpeg's readers of pictures are never started.
"""

from __future__ import annotations

import io
import math
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from attrs import evolve, frozen

from mediacore.engines import bounds
from mediacore.engines.av.encode import Coded, Recipe, TooLarge, VideoOrder, video_stream
from mediacore.engines.av.fit import MUXERS, refined
from mediacore.engines.av.muxing import writing
from mediacore.engines.av.opening import library, telling
from mediacore.engines.av.probe import Survey
from mediacore.engines.av.sizes import MOST_RATE
from mediacore.engines.containers import size_of
from mediacore.engines.operation import Unusable, report
from mediacore.engines.picture import animation, image
from mediacore.values import Fit

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from PIL import Image

FILM = "video/mp4"
"""The type that is written."""
BRIEF = 3_000
"""Milliseconds up to which a picture that moves for ever is repeated: a film is played once."""
STEADY = Fraction(10)
"""Slots a second at least, so that key pictures are seconds apart."""
DENSER = 4
"""How many times fewer bytes H.264 needs for what a GIF or an APNG shows, at least."""


@frozen
class _Beats:
    """When each frame is shown.

    Args:
        lengths: milliseconds of each, in order.
        times: how often the whole is shown.
    """

    lengths: tuple[int, ...]
    times: int

    @property
    def whole(self) -> int:
        """Milliseconds of all of it."""
        return sum(self.lengths) * self.times

    @property
    def rate(self) -> Fraction:
        """Frames a second on average."""
        return Fraction(len(self.lengths) * self.times * 1000, self.whole)

    @property
    def slots(self) -> Fraction:
        """Slots a second in which every frame begins on time, or as many as a film may have."""
        exact = Fraction(1000, math.gcd(*self.lengths))
        return min(MOST_RATE, exact * math.ceil(STEADY / exact))


def as_film(file: BinaryIO, mime: str, wanted: Fit) -> bytes | None:
    """The animation as MP4 within an order: H.264, on white, each frame as long as it was shown.

    Args:
        file: the untrusted file.
        mime: its type, one of ``animation.ANIMATED``.
        wanted: the order.

    Returns:
        The film; None when it could not be made so small and still show something, takes too long to make, or when no
        frame can be read to its end.

    Raises:
        Unusable: as ``image.open_typed``.
    """
    try:
        library()
        size, beats = _beats(file, mime)
        seen = Survey(
            beats.whole / 1000, size_of(file) * beats.times // DENSER, rate=beats.rate,
            width=size[0], height=size[1], video_codec="h264",
        )  # fmt: skip

        def write(recipe: Recipe, progress: tuple[float, float]) -> bytes:
            return _written(file, mime, beats, recipe, progress)

        film = refined(write, seen, FILM, wanted)
        report(1.0)
    except Unusable as error:
        if error.code in ("damaged", "illegible", "too-long", "library-missing"):
            return None
        raise
    return film


def _beats(file: BinaryIO, mime: str) -> tuple[tuple[int, int], _Beats]:
    """Width and height, and when each frame is shown; a damaged file counts as far as it can be read."""
    size, loop, lengths = (0, 0), None, []
    for opened, lasting in _frames(file, mime):
        size, loop = opened.size, opened.info.get("loop")
        lengths.append(max(1, round(lasting)))
        if size[0] * size[1] * len(lengths) > bounds.MOVING_PIXELS:
            raise Unusable("too-long", "The picture moves too long to become a film here.")
    if not lengths:
        raise Unusable("damaged", "The picture is damaged and cannot be shown.")
    wished = math.ceil(BRIEF / sum(lengths))
    if loop is None:
        wished = 1
    elif loop:
        wished = min(wished, int(loop))
    most = bounds.FRAME_PIXELS // (size[0] * size[1] * len(lengths))
    return size, _Beats(tuple(lengths), max(1, min(wished, most)))


def _frames(file: BinaryIO, mime: str) -> animation.Frames:
    """The frames of the motion; an APNG may begin with a picture that is for other programs."""
    for number, (opened, lasting) in enumerate(animation.frames(file, mime)):
        if number or not opened.info.get("default_image"):
            yield opened, lasting if lasting > animation.HASTY else animation.USUAL


def _written(file: BinaryIO, mime: str, beats: _Beats, recipe: Recipe, progress: tuple[float, float]) -> bytes:
    """Carry a recipe out."""
    order = recipe.video
    assert order is not None
    order = order if order.rate < beats.rate else evolve(order, rate=beats.slots)
    sink = io.BytesIO()
    with telling(), writing(sink, MUXERS[FILM]) as target:
        coded = Coded(target, video_stream(target, order), order, Fraction(0))
        at = 0
        for _ in range(beats.times):
            last: VideoFrame | None = None
            for (opened, _), lasting in zip(_frames(file, mime), beats.lengths, strict=True):
                last = _on_white(opened, at)
                coded.take(last)
                at += lasting
                report(progress[0] + at / beats.whole * (progress[1] - progress[0]))
                if recipe.max_bytes and sink.tell() > recipe.max_bytes:
                    raise TooLarge(at / beats.whole)
        _hold(coded, order, last, at)
        coded.end()
    if recipe.max_bytes and sink.getbuffer().nbytes > recipe.max_bytes:
        raise TooLarge(1.0)
    return sink.getvalue()


def _on_white(opened: Image.Image, moment: int) -> VideoFrame:
    frame: VideoFrame = library().VideoFrame.from_image(image.opaque(opened.convert("RGBA")).convert("RGB"))
    frame.pts, frame.time_base = moment, Fraction(1, 1000)
    return frame


def _hold(coded: Coded, order: VideoOrder, last: VideoFrame | None, end: int) -> None:
    """Show the last frame to its end: a container knows when a picture begins, and for the last nothing more."""
    slot = round(end * order.rate / 1000) - 1
    if last is not None and slot > coded.last:
        last.pts, last.time_base = slot, 1 / order.rate
        coded.take(last)
