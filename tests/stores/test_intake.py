"""Deliveries, what was seen, cursors, halts and notices."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from mediacore import Header, Request
from mediacore.stores import intake

REQUEST = Request("POST", "https://x.example/h?a=%20b", (Header("X-A", "1"), Header("x-a", "2")), b"raw\x00\xff")


def test_delivery_as_it_came(connection: sa.Connection) -> None:
    """A delivery comes back exactly as it was, with its headers in order and its bytes."""
    id_ = intake.add_delivery(connection, "a", REQUEST, "0" * 64, "taken")
    assert intake.request_of(intake.delivery(connection, id_), REQUEST.body) == REQUEST
    with pytest.raises(KeyError):
        intake.delivery(connection, "nobody")


def test_first_time(connection: sa.Connection) -> None:
    """An event is new once for each inbox; ids that only begin alike are different."""
    long = "message:" + "x" * 1000
    assert [intake.first_time(connection, "a", k) for k in ("k", "k", long, long + "y", long)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert intake.first_time(connection, "b", "k")
    assert intake.was_seen(connection, "a", long)
    assert not intake.was_seen(connection, "b", long)


def test_kept(connection: sa.Connection) -> None:
    """What could only be kept raw is listed by inbox, oldest first, until it is taken after all."""
    one = intake.add_delivery(connection, "a", REQUEST, "0" * 64, "kept", "why")
    two = intake.add_delivery(connection, "b", REQUEST, "0" * 64, "kept", "why")
    intake.add_delivery(connection, "a", REQUEST, "0" * 64, "taken")
    assert [r["id"] for r in intake.kept(connection)] == [one, two]
    assert [r["id"] for r in intake.kept(connection, "a")] == [one]
    intake.taken(connection, one)
    assert [r["id"] for r in intake.kept(connection)] == [two]


def test_cursor(connection: sa.Connection) -> None:
    """A cursor is empty at first and then what it was moved to."""
    assert intake.cursor(connection, "a") == ""
    intake.move_cursor(connection, "a", "1:42")
    intake.move_cursor(connection, "a", "1:43")
    assert intake.cursor(connection, "a") == "1:43"
    assert intake.cursor(connection, "b") == ""


def test_halt(connection: sa.Connection) -> None:
    """A halted inbox says why, others go on, and it can be resumed."""
    intake.halt(connection, "a", "no token")
    intake.halt(connection, "a", "still no token")
    assert intake.halted(connection, "a") == "still no token"
    assert intake.halted(connection, "b") == ""
    intake.resume(connection, "a")
    assert intake.halted(connection, "a") == ""


def test_notices(connection: sa.Connection) -> None:
    """A notice is noted once, waits until the desk knows, and is then over."""
    assert intake.add_notice(connection, "a", "message", "m", "s-1") == "s-1"
    assert intake.add_notice(connection, "a", "message", "m", "s-1") is None
    row = intake.notice(connection, "s-1")
    assert row is not None
    assert row["message"] == "m"
    intake.told(connection, "s-1")
    assert intake.notice(connection, "s-1") is None
    assert intake.notice(connection, "unknown") is None
