"""After stripping, a recording plays the same and says nothing."""

from __future__ import annotations

import io

import av
import pytest

from mediacore.engines.probe import probe
from mediacore.engines.sniff import type_of
from mediacore.engines.strip import strip
from tests.engines import av_builders as b

MARKS = (b.SECRET.encode(), b"+52.52", b"13.4050", b"location", b"\xa9xyz", b"covr", b"2024-05-06", b"ID3", b"INFOI")


def stripped(data: bytes, mime: str) -> bytes:
    """The clean bytes."""
    made = strip(io.BytesIO(data), {"type": mime})
    assert made.facts == {"type": mime, "stripped": True}
    return made.files[0]


def coded(data: bytes) -> list[list[bytes]]:
    """What is coded in each track of sound or film."""
    with av.open(io.BytesIO(data), "r") as container:
        tracks = [s for s in container.streams if s.type in ("video", "audio") and "jpeg" not in s.codec_context.name]
        found: dict[int, list[bytes]] = {s.index: [] for s in tracks}
        for packet in container.demux(*tracks):
            if packet.size:
                found[packet.stream_index].append(bytes(packet))
        return list(found.values())


@pytest.mark.parametrize("name", b.SORTS)
def test_nothing_private_is_left(name: str) -> None:
    """No title, comment, place, chapter or date is left in any container, and what is coded is untouched."""
    data, mime = b.sort(name, tags=name not in ("amr", "aac"))
    clean = stripped(data, mime)
    assert not [mark for mark in MARKS if mark in clean]
    assert coded(clean) == coded(data)
    assert type_of(io.BytesIO(clean)) == mime
    facts = probe(io.BytesIO(clean), {"type": mime}).facts
    assert not {"gps", "cover", "chapters"} & set(facts["metadata"])  # type: ignore[arg-type]


def test_the_sources_are_loud() -> None:
    """The test above has something to find."""
    for name in ("mp4", "mov", "mkv", "mp3", "ogg", "flac", "m4a"):
        assert b.SECRET.encode() in b.sort(name, tags=True)[0]


def test_cover_art() -> None:
    """The picture and the place in an M4A are gone."""
    data = b.with_cover(b.sort("m4a")[0])
    assert b.SECRET.encode() in data
    clean = stripped(data, "audio/mp4")
    assert not [mark for mark in MARKS if mark in clean]
    assert coded(clean)[0] == coded(data)[0]


def test_it_stays_turned() -> None:
    """How a film is to be held is not private, so it stays."""
    data = b.clip(turn=90, size=(240, 320), tags=True)
    facts = probe(io.BytesIO(stripped(data, "video/mp4")), {"type": "video/mp4"}).facts
    assert (facts["width"], facts["height"]) == (240, 320)


def test_idle() -> None:
    """A second time changes nothing."""
    once = stripped(b.clip(tags=True), "video/mp4")
    assert stripped(once, "video/mp4") == once


def test_what_cannot_be_written_stays() -> None:
    """A sort of recording that is not known here is passed on and said to be as it was."""
    made = strip(io.BytesIO(b"MThd" + bytes(40)), {"type": "audio/midi"})
    assert made.facts["stripped"] is False
    assert made.files[0] == b"MThd" + bytes(40)


def test_a_codec_that_is_only_passed_on() -> None:
    """Taking tags out needs no encoder of the film's codec, such as AV1's."""
    data = b.clip("webm", "libsvtav1", "libopus", sound_rate=48_000, seconds=0.5, options=(("preset", "12"),))
    clean = strip(io.BytesIO(data), {"type": "video/webm"}).files[0]
    with av.open(io.BytesIO(clean)) as film:
        assert sum(bool(packet.size) for packet in film.demux(video=0)) == 7
