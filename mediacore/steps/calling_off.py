"""Calling a message off before any of it was handed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mediacore.errors import MediacoreError
from mediacore.house import House
from mediacore.messages import Status
from mediacore.steps.telling import tell
from mediacore.stores import conversation, outbox
from mediacore.stores.ledger import tick

CALLED_OFF = "called off"
"""The error of a message that was called off."""


class CalledOff(MediacoreError):
    """The message was called off, or tried anew, while this telling of its story was under way: it writes no more."""

    def __init__(self) -> None:
        super().__init__(CALLED_OFF, code="called-off")


def call_off(house: House, id_: str) -> None:
    """Let a message fail of which nothing was handed over; the making of its files stops within a second or two.

    From the commit on, no part of it is claimed. Calling off twice is the same as once.

    Raises:
        KeyError: there is no message of that id.
        MediacoreError: it is too late (``sent``), or there is nothing to call off (``nothing``).
    """
    with house.ledger.begin() as connection:
        tick(connection)  # from here on nobody else changes the message
        row = conversation.message(connection, id_)
        if row["direction"] != "outbound":
            raise MediacoreError("only a message that an agent sends can be called off", code="nothing")
        if was_called_off(row):
            return
        if row["status"] == Status.FAILED:
            raise MediacoreError("there is nothing to call off: it failed already", code="nothing")
        if row["status"] != Status.QUEUED or any(p["state"] != "new" for p in outbox.parts_of(connection, id_)):
            raise MediacoreError("it is too late: a part of it was handed over, or may have been", code="sent")
        conversation.change(connection, id_, status=Status.FAILED, error=CALLED_OFF)
        tell(house, connection, row["inbox"], "status", id_, f"called-off:{row['attempts']}")


def was_called_off(message: Mapping[str, Any]) -> bool:
    """Whether that is why the message failed; the desk was told of it then."""
    return bool(message["status"] == Status.FAILED and message["error"] == CALLED_OFF)


def expect_wanted(connection: sa.Connection, message: Mapping[str, Any]) -> None:
    """Go on only while the message is to be sent by this telling of its story; until the commit that stays so.

    Raises:
        CalledOff: it does not.
    """
    tick(connection)  # from here on nobody calls it off
    if not conversation.wanted(connection, message):
        raise CalledOff
