"""What lies between a decoder and an encoder: standing upright, size, rate and channels, in one thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attrs import define, field

from mediacore.engines.av.opening import library, turn_of

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.filter import Graph
    from av.packet import Packet
    from av.video.frame import VideoFrame

LONGEST_GAP = 60
"""Seconds of silence that are filled in; a damaged file may ask for years."""

HDR: Mapping[int, str] = {16: "smpte2084", 18: "arib-std-b67"}
"""Transfer functions of phones' bright films (ITU-T H.273, table 3): PQ and HLG.

Their white becomes the ordinary white (203 cd/m2, ITU-R BT.2408, table 1); what is brighter is white as well.
"""
FINE_LINES = 480
"""From so many lines on a picture has the colours of HDTV (BT.709), below those of television before (BT.601)."""


def decoded(packet: Packet[Any]) -> list[Any]:
    """The frames of a packet; none when it is damaged, since one bad packet is no reason to give a recording up."""
    try:
        return packet.decode()
    except library().error.InvalidDataError:
        return []


@define(eq=False)
class Pictures:
    """Pictures of one shape on their way.

    Args:
        graph: PyAV's filter graph.
        shape: width, height and pixel format that it takes.
    """

    graph: Graph
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
        scale = f"scale={width}:{height}:flags=bicubic:threads=1"
        if padded:
            fitted = fitting(shown(frame), (width, height))
            scale = f"scale={fitted[0]}:{fitted[1]}:flags=bicubic:threads=1"
        if form == "yuv420p":
            scale += (
                ":out_color_matrix=bt709:out_range=tv"
                if height >= FINE_LINES
                else ":out_color_matrix=bt601:out_range=tv"
            )
        bright = HDR.get(int(frame.color_trc))
        if bright is not None:
            scale += ":out_transfer=bt709:out_primaries=bt709:intent=relative_colorimetric"
            scale += "" if form == "yuv420p" else ":out_range=pc"
        named = (f"setparams=color_primaries=bt2020:color_trc={bright}",) if bright is not None else ()
        steps = [*named, *turn_of(frame), scale]
        if padded:
            steps.append(f"pad={width}:{height}:-1:-1")
        nodes = [source]
        for step in (*steps, f"format={form}", "setsar=1"):
            name, _, arguments = step.partition("=")
            nodes.append(graph.add(name, arguments or None))
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        return cls(graph, _shape(frame))

    def takes(self, frame: VideoFrame) -> bool:
        """Whether a frame has the shape of the others."""
        return self.shape == _shape(frame)

    def passed(self, frame: VideoFrame) -> VideoFrame:
        """The frame as it comes out."""
        self.graph.vpush(frame)
        return self.graph.vpull()


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
