"""Messages, attachments and renditions in the ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from mediacore import AttachmentState, Facts, Media, Rendition, Status
from mediacore.stores import conversation, outbox


def add(connection: sa.Connection, **columns: object) -> str:
    base = {"inbox": "a", "direction": "inbound", "conversation": "c", "contact": "+1", "status": Status.DELIVERED}
    return conversation.add_message(connection, **{**base, "source_id": f"s-{columns}", **columns})


def made(digest: str, kind: str = "thumbnail") -> Rendition:
    return Rendition(Media(Path("x"), "image/png", 5, digest * 64, Facts(3, 4)), kind, "0" * 64, "made")


def test_unknown(connection: sa.Connection) -> None:
    """An unknown id is a KeyError that names it."""
    with pytest.raises(KeyError, match="nobody"):
        conversation.message(connection, "nobody")


def test_changes_are_seen_in_order(connection: sa.Connection) -> None:
    """Whoever asks for what changed since a number gets every changed message once, the last change last."""
    one, two = add(connection, text="one"), add(connection, text="two")
    seen = conversation.select_messages(connection)[-1]["seq"]
    conversation.change(connection, one, text="one!")
    assert [m["text"] for m in conversation.select_messages(connection)] == ["two", "one!"]
    assert [m["id"] for m in conversation.select_messages(connection, after=seen)] == [one]
    assert conversation.message(connection, two)["seq"] < conversation.message(connection, one)["seq"]


def test_narrowed(connection: sa.Connection) -> None:
    """Messages can be asked for by inbox, direction and conversation."""
    add(connection, text="a")
    add(connection, text="b", inbox="b")
    add(connection, text="o", direction="outbound")
    add(connection, text="d", conversation="d")

    def words(**narrow: str) -> list[str]:
        return [m["text"] for m in conversation.select_messages(connection, **narrow)]  # type: ignore[arg-type]

    assert words(inbox="a") == ["a", "o", "d"]
    assert words(direction="outbound") == ["o"]
    assert words(inbox="a", conversation="d") == ["d"]
    assert len(conversation.select_messages(connection, most=2)) == 2


def test_renditions_replace(connection: sa.Connection) -> None:
    """A rendition of the same kind and number takes the place of the older one."""
    file = conversation.add_attachment(connection, add(connection), 0, name="x.png", sha256="9" * 64)
    old = conversation.add_rendition(connection, file, made("a"))
    new = conversation.add_rendition(connection, file, made("b"))
    conversation.add_rendition(connection, file, made("c"), 1)
    assert [r["sha256"][0] for r in conversation.renditions_of(connection, file)] == ["b", "c"]
    facts = conversation.rendition(connection, new)["facts"]
    assert (facts["width"], facts["height"]) == (3, 4)
    with pytest.raises(IndexError):
        conversation.rendition(connection, old)


def test_view_is_json(connection: sa.Connection) -> None:
    """What the desk sees is plain JSON, with the thumbnail at hand and without a file as it came before redaction."""
    id_ = add(connection, text="hi")
    file = conversation.add_attachment(connection, id_, 0, name="x.png", sha256="9" * 64, facts={"width": 7})
    conversation.add_rendition(connection, file, made("a"))
    conversation.add_rendition(connection, file, made("b", conversation.ORIGINAL))
    shown = json.loads(json.dumps(conversation.view(connection, conversation.message(connection, id_))))
    (item,) = shown["files"]
    assert (item["thumbnail"], item["width"], item["state"]) == ("a" * 64, 7, "pending")
    assert "b" * 64 not in json.dumps(shown)


def test_settling(connection: sa.Connection) -> None:
    """A file that is no longer awaited is not brought back."""
    file = conversation.add_attachment(connection, add(connection), 0, name="x.png")
    assert conversation.settle_attachment(connection, file, state=AttachmentState.DELETED)
    assert not conversation.settle_attachment(connection, file, state=AttachmentState.READY)


def test_forget(connection: sa.Connection) -> None:
    """Forgetting names every file of an attachment once, and knows whether another still has it."""
    one = conversation.add_attachment(connection, add(connection, text="1"), 0, name="x", sha256="a" * 64)
    two = conversation.add_attachment(connection, add(connection, text="2"), 0, name="y", sha256="b" * 64)
    conversation.add_rendition(connection, one, made("b"))
    conversation.add_rendition(connection, one, made("a", "redacted"))
    assert conversation.forget(connection, one) == ["a" * 64, "b" * 64]
    conversation.change_attachment(connection, one, sha256="")
    assert [conversation.in_use(connection, d * 64) for d in "ab"] == [False, True]
    assert conversation.attachments_of(connection, "none") == []
    conversation.forget(connection, two)


def test_by_source(connection: sa.Connection) -> None:
    """A provider id finds a customer's message, or ours by its parts, only in its own inbox."""
    theirs, ours = add(connection, source_id="x"), add(connection, direction="outbound", source_id="", key="k")
    outbox.add_part(connection, "k-0", ours, 0, "hi", [])
    outbox.change_part(connection, "k-0", source_id="p-9")

    def found(inbox: str, source_id: str) -> str:
        row = conversation.by_source(connection, inbox, source_id)
        return row["id"] if row else ""

    assert (found("a", "x"), found("a", "p-9")) == (theirs, ours)
    assert (found("b", "x"), found("b", "p-9"), found("a", "")) == ("", "", "")


def test_by_key(connection: sa.Connection) -> None:
    """An idempotency key finds the message that was asked for under it; no key finds nothing."""
    id_ = add(connection, direction="outbound", source_id="", key="order-7")
    found = conversation.by_key(connection, "a", "order-7")
    assert found is not None
    assert found["id"] == id_
    assert conversation.by_key(connection, "a", "") is None
    assert conversation.by_key(connection, "b", "order-7") is None


def test_earlier_open(connection: sa.Connection) -> None:
    """Only an older message of the same conversation that is still queued holds another one up."""
    out = {"direction": "outbound", "source_id": "", "status": Status.QUEUED}
    first, second = (conversation.message(connection, add(connection, **out, key=f"k{n}", at=n)) for n in (1, 2))
    other = conversation.message(connection, add(connection, **out, key="k3", at=3, conversation="d"))
    assert [conversation.earlier_open(connection, r) for r in (first, second, other)] == [False, True, False]
    conversation.change(connection, first["id"], status=Status.FAILED)
    assert not conversation.earlier_open(connection, second)
