"""The same recording without what it says beside its content: no tag, place, chapter, cover art or other track.

What was coded stays bit for bit; it is only put into a new container. Tracks that are neither sound nor picture go,
since cameras and drones write their position into them, and into subtitles too.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from mediacore.engines.av.encode import Copied
from mediacore.engines.av.muxing import writing
from mediacore.engines.av.opening import FILM_CODECS, SOUND_CODECS, Film, canonical, is_cover, opened
from mediacore.engines.operation import Unusable

if TYPE_CHECKING:
    from av.stream import Stream

MUXERS: Mapping[str, str] = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "video/x-matroska": "matroska",
    "audio/webm": "webm",
    "audio/x-matroska": "matroska",
    "video/x-msvideo": "avi",
    "video/ogg": "ogg",
    "video/x-ms-asf": "asf",
    "audio/x-ms-wma": "asf",
    "video/x-flv": "flv",
    "video/mp2t": "mpegts",
    "audio/basic": "au",
    "audio/mp4": "ipod",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/aac": "adts",
    "audio/amr": "amr",
    "audio/amr-wb": "amr",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/x-aiff": "aiff",
    "audio/x-caf": "caf",
}
"""FFmpeg's containers by the types whose metadata can be taken out."""


def clean_recording(file: BinaryIO, mime: str) -> bytes | None:
    """A recording in a new container; None for what is no recording or of a sort that is not known here.

    Raises:
        Unusable: as ``opened``.
    """
    muxer = MUXERS.get(mime)
    if muxer is None:
        return None
    try:
        return _clean(file, mime, muxer)
    except Unusable as error:
        if error.code == "unsupported":
            return None
        raise


def _clean(file: BinaryIO, mime: str, muxer: str) -> bytes:
    sink = io.BytesIO()
    with (
        opened(file, mime) as film,
        writing(sink, muxer) as target,
    ):
        streams = _content(film)
        copies = {
            stream.index: Copied(target, target.add_stream_from_template(stream, opaque=True)) for stream in streams
        }
        for made in target.streams:
            made.metadata.clear()
        for packet in film.container.demux(streams):
            copies[packet.stream_index].feed(packet)
    data = sink.getvalue()
    if not data:
        raise Unusable("damaged", "Nothing could be read from the recording.")
    return data


def _content(film: Film) -> list[Stream]:
    """Every sound and moving picture."""
    streams = film.container.streams
    found: list[Any] = [s for s in streams.video if not is_cover(s) and canonical(s) in FILM_CODECS]
    return [*found, *(s for s in streams.audio if canonical(s) in SOUND_CODECS)]
