"""Short recordings made for these tests by PyAV itself: honest ones of every sort, talkative ones, turned ones."""

from __future__ import annotations

import array
import io
import math
import os
import random
import struct
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import av
from PIL import Image, ImageDraw

SECRET = "SECRETPLACE"
CORNERS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 220, 40))
"""Red, green, blue, yellow: left above, right above, left below, right below, as a person should see them."""


def scene(width: int, height: int, number: int, noise: float = 0.08) -> Image.Image:
    """One picture of a film: four coloured corners, something that moves, some grain."""
    picture = Image.new("RGB", (width, height), (120, 120, 120))
    pen = ImageDraw.Draw(picture)
    for corner, colour in enumerate(CORNERS):
        left, top = corner % 2 * width * 2 // 3, corner // 2 * height * 2 // 3
        pen.rectangle((left, top, left + width // 3, top + height // 3), fill=colour)
    at = number * 7 % width
    pen.ellipse((at, height // 3, at + height // 4, height // 3 + height // 4), fill=(250, 250, 250))
    if noise:
        grain = random.Random(number).randbytes(width * height)
        picture = Image.blend(picture, Image.frombytes("L", (width, height), grain).convert("RGB"), noise)
    return picture


@cache
def clip(
    muxer: str = "mp4", video: str = "libx264", audio: str = "aac", *, size: tuple[int, int] = (320, 240),
    rate: int = 15, seconds: float = 1.5, sound_rate: int = 44_100, layout: str = "stereo", turn: int = 0,
    black: float = 0.0, fade: float = 0.0, noise: float = 0.08, tags: bool = False,
    options: tuple[tuple[str, str], ...] = (), live: bool = False, begin: float = 0.0, form: str = "yuv420p",
) -> bytes:  # fmt: skip
    """A recording.

    Args:
        muxer, video, audio: FFmpeg's names; an empty codec leaves the track out.
        size, rate, seconds: of the picture.
        sound_rate, layout: of the sound.
        turn: degrees of the display matrix; the picture inside lies so that it is seen upright.
        black, fade: seconds of darkness at the beginning, and until the picture is fully there.
        noise: how grainy it is.
        tags: everything that a container can say of its owner.
        options: of the picture's encoder.
        live: written as it is recorded, so that nothing can be filled in at its beginning.
        begin: seconds on the recording's clock at its beginning.
        form: of the picture's pixels.

    The index of an MP4 stands at the end, as phones write it: one at the front needs the file to be read again.
    """
    sink = io.BytesIO()
    settings = {"movflags": "+use_metadata_tags"} if tags and muxer == "mp4" else {"live": "1"} if live else {}
    with av.open(sink, "w", muxer, options=settings) as made:
        if tags:
            made.metadata.update(_TAGS)
        streams: list[tuple[Any, Any]] = []
        if video:
            streams.append((_picture(made, video, size, rate, turn, dict(options), form), _pictures))
        if audio:
            stream: Any = made.add_stream(audio, rate=sound_rate)
            stream.layout = layout
            if audio.startswith("wma"):  # it has no rate of its own
                stream.bit_rate = 64_000
            streams.append((stream, _sounds))
        if tags:
            for stream, _ in streams:
                stream.metadata.update({"title": SECRET, "handler_name": SECRET})
            made.set_chapters([_chapter(0, 500), _chapter(500, 1000)])
        for stream, frames in streams:
            for frame in frames(stream, size, rate, seconds, turn, (black, fade), noise):
                frame.pts += round(begin / frame.time_base)
                made.mux(stream.encode(frame))
            made.mux(stream.encode(None))
    if video == "libsvtav1":
        # run by root, SVT-AV1 makes its process a real-time one, and with it all that the tests start afterwards
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return sink.getvalue()


_TAGS = {
    "title": SECRET, "artist": SECRET, "comment": SECRET, "location": "+52.5200+013.4050/", "description": SECRET,
    "com.apple.quicktime.location.ISO6709": "+52.5200+013.4050/", "creation_time": "2024-05-06T07:08:09Z",
}  # fmt: skip


def _chapter(start: int, end: int) -> Any:
    return {"id": start, "start": start, "end": end, "time_base": Fraction(1, 1000), "metadata": {"title": SECRET}}


def _picture(
    made: Any, codec: str, size: tuple[int, int], rate: int, turn: int, options: dict[str, str], form: str
) -> Any:
    stream = made.add_stream(
        codec, rate=rate, options=options or ({"preset": "ultrafast"} if codec == "libx264" else {})
    )
    stream.width, stream.height = size[::-1] if turn % 180 else size
    stream.pix_fmt = form
    stream.codec_context.thread_count = 1
    if turn:
        stream.set_display_rotation(turn)
    return stream


def _pictures(
    stream: Any, size: tuple[int, int], rate: int, seconds: float, turn: int, dark: tuple[float, float], noise: float
) -> Any:
    for number in range(int(rate * seconds)):
        picture, night = scene(*size, number, noise), Image.new("RGB", size)
        shining = (number / rate - dark[0]) / (dark[1] - dark[0]) if dark[1] > dark[0] else number >= dark[0] * rate
        picture = Image.blend(night, picture, min(1.0, max(0.0, float(shining))))
        frame = _frame(picture.rotate(-turn, expand=True) if turn else picture, stream.pix_fmt)
        frame.pts, frame.time_base = number, Fraction(1, rate)
        yield frame


def _frame(picture: Image.Image, form: str) -> av.VideoFrame:
    frame = av.VideoFrame(*picture.size, "rgb24")
    plane = frame.planes[0]
    rows = picture.tobytes()
    width = picture.width * 3
    padding = bytes(plane.line_size - width)
    plane.update(b"".join(rows[at : at + width] + padding for at in range(0, len(rows), width)))
    return frame.reformat(format=form, threads=1)


def _sounds(stream: Any, _size: object, _rate: object, seconds: float, *_: object) -> Any:
    rate, layout = stream.rate, stream.layout.name
    channels, total = len(stream.layout.channels), int(stream.rate * seconds)
    for at in range(0, total, 1024):
        count = min(1024, total - at)
        wave = (
            int(12_000 * (at + n) / total * math.sin(2 * math.pi * 440 * (at + n) / rate))
            for n in range(count)
            for _ in range(channels)
        )
        frame = av.AudioFrame("s16", layout, count)
        frame.planes[0].update(array.array("h", wave).tobytes())
        frame.rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        yield frame


@cache
def bright(curve: int) -> bytes:
    """A still film in PQ (16) or HLG (18), as phones record: black, ordinary white, and five times as bright."""
    sink = io.BytesIO()
    white, bright = {16: (0.58, 0.752), 18: (0.75, 1.0)}[curve]  # signals of 203 (ITU-R BT.2408) and 1000 cd/m2
    with av.open(sink, "w", "mp4") as made:
        stream: Any = made.add_stream("libx265", rate=10, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p10le"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 9, 9, curve, 1
        for number in range(3):
            frame = av.VideoFrame(160, 96, "yuv420p10le")
            for index, plane in enumerate(frame.planes):
                bands = [64 + round(876 * (0, white, bright)[3 * at // plane.width]) for at in range(plane.width)]
                levels = bands if index == 0 else [512] * plane.width
                row = struct.pack(f"<{plane.width}H", *levels)
                plane.update((row + bytes(plane.line_size - len(row))) * plane.height)
            frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range = 9, 9, curve, 1
            frame.pts, frame.time_base = number, Fraction(1, 10)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return sink.getvalue()


SORTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "mp4": ("video/mp4", {}),
    "turned": ("video/mp4", {"turn": 90}),
    "mov": ("video/quicktime", {"muxer": "mov"}),
    "webm": ("video/webm", {
        "muxer": "webm", "video": "libvpx-vp9", "audio": "libopus", "sound_rate": 48_000,
        "options": (("deadline", "realtime"), ("cpu-used", "8")),
    }),
    "mkv": ("video/x-matroska", {"muxer": "matroska"}),
    "avi": ("video/x-msvideo", {"muxer": "avi", "video": "mpeg4", "audio": "libmp3lame"}),
    "3gp": ("video/3gpp", {
        "muxer": "3gp", "video": "h263", "audio": "libopencore_amrnb", "size": (176, 144), "sound_rate": 8_000,
        "layout": "mono",
    }),
    "ogg": ("audio/ogg", {"muxer": "ogg", "video": "", "audio": "libopus", "sound_rate": 48_000}),
    "mp3": ("audio/mpeg", {"muxer": "mp3", "video": "", "audio": "libmp3lame"}),
    "wav": ("audio/wav", {"muxer": "wav", "video": "", "audio": "pcm_s16le"}),
    "flac": ("audio/flac", {"muxer": "flac", "video": "", "audio": "flac"}),
    "aac": ("audio/aac", {"muxer": "adts", "video": ""}),
    "amr": ("audio/amr", {
        "muxer": "amr", "video": "", "audio": "libopencore_amrnb", "sound_rate": 8_000, "layout": "mono",
    }),
    "m4a": ("audio/mp4", {"muxer": "ipod", "video": ""}),
}  # fmt: skip
"""Every sort of recording by a short name: its type and how it is made."""
FILMS = tuple(name for name, (mime, _) in SORTS.items() if mime.startswith("video/"))
SOUNDS = tuple(name for name in SORTS if name not in FILMS)


def sort(name: str, **more: Any) -> tuple[bytes, str]:
    """A recording of a sort, and its type."""
    mime, options = SORTS[name]
    return clip(**{**options, **more}), mime


def with_cover(data: bytes) -> bytes:
    """An M4A with a picture of its owner: ``moov/udta/meta/ilst/covr`` (QuickTime File Format, metadata)."""
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 10, 10)).save(picture, "JPEG", comment=SECRET.encode())
    item = box(b"covr", box(b"data", struct.pack(">II", 13, 0) + picture.getvalue()))
    name = box(b"\xa9nam", box(b"data", struct.pack(">II", 1, 0) + SECRET.encode()))
    place = box(b"\xa9xyz", struct.pack(">HH", 18, 0x15C7) + b"+52.5200+013.4050/")
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    extra = box(b"udta", place + box(b"meta", bytes(4) + handler + box(b"ilst", name + item)))
    at = data.index(b"moov") - 4
    length = struct.unpack(">I", data[at : at + 4])[0]
    assert at + length == len(data), "the index must be the last box"
    return data[:at] + struct.pack(">I", length + len(extra)) + data[at + 4 :] + extra


def box(name: bytes, body: bytes) -> bytes:
    """One ISO box."""
    return struct.pack(">I4s", len(body) + 8, name) + body


def boxes(data: bytes) -> list[bytes]:
    """Names of the boxes of an ISO file, in order."""
    names, at = [], 0
    while at + 8 <= len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        names.append(data[at + 4 : at + 8])
        at += length or len(data)
    return names


def corners(picture: Image.Image) -> tuple[tuple[int, ...], ...]:
    """The colours in the four corners, in the order of ``CORNERS``."""
    small = picture.convert("RGB").resize((6, 6), Image.Resampling.BOX)
    places = ((0, 0), (5, 0), (0, 5), (5, 5))
    return tuple(small.getpixel(place) for place in places)  # type: ignore[misc]


def upright(picture: Image.Image) -> bool:
    """Whether a picture of the scene stands as it should."""
    found = corners(picture)
    return all(
        max(abs(a - b) for a, b in zip(one, other, strict=True)) < 70 for one, other in zip(found, CORNERS, strict=True)
    )
