"""What lies between a decoder and an encoder: standing upright, size, rate and channels, in one thread."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from attrs import define, field

from mediacore.engines.av.opening import library, turn_of
from mediacore.engines.bright import CURVES, STEPS, table

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.filter import Graph
    from av.filter.context import FilterContext
    from av.packet import Packet
    from av.video.frame import VideoFrame

LONGEST_GAP = 60
"""Seconds of silence that are filled in; a damaged file may ask for years."""

_SIDE = math.isqrt(STEPS) ** 3
"""Pixels of a line of the picture in which FFmpeg takes a table of colours (``haldclut``)."""
FINE_LINES = 480
"""From so many lines on a picture has the colours of HDTV (BT.709), below those of television before (BT.601)."""


def decoded(packet: Packet[Any]) -> list[Any]:
    """The frames of a packet; none when it is damaged, since one bad packet is no reason to give a recording up."""
    try:
        return packet.decode()
    except library().error.FFmpegError:
        return []


@define(eq=False)
class Pictures:
    """Pictures of one shape on their way.

    Args:
        graph: PyAV's filter graph, which lives as long as what is in it is used.
        source, sink: where frames go in and come out.
        shape: width, height and pixel format that it takes.
    """

    graph: Graph
    source: FilterContext
    sink: FilterContext
    shape: tuple[int, int, str]

    @classmethod
    def of(cls, frame: VideoFrame, width: int, height: int, *, form: str = "yuv420p", padded: bool = False) -> Pictures:
        """A graph for frames like this one.

        Args:
            frame: a decoded frame.
            width, height: of the result, upright.
            form: its pixel format.
            padded: keep the shape by bars.
        """
        graph = library().filter.Graph()
        graph.threads = 1
        sar = getattr(frame, "sample_aspect_ratio", None) or 1
        source = graph.add(
            "buffer",
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000:pixel_aspect={sar}"
            f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}",
        )
        box = fitting(shown(frame), (width, height)) if padded else (width, height)
        scale = f"scale={box[0]}:{box[1]}:flags=bicubic:threads=1"
        matrix = "bt709" if height >= FINE_LINES else "bt601"
        ordinary = f":out_color_matrix={matrix}:out_range=tv" if form == "yuv420p" else ""
        curve = int(frame.color_trc)
        end = _chained(graph, source, turn_of(frame))
        if curve in CURVES:
            end = _chained(graph, end, (f"{scale}:in_color_matrix=bt2020:out_range=pc", "format=gbrp10le"))
            colours, end = _dimmed(graph, end)
            scale = "scale=threads=1"
        pad = (f"pad={width}:{height}:-1:-1",) if padded else ()
        end = _chained(graph, end, (scale + ordinary, *pad, f"format={form}", "setsar=1", "buffersink"))
        graph.configure()
        if curve in CURVES:
            colours.push(_pictured(curve))
            colours.push(None)
        return cls(graph, source, end, _shape(frame))

    def takes(self, frame: VideoFrame) -> bool:
        """Whether a frame has the shape of the others."""
        return self.shape == _shape(frame)

    def passed(self, frame: VideoFrame) -> VideoFrame:
        """The frame as it comes out."""
        self.source.push(frame)
        return cast("VideoFrame", self.sink.pull())


def _chained(graph: Graph, end: FilterContext, steps: Iterable[str]) -> FilterContext:
    """The last of some filters, each fed by the one before."""
    for step in steps:
        name, _, arguments = step.partition("=")
        following = graph.add(name, arguments or None)
        end.link_to(following)
        end = following
    return end


def _dimmed(graph: Graph, end: FilterContext) -> tuple[FilterContext, FilterContext]:
    """Give bright frames the colours of ordinary ones: where the table of these goes in, and where frames come out."""
    colours = graph.add("buffer", f"video_size={_SIDE}x{_SIDE}:pix_fmt=gbrp10le:time_base=1/1000:pixel_aspect=1")
    dimming = graph.add("haldclut", "clut=first")
    end.link_to(dimming, 0, 0)
    colours.link_to(dimming, 0, 1)
    return colours, _chained(graph, dimming, ("setparams=color_primaries=bt709:color_trc=bt709",))


def _pictured(curve: int) -> VideoFrame:
    """A table of colours as ``haldclut`` takes it: all of them in their order, in lines of equal length."""
    picture: VideoFrame = library().VideoFrame(_SIDE, _SIDE, "gbrp10le")
    for plane, part in zip(picture.planes, (1, 2, 0), strict=True):
        values = [round(colour[part] * 1023) for colour in table(curve)]
        rest = bytes(plane.line_size - 2 * _SIDE)
        lines = (struct.pack(f"<{_SIDE}H", *values[at : at + _SIDE]) + rest for at in range(0, len(values), _SIDE))
        plane.update(b"".join(lines))
    picture.pts = 0
    return picture


def _shape(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


def shown(frame: VideoFrame, ratio: Fraction | None = None) -> tuple[int, int]:
    """Width and height of a frame as a person sees it: upright, its pixels square."""
    width, height = frame.width, frame.height
    if ratio is not None and 0 < ratio < 10:
        width = max(1, round(width * ratio))
    return (height, width) if any(step.startswith("transpose") for step in turn_of(frame)) else (width, height)


def fitting(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """The largest even size of the same shape in a box."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return even(size[0] * scale), even(size[1] * scale)


def even(length: float) -> int:
    """The nearest even number, at least 2."""
    return max(2, round(length / 2) * 2)


@define(eq=False)
class Sounds:
    """A sound on its way: other rate, other channels, gaps filled with silence.

    Args:
        rate: samples a second of the result.
        layout: ``mono`` or ``stereo``.
        form: its sample format.
        gaps: fill what is missing with silence.
    """

    rate: int
    layout: str
    form: str
    gaps: bool = True
    graph: Graph | None = None
    shape: tuple[int, str, str] | None = None
    pushed: int = 0
    drawn: int = field(default=0)

    def passed(self, frame: AudioFrame, begin: Fraction) -> Iterator[AudioFrame]:
        """What comes out after a frame.

        Args:
            frame: a decoded frame.
            begin: seconds at which the recording begins.
        """
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if self.graph is None or shape != self.shape:
            if self.graph is not None:
                yield from self.rest()
            self.graph, self.shape = self._made(*shape), shape
        if frame.pts is not None and frame.time_base is not None:
            frame.pts = round((frame.pts * frame.time_base - begin) * frame.sample_rate)
        else:
            frame.pts = self.pushed
        if frame.pts > self.pushed + LONGEST_GAP * frame.sample_rate:
            frame.pts = self.pushed
        frame.time_base = Fraction(1, frame.sample_rate)
        self.pushed = frame.pts + frame.samples
        self.graph.push(frame)
        yield from self._pulled()

    def rest(self) -> Iterator[AudioFrame]:
        """What is still on its way."""
        if self.graph is not None:
            self.graph.push(None)
            yield from self._pulled()

    def _made(self, rate: int, form: str, layout: str) -> Graph:
        graph: Graph = library().filter.Graph()
        graph.threads = 1
        source = f"sample_rate={rate}:sample_fmt={form}:channel_layout={layout}:time_base=1/{rate}"
        steps = {
            "abuffer": source,
            "aresample": f"{self.rate}:async=1:min_hard_comp=0.1" if self.gaps else str(self.rate),
            "aformat": f"sample_fmts={self.form}:sample_rates={self.rate}:channel_layouts={self.layout}",
        }
        nodes = [graph.add(name, arguments) for name, arguments in steps.items()]
        graph.link_nodes(*nodes, graph.add("abuffersink")).configure()
        return graph

    def _pulled(self) -> Iterator[AudioFrame]:
        assert self.graph is not None
        while True:
            try:
                ready: Any = self.graph.pull()
            except (library().error.BlockingIOError, library().error.EOFError):
                return
            if ready.pts is None or ready.pts < self.drawn:
                ready.pts = self.drawn
            ready.time_base = Fraction(1, self.rate)
            self.drawn = ready.pts + ready.samples
            yield ready
