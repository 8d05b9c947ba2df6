"""Messages and attachments in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mediacore.messages import AttachmentState, Status
from mediacore.stores.ledger import Row, first, fresh, now, rows, tick
from mediacore.stores.schema import attachments, messages, parts, renditions
from mediacore.values import Rendition

SENDER_FILES = 200
"""The newest files of a sender that are looked at together."""
ORIGINAL = "original"
"""The kind of rendition that is a file as it came, kept out of sight because something in it was hidden."""


def message(connection: sa.Connection, id_: str) -> Row:
    """One message.

    Raises:
        KeyError: there is none of that id.
    """
    row = first(connection, sa.select(messages).where(messages.c.id == id_))
    if row is None:
        raise KeyError(id_)
    return row


def add_message(connection: sa.Connection, **columns: Any) -> str:  # noqa: ANN401 - the table's own columns
    """Insert a message; returns its id."""
    id_ = fresh()
    defaults = {"references": [], "seq": tick(connection), "at": now(), "id": id_}
    connection.execute(messages.insert().values(**{**defaults, **columns}))
    return id_


def change(connection: sa.Connection, id_: str, **columns: Any) -> None:  # noqa: ANN401 - the table's own columns
    """Change a message and let its readers know."""
    connection.execute(messages.update().where(messages.c.id == id_).values(seq=tick(connection), **columns))


def wanted(connection: sa.Connection, row: Mapping[str, Any]) -> bool:
    """Whether a message has neither failed nor been tried anew since its row was read."""
    return connection.execute(sa.select(messages.c.id).where(_same(row))).first() is not None


def note_progress(connection: sa.Connection, row: Mapping[str, Any], share: float) -> bool:
    """Note how far a message's files are made, which is no change to tell of; False when it is not wanted."""
    return connection.execute(messages.update().where(_same(row)).values(progress=share)).rowcount == 1


def _same(row: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """The message, while the start by which it is told is the newest and it has not failed."""
    same = sa.and_(messages.c.id == row["id"], messages.c.attempts == row["attempts"])
    return sa.and_(same, messages.c.status != Status.FAILED)


def add_attachment(connection: sa.Connection, message_id: str, position: int, **columns: Any) -> str:  # noqa: ANN401
    """Insert an attachment; returns its id."""
    id_ = fresh()
    defaults = {"findings": [], "state": AttachmentState.PENDING}
    connection.execute(
        attachments.insert().values(**{**defaults, "id": id_, "message": message_id, "position": position, **columns})
    )
    return id_


def change_attachment(connection: sa.Connection, id_: str, **columns: Any) -> None:  # noqa: ANN401 - as above
    """Change an attachment."""
    connection.execute(attachments.update().where(attachments.c.id == id_).values(**columns))


def settle_attachment(connection: sa.Connection, id_: str, **columns: Any) -> bool:  # noqa: ANN401 - as above
    """Change an attachment that is still awaited; False when the customer has taken it back meanwhile."""
    awaited = (attachments.c.id == id_) & (attachments.c.state == AttachmentState.PENDING)
    return connection.execute(attachments.update().where(awaited).values(**columns)).rowcount == 1


def attachment(connection: sa.Connection, id_: str) -> Row | None:
    """One attachment, or None."""
    return first(connection, sa.select(attachments).where(attachments.c.id == id_))


def attachments_of(connection: sa.Connection, message_id: str) -> Sequence[Row]:
    """A message's attachments, in order."""
    query = sa.select(attachments).where(attachments.c.message == message_id).order_by(attachments.c.position)
    return rows(connection, query)


def add_rendition(
    connection: sa.Connection, attachment_id: str, rendition: Rendition, number: int = 0, name: str = ""
) -> str:
    """Insert a rendition, or replace the one of its kind and number; returns its id."""
    where = (
        (renditions.c.attachment == attachment_id)
        & (renditions.c.kind == rendition.kind)
        & (renditions.c.number == number)
    )
    connection.execute(renditions.delete().where(where))
    id_, media = fresh(), rendition.media
    known = media.facts
    facts = {"width": known.width, "height": known.height, "placeholder": known.placeholder, "words": known.words}
    connection.execute(
        renditions.insert().values(
            id=id_, attachment=attachment_id, kind=rendition.kind, number=number, name=name, sha256=media.sha256,
            type=media.type, size=media.size, facts=facts, how=rendition.how,
        )
    )  # fmt: skip
    return id_


def renditions_of(connection: sa.Connection, attachment_id: str) -> Sequence[Row]:
    """An attachment's renditions."""
    query = sa.select(renditions).where(renditions.c.attachment == attachment_id)
    return rows(connection, query.order_by(renditions.c.kind, renditions.c.number))


def rendition(connection: sa.Connection, id_: str) -> Row:
    """One rendition."""
    return rows(connection, sa.select(renditions).where(renditions.c.id == id_))[0]


def forget(connection: sa.Connection, id_: str) -> list[str]:
    """Drop an attachment's renditions from the ledger; returns the digests of all its files."""
    own = connection.execute(sa.select(attachments.c.sha256).where(attachments.c.id == id_)).scalar_one()
    digests = [own, *(r["sha256"] for r in renditions_of(connection, id_))]
    connection.execute(renditions.delete().where(renditions.c.attachment == id_))
    return [d for d in dict.fromkeys(digests) if d]


def in_use(connection: sa.Connection, sha256: str) -> bool:
    """Whether any attachment or rendition still has this file."""
    tables = (attachments, renditions)
    return any(connection.execute(sa.select(t.c.id).where(t.c.sha256 == sha256).limit(1)).first() for t in tables)


def taken(connection: sa.Connection, inbox: str, direction: str, source_id: str) -> bool:
    """Whether a message of that direction and provider id is there."""
    mine = (messages.c.inbox == inbox) & (messages.c.direction == direction) & (messages.c.source_id == source_id)
    return connection.execute(sa.select(messages.c.id).where(mine, messages.c.key == "").limit(1)).first() is not None


def by_key(connection: sa.Connection, inbox: str, key: str) -> Row | None:
    """The outbound message that a desk asked for under this idempotency key."""
    mine = (messages.c.inbox == inbox) & (messages.c.direction == "outbound") & (messages.c.key == key)
    return first(connection, sa.select(messages).where(mine)) if key else None


def by_source(connection: sa.Connection, inbox: str, source_id: str) -> Row | None:
    """The message of that provider id, whether a customer's or one of ours (by its parts)."""
    own = sa.select(parts.c.message).where(parts.c.source_id == source_id)
    query = sa.select(messages).where(
        messages.c.inbox == inbox, (messages.c.source_id == source_id) | messages.c.id.in_(own)
    )
    return first(connection, query) if source_id else None


def view(connection: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """A message with its files and parts, as the desk and the commands show it; plain JSON."""
    files = []
    for item in attachments_of(connection, row["id"]):
        derived = [r for r in renditions_of(connection, item["id"]) if r["kind"] != ORIGINAL]
        thumbnail = next((r for r in derived if r["kind"] == "thumbnail"), None)
        facts = item["facts"] or {}
        files.append(
            {
                **{
                    k: item[k]
                    for k in ("id", "name", "caption", "sort", "state", "type", "size", "sha256", "findings", "error")
                },
                "width": facts.get("width", 0),
                "height": facts.get("height", 0),
                "pages": facts.get("pages", 0),
                "url": _address(item),
                "thumbnail": thumbnail["sha256"] if thumbnail else "",
                "renditions": derived,
            }
        )
    sent = connection.execute(sa.select(parts).where(parts.c.message == row["id"]).order_by(parts.c.position))
    keep = (
        "id", "seq", "inbox", "direction", "source_id", "conversation", "contact", "contact_name", "subject", "text",
        "status", "error", "unsupported", "forwarded", "template", "reaction",
        "plan", "progress",
    )  # fmt: skip
    return {
        **{k: row[k] for k in keep},
        "at": row["at"] / 1e6,
        "files": files,
        "parts": [dict(p) for p in sent.mappings()],
    }


def _address(item: Mapping[str, Any]) -> str:
    """Where the provider itself shows a file of which no copy is kept; empty when there is a copy, or no address."""
    address = str((item["remote"] or {}).get("ref", "")) if item["state"] == AttachmentState.READY else ""
    return address if not item["sha256"] and address.startswith("https://") else ""


def select_messages(
    connection: sa.Connection,
    *,
    inbox: str = "",
    direction: str = "",
    conversation: str = "",
    after: int = 0,
    most: int = 500,
) -> Sequence[Row]:
    """Messages in the order in which they last changed."""
    query = sa.select(messages).where(messages.c.seq > after).order_by(messages.c.seq).limit(most)
    for column, value in (
        (messages.c.inbox, inbox),
        (messages.c.direction, direction),
        (messages.c.conversation, conversation),
    ):
        query = query.where(column == value) if value else query
    return rows(connection, query)


def findings_of_sender(connection: sa.Connection, row: Mapping[str, Any], since: int) -> list[str]:
    """The codes of all that was wrong with the files that the sender of a message sent to its inbox of late.

    Args:
        connection: within a transaction.
        row: the message.
        since: microseconds of the epoch from which on they count.
    """
    sender = (messages.c.inbox == row["inbox"], messages.c.contact == row["contact"], messages.c.at >= since)
    query = (
        sa.select(attachments.c.findings)
        .join(messages, messages.c.id == attachments.c.message)
        .where(*sender, messages.c.direction == row["direction"])
        .order_by(messages.c.at.desc())
        .limit(SENDER_FILES)
    )
    return [str(finding["code"]) for (found,) in connection.execute(query) for finding in found]


def answering(row: Mapping[str, Any]) -> Row:
    """The columns that a message has from the one that it answers."""
    subject = row["subject"]
    if subject and not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    return {
        "conversation": row["conversation"], "contact": row["contact"], "contact_name": row["contact_name"],
        "subject": subject, "reply_to": row["source_id"],
        "references": [r for r in (*row["references"], row["source_id"]) if r],
    }  # fmt: skip


def earlier_open(connection: sa.Connection, row: Mapping[str, Any]) -> bool:
    """Whether an older outbound message of the same conversation still waits to be sent."""
    query = sa.select(messages.c.id).where(
        messages.c.inbox == row["inbox"],
        messages.c.conversation == row["conversation"],
        messages.c.direction == "outbound",
        messages.c.status == Status.QUEUED,
        messages.c.at < row["at"],
    )
    return connection.execute(query.limit(1)).first() is not None
