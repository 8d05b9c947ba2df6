"""Values: frozen, comparable, without I/O, and silent about what they carry."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given

import mediacore
from mediacore import Contact, Facts, Header, InboundMessage, Kind, Media, Request, Status, StatusUpdate
from mediacore.testkit import strategies

VALUES = sorted(
    (v for v in vars(mediacore).values() if isinstance(v, type) and attrs.has(v)), key=lambda kind: kind.__name__
)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_every_public_value_is_frozen(kind: type) -> None:
    """What crosses a seam cannot be changed behind the other side's back."""
    assert "__setattr__" in vars(kind)
    assert "__slots__" in vars(kind)


def test_media_are_the_same_file_when_their_content_is() -> None:
    """Where a file lies and what is known of it does not make it another file."""
    here = Media(Path("/a"), "image/png", 3, "ff", Facts(1, 2))
    there = Media(Path("/b"), "image/png", 3, "ff")
    assert here == there
    assert len({here, there}) == 1
    assert here != attrs.evolve(here, sha256="ee")


@given(strategies.media())
def test_media_know_their_kind(media: Media) -> None:
    """The kind follows from the type alone."""
    assert media.type in strategies.TYPES[media.kind]


def test_pixels_are_width_times_height() -> None:
    """A file without sides has no pixels."""
    assert Facts(4000, 3000).pixels == 12_000_000
    assert Facts(pages=2).pixels == 0


def test_headers_are_found_in_any_letter_case() -> None:
    """The first of several wins, and a missing one is None."""
    request = Request("POST", "https://x", (Header("X-Sign", "1"), Header("x-sign", "2")))
    assert request.header("x-SIGN") == "1"
    assert request.header("other") is None


def test_a_body_stays_out_of_the_log() -> None:
    """The repr of a delivery does not show what a customer wrote."""
    assert "secret" not in repr(Request("POST", "https://x", (), b"secret words"))


def test_dedupe_keys_tell_events_apart() -> None:
    """Two statuses of one message are two events; the same status twice is one."""
    sent = StatusUpdate("m1", Status.SENT)
    assert sent.dedupe == StatusUpdate("m1", Status.SENT).dedupe
    keys = {sent.dedupe, StatusUpdate("m1", Status.READ).dedupe, StatusUpdate("", Status.SENT, key="m2").dedupe}
    keys.add(InboundMessage("m1", Contact("+1555")).dedupe)
    assert len(keys) == 4


def test_kinds_are_words() -> None:
    """Enumerations print as the words that stand in the ledger."""
    assert f"{Kind.PDF} {Status.READ}" == "pdf read"
