"""A film shows a picture of itself, a sound its shape."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import Any

import av
import pytest
from attrs import asdict
from PIL import Image, ImageStat

from mediacore.engines.av import poster as av_poster
from mediacore.engines.av import probe as av_probe
from mediacore.engines.av import wave as av_wave
from mediacore.engines.fit import fit
from mediacore.engines.operation import Unusable
from mediacore.engines.preview import preview
from mediacore.values import Fit
from tests.engines import av_builders as b


def shown(data: bytes, mime: str, side: int = 160) -> Image.Image:
    """The preview."""
    made = preview(io.BytesIO(data), {"type": mime, "side": side})
    picture = Image.open(io.BytesIO(made.files[0]))
    assert (picture.width, picture.height) == (made.facts["width"], made.facts["height"])
    assert max(picture.size) <= side
    return picture


@pytest.mark.parametrize("name", b.FILMS)
def test_films(name: str) -> None:
    """Every sort of film gets an upright poster."""
    picture = shown(*b.sort(name))
    assert picture.width > picture.height
    assert b.upright(picture)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_upright(turn: int) -> None:
    """The display matrix is carried out."""
    picture = shown(b.clip(turn=turn, size=(180, 320)), "video/mp4")
    assert picture.width < picture.height
    assert b.upright(picture)


def test_not_black() -> None:
    """A film that begins in the dark is shown by a later picture."""
    data = b.clip(black=1.0, seconds=2, options=(("preset", "ultrafast"), ("g", "8")))
    assert b.upright(shown(data, "video/mp4"))


def test_not_black_with_a_single_key_frame() -> None:
    """So is a short one whose only key frame is dark."""
    data = b.clip(black=1.0, seconds=4, options=(("g", "250"), ("sc_threshold", "0")))
    with av.open(io.BytesIO(data)) as film:
        assert sum(packet.is_keyframe for packet in film.demux(video=0)) == 1
    assert b.upright(shown(data, "video/mp4"))


def test_all_black() -> None:
    """A film with nothing to see still has a poster."""
    picture = shown(b.clip(black=9, noise=0), "video/mp4")
    assert ImageStat.Stat(picture.convert("L")).mean[0] < 20


@pytest.mark.parametrize("name", b.SOUNDS)
def test_sounds(name: str) -> None:
    """A sound that grows louder has bars that grow taller, whatever it is coded as."""
    levels = av_wave.peaks(io.BytesIO(b.sort(name)[0]), b.sort(name)[1], 20)
    assert len(levels) == 20
    assert max(levels) == 1.0
    assert levels[4] < levels[10] < levels[17]
    picture = shown(*b.sort(name), side=200)
    assert picture.size == (200, 50)


def test_sound_in_a_film_container() -> None:
    """A voice message that calls itself MP4 video is shown as a sound."""
    assert shown(b.clip(video=""), "video/mp4", 200).size == (200, 50)


def test_svg() -> None:
    """The same bars as SVG are well formed and hold one stroke each."""
    drawing = ET.fromstring(av_wave.svg([0.0, 0.5, 1.0]))
    assert drawing[0].attrib["d"].count("M") == 3


@pytest.mark.parametrize("mime", ["video/mp4", "audio/ogg", "audio/mpeg", "audio/wav", "video/webm"])
def test_rubbish(mime: str) -> None:
    """What is no recording is refused with a reason."""
    with pytest.raises(Unusable):
        shown(bytes(range(256)) * 40, mime)


@pytest.mark.parametrize("name", b.FILMS)
def test_no_key_frame_is_decoded_twice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever one looks in a film with a single key frame, it is that one."""
    decoded: list[int | None] = []
    real = av_poster.pixels

    def counted(frame: Any, *arguments: Any) -> Image.Image:
        decoded.append(frame.pts)
        return real(frame, *arguments)

    monkeypatch.setattr(av_poster, "pixels", counted)
    monkeypatch.setattr(av_poster, "CONTRAST", 255.0)  # nothing is good enough, so every place is tried
    data, mime = b.sort(name)
    shown(data, mime)
    assert decoded
    assert len(decoded) == len(set(decoded))


def test_past_a_fade() -> None:
    """After a dark beginning the first picture that shows something may still be dim, so a later one is compared."""
    data = b.clip(seconds=4, black=0.9, fade=2.2, options=(("preset", "ultrafast"), ("g", "5")), noise=0)
    assert b.upright(shown(data, "video/mp4"))


@pytest.mark.parametrize("name", b.FILMS)
def test_clip(name: str) -> None:
    """A few seconds of a film as MP4 that every browser plays, upright and without sound."""
    data, mime = b.sort(name)
    made = preview(io.BytesIO(data), {"type": mime, "side": 160, "form": "clip"})
    assert made.facts["type"] == "video/mp4"
    with av.open(io.BytesIO(made.files[0])) as film:
        assert [s.codec_context.name for s in film.streams] == ["h264"]
        picture: Any = next(film.decode(video=0)).to_image()
        assert picture.size == (made.facts["width"], made.facts["height"])
    assert max(picture.size) <= 160
    assert b.upright(picture)


def test_clip_from_where_there_is_something_to_see() -> None:
    """The clip begins at the poster's moment."""
    data = b.clip(black=1.0, seconds=2, options=(("preset", "ultrafast"), ("g", "8")))
    made = preview(io.BytesIO(data), {"type": "video/mp4", "form": "clip"})
    assert b.upright(shown(made.files[0], "video/mp4"))
    assert av_probe.facts_of(io.BytesIO(made.files[0]), "video/mp4").duration <= 1.1


def test_wave() -> None:
    """A sound's bars come as a drawing that a page can colour."""
    data, mime = b.sort("mp3")
    made = preview(io.BytesIO(data), {"type": mime, "form": "wave"})
    assert made.facts["type"] == "image/svg+xml"
    assert ET.fromstring(made.files[0]).tag.endswith("svg")


@pytest.mark.parametrize("curve", [16, 18])
def test_bright_films(curve: int) -> None:
    """A film in PQ or HLG is shown with its white nearly white, not dim and grey, and what is brighter still shows."""
    data = b.bright(curve)
    for picture in (shown(data, "video/mp4"), shown(fitted(data), "video/mp4")):
        third = picture.width // 3
        black, white, bright = (
            picture.convert("L").getpixel((third * band + third // 2, picture.height // 2)) for band in range(3)
        )
        assert black < 12
        assert 222 < white < 240  # it would be 148 with PQ and 191 with HLG
        assert bright > white + 12


def fitted(data: bytes) -> bytes:
    """A film as every phone plays it."""
    return fit(io.BytesIO(data), {"type": "video/mp4", "fit": asdict(Fit(("video/mp4",)))}).files[0]
