"""Writing a container: no tags of its own, its index in front."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import define

from mediacore.engines.av.opening import library

if TYPE_CHECKING:
    from av.container import OutputContainer

_MOVED = {"movflags": "+faststart"}
_TIDY: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("mp4", "mov", "3gp", "ipod"), _MOVED),
    "mp3": {"id3v2_version": "0", "write_id3v1": "0"},
    "adts": {"write_id3v2": "0", "write_apetag": "0"},
}


def writing(sink: io.BytesIO, muxer: str) -> OutputContainer:
    """A container that is written into a buffer; a context manager."""
    container: OutputContainer = library().open(sink, "w", muxer, options=_tidy(muxer), io_open=_again(sink))
    return container


def _tidy(muxer: str) -> dict[str, str]:
    """Options that keep a container from writing tags of its own, and put its index first."""
    return {"fflags": "+bitexact", **_TIDY.get(muxer, {})}


def _again(sink: io.BytesIO) -> Any:  # noqa: ANN401 - a callback of PyAV's
    """Open the file that is being written for reading too: so the index is moved to its front."""

    def open_again(_url: str, flags: int, _options: object) -> io.BytesIO | _Reading:
        return sink if flags & 2 else _Reading(sink)

    return open_again


@define
class _Reading:
    """A second place in a growing buffer."""

    sink: io.BytesIO
    at: int = 0

    def read(self, count: int) -> bytes:
        with self.sink.getbuffer() as whole:
            data = bytes(whole[self.at : self.at + count])
        self.at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.sink.getbuffer().nbytes)[whence]
        return self.at

    def tell(self) -> int:
        return self.at
