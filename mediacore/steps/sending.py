"""Handing parts to the provider: claimed before the call, the receipt stored before the next, never resent blindly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from mediacore.errors import InDoubt, MediacoreError, Permanent, PluginError, Retry
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.messages import Absent, Attachment, Contact, Outgoing, Receipt, Status, Template
from mediacore.plan import Plan
from mediacore.steps.calling_off import CalledOff, expect_wanted
from mediacore.steps.pacing import pause_for
from mediacore.steps.preparing import outgoing_attachment
from mediacore.stores import conversation, outbox
from mediacore.stores.coding import from_json
from mediacore.stores.ledger import now

FETCH_SECONDS = 24 * 3600
"""How long a provider may fetch a file from us; providers retry for hours."""
PAUSES = (2.0, 3.0, 5.0, 10.0, 20.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds between tries; the last one repeats until the inbox's patience is over."""

DOUBT = 2.0
"""Seconds before it is asked again what became of a part."""


def pause(attempt: int, asked: float | None = None) -> float:
    """Seconds to wait before the next try."""
    return max(asked or 0.0, PAUSES[min(attempt, len(PAUSES) - 1)])


def send_parts(house: House, inbox: Inbox, message: Mapping[str, Any]) -> float | None:
    """Send every part that is not sent yet, in order.

    Returns:
        None when all are settled, or the seconds after which to go on.

    Raises:
        AuthNeeded: the account must be reconnected first. CalledOff: the message is no longer wanted.
    """
    with house.ledger.begin() as connection:
        parts = outbox.parts_of(connection, message["id"])
    for part in parts:
        if part["state"] in ("accepted", "rejected"):
            continue
        wait = _doubt(house, inbox, message, part) if part["state"] in ("claimed", "in_doubt") else 0.0
        if wait is not None:
            wait = wait or _send(house, inbox, message, part)
        if wait is not None:
            return wait
        with house.ledger.begin() as connection:
            if conversation.message(connection, message["id"])["status"] == Status.FAILED:
                return None
    return None


def _send(house: House, inbox: Inbox, message: Mapping[str, Any], part: Mapping[str, Any]) -> float | None:
    """One try; None when the part is settled, else seconds to wait."""
    attempts = part["attempts"] + 1
    claimed = False
    try:
        outgoing = _with_uploads(house, inbox, build(house, message, part))
        with house.ledger.begin() as connection:
            expect_wanted(connection, message)  # from here on no other process looks at the pace
            if wait := pause_for(connection, inbox, message["contact"]):
                return wait
            claimed = outbox.claim_part(connection, part)
        if not claimed:
            return DOUBT
        receipt = inbox.send(outgoing)
    except (Retry, InDoubt) as error:
        if claimed and isinstance(error, InDoubt):
            _note(house, part, state="in_doubt", code=error.code, error=error.message)
            return DOUBT
        _note(house, part, state="new", code=error.code, error=error.message, attempts=attempts)
        if now() - message["at"] > house.policies[inbox.name].give_up_after * 1e6:
            _reject(house, message, part, f"given up after {attempts} tries: {error.message}", error.code)
            return None
        return pause(attempts - 1, getattr(error, "after", None))
    except (Permanent, PluginError) as error:
        _forget_uploads(house, inbox, part)
        _reject(house, message, part, error.message, error.code)
        return None
    except CalledOff:
        raise
    except MediacoreError:
        _note(house, part, state="new", attempts=attempts)
        raise
    with house.ledger.begin() as connection:
        outbox.accept_part(connection, part, receipt)
    return None


def _doubt(house: House, inbox: Inbox, message: Mapping[str, Any], part: Mapping[str, Any]) -> float | None:
    """Find out what became of a part whose answer was lost: None when it was taken, 0 to send it again, else wait."""
    if part["state"] == "claimed":
        _note(house, part, state="in_doubt", error="the answer was lost; asking whether it was taken")
    with house.ledger.begin() as connection:
        current = next(p for p in outbox.parts_of(connection, message["id"]) if p["key"] == part["key"])
        early = outbox.early_status(connection, part["key"])
        if current["state"] == "accepted":
            return None
        if early is not None:
            outbox.accept_part(connection, part, Receipt(early["source_id"], Status.SENT))
            return None
    try:
        answer = inbox.reconcile(build(house, message, part))
    except (Retry, InDoubt) as error:
        return pause(part["attempts"], getattr(error, "after", None))
    except (Permanent, PluginError):
        answer = None  # it says nothing about what became of the part
    if isinstance(answer, Receipt):
        with house.ledger.begin() as connection:
            if not outbox.is_known(connection, inbox.name, answer.source_id):
                outbox.accept_part(connection, part, answer)
                return None
        answer = None  # the provider's list held another message with the same words
    silence = house.policies[inbox.name].resend_after
    age = (now() - current["at"]) / 1e6
    if isinstance(answer, Absent) or (silence and age > silence):
        return 0.0
    return DOUBT if age < 60 else 60.0


def build(house: House, message: Mapping[str, Any], part: Mapping[str, Any]) -> Outgoing:
    """The value that ``send`` gets, the same on every try but for fresh addresses of the files."""
    with house.ledger.begin() as connection:
        rows = [conversation.rendition(connection, id_) for id_ in part["files"]]
        items = {r["id"]: r for r in conversation.attachments_of(connection, message["id"])}
        planned = from_json(conversation.message(connection, message["id"])["plan"], Plan)
    sorts = {step.attachment: step.accept for step in planned.steps}
    files = tuple(
        outgoing_attachment(house, row, item["caption"], sorts[item["position"]], FETCH_SECONDS)
        for row in rows
        for item in (items[row["attachment"]],)
    )
    return Outgoing(
        key=part["key"],
        to=Contact(message["contact"], message["contact_name"]),
        text=part["text"],
        attachments=files,
        conversation=message["conversation"],
        subject=message["subject"],
        reply_to=message["reply_to"] if part["position"] == 0 else "",
        references=tuple(message["references"]),
        tried=_moment(part["tried"]),
        retried=_moment(part["retried"]),
        automatic=message["automatic"],
        template=from_json(message["template"], Template) if message["template"] else None,
    )


def _moment(at: int) -> datetime | None:
    return datetime.fromtimestamp(at / 1e6, UTC) if at else None


def _with_uploads(house: House, inbox: Inbox, outgoing: Outgoing) -> Outgoing:
    return evolve(outgoing, attachments=tuple(_uploaded(house, inbox, a) for a in outgoing.attachments))


def _uploaded(house: House, inbox: Inbox, attachment: Attachment) -> Attachment:
    with house.ledger.begin() as connection:
        known = outbox.find_upload(connection, inbox.name, attachment.media.sha256)
    if known:
        return evolve(attachment, uploaded=known)
    uploaded = inbox.upload(attachment)
    if uploaded is None:
        return attachment
    if uploaded.seconds:
        with house.ledger.begin() as connection:
            outbox.keep_upload(connection, inbox.name, attachment.media.sha256, uploaded)
    return evolve(attachment, uploaded=uploaded.id)


def _forget_uploads(house: House, inbox: Inbox, part: Mapping[str, Any]) -> None:
    """A refused part may have named files that the provider no longer has; the next try uploads them again."""
    with house.ledger.begin() as connection:
        digests: Sequence[str] = [conversation.rendition(connection, id_)["sha256"] for id_ in part["files"]]
        outbox.forget_uploads(connection, inbox.name, digests)


def _note(house: House, part: Mapping[str, Any], **columns: object) -> None:
    with house.ledger.begin() as connection:
        outbox.change_part(connection, part["key"], **columns)


def _reject(house: House, message: Mapping[str, Any], part: Mapping[str, Any], error: str, code: str) -> None:
    with house.ledger.begin() as connection:
        outbox.change_part(connection, part["key"], state="rejected", status=Status.FAILED, code=code, error=error)
        outbox.settle(connection, message["id"])
