"""Words: no piece too long, no word lost, no character torn."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Attachment, Figure, Media, Text
from mediacore.testkit import strategies
from mediacore.wording import accompany, chunks, joined

PHOTO = Attachment(Media(Path("a"), "image/jpeg", 1, "ff"), "a.jpg")
LONGEST_EMOJI = max(len(e.encode()) for e in strategies.EMOJI)
rules = st.builds(
    Text,
    max=st.integers(LONGEST_EMOJI, 300).map(lambda n: Figure(n, "x")),
    unit=st.sampled_from(["characters", "utf16", "bytes"]),
)


@given(strategies.texts, rules)
def test_no_piece_is_too_long_and_no_word_is_lost(text: str, rule: Text) -> None:
    """Pieces fit in the channel's unit, and one after the other they are the text without its white space."""
    pieces = chunks(text, rule)
    assert rule.max is not None
    assert all(0 < rule.length(piece) <= rule.max.value for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(st.lists(st.sampled_from(strategies.EMOJI), min_size=1, max_size=60), rules)
def test_no_emoji_is_torn(emoji: list[str], rule: Text) -> None:
    """Joined emoji, looks, and flags of two letters stay whole at every cut."""
    pieces = chunks("".join(emoji), rule)
    left = list(emoji)
    for piece in pieces:
        built = ""
        while built != piece:
            assert left, "a piece ends inside an emoji"
            built += left.pop(0)
            assert piece.startswith(built), "a piece ends inside an emoji"


@pytest.mark.parametrize(
    "whole", ["e\u0301", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3", "\u2764\ufe0f", "\U0001f1eb\U0001f1f7"]
)
def test_accents_skins_and_keycaps_stay_with_their_base(whole: str) -> None:
    """What a person sees as one character is never shared between two messages."""
    pieces = chunks("x" * 8 + whole + "y" * 9, Text(Figure(9, "x")))
    assert any(whole in piece for piece in pieces)


def test_an_endless_character_is_cut_rather_than_waited_for() -> None:
    """A base with more accents than a message holds still ends."""
    pieces = chunks("a" + "\u0301" * 100, Text(Figure(10, "x")))
    assert "".join(pieces) == "a" + "\u0301" * 100
    assert all(len(p) <= 10 for p in pieces)


def test_cuts_are_at_line_ends_and_spaces() -> None:
    """A sentence is cut between its words where there is a place for it."""
    assert chunks("one two three four", Text(Figure(9, "x"))) == ["one two", "three", "four"]
    assert chunks("first line\nsecond line", Text(Figure(16, "x"))) == ["first line", "second line"]


def test_no_bound_means_one_piece() -> None:
    """A channel without a bound gets the text as it is, and an empty text is no piece at all."""
    assert chunks("a " * 9999, Text()) == [("a " * 9999).strip()]
    assert chunks(" \n ", Text()) == []
    assert chunks("abcdef", Text(), room=3) == ["abc", "def"]


@pytest.mark.parametrize(("unit", "length"), [("characters", 2), ("utf16", 3), ("bytes", 6)])
def test_length_is_counted_in_the_channels_unit(unit: Literal["characters", "utf16", "bytes"], length: int) -> None:
    """One accent and one emoji are two characters, three UTF-16 units, six bytes."""
    assert Text(unit=unit).length("\u00e4\U0001f600") == length


@pytest.mark.parametrize("unit", ["characters", "utf16", "bytes"])
def test_half_a_surrogate_pair_does_not_stop_a_message(unit: Literal["characters", "utf16", "bytes"]) -> None:
    """Broken Unicode, as JSON can carry it, is measured and cut like any other."""
    assert "".join(chunks("\ud83d" * 20, Text(Figure(9, "x"), unit))) == "\ud83d" * 20


def test_files_get_their_names_when_nobody_wrote() -> None:
    """Only when there is neither a text nor a caption."""
    assert accompany(" ", [PHOTO, PHOTO]) == "a.jpg, a.jpg"
    assert accompany("hi", [PHOTO]) == "hi"
    assert accompany("", [Attachment(PHOTO.media, "a.jpg", "the door")]) == ""
    assert accompany("", []) == ""


def test_what_was_asked_for_by_its_sort_speaks_for_itself() -> None:
    """A sticker or a voice note gets no message with its file's name beside it; an ordinary file among them does."""
    sticker = Attachment(PHOTO.media, "fun.webp", sort="sticker")
    assert accompany("", [sticker]) == ""
    assert accompany("", [sticker, PHOTO]) == "a.jpg"


def test_joined_texts_stand_below_each_other() -> None:
    """Empty ones leave no empty line."""
    assert joined("a ", "", " \n", "b") == "a\nb"
