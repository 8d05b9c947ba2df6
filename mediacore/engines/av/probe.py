"""What a recording is: size as seen, length, codecs, what phones stumble over, and what it says of its owner."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

from attrs import evolve, frozen

from mediacore.engines import bounds
from mediacore.engines.av import soundfilm
from mediacore.engines.av.graph import decoded, shown
from mediacore.engines.av.opening import Film, canonical, is_cover, library, opened
from mediacore.engines.containers import size_of
from mediacore.engines.language import tag_of
from mediacore.engines.operation import Unusable
from mediacore.values import Facts

if TYPE_CHECKING:
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_PLACE = re.compile(r"location|gps|xyz|geo|©xyz", re.IGNORECASE)
_HARMLESS = (
    "major_brand", "minor_version", "compatible_brands", "encoder", "language", "handler_name", "vendor_id", "duration",
)  # fmt: skip
"""Tags that every writer sets by itself, in any letters."""
_FRAMES_TRIED = 200
"""Packets in which the first picture must be."""


@frozen
class Survey:
    """What a walk over all packets tells, whatever the header claims.

    Args:
        duration: seconds.
        video_bytes, audio_bytes: of the chosen streams.
        rate: pictures a second on average; 0 without a picture.
        width, height: of the picture, upright, its pixels square; 0 without one.
        video_codec, audio_codec: FFmpeg's names; empty for none.
        sample_rate, channels: of the sound.
        plain: the picture is such as every player takes: 8 bits, 4:2:0, no pictures out of order.
        profile: of the picture's codec, as FFmpeg names it.
    """

    duration: float
    video_bytes: int = 0
    audio_bytes: int = 0
    rate: Fraction = Fraction(0)
    width: int = 0
    height: int = 0
    video_codec: str = ""
    audio_codec: str = ""
    sample_rate: int = 0
    channels: int = 0
    plain: bool = False
    profile: str = ""


_RATE = 30
"""Pictures a second where a film does not tell."""
_SURE = 0.8
"""The part of the deadline that reading may take, so that writing has some too."""
_UNTOLD = ("audio/mpeg", "audio/aac", "video/mp2t", "video/mpeg")
"""Types whose length stands nowhere; FFmpeg guesses it from the first bit rate, which varies."""
_LENGTH_PACKETS = 20_000
"""Packets that are walked over to learn a length: nine minutes of MP3; beyond, what was seen stands for the rest."""


def facts_of(file: BinaryIO, mime: str) -> Facts:
    """The facts of a recording: the container's own words first, the rest by FFmpeg where it is installed.

    Raises:
        Unusable: ``damaged``, ``encrypted`` or ``unsupported`` where the container itself says nothing either.
    """
    words = soundfilm.facts_of(file, mime)
    try:
        with opened(file, mime) as film:
            found = _merged(words, film)
            rate = float((film.video.average_rate or _RATE) if film.video is not None else 0)
        if mime in _UNTOLD or not found.duration:
            found = evolve(found, duration=_length(file, mime) or found.duration)
        slow = rate * found.duration * found.pixels / 1e6 * bounds.FILM_DECODE > bounds.FILM_DEADLINE * _SURE
        return evolve(found, quirks=(*found.quirks, "too-long")) if slow else found
    except Unusable as error:
        if error.code == "encrypted":
            return evolve(words, encrypted=True)
        if error.code in ("library-missing", "no-preview") or words.codecs or words.encrypted:
            return evolve(words, quirks=(*words.quirks, "unopened"))
        raise


def _merged(words: Facts, film: Film) -> Facts:
    codecs = tuple(_plain_name(canonical(stream)) for stream in film.chosen)
    video, audio = film.video, film.audio
    size = (words.width, words.height)
    if video is not None and not all(size):
        size = video.width, video.height
    known = (film.container.duration or 0) / 1_000_000
    return evolve(
        words,
        width=size[0] if video is not None else 0,
        height=size[1] if video is not None else 0,
        # what a header says of a compressed WAV's rate is a rounded number
        duration=(known if film.container.format.name == "wav" else 0.0) or words.duration or max(0.0, known),
        codecs=codecs if len(codecs) >= len(words.codecs) else words.codecs,
        # MP4 says two channels for whatever AAC it holds, so the decoder's word goes first
        channels=(audio.codec_context.channels if audio is not None else 0) or words.channels,
        language=_language(film),
        metadata=_metadata(film),
        quirks=(*words.quirks, *_quirks(film)),
    )


def _language(film: Film) -> str:
    """Of the first sound that says one, else of a picture or of the recording."""
    streams = film.container.streams
    said = (tags.get("language", "") for tags in (s.metadata for s in (*streams.audio, *streams.video)))
    return next(filter(None, map(tag_of, (*said, film.container.metadata.get("language", "")))), "")


def _length(file: BinaryIO, mime: str) -> float:
    """Seconds, by the packets: what a browser records says nothing of its own length."""
    with opened(file, mime) as film:
        first, last, at = None, 0.0, 0
        for number, packet in enumerate(film.container.demux(film.chosen)):
            moment = packet.pts if packet.pts is not None else packet.dts
            if moment is None or not packet.size:
                continue
            begin = float(moment * packet.time_base)
            first = begin if first is None else min(first, begin)
            last = max(last, begin + float((packet.duration or 0) * packet.time_base))
            at = max(at, packet.pos or 0)
            if number >= _LENGTH_PACKETS:
                return (last - first) * size_of(file) / at if at else last - first
    return last - first if first is not None else 0.0


def _quirks(film: Film) -> Iterator[str]:
    """What phones stumble over beside the order of the container's parts."""
    if film.video is not None:
        if film.video.codec_context.has_b_frames:
            yield "b-frames"
        if film.video.codec_context.pix_fmt not in ("yuv420p", "yuvj420p"):
            yield "deep-colour"
        if len(film.container.streams.audio) > 1:
            yield "several-sounds"


def _plain_name(codec: str) -> str:
    return "pcm" if codec.startswith("pcm_") and codec not in ("pcm_alaw", "pcm_mulaw") else codec


def _metadata(film: Film) -> tuple[str, ...]:
    """Names of what the recording says beside its content."""
    streams = film.container.streams
    tags = {
        name
        for words in (film.container.metadata, *(s.metadata for s in streams))
        for name, said in words.items()
        if said
    }
    found = {"tags"} if any(not name.lower().startswith(_HARMLESS) for name in tags) else set[str]()
    found |= {"gps"} if any(_PLACE.search(name) for name in tags) else set()
    found |= {"cover"} if any(s.type == "video" and is_cover(s) for s in streams) or streams.attachments else set()
    found |= {"chapters"} if film.container.chapters() else set()
    found |= {"data"} if streams.data else set()
    return tuple(sorted(found))


def survey(file: BinaryIO, mime: str) -> Survey:
    """Walk over all packets of a recording and decode its first picture.

    Raises:
        Unusable: as ``opened``, and ``damaged`` where there is nothing in it.
    """
    first = None
    with opened(file, mime) as film:
        if film.video is not None:
            first = first_frame(film, film.video)
    with opened(file, mime) as film:
        sizes, counts, ends, starts = _walked(film)
        if not sum(counts.values()):
            raise Unusable("damaged", "There is neither sound nor film in the recording.")
        length = max(ends.values()) - min(starts.values())
        made = Survey(float(length))
        if film.video is not None and first is not None:
            made = _with_picture(made, film.video, first, sizes[film.video.index], counts[film.video.index])
        if film.audio is not None:
            context = film.audio.codec_context
            made = evolve(
                made,
                audio_bytes=sizes[film.audio.index],
                audio_codec=canonical(film.audio),
                sample_rate=context.sample_rate,
                channels=context.channels,
            )
        return made


def _with_picture(made: Survey, video: VideoStream, first: VideoFrame, size: int, count: int) -> Survey:
    ratio = video.sample_aspect_ratio
    width, height = shown(first, ratio if ratio and ratio != 1 else None)
    rate = video.average_rate or video.guessed_rate or Fraction(0)
    counted = Fraction(count / made.duration).limit_denominator(1001) if made.duration > 0 else Fraction(0)
    if not rate or not 0.8 < rate / (counted or 1) < 1.25:
        rate = counted or Fraction(15)
    return evolve(
        made,
        video_bytes=size,
        rate=min(max(rate, Fraction(1)), Fraction(240)),
        width=width,
        height=height,
        video_codec=canonical(video),
        plain=first.format.name in ("yuv420p", "yuvj420p") and not video.codec_context.has_b_frames,
        profile=video.codec_context.profile or "",
    )


def _walked(film: Film) -> tuple[dict[int, int], dict[int, int], dict[int, Fraction], dict[int, Fraction]]:
    """Bytes, packets, end and start of each chosen stream."""
    indexes = [stream.index for stream in film.chosen]
    sizes, counts = dict.fromkeys(indexes, 0), dict.fromkeys(indexes, 0)
    ends, starts = dict.fromkeys(indexes, Fraction(0)), dict[int, Fraction]()
    for number, packet in enumerate(film.container.demux(film.chosen)):
        if number > bounds.FILM_PACKETS:
            raise Unusable("too-long", "The recording is too long to be worked on.")
        index, moment = packet.stream_index, packet.pts if packet.pts is not None else packet.dts
        if not packet.size:
            continue
        sizes[index] += packet.size
        counts[index] += 1
        if moment is not None:
            at = moment * packet.time_base
            starts.setdefault(index, at)
            ends[index] = max(ends[index], at + (packet.duration or 0) * packet.time_base)
    return sizes, counts, ends, starts or {-1: Fraction(0)}


def first_frame(film: Film, stream: Stream, known: Container[int | None] = ()) -> VideoFrame | None:
    """The first picture that can be decoded from where the film stands; None where none is near.

    A decoder holds pictures back for those that are shown before them; the first key picture needs no other, so it is
    asked for at once.

    Args:
        film: the film.
        stream: its picture.
        known: moments, in the stream's own units, of key pictures that need not be decoded again.
    """
    for number, packet in enumerate(film.container.demux(stream)):
        if packet.is_keyframe and packet.pts in known:
            return None
        frames = decoded(packet)
        if not frames and packet.is_keyframe and packet.size:
            frames = _drained(stream)
        if frames:
            return frames[0]  # type: ignore[no-any-return]
        if number > _FRAMES_TRIED:
            break
    return None


def _drained(stream: Stream) -> list[Any]:
    """What a decoder still holds; it can begin anew afterwards."""
    context: Any = stream.codec_context
    try:
        return list(context.decode(None))
    except library().error.FFmpegError:
        return []
    finally:
        context.flush_buffers()
