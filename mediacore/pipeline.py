"""The two stories, and what joins them. Each may be cut off anywhere and told again: what is done is in the ledger.

A story returns None when it is over, or the seconds after which it wants to go on.
"""

from __future__ import annotations

from mediacore.errors import AuthNeeded, Permanent, PluginError
from mediacore.house import House
from mediacore.messages import Status
from mediacore.steps import arriving, intake, preparing, sending, telling
from mediacore.stores import conversation
from mediacore.stores import intake as ledger_intake

HALTED = 30.0
"""Seconds between looks at an inbox that waits for its admin."""


def inbound(house: House, message_id: str, attempt: int) -> float | None:
    """A customer's message: fetch each file on its own, examine, hide, preview, store, and then tell the desk.

    The desk is told as soon as everything is here; when a file keeps it waiting, it is told of the text at once and
    again when the file has come.
    """
    with house.ledger.begin() as connection:
        message = conversation.message(connection, message_id)
        pending = arriving.waiting(connection, message_id)
        if pending and ledger_intake.halted(connection, message["inbox"]):
            return HALTED
    inbox = house.inbox(message["inbox"])
    try:
        open_ = [item for item in pending if not arriving.bring(house, inbox, message, item)]
    except AuthNeeded as error:
        return _halt(house, inbox.name, error)
    with house.ledger.begin() as connection:
        kind = "update" if message["told"] else "message"
        if not message["told"] or len(open_) < len(pending):
            conversation.change(connection, message_id, told=True)
            telling.tell(house, connection, inbox.name, kind, message_id, f"{attempt}:{len(open_)}")
    return sending.pause(attempt) if open_ else None


def outbound(house: House, message_id: str, attempt: int) -> float | None:
    """An agent's message: examine, hide, plan, convert, prove, and then send part by part."""
    with house.ledger.begin() as connection:
        message = conversation.message(connection, message_id)
        if message["status"] != Status.QUEUED:
            return None
        if ledger_intake.halted(connection, message["inbox"]):
            return HALTED
        if conversation.earlier_open(connection, message):
            return 0.5
    inbox = house.inbox(message["inbox"])
    try:
        if message["plan"] is None:
            preparing.prepare(house, inbox, message)
        wait = sending.send_parts(house, inbox, message)
    except AuthNeeded as error:
        return _halt(house, inbox.name, error)
    except (Permanent, PluginError) as error:
        with house.ledger.begin() as connection:
            conversation.change(connection, message_id, status=Status.FAILED, error=error.message)
        wait = None
    if wait is None:
        with house.ledger.begin() as connection:
            telling.tell(house, connection, inbox.name, "status", message_id, f"outbound:{attempt}")
    return wait


def tell(house: House, notice: str, attempt: int) -> float | None:
    """The desk is told; whatever it raises makes it be told again."""
    try:
        telling.hand_over(house, notice)
    except Exception:
        return sending.pause(attempt)
    return None


def echo(house: House, delivery: str, attempt: int) -> float | None:
    """A message that the business wrote elsewhere, or one of ours: decided once our own sends are settled."""
    return None if intake.later_echo(house, delivery) else sending.pause(attempt)


STORIES = {"inbound": inbound, "outbound": outbound, "tell": tell, "echo": echo}
"""What a job's name means."""


def _halt(house: House, inbox: str, error: AuthNeeded) -> float:
    with house.ledger.begin() as connection:
        ledger_intake.halt(connection, inbox, error.message)
    return HALTED
