"""A recording is made to fit: within its bytes, in a type and with codecs that phones play."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any, BinaryIO

import av
import pytest
from attrs import asdict
from hypothesis import given, settings
from hypothesis import strategies as st

from mediacore.engines.av import encode as av_encode
from mediacore.engines.av import fit as av_fit
from mediacore.engines.av.probe import survey
from mediacore.engines.fit import fit
from mediacore.engines.operation import Stopped, Unusable, reporting
from mediacore.engines.preview import likeness
from mediacore.engines.probe import probe
from mediacore.engines.sniff import type_of
from mediacore.values import Fit
from tests.engines import av_builders as b

ENCODED = {
    "video/mp4": {"h264", "aac"}, "video/3gpp": {"h263", "mpeg4", "aac", "amr_nb"}, "audio/ogg": {"opus"},
    "audio/mp4": {"aac"}, "audio/aac": {"aac"}, "audio/mpeg": {"mp3"}, "audio/amr": {"amr_nb"},
}  # fmt: skip
VIDEO, AUDIO = ("video/mp4", "video/3gpp"), ("audio/ogg", "audio/mp4", "audio/aac", "audio/mpeg", "audio/amr")


def fitted(data: bytes, mime: str, order: Fit) -> bytes:
    """The one result, held against its order."""
    made = fit(io.BytesIO(data), {"type": mime, "fit": asdict(order)})
    (file,) = made.files
    target = made.facts["type"]
    assert isinstance(target, str)
    assert target in order.types
    assert type_of(io.BytesIO(file)) == target
    assert not order.max_bytes or len(file) <= order.max_bytes
    seen = survey(io.BytesIO(file), target)
    assert {seen.video_codec, seen.audio_codec} - {""} <= ENCODED[target]
    facts: Any = probe(io.BytesIO(file), {"type": target}).facts
    assert not order.max_side or max(facts["width"], facts["height"]) <= order.max_side
    assert not order.max_pixels or facts["width"] * facts["height"] <= order.max_pixels
    assert facts["quirks"] == []
    assert seen.duration == pytest.approx(1.5, abs=0.25)
    if target == "audio/ogg":
        assert (seen.channels, seen.sample_rate) == (1, 48_000)
    if target == "video/mp4":
        assert b.boxes(file)[:2] == [b"ftyp", b"moov"]
        assert seen.plain
        assert not streams(file)[0].codec_context.has_b_frames
        assert streams(file)[0].profile in ("Main", "Constrained Baseline", "Baseline")
    return file


def streams(data: bytes) -> list[Any]:
    """The tracks of a file."""
    return list(av.open(io.BytesIO(data)).streams)


film_orders = st.builds(
    Fit,
    st.permutations(VIDEO).map(lambda found: tuple(found)[:1]) | st.just(VIDEO),
    max_bytes=st.sampled_from([0, 30_000, 90_000, 200_000]),
    max_side=st.sampled_from([0, 0, 176, 240]),
    max_pixels=st.sampled_from([0, 0, 40_000]),
)
sound_orders = st.builds(
    Fit,
    st.permutations(AUDIO).map(lambda found: tuple(found)[:2]),
    max_bytes=st.sampled_from([0, 900, 4_000, 12_000, 60_000]),
)


def within(name: str, order: Fit) -> None:
    """A recording comes out within an order, or is refused because it would say nothing, and only a tight order is."""
    try:
        fitted(*b.sort(name), order)
    except Unusable as refusal:
        assert refusal.code == "illegible"  # noqa: PT017 - both ways are right
        assert order.max_bytes in (900, 4_000, 30_000) or order.max_side


@settings(max_examples=8)
@given(st.sampled_from(b.FILMS), film_orders)
def test_any_film_any_order(name: str, order: Fit) -> None:
    """Any film under any order comes out within it, or is refused because it would show nothing."""
    within(name, order)


@settings(max_examples=12)
@given(st.sampled_from(b.SOUNDS), sound_orders)
def test_any_sound_any_order(name: str, order: Fit) -> None:
    """Any sound under any order comes out within it, or is refused because it would not be understood."""
    within(name, order)


@pytest.mark.long
@settings(max_examples=150)
@given(st.sampled_from(b.FILMS), film_orders, st.sampled_from(b.SOUNDS), sound_orders)
def test_many_recordings_many_orders(film: str, film_order: Fit, sound: str, sound_order: Fit) -> None:
    """The same of many more."""
    within(film, film_order)
    within(sound, sound_order)


@pytest.mark.parametrize("budget", [60_000, 90_000, 150_000])
def test_a_film_uses_its_bytes(budget: int) -> None:
    """A film that must shrink fills at least 90 % of its bytes and never passes them."""
    data = b.clip(size=(640, 360), noise=0.15)
    assert len(data) > 4 * budget
    assert len(fitted(data, "video/mp4", Fit(("video/mp4",), budget))) >= 0.9 * budget


@pytest.mark.parametrize("target", ["audio/ogg", "audio/mp4", "audio/aac"])
def test_a_sound_uses_its_bytes(target: str) -> None:
    """A sound that must shrink fills at least 85 % of its bytes even where one second has few frames."""
    data, mime = b.sort("wav")
    assert len(fitted(data, mime, Fit((target,), 11_000))) >= 0.85 * 11_000


def test_upright_and_whole() -> None:
    """What was turned by its container stands by itself afterwards, unless it could be passed on as it was."""
    data = b.clip(turn=90, size=(240, 320))
    for order in (Fit(("video/mp4",)), Fit(("video/mp4",), 60_000), Fit(("video/3gpp",))):
        made = fit(io.BytesIO(data), {"type": "video/mp4", "fit": asdict(order)})
        assert b.upright(likeness(io.BytesIO(made.files[0]), order.types[0], 320, 0))


def packets(data: bytes) -> list[bytes]:
    """What is coded in a file's first track."""
    with av.open(io.BytesIO(data), "r") as container:
        return [bytes(packet) for packet in container.demux(container.streams[0]) if packet.size]


@pytest.mark.parametrize("name", ["mp4", "turned", "mov", "mkv"])
def test_only_the_container_was_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """H.264 and AAC are passed on bit for bit, with the index moved to the front."""
    monkeypatch.setattr(av_encode, "video_stream", None)
    data, mime = b.sort(name)
    assert packets(fitted(data, mime, Fit(("video/mp4",)))) == packets(data)


def test_only_the_sound_was_wrong() -> None:
    """A film whose sound alone is not taken keeps its picture bit for bit."""
    data = b.clip(muxer="matroska", audio="libopus", sound_rate=48_000)
    assert packets(fitted(data, "video/x-matroska", Fit(("video/mp4",)))) == packets(data)


def test_pictures_out_of_order_are_coded_again() -> None:
    """B-frames, at which some phones fail, do not go along."""
    data = b.clip(options=(("preset", "medium"), ("bf", "3"), ("profile", "high")))
    assert streams(data)[0].codec_context.has_b_frames
    fitted(data, "video/mp4", Fit(("video/mp4",)))


def test_a_voice_note_is_passed_on() -> None:
    """Opus with one channel goes as it is; with two it is made one."""
    data = b.clip(muxer="ogg", video="", audio="libopus", sound_rate=48_000, layout="mono")
    assert packets(fitted(data, "audio/ogg", Fit(("audio/ogg",)))) == packets(data)
    fitted(*b.sort("ogg"), Fit(("audio/ogg",)))


def test_a_type_that_needs_no_coding_comes_first() -> None:
    """Of the types that a channel takes, the one that costs no quality is chosen."""
    data, mime = b.sort("mp3")
    made = fit(io.BytesIO(data), {"type": mime, "fit": asdict(Fit(("audio/ogg", "audio/mpeg")))})
    assert made.facts["type"] == "audio/mpeg"


def test_few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A film is coded once, or twice."""
    runs: list[av_encode.Recipe] = []

    def counted(file: BinaryIO, mime: str, recipe: av_encode.Recipe, *rest: Any) -> bytes:
        runs.append(recipe)
        return av_encode.written(file, mime, recipe, *rest)

    monkeypatch.setattr(av_fit, "written", counted)
    for budget in (70_000, 120_000, 180_000):
        fitted(b.clip(size=(640, 360), noise=0.15), "video/mp4", Fit(("video/mp4",), budget))
    assert len(runs) <= 6


def test_same_in_same_out() -> None:
    """The same film under the same order gives the same bytes."""
    order = Fit(("video/mp4",), 60_000)
    assert fitted(b.clip(), "video/mp4", order) == fitted(b.clip(), "video/mp4", order)


@pytest.mark.parametrize(
    ("types", "code"),
    [(("image/jpeg",), "cannot-convert"), (("audio/mpeg",), "cannot-convert"), (("audio/flac",), "cannot-convert")],
)
def test_out_of_reach(types: tuple[str, ...], code: str) -> None:
    """A film is not made into a picture or a sound."""
    with pytest.raises(Unusable) as refusal:
        fitted(b.clip(), "video/mp4", Fit(types))
    assert refusal.value.code == code


@pytest.mark.parametrize("name", b.SORTS)
@pytest.mark.parametrize("cut", [50, 400, 3000])
def test_cut_off(name: str, cut: int) -> None:
    """A recording of which only the beginning arrived gives a reason, or what there is of it."""
    data, mime = b.sort(name)
    try:
        fit(io.BytesIO(data[:cut]), {"type": mime, "fit": asdict(Fit((*VIDEO, *AUDIO), 100_000))})
    except Unusable as reason:
        assert reason.code in ("damaged", "unsupported", "illegible", "cannot-convert")  # noqa: PT017


def test_no_picture_is_lost_behind_b_frames() -> None:
    """What a decoder holds back for pictures out of order comes out at the end, also of a film of two pictures."""
    for seconds in (2 / 15, 1.0):
        data = b.clip(audio="", seconds=seconds, options=(("bf", "3"), ("preset", "veryfast")))
        made = fit(io.BytesIO(data), {"type": "video/mp4", "fit": asdict(Fit(("video/mp4",)))}).files[0]
        assert len(packets(made)) == len(packets(data)) == round(seconds * 15)


@pytest.mark.parametrize("video", ["libx264", "mpeg2video"])
def test_sound_and_picture_stay_together(video: str) -> None:
    """A recording whose clock does not begin at nothing, as in broadcasts: a track passed on moves with the other."""
    data = b.clip("mpegts", video, begin=1.4, options=(("bf", "2"),))
    assert av.open(io.BytesIO(data)).start_time > 1_000_000
    made = fit(io.BytesIO(data), {"type": "video/mp2t", "fit": asdict(Fit(("video/mp4",)))}).files[0]
    picture, voice = (float(s.start_time * s.time_base) for s in streams(made))
    assert abs(picture - voice) < 0.1
    assert survey(io.BytesIO(made), "video/mp4").duration == pytest.approx(1.5, abs=0.15)


def test_what_cannot_be_passed_on_is_coded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opus in some containers lacks the header that Ogg needs: then the sound is decoded."""
    real, tried = av_fit.written, []

    def refusing(file: BinaryIO, mime: str, recipe: av_encode.Recipe, *rest: Any) -> bytes:
        tried.append(recipe.audio)
        if recipe.audio is None:
            raise Unusable("damaged", "The header is missing.")
        return real(file, mime, recipe, *rest)

    monkeypatch.setattr(av_fit, "written", refusing)
    data = b.clip("webm", "", "libopus", sound_rate=48_000, layout="mono")
    made = fit(io.BytesIO(data), {"type": "audio/webm", "fit": asdict(Fit(("audio/ogg",)))})
    assert survey(io.BytesIO(made.files[0]), "audio/ogg").audio_codec == "opus"
    assert tried[0] is None
    assert tried[1] is not None


@pytest.mark.parametrize("target", ["audio/mp4", "audio/mpeg"])
def test_no_more_channels_than_asked_for(target: str) -> None:
    """Where a channel takes one audio channel, two become one."""
    data, mime = b.sort("wav")
    made = fit(io.BytesIO(data), {"type": mime, "fit": asdict(Fit((target,), channels=1))}).files[0]
    assert survey(io.BytesIO(made), target).channels == 1


@pytest.mark.parametrize("most", [0, 60_000])
def test_progress_of_what_is_done_at_once_is_even(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a bound, and of a long recording, the first try is the work: it goes to the end without a jump."""
    monkeypatch.setattr("mediacore.engines.av.fit.LONG", 0.5)
    heard: list[float] = []
    with reporting(heard.append):
        order = asdict(Fit(("video/mp4",), most, max_side=160))
        fit(io.BytesIO(b.clip(size=(320, 180), noise=0.1)), {"type": "video/mp4", "fit": order})
    assert heard == sorted(heard)
    assert max(after - before for before, after in pairwise(heard)) < 0.15
    assert heard[-1] == 1


def test_progress_goes_one_way_and_to_the_end() -> None:
    """A conversion of several tries reports shares that only grow; where it is called off, nothing more is done."""
    heard: list[float] = []
    data, order = b.clip(size=(640, 360), noise=0.3), Fit(("video/mp4",), 60_000)
    with reporting(heard.append):
        fit(io.BytesIO(data), {"type": "video/mp4", "fit": asdict(order)})
    assert heard == sorted(heard)
    assert 0 <= heard[0] < 0.1
    assert heard[-1] == 1

    def enough(done: float) -> None:
        if done > 0.3:
            raise Stopped

    with reporting(enough), pytest.raises(Stopped):
        fit(io.BytesIO(data), {"type": "video/mp4", "fit": asdict(order)})
