"""Turning one recording into another: packets in, some passed on and some coded again, one tidy file out.

Nothing but the sound and the picture goes along: no tags, chapters, cover art or other tracks. A two-pass encode would
be the usual way to a size, but its notes need a file and the jail has none; x264's one-pass rate control with a tight
tolerance lands within about one per cent instead.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from attrs import define, field, frozen

from mediacore.engines.av import graph as av_graph
from mediacore.engines.av.muxing import writing
from mediacore.engines.av.opening import Film, opened
from mediacore.engines.operation import Unusable, report

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


@frozen
class VideoOrder:
    """How the picture is coded.

    Args:
        codec: the encoder.
        width, height: pixels, upright; both even.
        rate: the most pictures a second.
        bits: bits a second; 0 where ``options`` ask for a constant quality.
        options: the encoder's own.
        padded: keep the shape by bars, for codecs that know few sizes.
    """

    codec: str
    width: int
    height: int
    rate: Fraction
    bits: int = 0
    options: Mapping[str, str] = field(factory=dict)
    padded: bool = False


@frozen
class AudioOrder:
    """How the sound is coded: encoder, bits a second, samples a second, ``mono`` or ``stereo``, its own options."""

    codec: str
    bits: int
    sample_rate: int
    layout: str = "mono"
    options: Mapping[str, str] = field(factory=dict)


@frozen
class Recipe:
    """What becomes of a recording.

    Args:
        muxer: FFmpeg's name of the container.
        video, audio: how each is coded; None passes it on as it is.
        max_bytes: where to give up; 0 for no bound.
    """

    muxer: str
    video: VideoOrder | None = None
    audio: AudioOrder | None = None
    max_bytes: int = 0


class TooLarge(Exception):
    """The file grew past its bound.

    Args:
        share: which part of the recording was done, 0 to 1.
    """

    def __init__(self, share: float) -> None:
        super().__init__(share)
        self.share = share


class _Track(Protocol):
    def feed(self, packet: Packet[Any]) -> None: ...
    def end(self) -> None: ...


def written(file: BinaryIO, mime: str, recipe: Recipe, progress: tuple[float, float] = (0.0, 1.0)) -> bytes:
    """Carry a recipe out.

    Args:
        file, mime: the recording.
        recipe: what becomes of it.
        progress: from where to where it brings the whole work; it is reported meanwhile.

    Raises:
        TooLarge: ``max_bytes`` did not hold it.
        Unusable: as ``opened``.
    """
    with opened(file, mime) as film:
        sink = io.BytesIO()
        with writing(sink, recipe.muxer) as target:
            tracks = _tracks(film, target, recipe)
            for packet, done in _packets(film):
                tracks[packet.stream.index].feed(packet)
                report(progress[0] + done * (progress[1] - progress[0]))
                if recipe.max_bytes and sink.tell() > recipe.max_bytes:
                    raise TooLarge(done)
            for track in tracks.values():
                track.end()
        data = sink.getvalue()
    if not data:
        raise Unusable("damaged", "Nothing could be read from the recording.")
    if recipe.max_bytes and len(data) > recipe.max_bytes:
        raise TooLarge(1.0)
    return data


def _packets(film: Film) -> Iterator[tuple[Packet[Any], float]]:
    """The chosen streams' packets in order, each with the share of the recording that lies before it.

    The last of each stream is empty: it makes a decoder give out what it still holds, as after B-frames.
    """
    length = (film.container.duration or 0) / 1_000_000
    begin, far = (film.container.start_time or 0) / 1_000_000, 0.0
    for packet in film.container.demux(film.chosen):
        if packet.dts is not None:
            far = max(far, float(packet.dts * packet.time_base) - begin)
        yield packet, min(1.0, far / length) if length else 0.5


def _tracks(film: Film, target: OutputContainer, recipe: Recipe) -> dict[int, _Track]:
    begin = Fraction(film.container.start_time or 0, 1_000_000)
    tracks: dict[int, _Track] = {}
    if film.video is not None:
        tracks[film.video.index] = (
            Coded(target, video_stream(target, recipe.video), recipe.video, begin)
            if recipe.video is not None
            else Copied(target, target.add_stream_from_template(film.video, opaque=True), begin)
        )
    if film.audio is not None:
        tracks[film.audio.index] = (
            _Sound(target, _audio_stream(target, recipe.audio), recipe.audio, begin)
            if recipe.audio is not None
            else Copied(target, target.add_stream_from_template(film.audio, opaque=True), begin)
        )
    for made in target.streams:
        made.metadata.clear()
    return tracks


def video_stream(target: OutputContainer, order: VideoOrder) -> VideoStream:
    """A track for a picture that is coded anew."""
    stream: VideoStream = target.add_stream(order.codec, rate=order.rate, options=dict(order.options))  # type: ignore[assignment]
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = order.width, order.height, "yuv420p"
    context.color_range = 1
    context.colorspace = context.color_trc = context.color_primaries = 1 if order.height >= av_graph.FINE_LINES else 6
    context.time_base = 1 / order.rate
    context.gop_size = max(1, round(order.rate * 4))
    context.thread_count = 1
    if order.bits:
        context.bit_rate = order.bits
        context.bit_rate_tolerance = order.bits // 4
    return stream


def _audio_stream(target: OutputContainer, order: AudioOrder) -> AudioStream:
    stream: AudioStream = target.add_stream(order.codec, rate=order.sample_rate, options=dict(order.options))  # type: ignore[assignment]
    context = stream.codec_context
    context.layout = order.layout
    context.thread_count = 1
    context.bit_rate = order.bits
    return stream


@define
class Copied:
    """A stream that goes along as it is, moved so that the recording begins at nothing."""

    target: OutputContainer
    stream: Stream
    begin: Fraction = Fraction(0)
    last: int | None = None

    def feed(self, packet: Packet[Any]) -> None:
        """Take a packet; one out of order is left out, since no container takes it."""
        moment = packet.dts if packet.dts is not None else packet.pts
        if not packet.size or moment is None or (self.last is not None and moment <= self.last):
            return
        self.last = moment
        shift = round(self.begin / packet.time_base)
        packet.pts = packet.pts - shift if packet.pts is not None else None
        packet.dts = packet.dts - shift if packet.dts is not None else None
        packet.stream = self.stream
        self.target.mux(packet)

    def end(self) -> None:
        """Nothing is held back."""


@define
class Coded:
    """A picture that is coded again: upright, scaled, at most so many a second."""

    target: OutputContainer
    stream: VideoStream
    order: VideoOrder
    begin: Fraction
    last: int = -1
    graph: av_graph.Pictures | None = None

    def feed(self, packet: Packet[Any]) -> None:
        """Take a packet."""
        for frame in av_graph.decoded(packet):
            self.take(frame)

    def end(self) -> None:
        """Write what the encoder still holds."""
        self.target.mux(self.stream.encode(None))

    def take(self, frame: VideoFrame) -> None:
        """Take a decoded picture; one that comes too soon after the last is left out."""
        if frame.pts is None or frame.time_base is None:
            slot: Any = Fraction(self.last + 1)
        else:
            slot = max(Fraction(0), (frame.pts * frame.time_base - self.begin) * self.order.rate)
        if round(slot) <= self.last:
            return
        self.last = round(slot)
        if self.graph is None or not self.graph.takes(frame):
            self.graph = av_graph.Pictures.of(frame, self.order.width, self.order.height, padded=self.order.padded)
        ready = self.graph.passed(frame)
        ready.pts, ready.time_base = self.last, 1 / self.order.rate
        ready.pict_type = 0
        self.target.mux(self.stream.encode(ready))


@define
class _Sound:
    """A sound that is coded again: other rate, other number of channels."""

    target: OutputContainer
    stream: AudioStream
    order: AudioOrder
    begin: Fraction
    graph: av_graph.Sounds | None = None

    def feed(self, packet: Packet[Any]) -> None:
        for frame in av_graph.decoded(packet):
            if self.graph is None:
                self.graph = av_graph.Sounds(self.order.sample_rate, self.order.layout, self._format())
            for ready in self.graph.passed(frame, self.begin):
                self.target.mux(self.stream.encode(ready))

    def end(self) -> None:
        if self.graph is not None:
            for ready in self.graph.rest():
                self.target.mux(self.stream.encode(ready))
        self.target.mux(self.stream.encode(None))

    def _format(self) -> str:
        name: str = self.stream.codec_context.format.name
        return name
