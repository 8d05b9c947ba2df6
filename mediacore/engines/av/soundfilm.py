"""What a sound or film container says of itself: length, codecs, channels, size. Nothing is decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.containers import size_of, span
from mediacore.values import Facts

_CODECS: Mapping[bytes, str] = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"mp4v": "mpeg4",
    b"s263": "h263",
    b"av01": "av1",
    b"vp09": "vp9",
    b"mp4a": "aac",
    b"samr": "amr_nb",
    b"sawb": "amr_wb",
    b"Opus": "opus",
    b".mp3": "mp3",
    b"alac": "alac",
    b"fLaC": "flac",
}
"""Sample entry names (MP4RA register) as FFmpeg calls their codecs."""
_FILM = frozenset({"h264", "hevc", "mpeg4", "h263", "av1", "vp9"})
_LOCKED = frozenset((b"encv", b"enca", b"drms", b"drmi", b"drmt"))
"""Sample entries of tracks under copy protection (ISO/IEC 14496-12, 8.12)."""
_WITHIN = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_AMR_NB = (13, 14, 16, 18, 20, 21, 27, 32, 6)
_AMR_WB = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6)
"""Bytes of a frame of 20 ms by its mode (RFC 4867, 5.3); other modes have the mark alone."""
_MP3_RATES = (44100, 48000, 32000)
_MP3_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MP3_KBITS_LOW = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def facts_of(file: BinaryIO, mime: str) -> Facts:
    """The facts of a sound or a film; what the container does not tell stays 0 or empty."""
    reader = _READERS.get(mime)
    try:
        return reader(file) if reader is not None else Facts()
    except (struct.error, IndexError, ZeroDivisionError):
        return Facts()


def _iso(file: BinaryIO) -> Facts:
    width = height = channels = 0
    duration = 0.0
    lying = locked = content = late = False
    codecs: list[str] = []
    films: list[str] = []
    for name, at, length in _boxes(file):
        body = span(file, at, min(length, 256))
        if name == b"mvhd":
            late = content
            scale, units = struct.unpack(">IQ", body[20:32]) if body[0] else struct.unpack(">II", body[12:20])
            duration = units / scale
        elif name == b"mdat":
            content = True
        elif name == b"tkhd":
            lying = _on_its_side(body)
        elif name == b"stsd":
            entry = body[12:16]
            locked = locked or entry in _LOCKED
            codec = _CODECS.get(entry, entry.decode("latin-1").strip())
            across, down = struct.unpack(">HH", body[40:44])
            if codec in _FILM:
                films.append(codec)
                across, down = (down, across) if lying else (across, down)
                width, height = max(width, across), max(height, down)
            elif entry in _CODECS:
                codecs.append(codec)
                channels = max(channels, struct.unpack(">H", body[32:34])[0])
    codec_names = (*films, *codecs)
    return Facts(
        width, height, duration=duration, codecs=codec_names, channels=channels, encrypted=locked,
        quirks=("late-index",) if late else (),
    )  # fmt: skip


def is_sound(file: BinaryIO) -> bool:
    """Whether an ISO file has sound and no picture, by its tracks' handlers (ISO/IEC 14496-12, 8.4.3)."""
    handlers = {span(file, at, 12)[8:] for name, at, _ in _boxes(file) if name == b"hdlr"}
    return b"soun" in handlers and b"vide" not in handlers


def _on_its_side(header: bytes) -> bool:
    """Whether a track is shown turned by a quarter, by the matrix in its header (ISO/IEC 14496-12, 8.3.2)."""
    matrix = header[52:] if header[0] else header[40:]
    a, b, _, c, d = struct.unpack(">5i", matrix[:20])
    return not a and not d and bool(b and c)


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and length of the content of each box that matters, depth first."""
    open_spans = [(0, size_of(file))]
    for _ in range(bounds.BOXES):
        if not open_spans:
            return
        at, end = open_spans.pop()
        head = span(file, at, 16)
        if at + 8 > end or len(head) < 8:
            continue
        length, skip = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        if length == 0:
            length = end - at
        if length < skip:
            continue
        open_spans.append((at + length, end))
        if head[4:8] in _WITHIN:
            open_spans.append((at + skip, min(at + length, end)))
        else:
            yield head[4:8], at + skip, length - skip


def _ogg(file: BinaryIO) -> Facts:
    head = span(file, 0, 512)
    first = head[27 + head[26] :]
    rate, codec, channels, skip = 48000, "", 0, 0
    if first.startswith(b"OpusHead"):
        codec, channels, skip = "opus", first[9], struct.unpack("<H", first[10:12])[0]
    elif first.startswith(b"\x01vorbis"):
        codec, channels, rate = "vorbis", first[11], struct.unpack("<I", first[12:16])[0]
    elif first.startswith(b"\x7fFLAC"):
        codec = "flac"
    elif first.startswith(b"Speex   "):
        codec, rate, channels = "speex", *struct.unpack("<I8xI", first[36:52])
    tail = span(file, size_of(file) - bounds.TEXT_BYTES, bounds.TEXT_BYTES)
    last = tail.rfind(b"OggS")
    samples = struct.unpack("<q", tail[last + 6 : last + 14])[0] if last >= 0 else 0
    duration = max(0, samples - skip) / rate if codec and codec != "flac" else 0.0
    return Facts(duration=duration, codecs=(codec,) if codec else (), channels=channels)


def _wav(file: BinaryIO) -> Facts:
    at, rate, facts = 12, 0, Facts()
    for _ in range(100):
        head = span(file, at, 32)
        if len(head) < 8:
            break
        length = struct.unpack("<I", head[4:8])[0]
        if head[:4] == b"fmt ":
            kind, channels, _, rate = struct.unpack("<HHII", head[8:20])
            codec = {1: "pcm", 3: "pcm_float", 6: "pcm_alaw", 7: "pcm_mulaw", 0xFFFE: "pcm", 0x55: "mp3"}.get(kind, "")
            facts = Facts(codecs=(codec,) if codec else (), channels=channels)
        if head[:4] == b"data":
            length = min(length, size_of(file) - at - 8)
            return Facts(duration=length / rate, codecs=facts.codecs, channels=facts.channels)
        at += 8 + length + (length & 1)
    return facts


def _amr(file: BinaryIO) -> Facts:
    wide = span(file, 0, 9) == b"#!AMR-WB\n"
    start = 9 if wide else 6
    data = span(file, start, 1 << 20)
    sizes = _AMR_WB if wide else _AMR_NB
    at = frames = 0
    while at < len(data):
        mode = data[at] >> 3 & 15
        at += sizes[mode] if mode < len(sizes) else 1
        frames += 1
    whole = (size_of(file) - start) / len(data) if data else 1.0  # of a long one the beginning stands for the rest
    return Facts(duration=frames * 0.02 * whole, codecs=("amr_wb" if wide else "amr_nb",), channels=1)


def _mp3(file: BinaryIO) -> Facts:
    head = span(file, 0, 10)
    start = 0
    if head[:3] == b"ID3":
        start = 10 + sum((head[6 + i] & 127) << 7 * (3 - i) for i in range(4))
    data = span(file, start, 8192)
    at = next((i for i in range(len(data) - 4) if data[i] == 0xFF and data[i + 1] & 0xE6 == 0xE2), -1)
    if at < 0:
        return Facts(codecs=("mp3",))
    version, third, fourth = data[at + 1] >> 3 & 3, data[at + 2], data[at + 3]
    rate = _MP3_RATES[third >> 2 & 3] // {3: 1, 2: 2, 0: 4}.get(version, 1)
    channels = 1 if fourth >> 6 == 3 else 2
    mark = max(data.find(b"Xing", at, at + 64), data.find(b"Info", at, at + 64))
    if mark >= 0 and data[mark + 7] & 1:
        frames = struct.unpack(">I", data[mark + 8 : mark + 12])[0]
        duration = frames * (1152 if version == 3 else 576) / rate
    else:
        kbits = (_MP3_KBITS if version == 3 else _MP3_KBITS_LOW)[third >> 4]
        duration = (size_of(file) - start - at) * 8 / (kbits * 1000)
    return Facts(duration=duration, codecs=("mp3",), channels=channels)


def _aac(_file: BinaryIO) -> Facts:
    return Facts(codecs=("aac",))


def _flac(_file: BinaryIO) -> Facts:
    return Facts(codecs=("flac",))


_READERS: Mapping[str, Callable[[BinaryIO], Facts]] = {
    **dict.fromkeys(("video/mp4", "audio/mp4", "video/quicktime", "video/3gpp"), _iso),
    **dict.fromkeys(("audio/ogg", "video/ogg"), _ogg),
    "audio/wav": _wav,
    **dict.fromkeys(("audio/amr", "audio/amr-wb"), _amr),
    "audio/mpeg": _mp3,
    "audio/aac": _aac,
    "audio/flac": _flac,
}
