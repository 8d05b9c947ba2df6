"""The two stories, and what joins them. Each may be cut off anywhere and told again: what is done is in the ledger.

A story returns None when it is over, or the seconds after which it wants to go on. Its argument is a message's id,
with ``#n`` behind it when a person asked for the n-th new start; from then on the earlier tellings are over.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from mediacore.errors import AuthNeeded, Permanent, PluginError
from mediacore.house import House
from mediacore.messages import Status
from mediacore.steps import arriving, calling_off, intake, keeping, preparing, sending, telling
from mediacore.stores import conversation
from mediacore.stores import intake as ledger_intake

HALTED = 30.0
"""Seconds between looks at an inbox that waits for its admin."""
TURN, TURN_MOST = 0.5, 20.0
"""Seconds between looks whether an earlier message of the conversation is out."""
PATIENCE = 7
"""Looks, over some minutes, for the message that a change is about."""
LOG = logging.getLogger("mediacore")


def inbound(house: House, argument: str, attempt: int) -> float | None:
    """A customer's message: fetch each file on its own, examine, hide, preview, store, and then tell the desk.

    The desk is told as soon as everything is here; when a file keeps it waiting, it is told of the text at once and
    again when the file has come.
    """
    with house.ledger.begin() as connection:
        message = conversation.message(connection, argument.partition("#")[0])
        pending = arriving.waiting(connection, message["id"])
        halted = bool(pending and ledger_intake.halted(connection, message["inbox"]))
    if _over(message, argument):
        return None
    if not halted:
        try:
            inbox = house.inbox(message["inbox"])
            for item in pending:
                arriving.bring(house, inbox, message, item)
        except AuthNeeded as error:
            halted = _halt(house, message["inbox"], error)
    with house.ledger.begin() as connection:
        open_ = arriving.waiting(connection, message["id"])
        why = f"{message['attempts']}:{len(open_)}"
        if ledger_intake.first_time(connection, message["inbox"], f"told:{message['id']}:{why}"):
            kind = "update" if message["told"] else "message"
            conversation.change(connection, message["id"], told=True)
            telling.tell(house, connection, message["inbox"], kind, message["id"], why)
    return (HALTED if halted else sending.pause(attempt)) if open_ else None


def outbound(house: House, argument: str, attempt: int) -> float | None:
    """An agent's message: examine, hide, plan, convert, prove, and then send part by part."""
    with house.ledger.begin() as connection:
        message = conversation.message(connection, argument.partition("#")[0])
        waiting = message["status"] == Status.QUEUED
        if _over(message, argument) or calling_off.was_called_off(message):
            return None
        if waiting and ledger_intake.halted(connection, message["inbox"]):
            return HALTED
        if waiting and conversation.earlier_open(connection, message):
            return min(TURN * (attempt + 1), TURN_MOST)
    try:
        wait = _deliver(house, message) if waiting else None
    except calling_off.CalledOff:
        return None
    if wait is None:
        with house.ledger.begin() as connection:
            why = f"outbound:{message['attempts']}:{attempt}"
            telling.tell(house, connection, message["inbox"], "status", message["id"], why)
    return wait


def _deliver(house: House, message: Mapping[str, Any]) -> float | None:
    inbox = house.inbox(message["inbox"])
    try:
        if message["plan"] is None:
            preparing.prepare(house, inbox, message)
        return sending.send_parts(house, inbox, message)
    except AuthNeeded as error:
        _halt(house, inbox.name, error)
        return HALTED
    except (Permanent, PluginError) as error:
        with house.ledger.begin() as connection:
            calling_off.expect_wanted(connection, message)
            conversation.change(connection, message["id"], status=Status.FAILED, error=error.message)
        return None


def tell(house: House, notice: str, attempt: int) -> float | None:
    """The desk is told; whatever it raises makes it be told again."""
    try:
        telling.hand_over(house, notice)
    except Exception:
        return sending.pause(attempt)
    return None


def later(house: House, delivery: str, attempt: int) -> float | None:
    """What a delivery left open: an echo while our own sends were not settled, a change of a message yet to come."""
    return None if intake.later(house, delivery, last=attempt >= PATIENCE) else sending.pause(attempt)


def expire(house: House, attachment: str, attempt: int) -> float | None:  # noqa: ARG001 - each story takes it
    """A file that is kept only for a time."""
    return keeping.expire(house, attachment)


STORIES = {"inbound": inbound, "outbound": outbound, "tell": tell, "later": later, "expire": expire}
"""What a job's name means."""


def run(house: House, name: str, argument: str, attempt: int) -> float | None:
    """One telling of a story; what nobody foresaw (a full disk, a fault of ours) makes it be told again, not lost."""
    try:
        return STORIES[name](house, argument, attempt)
    except Exception:
        LOG.exception("%s %s could not go on and is tried again", name, argument)
        return sending.pause(attempt + 2)


def _over(message: Mapping[str, Any], argument: str) -> bool:
    return argument.partition("#")[2] != (str(message["attempts"]) if message["attempts"] else "")


def _halt(house: House, inbox: str, error: AuthNeeded) -> bool:
    with house.ledger.begin() as connection:
        ledger_intake.halt(connection, inbox, error.message)
    return True
