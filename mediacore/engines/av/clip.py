"""A few seconds of a film, small and without its sound, from the moment that its poster shows."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from mediacore.engines.av.encode import Coded, VideoOrder, video_stream
from mediacore.engines.av.graph import decoded, even
from mediacore.engines.av.muxing import writing
from mediacore.engines.av.opening import Film, opened
from mediacore.engines.av.poster import at_its_best
from mediacore.engines.operation import Unusable

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SECONDS, RATE, QUALITY = 3, Fraction(12), 28
"""Length, pictures a second, and x264's constant quality."""
PIXELS = 400_000_000
"""Pixels of the film that are decoded at most, so that 8K ends in time as well."""


def clip(file: BinaryIO, mime: str, side: int) -> tuple[bytes, tuple[int, int]]:
    """The clip as MP4 with H.264, and its width and height, within a square of ``side``.

    Raises:
        Unusable: as ``at_its_best``.
    """
    picture, moment = at_its_best(file, mime, side)
    size = even(picture.width), even(picture.height)
    order = VideoOrder(
        "libx264",
        *size,
        RATE,
        0,
        {"preset": "veryfast", "profile": "main", "bf": "0", "crf": str(QUALITY), "flags": "+bitexact"},
    )
    sink = io.BytesIO()
    with opened(file, mime) as film, writing(sink, "mp4") as target:
        assert film.video is not None
        coded = Coded(target, video_stream(target, order), order, Fraction(moment).limit_denominator(1_000_000))
        _fill(coded, film, film.video, moment)
        coded.end()
    if not sink.getvalue():
        raise Unusable("damaged", "No picture of this film can be decoded.")
    return sink.getvalue(), size


def _fill(coded: Coded, film: Film, video: VideoStream, moment: float) -> None:
    """Send pictures from the moment on; before a key picture none can be decoded."""
    if moment and film.container.duration:
        film.container.seek(int(moment * 1_000_000))
    pixels = 0
    for packet in film.container.demux(video):
        for frame in decoded(packet):
            at = float((frame.pts or 0) * (frame.time_base or 0))
            pixels += frame.width * frame.height
            if at >= moment:
                coded.take(frame)
            if at >= moment + SECONDS or pixels > PIXELS:
                return
