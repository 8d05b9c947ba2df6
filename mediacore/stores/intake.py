"""Deliveries, what was seen already, poll cursors, halted inboxes and notices, in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from mediacore.events import Header, Request
from mediacore.stores.ledger import Row, add_once, first, fresh, now, put, rows
from mediacore.stores.schema import counters, cursors, deliveries, halts, notices, seen


def add_delivery(connection: sa.Connection, inbox: str, request: Request, body: str, state: str, note: str = "") -> str:
    """Write a raw delivery down; returns its id.

    Args:
        connection: a transaction.
        inbox: where it came in.
        request: the delivery.
        body: SHA-256 of its bytes in the blob store.
        state: ``taken``, or ``kept`` when nothing could be made of it yet.
        note: why it was only kept.
    """
    id_ = fresh()
    headers = [[h.name, h.value] for h in request.headers]
    connection.execute(
        deliveries.insert().values(
            id=id_, inbox=inbox, method=request.method, url=request.url, headers=headers, body=body, state=state,
            note=note, at=now(),
        )
    )  # fmt: skip
    return id_


def delivery(connection: sa.Connection, id_: str) -> Row:
    """One delivery's row.

    Raises:
        KeyError: there is none of that id.
    """
    row = first(connection, sa.select(deliveries).where(deliveries.c.id == id_))
    if row is None:
        raise KeyError(id_)
    return row


def request_of(row: Row, body: bytes) -> Request:
    """The delivery as it came."""
    headers = tuple(Header(n, v) for n, v in row["headers"])
    return Request(row["method"], row["url"], headers, body, datetime.fromtimestamp(row["at"] / 1e6, UTC))


def let_go(connection: sa.Connection, id_: str) -> str:
    """Forget which bytes a delivery had; returns their digest when no other delivery has them, else nothing."""
    body = str(delivery(connection, id_)["body"])
    connection.execute(deliveries.update().where(deliveries.c.id == id_).values(body=""))
    others = connection.execute(sa.select(deliveries.c.id).where(deliveries.c.body == body).limit(1)).first()
    return "" if others else body


def kept(connection: sa.Connection, inbox: str = "") -> Sequence[Row]:
    """Deliveries of which nothing could be made, oldest first."""
    query = sa.select(deliveries).where(deliveries.c.state == "kept").order_by(deliveries.c.at)
    return rows(connection, query.where(deliveries.c.inbox == inbox) if inbox else query)


def taken(connection: sa.Connection, id_: str) -> None:
    """A delivery that was only kept has been taken after all."""
    connection.execute(deliveries.update().where(deliveries.c.id == id_).values(state="taken", note=""))


def first_time(connection: sa.Connection, inbox: str, key: str) -> bool:
    """Whether an event was not seen before; from now on it was."""
    return add_once(connection, seen, {"inbox": inbox, "key": _bounded(key), "at": now()})


def was_seen(connection: sa.Connection, inbox: str, key: str) -> bool:
    """Whether an event was seen before."""
    query = sa.select(seen.c.at).where(seen.c.inbox == inbox, seen.c.key == _bounded(key))
    return connection.execute(query).first() is not None


def _bounded(key: str) -> str:
    """A key that fits its column; long ones that only begin alike stay apart."""
    return key if len(key) <= 400 else f"{key[:330]}:{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()}"


def cursor(connection: sa.Connection, inbox: str) -> str:
    """Where polling goes on."""
    return connection.execute(sa.select(cursors.c.cursor).where(cursors.c.inbox == inbox)).scalar() or ""


def move_cursor(connection: sa.Connection, inbox: str, place: str) -> None:
    """Polling goes on from here."""
    put(connection, cursors, {"inbox": inbox, "cursor": place})


def halt(connection: sa.Connection, inbox: str, reason: str) -> None:
    """Stop an inbox until an admin has reconnected it."""
    put(connection, halts, {"inbox": inbox, "reason": reason, "at": now()})


def halted(connection: sa.Connection, inbox: str) -> str:
    """Why an inbox stands still; empty when it does not."""
    return connection.execute(sa.select(halts.c.reason).where(halts.c.inbox == inbox)).scalar() or ""


def resume(connection: sa.Connection, inbox: str) -> None:
    """Let an inbox work again."""
    connection.execute(halts.delete().where(halts.c.inbox == inbox))


def counts(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """All counters, by inbox and name."""
    rows = connection.execute(sa.select(counters)).mappings()
    return {(r["inbox"], r["name"]): r["count"] for r in rows}


def add_notice(connection: sa.Connection, inbox: str, kind: str, message: str, stable: str) -> str | None:
    """Note something that the desk must be told; returns its id, or None when it was noted before."""
    row = {"stable": stable, "inbox": inbox, "kind": kind, "message": message, "at": now()}
    return stable if add_once(connection, notices, row) else None


def notice(connection: sa.Connection, stable: str) -> Row | None:
    """A notice that waits to be told, or None when it was."""
    query = sa.select(notices).where(notices.c.stable == stable, notices.c.told.is_(False))
    return first(connection, query)


def told(connection: sa.Connection, stable: str) -> None:
    """The desk knows."""
    connection.execute(notices.update().where(notices.c.stable == stable).values(told=True))
