"""Parts of outbound messages and what providers said of them, in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from mediacore.events import StatusUpdate
from mediacore.messages import Receipt, Status, Uploaded
from mediacore.stores.conversation import change
from mediacore.stores.ledger import Row, first, now, put, rows
from mediacore.stores.schema import messages, parts, statuses, uploads

RANK = {Status.QUEUED: 0, Status.SENT: 1, Status.DELIVERED: 2, Status.READ: 3}


def add_part(connection: sa.Connection, key: str, message: str, position: int, text: str, files: Sequence[str]) -> None:
    """Insert a part; the second insert of one key changes nothing."""
    row = {
        "key": key, "message": message, "position": position, "text": text, "files": list(files),
        "state": "new", "status": Status.QUEUED, "at": now(),
    }  # fmt: skip
    if connection.execute(sa.select(parts.c.key).where(parts.c.key == key)).first() is None:
        connection.execute(parts.insert().values(**row))


def parts_of(connection: sa.Connection, message: str) -> Sequence[Row]:
    """A message's parts, in order."""
    query = sa.select(parts).where(parts.c.message == message).order_by(parts.c.position)
    return rows(connection, query)


def change_part(connection: sa.Connection, key: str, **columns: Any) -> None:  # noqa: ANN401 - the table's own columns
    """Change a part and note when."""
    connection.execute(parts.update().where(parts.c.key == key).values(at=now(), **columns))


def claim_part(connection: sa.Connection, part: Mapping[str, Any]) -> bool:
    """Take a part for one try, unless somebody else has taken it since it was read; committed before the call."""
    mine = (
        (parts.c.key == part["key"]) & (parts.c.attempts == part["attempts"]) & parts.c.state.in_(("new", "in_doubt"))
    )
    at = now()
    first_tried = part["tried"] or at
    columns = {"state": "claimed", "attempts": part["attempts"] + 1, "tried": first_tried, "retried": at, "at": at}
    return connection.execute(parts.update().where(mine).values(**columns)).rowcount == 1


def reopen_part(connection: sa.Connection, part: Mapping[str, Any]) -> None:
    """Let a part be sent again from the start; what was said of its last try no longer counts."""
    said = (statuses.c.key == part["key"]) | (
        (statuses.c.source_id == part["source_id"]) & (statuses.c.source_id != "")
    )
    connection.execute(statuses.delete().where(said))
    since = part["tried"] if part["state"] in ("claimed", "in_doubt") else 0
    columns = {"state": "new", "status": Status.QUEUED, "source_id": "", "error": "", "code": "", "tried": since}
    change_part(connection, part["key"], **columns)


def accept_part(connection: sa.Connection, part: Mapping[str, Any], receipt: Receipt) -> None:
    """Store a receipt, and apply the statuses that overtook it."""
    change_part(connection, part["key"], state="accepted", source_id=receipt.source_id, code="", error="")
    raise_part(connection, part["key"], receipt.status)
    early = sa.select(statuses).where(statuses.c.source_id == receipt.source_id).order_by(statuses.c.id)
    for row in rows(connection, early):
        raise_part(connection, part["key"], Status(row["status"]), row["code"], row["error"])
    settle(connection, part["message"])


def note_status(connection: sa.Connection, inbox: str, update: StatusUpdate) -> Row | None:
    """Write a status down and raise the part that it belongs to; returns the part, or None while it is unknown."""
    connection.execute(
        statuses.insert().values(
            inbox=inbox, source_id=update.source_id, key=update.key, status=update.status, code=update.code,
            error=update.message, at=now(),
        )
    )  # fmt: skip
    own = sa.select(messages.c.id).where(messages.c.inbox == inbox)
    match = parts.c.source_id == update.source_id if update.source_id else sa.false()
    if update.key:
        match = match | (parts.c.key == update.key) | (parts.c.message == update.key)
    found = rows(connection, sa.select(parts).where(match, parts.c.message.in_(own)))
    for part in found:
        if part["state"] in ("claimed", "in_doubt") and update.source_id:
            accept_part(connection, part, Receipt(update.source_id, Status.SENT, "told by a status callback"))
        raise_part(connection, part["key"], update.status, update.code, update.message)
        settle(connection, part["message"])
    return found[0] if found else None


def raise_part(connection: sa.Connection, key: str, status: Status, code: str = "", error: str = "") -> None:
    """Raise a part's status, never lower it; ``failed`` gives way only to a later ``delivered`` or ``read``."""
    current = Status(connection.execute(sa.select(parts.c.status).where(parts.c.key == key)).scalar_one())
    if status is Status.FAILED:
        higher = RANK.get(current, 0) < RANK[Status.DELIVERED]
    elif current is Status.FAILED:
        higher = RANK[status] >= RANK[Status.DELIVERED]
    else:
        higher = RANK[status] > RANK[current]
    if higher:
        connection.execute(parts.update().where(parts.c.key == key).values(status=status, code=code, error=error))


def settle(connection: sa.Connection, message: str) -> None:
    """Give a message the status of its least advanced part; one failed part is a failed message."""
    found = [(Status(p["status"]), p["error"]) for p in parts_of(connection, message)]
    failed = next((error for status, error in found if status is Status.FAILED), None)
    if failed is not None:
        change(connection, message, status=Status.FAILED, error=failed)
    elif found:
        change(connection, message, status=min((s for s, _ in found), key=RANK.__getitem__), error="")


def is_known(connection: sa.Connection, inbox: str, source_id: str) -> bool:
    """Whether a provider's id belongs to a part already."""
    own = sa.select(messages.c.id).where(messages.c.inbox == inbox)
    query = sa.select(parts.c.key).where(parts.c.source_id == source_id, parts.c.message.in_(own))
    return connection.execute(query).first() is not None


def doubtful(connection: sa.Connection, inbox: str, contact: str) -> Sequence[Row]:
    """Parts to one customer whose answer was lost, oldest first."""
    return _in_state(connection, inbox, contact, ("in_doubt",))


def under_way(connection: sa.Connection, inbox: str, contact: str) -> bool:
    """Whether a part to that customer is being sent right now, or its answer was lost."""
    return bool(_in_state(connection, inbox, contact, ("claimed", "in_doubt")))


def _in_state(connection: sa.Connection, inbox: str, contact: str, states: Sequence[str]) -> Sequence[Row]:
    theirs = sa.select(messages.c.id).where(messages.c.inbox == inbox, messages.c.contact == contact)
    query = sa.select(parts).where(parts.c.message.in_(theirs), parts.c.state.in_(states))
    return rows(connection, query.order_by(parts.c.at))


def handed_over(connection: sa.Connection, inbox: str, since: float, contact: str = "") -> list[float]:
    """When parts were last handed to the provider since a moment, in seconds, oldest first."""
    mine = messages.c.inbox == inbox
    if contact:
        mine = mine & (messages.c.contact == contact)
    ours = parts.join(messages, parts.c.message == messages.c.id)
    query = sa.select(parts.c.retried).select_from(ours).where(mine, parts.c.retried > int(since * 1e6))
    return [at / 1e6 for at in connection.execute(query.order_by(parts.c.retried)).scalars()]


def last_written(connection: sa.Connection, inbox: str, contact: str) -> float | None:
    """When a customer last wrote, in seconds; None when they never did."""
    theirs = (messages.c.inbox == inbox) & (messages.c.contact == contact) & (messages.c.direction == "inbound")
    at = connection.execute(sa.select(sa.func.max(messages.c.at)).where(theirs)).scalar()
    return None if at is None else at / 1e6


def early_status(connection: sa.Connection, key: str) -> Row | None:
    """A status that names this part's key, if one came."""
    query = sa.select(statuses).where(statuses.c.key == key, statuses.c.source_id != "")
    return first(connection, query)


def keep_upload(connection: sa.Connection, inbox: str, sha256: str, uploaded: Uploaded) -> None:
    """Remember where a file lies at the provider."""
    until = now() + uploaded.seconds * 900_000  # a tenth is kept back, so that it does not end while it is used
    put(connection, uploads, {"inbox": inbox, "sha256": sha256, "id": uploaded.id, "until": until})


def find_upload(connection: sa.Connection, inbox: str, sha256: str) -> str:
    """The provider's id of a file that still lies there, or an empty string."""
    query = sa.select(uploads.c.id).where(uploads.c.inbox == inbox, uploads.c.sha256 == sha256, uploads.c.until > now())
    return connection.execute(query).scalar() or ""


def forget_uploads(connection: sa.Connection, inbox: str, digests: Sequence[str]) -> None:
    """Upload these files again next time."""
    connection.execute(uploads.delete().where(uploads.c.inbox == inbox, uploads.c.sha256.in_(digests)))
