"""Trying a message again because a person asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mediacore.errors import MediacoreError
from mediacore.house import House, Job
from mediacore.messages import AttachmentState, Status
from mediacore.stores import conversation, outbox
from mediacore.stores.ledger import now, tick

BUSY = 60.0
"""Seconds for which a part that is being sent is left alone."""


def again(house: House, id_: str) -> None:
    """Try a message again: what failed or is in doubt is done anew, what was done stays.

    The job that told the message so far ends, and a new one begins; two never send the same part.

    Raises:
        KeyError: there is no message of that id.
        MediacoreError: there is nothing to try again, or it is being sent at this moment.
    """
    with house.ledger.begin() as connection:
        tick(connection)  # from here on nobody else changes the message
        row = conversation.message(connection, id_)
        name = "inbound" if row["delivery"] else "outbound"
        _refetch(connection, row) if row["delivery"] else _resend(connection, row)
        times = row["attempts"] + 1
        conversation.change(connection, id_, attempts=times)
        house.enqueue(connection, Job(name, f"{name}:{id_}:retry-{times}:0", f"{id_}#{times}"))


def _refetch(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    wanted = (AttachmentState.EXPIRED, AttachmentState.QUARANTINED, AttachmentState.PENDING)
    items = [a for a in conversation.attachments_of(connection, row["id"]) if a["state"] in wanted and a["remote"]]
    if not items:
        raise MediacoreError("there is nothing to try again: every file of this message is here", code="nothing")
    for item in items:
        conversation.change_attachment(connection, item["id"], state=AttachmentState.PENDING)


def _resend(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    parts = outbox.parts_of(connection, row["id"])
    if any(p["state"] == "claimed" and now() - p["at"] < BUSY * 1e6 for p in parts):
        raise MediacoreError("it is being sent at this moment: look again in a minute", code="busy")
    failed = [p for p in parts if p["state"] in ("rejected", "in_doubt", "claimed") or p["status"] == Status.FAILED]
    if not failed and row["status"] not in (Status.QUEUED, Status.FAILED):
        raise MediacoreError("there is nothing to try again: nothing of this message failed", code="nothing")
    for part in failed:
        outbox.reopen_part(connection, part)
    made = 1.0 if row["plan"] else 0.0
    conversation.change(connection, row["id"], status=Status.QUEUED, error="", progress=made)
