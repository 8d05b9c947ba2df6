"""One picture that stands for a film: upright, and of a moment at which there is something to see."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageStat

from mediacore.engines.av.graph import Pictures, decoded, fitting, shown
from mediacore.engines.av.opening import Film, opened
from mediacore.engines.av.probe import first_frame
from mediacore.engines.av.wave import waveform
from mediacore.engines.operation import Unusable
from mediacore.kinds import Kind, kind_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

PLACES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
"""Parts of the film after which a key frame is tried, until one is good enough."""
SHORT, STRIDE, TRIED = 20, 20, 130
"""Seconds of a film with a single key frame that is decoded further where that is dark, which of its frames are looked
at, and how many are decoded at most."""
CONTRAST, DARK, BRIGHT = 24.0, 32.0, 224.0
"""From this spread of brightness on, and between these means, a picture shows something."""


def likeness(file: BinaryIO, mime: str, side: int) -> Image.Image:
    """A recording's poster, or its waveform where there is only sound.

    Raises:
        Unusable: as ``opened``.
    """
    if kind_of(mime) is Kind.VIDEO:
        try:
            return poster(file, mime, side)
        except Unusable as error:
            if error.code != "no-picture":
                raise
    return waveform(file, mime, side)


def poster(file: BinaryIO, mime: str, side: int) -> Image.Image:
    """The picture, within a square of ``side``.

    Raises:
        Unusable: as ``at_its_best``.
    """
    return at_its_best(file, mime, side)[0]


def at_its_best(file: BinaryIO, mime: str, side: int) -> tuple[Image.Image, float]:
    """The picture, within a square of ``side``, and its moment in seconds of the film's own clock.

    Raises:
        Unusable: as ``opened``; ``no-picture`` for a recording without one.
    """
    tried: list[tuple[float, Image.Image, float, bool]] = []
    dim = False
    with opened(file, mime) as film:
        video = film.video
        if video is None:
            raise Unusable("no-picture", "There is no picture in this recording.")
        for frame in _candidates(film, video, lambda: not any(light for *_, light in tried)):
            picture = pixels(frame, video, side)
            worth, light, good = _worth(picture)
            tried.append((worth, picture, float((frame.pts or 0) * (video.time_base or 0)), light))
            if good and not dim:
                break
            dim = not good  # what follows darkness may still be fading in, so one more place is tried
    if not tried:
        raise Unusable("damaged", "No picture of this film can be decoded.")
    return max(tried, key=itemgetter(0))[1:3]


def _candidates(film: Film, video: VideoStream, wanting: Callable[[], bool]) -> Iterator[VideoFrame]:
    """Key frames from all over the film; of a short one whose single key frame is dark, frames that follow it.

    Args:
        film: the film.
        video: its picture.
        wanting: whether all so far were dark or dazzling.
    """
    video.codec_context.skip_frame = "NONKEY"
    known = set[int | None]()
    for place in PLACES:
        frame = _key_frame(film, video, place, known)
        if frame is not None:
            known.add(frame.pts)
            yield frame
    if len(known) == 1 and (film.container.duration or 0) < SHORT * 1_000_000 and wanting():
        video.codec_context.skip_frame = "DEFAULT"
        film.container.seek(film.container.start_time or 0)
        frames = (frame for packet in film.container.demux(video) for frame in decoded(packet))
        yield from islice(frames, STRIDE, TRIED, STRIDE)


def pixels(frame: VideoFrame, video: VideoStream, side: int) -> Image.Image:
    """A frame as a picture: upright, with square pixels, never larger than it is."""
    ratio = video.sample_aspect_ratio
    size = shown(frame, ratio if ratio and ratio != 1 else None)
    width, height = fitting(size, (min(side, size[0]), min(side, size[1]))) if max(size) > side else size
    ready = Pictures.of(frame, width, height, form="rgb24").passed(frame)
    plane = ready.planes[0]
    return Image.frombytes("RGB", (width, height), bytes(plane), "raw", "RGB", plane.line_size, 1)


def _key_frame(film: Film, video: VideoStream, place: float, known: Container[int | None]) -> VideoFrame | None:
    """The key frame at or before a part of the film, unless it is known; many short films have a single one."""
    length = film.container.duration
    if place:
        if not length or length <= 0:
            return None
        film.container.seek((film.container.start_time or 0) + int(length * place))
    return first_frame(film, video, known)


def _worth(picture: Image.Image) -> tuple[float, bool, bool]:
    """How much a picture shows, whether it is neither dark nor dazzling, and whether that is enough."""
    grey = ImageStat.Stat(picture.resize((64, 64), Image.Resampling.BILINEAR).convert("L"))
    spread, fair = grey.stddev[0], DARK <= grey.mean[0] <= BRIGHT
    return spread * (1.0 if fair else 0.3), fair, spread >= CONTRAST and fair
