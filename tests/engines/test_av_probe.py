"""What a recording is, whatever container it comes in, and what is refused before it is looked at."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mediacore.engines.av.fit import fit_recording
from mediacore.engines.av.probe import survey
from mediacore.engines.operation import Unusable
from mediacore.engines.probe import probe
from mediacore.values import Fit
from tests.engines import av_builders as b

CODECS = {
    "mp4": ["h264", "aac"], "turned": ["h264", "aac"], "mov": ["h264", "aac"], "webm": ["vp9", "opus"],
    "mkv": ["h264", "aac"], "avi": ["mpeg4", "mp3"], "3gp": ["h263", "amr_nb"], "ogg": ["opus"], "mp3": ["mp3"],
    "wav": ["pcm"], "flac": ["flac"], "aac": ["aac"], "amr": ["amr_nb"], "m4a": ["aac"],
}  # fmt: skip


def facts(data: bytes, mime: str) -> dict[str, Any]:
    """What the probe says."""
    return dict(probe(io.BytesIO(data), {"type": mime}).facts)


@pytest.mark.parametrize("name", b.SORTS)
def test_every_sort(name: str) -> None:
    """Length, codecs, channels and size are told for every container that customers send."""
    seen = facts(*b.sort(name))
    assert seen["codecs"] == CODECS[name]
    assert seen["duration"] == pytest.approx(1.5, abs=0.12)
    assert seen["channels"] == (1 if name in ("3gp", "amr") else 2)
    size = (176, 144) if name == "3gp" else (320, 240)
    assert (seen["width"], seen["height"]) == (size if name in b.FILMS else (0, 0))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_size_as_seen(turn: int) -> None:
    """A film that lies on its side inside has its width and height as a person sees them."""
    seen = facts(b.clip(turn=turn, size=(240, 320)), "video/mp4")
    assert (seen["width"], seen["height"]) == (240, 320)


def test_what_it_says_of_its_owner() -> None:
    """Tags, places, chapters and cover art are named, never quoted."""
    assert {"tags", "gps", "chapters"} <= set(facts(b.clip(tags=True), "video/mp4")["metadata"])
    loud = b.with_cover(b.sort("m4a")[0])
    assert {"tags", "gps", "cover"} <= set(facts(loud, "audio/mp4")["metadata"])
    assert facts(b.clip(), "video/mp4")["metadata"] == []


@pytest.mark.parametrize(
    "text",
    [b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile '/etc/passwd'\n"],
)
@pytest.mark.parametrize("mime", ["video/mp4", "video/webm", "audio/mpeg", "audio/wav", "video/x-msvideo"])
def test_a_playlist_is_no_film(text: bytes, mime: str) -> None:
    """A playlist that calls itself a film is refused, and what it names is not opened."""
    with pytest.raises(Unusable):
        survey(io.BytesIO(text * 40), mime)


@pytest.mark.parametrize("name", b.SORTS)
@pytest.mark.parametrize("how", ["half", "head", "holes"])
def test_damaged(name: str, how: str) -> None:
    """Cut and scratched recordings give facts or a reason, nothing else."""
    data, mime = b.sort(name)
    spoilt = bytearray(data[: len(data) // 2] if how == "half" else data[:200] if how == "head" else data)
    if how == "holes":
        for at in range(60, len(spoilt), 997):
            spoilt[at : at + 8] = b"\xff" * len(spoilt[at : at + 8])
    for operation in (lambda: facts(bytes(spoilt), mime), lambda: survey(io.BytesIO(bytes(spoilt)), mime)):
        try:
            operation()
        except Unusable as reason:
            assert reason.message  # noqa: PT017 - a reason in words is one of the two right answers


def test_what_phones_stumble_over() -> None:
    """An index at the end, pictures out of order and deep colours are named; what fit makes has none of them."""
    odd = b.clip(options=(("preset", "medium"), ("bf", "3")))
    assert facts(odd, "video/mp4")["quirks"] == ["late-index", "b-frames"]
    assert facts(b.clip(), "video/mp4")["quirks"] == ["late-index"]
    assert facts(b.clip(muxer="matroska"), "video/x-matroska")["quirks"] == []
    clean, _ = fit_recording(io.BytesIO(odd), "video/mp4", Fit(("video/mp4",)))
    assert facts(clean, "video/mp4")["quirks"] == []


def test_protected() -> None:
    """A film under copy protection is called encrypted."""
    locked = b.clip().replace(b"avc1\x00\x00\x00\x00", b"encv\x00\x00\x00\x00")
    assert facts(locked, "video/mp4")["encrypted"]
