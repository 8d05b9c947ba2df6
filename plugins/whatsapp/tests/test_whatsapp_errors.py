"""Meta's error codes, mapped to what to do next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mediacore_whatsapp.errors import MEANINGS, Meaning, problem, told

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry

README = Path(__file__).parent.parent / "README.md"
# https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
GROUPS = {
    AuthNeeded: (0, 3, 10, 190, 200, 250, 299, 131005),
    Retry: (1, 2, 4, 80007, 130429, 131000, 131016, 131056, 131057),
    Permanent: (
        100, 368, 130403, 130472, 130497, 131008, 131009, 131021, 131026, 131031, 131037, 131042, 131045, 131047,
        131048, 131049, 131050, 131051, 131052, 131053, 131060, 131064, 132000, 132001, 132005, 132007, 132012,
        132015, 132016,
    ),
}  # fmt: skip


def body(code: Any, **more: Any) -> Any:
    return json.dumps({"error": {"message": f"(#{code}) x", "type": "OAuthException", "code": code, **more}}).encode()


@pytest.mark.parametrize(("group", "code"), [(group, code) for group, codes in GROUPS.items() for code in codes])
@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_the_code_decides_whatever_the_http_status(group: Any, code: Any, status: Any) -> None:
    """Every documented code leads to its group, with the code and words, under any HTTP status."""
    found = problem(status, body(code, error_data={"details": "the details"}))
    assert type(found) is group
    assert found.code == str(code)
    assert "the details" in found.message


def test_the_table_is_complete() -> None:
    """The table holds exactly the documented codes (200 to 299 stand for themselves)."""
    assert set(MEANINGS) == {code for codes in GROUPS.values() for code in codes if not 200 <= code <= 299}


def test_whoever_reads_a_lasting_error_is_told_what_to_do() -> None:
    """Every error that is not tried again by itself has a remedy."""
    assert all(meaning.remedy for meaning in MEANINGS.values() if meaning.group is not Retry)


def test_the_readme_lists_every_error() -> None:
    """The table for people is the table of the code; this is it, to paste into the README when it fails."""
    codes: dict[Meaning, list[int]] = {}
    for code, meaning in sorted(MEANINGS.items()):
        codes.setdefault(meaning, []).append(code)
    rows = ["| what people read | Meta's code | what to do |", "|---|---|---|"]
    for meaning, numbers in codes.items():
        listed = ", ".join(map(str, numbers)) + (", 200 to 299" if 190 in numbers else "")
        after = f"nothing: it is tried again{f', after {meaning.after:.0f} s at the earliest' if meaning.after else ''}"
        rows.append(f"| {meaning.message} | {listed} | {meaning.remedy or after} |")
    assert "\n".join(rows) in README.read_text(encoding="utf-8"), "\n".join(rows)


def test_pauses() -> None:
    """The pair rate and maintenance say how long to wait."""
    assert problem(400, body(131056)).after == 6.0
    assert problem(400, body(131057)).after == 60.0
    assert problem(400, body(130429)).after is None


def test_an_expired_media_id_has_a_code_of_its_own() -> None:
    """Code 100 with subcode 33 tells that the file is gone, other subcodes do not."""
    assert problem(400, body(100, error_subcode=33)).code == "100/33"
    assert problem(400, body(100, error_subcode=2018001)).code == "100"


@pytest.mark.parametrize(
    ("status", "group"),
    [(400, Permanent), (302, Permanent), (401, AuthNeeded), (403, AuthNeeded), (408, InDoubt), (429, Retry),
     (500, InDoubt), (502, InDoubt), (503, InDoubt)],
)  # fmt: skip
@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"error": 7}', b'{"error": {"code": "x"}}', b"[" * 9999])
def test_answers_without_a_code(status: Any, group: Any, content: Any) -> None:
    """A gateway's answer leaves the message in doubt from 500 on, since the API behind it may have taken it."""
    assert type(problem(status, content)) is group


def test_unknown_codes() -> None:
    """A new code is permanent, unless Meta calls it transient, or in doubt from 500 on."""
    assert type(problem(400, body(999999))) is Permanent
    assert type(problem(400, body(999999, is_transient=True))) is Retry
    assert type(problem(500, body(999999))) is InDoubt


def test_words_fall_back() -> None:
    """Without details the message is told, then the title, then only our words."""
    assert told(131026, {"message": "m", "title": "t"}).endswith("(m): use another channel")
    assert told(131026, {"title": "t"}).endswith("(t): use another channel")
    assert told(131000, {}) == "WhatsApp is having trouble"
    assert told(7, {}) == "WhatsApp reports an error"


@given(
    st.integers(300, 599), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists) | st.binary()
)
def test_no_answer_crashes(status: Any, content: Any) -> None:
    """Whatever the answer is, there is an error to raise."""
    raw = (
        content if isinstance(content, bytes) else json.dumps({"error": {"code": content, "message": content}}).encode()
    )
    assert isinstance(problem(status, raw), MediacoreError)
