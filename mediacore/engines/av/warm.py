"""Loading all of PyAV before a process is locked up: it imports parts of itself at the first file that needs them."""

from __future__ import annotations

import contextlib
import io
import pkgutil
import struct
from importlib import import_module

from mediacore.engines.av import clip as av_clip
from mediacore.engines.av import fit as av_fit
from mediacore.engines.av import poster as av_poster
from mediacore.engines.av import probe as av_probe
from mediacore.engines.av import strip as av_strip
from mediacore.engines.av.opening import library
from mediacore.engines.operation import Unusable
from mediacore.values import Fit

_SKIPPED = ("av.__main__", "av.datasets")


def warm() -> None:
    """Import every part, and send a tenth of a second of silence and of grey through everything.

    Raises:
        Unusable: ``library-missing``.
    """
    av = library()
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in _SKIPPED:
            with contextlib.suppress(ImportError):
                import_module(module.name)
    sound, film = io.BytesIO(_wav(800)), io.BytesIO(_film())
    for mime in ("audio/ogg", "audio/mp4", "audio/mpeg", "audio/amr"):
        with contextlib.suppress(Unusable):  # a build of FFmpeg may lack an encoder
            av_fit.fit_recording(sound, "audio/wav", Fit((mime,)))
    for mime in ("video/mp4", "video/3gpp"):
        with contextlib.suppress(Unusable):
            av_fit.fit_recording(film, "video/x-matroska", Fit((mime,), max_bytes=60_000))
    av_poster.likeness(sound, "audio/wav", 64)
    av_poster.likeness(film, "video/x-matroska", 64)
    av_clip.clip(film, "video/x-matroska", 64)
    av_probe.facts_of(film, "video/x-matroska")
    av_strip.clean_recording(film, "video/x-matroska")


def _wav(samples: int) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    data = bytes(samples * 2)
    return (
        struct.pack("<4sI4s4s", b"RIFF", 36 + len(data), b"WAVE", b"fmt ")
        + form
        + struct.pack("<4sI", b"data", len(data))
        + data
    )


def _film() -> bytes:
    """Three pictures in Matroska."""
    av, sink = library(), io.BytesIO()
    with av.open(sink, "w", "matroska") as target:
        stream = target.add_stream("mpeg4", rate=15)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = 64, 48, "yuv420p", 1
        for number in range(3):
            frame = av.VideoFrame(64, 48, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([96 + 8 * number]) * plane.buffer_size)
            frame.pts = number
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return sink.getvalue()
