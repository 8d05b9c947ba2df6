"""A moving picture becomes a film where only films move: as long, as coloured, within its bytes."""

from __future__ import annotations

import builtins
import io
from typing import Any

import av
import pytest
from attrs import asdict
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.av.probe import survey
from mediacore.engines.fit import fit
from mediacore.engines.operation import Made
from mediacore.engines.probe import probe
from mediacore.engines.sniff import type_of
from mediacore.values import Fit
from tests.engines import av_builders
from tests.engines import builders as b

ORDER = Fit(("video/mp4", "image/jpeg"), 5_000_000, animated=False)
COLOURS = ("red", "lime", "blue", "white", "black", "yellow")


def made(data: bytes, mime: str, order: Fit = ORDER) -> Made:
    """The one result of an order."""
    result = fit(io.BytesIO(data), {"type": mime, "fit": asdict(order)})
    assert len(result.files) == 1
    assert len(result.files[0]) <= order.max_bytes
    return result


def film_of(data: bytes, mime: str, order: Fit = ORDER) -> bytes:
    """The film that comes out, held against what phones play."""
    (file,) = made(data, mime, order).files
    assert type_of(io.BytesIO(file)) == "video/mp4"
    assert av_builders.boxes(file)[:2] == [b"ftyp", b"moov"]
    facts: Any = probe(io.BytesIO(file), {"type": "video/mp4"}).facts
    assert (facts["quirks"], facts["codecs"]) == ([], ["h264"])
    assert not order.max_side or max(facts["width"], facts["height"]) <= order.max_side
    with av.open(io.BytesIO(file)) as container:
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream)
        assert stream.pix_fmt == "yuv420p"
        assert not stream.codec_context.has_b_frames
        assert stream.profile in ("Main", "Constrained Baseline")
        assert (stream.width % 2, stream.height % 2) == (0, 0)
    return file


def shown(file: bytes) -> list[tuple[float, Image.Image]]:
    """When each picture of a film begins, and the picture."""
    with av.open(io.BytesIO(file)) as container:
        return [(frame.time, frame.to_image()) for frame in container.decode(video=0)]


def flags(form: str, lengths: list[int], size: tuple[int, int] = (101, 67), **options: Any) -> bytes:
    """An animation of plain colours, each shown for its milliseconds."""
    frames = [Image.new("RGB", size, COLOURS[number % len(COLOURS)]) for number in range(len(lengths))]
    lossless = {"lossless": True} if form == "WEBP" else {}
    return b.saved(frames[0], form, save_all=True, append_images=frames[1:], duration=lengths, **lossless, **options)


def near(picture: Image.Image, colour: str, place: tuple[int, int] = (30, 30)) -> bool:
    """Whether a pixel has nearly this colour."""
    (wanted,) = Image.new("RGB", (1, 1), colour).get_flattened_data()
    return all(abs(a - c) < 25 for a, c in zip(picture.getpixel(place), wanted, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_every_frame_in_its_time(form: str) -> None:
    """Each colour begins when it did, whatever the lengths, and the last lasts as long as it did."""
    file = film_of(flags(form, [70, 1500, 2000], loop=0), f"image/{form.lower()}")
    frames = shown(file)
    for number, begin in enumerate((0, 0.07, 1.57)):
        moment, picture = frames[number]
        assert moment == pytest.approx(begin, abs=0.02)
        assert near(picture, COLOURS[number])
    assert survey(io.BytesIO(file), "video/mp4").duration == pytest.approx(3.57, abs=0.05)


@settings(max_examples=25)
@given(
    form=st.sampled_from(["GIF", "PNG", "WEBP"]),
    lengths=st.lists(st.integers(2, 90).map(lambda tens: tens * 10), min_size=2, max_size=7),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    max_side=st.sampled_from([0, 0, 48]),
)
def test_any_motion_is_as_long_as_it_was(form: str, lengths: list[int], size: tuple[int, int], max_side: int) -> None:
    """Whatever its frames, sides and lengths, the film is whole, begins alike and lasts as long, a brief one longer."""
    order = Fit(("video/mp4", "image/jpeg"), 200_000, max_side, animated=False)
    file = film_of(flags(form, lengths, size, loop=0), f"image/{form.lower()}", order)
    once = sum(lengths) / 1000
    lasting = survey(io.BytesIO(file), "video/mp4").duration
    times = max(1, round(lasting / once))
    assert lasting == pytest.approx(once * times, rel=0.1, abs=0.04)
    assert times == 1 if once >= 3 else 2.9 <= lasting < 3.1 + once
    assert near(shown(file)[0][1], COLOURS[0], (0, 0))


def test_what_moves_once_is_not_repeated() -> None:
    """A GIF that says that it plays once does so, and one that plays twice plays twice."""
    for options, seconds in (({}, 0.6), ({"loop": 2}, 1.2)):
        file = film_of(flags("GIF", [200, 200, 200], **options), "image/gif")
        assert survey(io.BytesIO(file), "video/mp4").duration == pytest.approx(seconds, abs=0.04)


def test_frames_without_a_time_are_shown_as_browsers_do() -> None:
    """A hundredth of a second is what old programs wrote for none; it is not run through in a blink."""
    file = film_of(flags("GIF", [10] * 6), "image/gif")
    assert survey(io.BytesIO(file), "video/mp4").duration == pytest.approx(0.6, abs=0.04)


def test_holes_become_white_and_colours_stay() -> None:
    """What was seen through lies on white, and the picture inside looks as it did."""
    data = b.film(holes=True)
    picture = shown(film_of(data, "image/gif"))[0][1]
    assert near(picture, "white", (2, 2))
    before = Image.open(io.BytesIO(data)).convert("RGB").resize((16, 12), Image.Resampling.BOX, box=(40, 40, 120, 100))
    after = picture.resize((16, 12), Image.Resampling.BOX, box=(40, 40, 120, 100))
    pairs = zip(before.tobytes(), after.tobytes(), strict=True)
    assert max(abs(a - c) for a, c in pairs) < 25


@pytest.mark.parametrize("budget", [60_000, 400_000])
def test_within_its_bytes(budget: int) -> None:
    """A moving photo of ten megabytes fits, and is as long as before."""
    data = b.film(60, 640)
    file = film_of(data, "image/gif", Fit(("video/mp4", "image/jpeg"), budget, animated=False))
    assert survey(io.BytesIO(file), "video/mp4").duration == pytest.approx(3, abs=0.1)


def test_where_no_film_can_be_made_a_still_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few bytes for a film, or no library to make one: the first picture goes, and the facts say so."""
    tiny = made(b.film(60, 640), "image/gif", Fit(("video/mp4", "image/jpeg"), 9_000, animated=False))
    assert (tiny.facts["type"], tiny.facts["note"]) == ("image/jpeg", "animation lost")
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert made(flags("GIF", [200, 200]), "image/gif").facts["type"] == "image/jpeg"


def test_a_picture_for_other_programs_is_no_part_of_the_film() -> None:
    """An APNG may begin with a picture that only programs without motion show."""
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("black", "red", "lime")]
    data = b.saved(frames[0], "PNG", save_all=True, default_image=True, append_images=frames[1:], duration=2000, loop=0)
    film = shown(film_of(data, "image/png"))
    assert near(film[0][1], "red")
    assert not any(near(picture, "black") for _, picture in film)


def test_what_would_take_too_long_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many pixels of all frames together the first one goes."""
    data = flags("GIF", [200] * 4, (50, 50))
    monkeypatch.setattr(bounds, "MOVING_PIXELS", 4 * 2500)
    film_of(data, "image/gif")
    monkeypatch.setattr(bounds, "MOVING_PIXELS", 4 * 2500 - 1)
    assert made(data, "image/gif").facts["type"] == "image/jpeg"


def test_a_cut_off_animation_moves_as_far_as_it_goes() -> None:
    """What was lost at the end costs the end alone."""
    data = b.film()
    file = film_of(data[: len(data) // 2], "image/gif")
    assert len(shown(file)) > 5
