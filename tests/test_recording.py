"""Recordings in the plan: what each becomes on each channel, and from which length on it is a link."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from attrs import evolve

from mediacore import Action, Attachment, Facts, Limits, Media, Step, plan
from mediacore.limits_file import read_limits
from mediacore.recording import WRITABLE


def channel(name: str, profile: str = "default") -> Limits:
    """A channel's own limits."""
    return read_limits(Path(str(files(f"mediacore_{name}") / "limits.toml")), profile)


def film(mime: str = "video/mp4", size: int = 3_000_000, seconds: float = 10.0, **facts: object) -> Media:
    """A film as telephones make it: full HD, H.264 and AAC, unless it is said otherwise."""
    usual = {"width": 1920, "height": 1080, "codecs": ("h264", "aac"), "channels": 2, "duration": seconds}
    return Media(Path("film"), mime, size, "ff", Facts(**{**usual, **facts}))  # type: ignore[arg-type]


def sound(mime: str, codec: str, size: int = 100_000, seconds: float = 10.0, channels: int = 1) -> Media:
    """A sound recording."""
    return Media(Path("sound"), mime, size, "ff", Facts(codecs=(codec,), channels=channels, duration=seconds))


def step(media: Media, limits: Limits, *, link: bool = True) -> Step:
    """What the plan says of one recording alone."""
    return plan([Attachment(media, "recording")], "", limits, link).steps[0]


VOICE = sound("audio/webm", "opus")
"""What a browser records."""
IPHONE = film("video/quicktime", codecs=("hevc", "aac"), quirks=("late-index", "deep-colour"))


@pytest.mark.parametrize(
    ("media", "name", "becomes", "sort"),
    [
        (VOICE, "whatsapp", "audio/ogg", "opus"),
        (VOICE, "instagram", "audio/mp4", "audio"),
        (VOICE, "sms", "audio/mpeg", "audio"),
        (evolve(VOICE, facts=evolve(VOICE.facts, duration=200.0)), "sms", "audio/amr", "audio"),
        (sound("audio/ogg", "vorbis", channels=2), "whatsapp", "audio/ogg", "opus"),
        (sound("audio/ogg", "opus", channels=2), "whatsapp", "audio/ogg", "opus"),
        (sound("audio/wav", "pcm", 9_000_000, 50.0, 2), "whatsapp", "audio/mp4", "audio"),
        (sound("audio/x-matroska", "mp3"), "whatsapp", "audio/mpeg", "audio"),
        (IPHONE, "whatsapp", "video/mp4", "video"),
        (IPHONE, "sms", "video/mp4", "video"),
        (IPHONE, "webchat", "video/mp4", "video"),
        (sound("audio/amr", "amr_nb"), "webchat", "audio/mpeg", "audio"),
        (
            film("video/3gpp", 60_000, codecs=("h263", "amr_nb"), width=176, height=144),
            "whatsapp",
            "video/mp4",
            "video",
        ),
        (film("video/webm", codecs=("vp8", "opus")), "whatsapp", "video/mp4", "video"),
        (film(quirks=("late-index",)), "whatsapp", "video/mp4", "video"),
        (film(seconds=50.0), "sms", "video/3gpp", "video"),
    ],
)
def test_what_it_becomes(media: Media, name: str, becomes: str, sort: str) -> None:
    """A recording that the channel does not take becomes the nearest that it takes, and the agent reads why."""
    found = step(media, channel(name))
    assert found.action in (Action.CONVERT, Action.SHRINK)
    assert found.fit is not None
    assert found.fit.types[0] == becomes
    assert found.accept == sort
    assert found.reason


@pytest.mark.parametrize(
    ("media", "name"),
    [
        (film(), "whatsapp"),
        (film("video/3gpp", 60_000, codecs=("h263", "amr_nb"), width=176, height=144), "sms"),
        (sound("audio/amr", "amr_nb", 20_000), "sms"),
        (sound("audio/ogg", "opus"), "whatsapp"),
        (IPHONE, "instagram"),
        (IPHONE, "email"),
        (VOICE, "webchat"),
    ],
)
def test_what_is_taken_stays_as_it_is(media: Media, name: str) -> None:
    """Nothing is coded again that the channel plays as it came."""
    assert step(media, channel(name)).action is Action.AS_IS


@pytest.mark.parametrize(
    ("media", "name", "word"),
    [
        (film(size=90_000_000, seconds=1200.0), "whatsapp", "20 minutes"),
        (film(size=9_000_000, seconds=100.0), "sms", "100 seconds"),
        (film("video/quicktime", seconds=300.0, codecs=("hevc",), quirks=("too-long",)), "whatsapp", "too long"),
        (film("video/x-msvideo", codecs=("indeo",), quirks=("unopened",)), "whatsapp", "opened here"),
        (sound("audio/wav", "pcm", 40_000_000, 3600.0), "sms", "60 minutes"),
    ],
)
def test_what_is_too_long_becomes_a_link(media: Media, name: str, word: str) -> None:
    """Where the coarsest that says something is still too large, the customer gets a link and the agent the reason."""
    found = step(media, channel(name))
    assert (found.action, found.fit) == (Action.LINK, None)
    assert word in found.reason
    assert step(media, channel(name), link=False).action is Action.REFUSE


def test_what_only_lacks_its_index_in_front_is_never_too_long() -> None:
    """A film whose streams are passed on needs no more bytes than it has, however long it is."""
    long = film(size=15_000_000, seconds=3000.0, quirks=("late-index", "too-long"))
    found = step(long, channel("whatsapp"))
    assert found.action is Action.CONVERT
    assert found.fit is not None
    assert found.fit.max_bytes >= long.size
    assert "index" in found.reason


@pytest.mark.parametrize("mime", ["audio/mp4", "video/mp4"])
def test_what_is_under_copy_protection_is_refused(mime: str) -> None:
    """No form of it could be played by the customer, so no link is offered either."""
    locked = film(mime, encrypted=True)
    for name in ("whatsapp", "email", "instagram", "sms"):
        assert step(locked, channel(name)).action is Action.REFUSE
        assert "protected" in step(locked, channel(name)).reason


def test_recordings_share_the_bytes_of_a_message() -> None:
    """A film, a voice and a photo that are fine one by one travel in one MMS, each made smaller."""
    photo = Media(Path("p"), "image/jpeg", 400_000, "ff", Facts(4000, 3000, mode="RGB"))
    kept = film(size=400_000, seconds=5.0)
    made = plan([Attachment(m, "x") for m in (photo, kept, VOICE)], "", channel("sms"), True)
    assert len(made.parts) == 1
    budgets = [s.fit.max_bytes if s.fit else m.size for s, m in zip(made.steps, (photo, kept, VOICE), strict=True)]
    assert sum(budgets) <= 592_000
    assert all(s.action is not Action.LINK for s in made.steps)
    assert budgets[1] >= WRITABLE["video/3gpp"].bytes(5.0, WRITABLE["video/3gpp"].coarsest)


@pytest.mark.parametrize(
    ("media", "action"),
    [
        (sound("audio/ogg", "opus", 200_000), Action.AS_IS),
        (VOICE, Action.CONVERT),
        (sound("audio/mp4", "aac", 2_000_000, 120.0, 2), Action.CONVERT),
        (sound("audio/ogg", "opus", 600_000, 90.0), Action.SHRINK),
        (sound("audio/mp4", "aac", 9_000_000, 600.0, 2), Action.REFUSE),
        (film(), Action.REFUSE),
    ],
)
def test_a_voice_note_when_the_desk_asks_for_one(media: Media, action: Action) -> None:
    """Any sound becomes mono Opus of a size that is played at once; one that is too long for it is refused."""
    found = plan([Attachment(media, "note", sort="voice")], "", channel("whatsapp"), True).steps[0]
    assert found.action is action
    if found.action is not Action.REFUSE:
        assert found.accept == "voice"
    if found.fit is not None:
        assert (found.fit.types, found.fit.channels) == (("audio/ogg",), 1)
        assert found.fit.max_bytes <= 512_000
