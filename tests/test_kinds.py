"""Kinds: every MIME type is something to a person, and only one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore import Kind, kind_of
from mediacore.testkit.strategies import TYPES


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/heic", Kind.IMAGE),
        ("application/pdf", Kind.PDF),
        ("text/vcard", Kind.CONTACT),
        ("text/rtf", Kind.DOCUMENT),
        ("application/vnd.rar", Kind.ARCHIVE),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", Kind.DOCUMENT),
        ("message/rfc822", Kind.MAIL),
        ("application/json", Kind.TEXT),
        ("application/x-msdownload", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_a_type_is_what_a_person_calls_it(mime: str, kind: Kind) -> None:
    """Exact types win over families, and unknown ones are ``OTHER``."""
    assert kind_of(mime) is kind


@given(st.sampled_from([(mime, kind) for kind, mimes in TYPES.items() for mime in mimes]))
def test_case_space_and_parameters_do_not_matter(pair: tuple[str, Kind]) -> None:
    """A type is the same with parameters and in capitals."""
    mime, kind = pair
    assert kind_of(f" {mime.upper()} ; charset=utf-8") is kind


@given(st.text(max_size=60))
def test_any_text_has_a_kind(mime: str) -> None:
    """Whatever a customer's device claims, there is an answer."""
    assert isinstance(kind_of(mime), Kind)
