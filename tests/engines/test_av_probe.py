"""What a recording is, whatever container it comes in, and what is refused before it is looked at."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mediacore.engines.av.fit import fit_recording
from mediacore.engines.av.probe import survey
from mediacore.engines.operation import Unusable
from mediacore.engines.probe import probe
from mediacore.engines.sniff import type_of
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


def test_what_a_browser_records_has_a_length() -> None:
    """WebM written as it is recorded says nothing of its length, and MP3 of a varying rate something wrong."""
    live = b.clip("webm", "", "libopus", sound_rate=48_000, live=True)
    assert probe(io.BytesIO(live), {"type": "audio/webm"}).facts["duration"] == pytest.approx(1.5, abs=0.1)
    mp3 = b.clip("mp3", "", "libmp3lame", seconds=4, noise=0)
    at = mp3.find(b"Xing") if b"Xing" in mp3 else mp3.find(b"Info")
    silent = mp3[:at] + bytes(4) + mp3[at + 4 :]
    assert probe(io.BytesIO(silent), {"type": "audio/mpeg"}).facts["duration"] == pytest.approx(4, abs=0.2)


def test_one_channel_is_one() -> None:
    """An MP4 always says two channels; what counts is the sound."""
    data = b.clip("ipod", "", layout="mono")
    assert probe(io.BytesIO(data), {"type": "audio/mp4"}).facts["channels"] == 1


@pytest.mark.parametrize(
    ("muxer", "audio", "options", "mime"),
    [
        ("webm", "libopus", {"sound_rate": 48_000}, "audio/webm"),
        ("matroska", "aac", {}, "audio/x-matroska"),
        ("mp4", "aac", {}, "audio/mp4"),
        ("caf", "pcm_s16be", {}, "audio/x-caf"),
        ("au", "pcm_mulaw", {}, "audio/basic"),
        ("asf", "wmav2", {}, "audio/x-ms-wma"),
    ],
)
def test_a_film_without_a_picture_is_a_sound(muxer: str, audio: str, options: dict[str, Any], mime: str) -> None:
    """Browsers call a voice WebM and MP4 as well; the tracks tell."""
    data = b.clip(muxer, "", audio, **options)
    assert type_of(io.BytesIO(data)) == mime
    facts = probe(io.BytesIO(data), {"type": mime}).facts
    assert (facts["width"], facts["quirks"]) == (0, [] if muxer != "mp4" else ["late-index"])
    assert facts["duration"] == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize(
    ("muxer", "mime"), [("mpegts", "video/mp2t"), ("flv", "video/x-flv"), ("asf", "video/x-ms-asf")]
)
def test_films_of_other_houses(muxer: str, mime: str) -> None:
    """What television, old web pages and Windows record is known by its content."""
    data = b.clip(muxer, "libx264" if muxer != "asf" else "wmv2", "aac" if muxer != "asf" else "wmav2")
    assert type_of(io.BytesIO(data)) == mime
    facts = probe(io.BytesIO(data), {"type": mime}).facts
    assert (facts["width"], facts["height"], len(facts["codecs"])) == (320, 240, 2)  # type: ignore[arg-type]


def test_a_film_whose_picture_cannot_be_decoded_is_no_sound() -> None:
    """Its sound alone would be sent in its place."""
    data = b.clip("avi", "huffyuv", "libmp3lame", form="yuv422p")
    with pytest.raises(Unusable) as refusal:
        probe(io.BytesIO(data), {"type": "video/x-msvideo"})
    assert refusal.value.code == "unsupported"


def test_what_takes_too_long_is_said_beforehand() -> None:
    """A film that cannot be coded again while an agent waits is marked, so that no conversion of it is planned."""
    data = b.clip(audio="", seconds=1, noise=0)
    at = data.index(b"mvhd") + 4
    scale = int.from_bytes(data[at + 12 : at + 16], "big")
    days = data[: at + 16] + (scale * 100_000).to_bytes(4, "big") + data[at + 20 :]
    assert "too-long" not in probe(io.BytesIO(data), {"type": "video/mp4"}).facts["quirks"]  # type: ignore[operator]
    assert "too-long" in probe(io.BytesIO(days), {"type": "video/mp4"}).facts["quirks"]  # type: ignore[operator]
