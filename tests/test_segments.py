"""How many SMS a text becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Attachment, Limits, Media, Text, plan
from mediacore.segments import GSM, UCS, segments


@pytest.mark.parametrize(
    ("text", "count", "foreign"),
    [
        ("", 0, ""),
        ("x" * 160, 1, ""),
        ("x" * 161, 2, ""),
        ("x" * 306, 2, ""),
        ("x" * 307, 3, ""),
        ("[" * 80, 1, ""),
        ("[" * 81, 2, ""),
        ("\u20ac" * 80, 1, ""),
        ("x" * 152 + "[" + "x" * 152, 3, ""),
        ("\u2019" + "x" * 69, 1, "\u2019"),
        ("\u2019" + "x" * 70, 2, "\u2019"),
        ("\U0001f600" * 35, 1, "\U0001f600"),
        ("\U0001f600" * 36, 2, "\U0001f600"),
        ("\U0001f600" * 67, 3, "\U0001f600"),
    ],
)
def test_a_text_is_cut_by_the_alphabet_it_needs(text: str, count: int, foreign: str) -> None:
    """160 characters of the GSM alphabet or 70 of any, 153 and 67 where there are several, none of them cut in two."""
    cut = segments(text)
    assert (cut.count, cut.foreign) == (count, foreign)


@given(st.text(max_size=900), st.text(max_size=40))
def test_more_text_is_never_fewer(text: str, more: str) -> None:
    """Words put behind others never make it cheaper, and one SMS holds at most its alphabet's length."""
    assert segments(text).count <= segments(text + more).count
    if segments(text).count == 1:
        assert len(text) <= (UCS if segments(text).foreign else GSM)


def test_the_plan_says_what_a_text_is_charged_as() -> None:
    """An agent sees how many SMS a long text is, and which character makes it so; a short text has no such note."""
    sms = Limits("sms", "SMS", "default", (), Text(segmented=True))
    (note,) = plan([], "it\u2019s " + "x" * 100, sms).notes
    assert note == "the text is charged as 2 SMS, since '\u2019' is no character of theirs"
    assert plan([], "short", sms).notes == ()
    assert plan([], "x" * 500, Limits("chat", "Chat", "default", ())).notes == ()


def test_the_plan_counts_links_too() -> None:
    """A file that becomes a link makes the text longer, at most by what a link may take."""
    sms = Limits("sms", "SMS", "default", (), Text(segmented=True))
    file = Attachment(Media(Path("a.zip"), "application/zip", 9, "0" * 64), "a.zip")
    assert "up to 3 SMS" in plan([file], "Here", sms, link=True).notes[-1]
