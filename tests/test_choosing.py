"""Choosing: one file against one channel, with the reason in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Accept, Attachment, Facts, Figure, Kind, Limits, Media
from mediacore.choosing import choose
from mediacore.obstacles import limits_word, obstacle, size_word
from mediacore.testkit import strategies

JPEG = Media(Path("a.jpg"), "image/jpeg", 400_000, "ff", Facts(3000, 2000, mode="RGB"))
IMAGE = Accept("image", Kind.IMAGE, ("image/jpeg",))
VIDEO = Accept("video", Kind.VIDEO, ("video/mp4",), codecs=("h264", "aac"), channels=1)
FILM = Media(Path("a.mp4"), "video/mp4", 400_000, "ff", Facts(codecs=("h264", "aac"), channels=1))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"types": ("image/png",)}, "JPEG is not taken"),
        ({"max_bytes": Figure(399_999, "x")}, "400 KB"),
        ({"max_side": Figure(2999, "x")}, "3000 x 2000"),
        ({"max_pixels": Figure(5_000_000, "x")}, "6 megapixels"),
        ({"modes": ("L",)}, "RGB"),
        ({"exact_side": 512}, "512 x 512"),
    ],
)
def test_each_bound_is_an_obstacle_in_words(change: dict[str, Any], word: str) -> None:
    """A file just beyond a bound does not go, and the agent reads which bound."""
    assert obstacle(JPEG, IMAGE) == ""
    assert word in obstacle(JPEG, evolve(IMAGE, **change))


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (Facts(codecs=("hevc", "aac"), channels=1), "hevc"),
        (Facts(), "could not be told"),
        (Facts(codecs=("h264",), channels=6), "6 audio channels"),
    ],
)
def test_sound_and_film_must_be_coded_as_the_channel_plays_it(facts: Facts, word: str) -> None:
    """The container alone does not make a film playable."""
    assert obstacle(FILM, VIDEO) == ""
    assert word in obstacle(evolve(FILM, facts=facts), VIDEO)


def test_an_animation_needs_a_sort_that_moves() -> None:
    """More than one frame is an obstacle where only still pictures are taken."""
    moving = evolve(JPEG, facts=evolve(JPEG.facts, frames=2))
    assert obstacle(moving, IMAGE) == ""
    assert "animated" in obstacle(moving, evolve(IMAGE, animated=False))


MOVING = Media(Path("a.gif"), "image/gif", 900_000, "ff", Facts(320, 240, mode="P", frames=9))
STILL_ONLY = evolve(IMAGE, animated=False, max_bytes=Figure(5_000_000, "x"), modes=("RGB",))


@pytest.mark.parametrize("mime", ["image/gif", "image/png", "image/webp"])
def test_what_moves_travels_as_a_film_where_no_picture_may_move(mime: str) -> None:
    """A moving picture becomes a film of the channel's own sort, or a still one of its sort if that fails."""
    limits = Limits("line", "Line", "default", (STILL_ONLY, evolve(VIDEO, max_bytes=Figure(16_000_000, "x"))))
    choice = choose(Attachment(evolve(MOVING, type=mime), "a.gif"), limits, link=True)
    assert (choice.action, choice.accept and choice.accept.name) == ("convert", "video")
    assert choice.reason.startswith("it moves, and moving pictures travel as a film here, or as their first picture")
    assert choice.fit is not None
    assert choice.fit.types == ("video/mp4", "image/jpeg")
    assert (choice.fit.max_bytes, choice.fit.modes, choice.fit.animated) == (5_000_000, ("RGB",), False)


@pytest.mark.parametrize(
    ("image", "video", "facts", "became"),
    [
        ({"types": ("image/gif",), "animated": True}, {}, {}, "image"),
        ({"types": ("image/png", "image/gif"), "animated": True, "modes": ("P",)}, {}, {}, "image"),
        ({}, {"types": ("video/3gpp",)}, {}, "image"),
        ({}, {"codecs": ("hevc",)}, {}, "image"),
        ({}, {"explicit": True}, {}, "image"),
        ({}, {}, {"frames": 1}, "image"),
        ({}, {}, {"frames": 1_000, "width": 2_000, "height": 2_000}, "image"),
        ({"explicit": True}, {}, {}, "video"),
    ],
)
def test_it_stays_a_picture_where_it_may_move_or_no_film_is_in_reach(
    image: dict[str, Any], video: dict[str, Any], facts: dict[str, Any], became: str
) -> None:
    """A film only where it is the way to keep the motion, and where one can be made and played."""
    sorts = evolve(STILL_ONLY, **{"modes": (), **image}), evolve(VIDEO, **video)
    media = evolve(MOVING, facts=evolve(MOVING.facts, **facts))
    choice = choose(Attachment(media, "a.gif"), Limits("line", "Line", "default", sorts), link=True)
    assert choice.accept is not None
    assert choice.accept.name == became


def test_a_moving_sticker_stays_one() -> None:
    """Whoever asks for a sort by name gets that sort and no film."""
    sticker = Accept("sticker", Kind.IMAGE, ("image/webp",), Figure(500_000, "x"), exact_side=512, explicit=True)
    limits = Limits("line", "Line", "default", (STILL_ONLY, sticker, VIDEO))
    choice = choose(Attachment(MOVING, "a.gif", sort="sticker"), limits, link=True)
    assert choice.accept is not None
    assert choice.accept.name == "sticker"


@given(strategies.attachments, strategies.limits())
def test_as_is_means_that_nothing_stands_against_it(attachment: Attachment, limits: Limits) -> None:
    """A file goes untouched only when some sort takes it without any obstacle."""
    choice = choose(attachment, limits, link=False)
    if choice.action == "as is":
        assert choice.accept is not None
        assert obstacle(attachment.media, choice.accept) == ""
        assert choice.fit is None


@given(strategies.attachments, strategies.limits(), st.booleans())
def test_every_choice_has_its_reason_and_its_bytes(attachment: Attachment, limits: Limits, link: bool) -> None:
    """Least and most are in order, and what is carried becomes at least one file."""
    choice = choose(attachment, limits, link)
    assert choice.reason
    assert 0 <= choice.least <= choice.most
    assert choice.count >= 1
    assert (choice.accept is None) == (choice.action in ("link", "refuse"))


@given(strategies.attachments, strategies.limits())
def test_allowing_links_changes_only_refusals(attachment: Attachment, limits: Limits) -> None:
    """A link is the last resort: whatever can be carried is carried with or without a public address."""
    without, allowed = choose(attachment, limits, link=False), choose(attachment, limits, link=True)
    assert without == allowed or (without.action, allowed.action) == ("refuse", "link")


def test_a_drawing_in_vectors_is_not_taken_for_a_photo(chat: Limits) -> None:
    """SVG is no picture to a phone and may carry scripts, so it is drawn."""
    svg = Attachment(Media(Path("a"), "image/svg+xml", 900, "ff", Facts(10, 10)), "a.svg")
    choice = choose(svg, chat, link=False)
    assert (choice.action, choice.reason) == ("convert", "SVG is not taken here, so it becomes JPEG")


def test_the_reason_names_the_type_it_becomes(chat: Limits) -> None:
    """The first type that can be written, not merely the first in the list."""
    heic_first = evolve(chat, accept=(evolve(chat.accept[0], types=("image/heic", "image/jpeg")), *chat.accept[1:]))
    tiff = Attachment(Media(Path("a"), "image/tiff", 900, "ff", Facts(10, 10, mode="RGB")), "a.tif")
    assert choose(tiff, heic_first, link=False).reason.endswith("becomes JPEG")


def test_words_for_sizes_and_types() -> None:
    """Decimal, as the providers count, and as a person says it."""
    assert [size_word(n) for n in (1, 999, 1500, 2_500_000)] == ["1 bytes", "999 bytes", "2 KB", "2.5 MB"]
    assert [limits_word(m) for m in ("image/jpeg", "image/svg+xml", "video/quicktime")] == [
        "JPEG",
        "SVG",
        "QuickTime video",
    ]


def test_the_desk_may_ask_for_a_sort_by_name(chat: Limits) -> None:
    """A sticker is never chosen for anybody, but whoever asks for one gets it, or reads why not."""
    sticker = Accept("sticker", Kind.IMAGE, ("image/webp",), Figure(100_000, "x"), exact_side=512, explicit=True)
    limits = evolve(chat, accept=(*chat.accept, sticker))
    asked = choose(Attachment(JPEG, "a.jpg", sort="sticker"), limits, link=True)
    assert asked.accept is not None
    assert (asked.accept.name, asked.fit and asked.fit.types) == ("sticker", ("image/webp",))
    unasked = choose(Attachment(JPEG, "a.jpg"), limits, link=True)
    assert unasked.accept is not None
    assert unasked.accept.name != "sticker"
    paper = Media(Path("a.pdf"), "application/pdf", 9_000, "ff", Facts(pages=1))
    assert choose(Attachment(paper, "a.pdf", sort="sticker"), limits, link=False).action == "refuse"
    unknown = choose(Attachment(JPEG, "a.jpg", sort="postcard"), limits, link=True)
    assert unknown.action == "refuse"
    assert "postcard" in unknown.reason


SCANS = Media(Path("a.pdf"), "application/pdf", 9_000_000, "ff", Facts(pages=4, pictures=8_800_000))
PDF = Accept("pdf", Kind.PDF, ("application/pdf",), Figure(5_000_000, "x"))


@pytest.mark.parametrize(
    ("change", "action"),
    [
        ({}, "shrink"),
        ({"pictures": 1_000_000}, "link"),
        ({"pages": 40}, "link"),
        ({"encrypted": True}, "link"),
    ],
)
def test_scans_shrink_where_their_pictures_are_what_is_large(change: dict[str, Any], action: str) -> None:
    """A PDF is promised to become smaller only where its pictures have the bytes to give."""
    limits = Limits("line", "Line", "default", (PDF,))
    media = evolve(SCANS, facts=evolve(SCANS.facts, **change))
    choice = choose(Attachment(media, "a.pdf"), limits, link=True)
    assert choice.action == action
    if action == "shrink":
        assert (choice.fit and choice.fit.types, choice.fit and choice.fit.max_bytes) == (
            ("application/pdf",),
            5_000_000,
        )
        assert "5.0 MB is the most" in choice.reason
