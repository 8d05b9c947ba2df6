"""Telling the desk: noted in the transaction that makes it true, told afterwards, at least once."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from mediacore.house import House, Job, Notice
from mediacore.stores import conversation, intake


def tell(house: House, connection: sa.Connection, inbox: str, kind: str, message: str, why: str) -> None:
    """Note something for the desk, with the job that tells it.

    Args:
        house: the parts to work with.
        connection: the transaction that makes it true.
        inbox: the inbox's name.
        kind: ``message``, ``update``, ``status`` or ``deletion``.
        message: the message's id.
        why: what makes this notice another one than the last of its kind; the same again is not told twice.
    """
    stable = f"{kind}:{message}:{hashlib.sha256(why.encode()).hexdigest()[:16]}"
    if intake.add_notice(connection, inbox, kind, message, stable) is not None:
        house.enqueue(connection, Job("tell", f"tell:{stable}:0", stable))


def hand_over(house: House, stable: str) -> None:
    """Hand one notice to the desk; whatever the desk raises makes it come again."""
    with house.ledger.begin() as connection:
        row = intake.notice(connection, stable)
        if row is None:
            return
        shown = conversation.view(connection, conversation.message(connection, row["message"]))
    house.desk.tell(Notice(stable, row["kind"], row["inbox"], shown))
    with house.ledger.begin() as connection:
        intake.told(connection, stable)
