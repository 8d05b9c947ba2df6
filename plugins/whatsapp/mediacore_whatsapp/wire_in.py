"""Meta's webhook deliveries, parsed: entries, changes, and the messages, statuses and errors in each of them.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from mediacore import (
    Deletion,
    Edit,
    Event,
    InboundMessage,
    Reaction,
    Refused,
    Status,
    StatusUpdate,
    Unsupported,
)
from mediacore_whatsapp import reports
from mediacore_whatsapp.content import MEDIA, caption, content, kind_of
from mediacore_whatsapp.errors import told
from mediacore_whatsapp.fields import code, likeness, moment, rows, table, words
from mediacore_whatsapp.people import contact_of

STATUSES: Mapping[str, Status] = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,  # voice notes, since 2026-03-17
    "failed": Status.FAILED,
}
"""https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status"""
ECHOES = {"messages": "messages", "smb_message_echoes": "message_echoes"}
"""Which list of a change's value holds messages, by the change's field; the second are those that the business typed
into the phone app: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/"""


def events(body: bytes, phone_number_id: str) -> list[Event]:
    """Everything in one delivery, in order.

    Args:
        body: its bytes, with the signature already verified.
        phone_number_id: the number that this inbox stands for. One address may serve several numbers of an app; what
            is for another number becomes one ``Unsupported`` a change, so that a missing inbox is seen.

    Raises:
        Refused: it is no JSON at all (400, ``malformed``).
    """
    try:
        return _events(json.loads(body), phone_number_id)
    except (ValueError, RecursionError) as error:
        raise Refused("the delivery is no JSON", code="malformed", status=400) from error


def _events(delivery: object, phone_number_id: str) -> list[Event]:
    found: list[Event] = []
    for entry in rows(table(delivery).get("entry")):
        for change in rows(table(entry).get("changes")):
            found += _change(table(change), phone_number_id, likeness([table(entry).get("time"), change]))
    if not found:
        return [Unsupported(likeness(delivery), "delivery", "WhatsApp sent a delivery without anything in it")]
    return found


def _change(change: Mapping[str, Any], phone_number_id: str, own_id: str) -> list[Event]:
    """What one change says; ``own_id`` stands for what has no id, so that the same report on another day is new."""
    field, value = words(change.get("field")), table(change.get("value"))
    metadata = table(value.get("metadata"))
    number = words(metadata.get("phone_number_id"))
    if number and number != phone_number_id:
        shown = words(metadata.get("display_phone_number")) or number
        reason = f"This is for the WhatsApp number {shown}: mount an inbox for phone_number_id {number}"
        return [Unsupported(own_id, "other-number", reason)]
    people = [table(p) for p in rows(value.get("contacts"))]
    if field not in ECHOES:
        return reports.events(field, value, people, own_id)
    found = [_message(piece, people, echo=field != "messages") for piece in rows(value.get(ECHOES[field]))]
    found += [_status(piece) for piece in rows(value.get("statuses"))]
    found += [_error(table(piece), own_id) for piece in rows(value.get("errors"))]
    if not found:
        return [Unsupported(own_id, field, "WhatsApp sent a change without anything in it")]
    return found


def _message(piece: object, people: list[Mapping[str, Any]], *, echo: bool) -> Event:
    message = table(piece)
    source_id = words(message.get("id")) or likeness(piece)
    contact = contact_of(message, people, "to" if echo else "from")
    at = moment(message.get("timestamp"))
    kind = kind_of(message)
    inner = table(message.get(kind))
    original = words(inner.get("original_message_id"))
    changed = table(inner.get("message"))
    # An edit of another type says nothing about words, so it must not wipe them: it falls through to "unsupported".
    if kind == "edit" and original and words(changed.get("type")) in ("text", *MEDIA):
        return Edit(source_id, original, caption(changed), at)
    if kind == "revoke" and original:
        return Deletion(source_id, original)
    target = words(inner.get("message_id"))
    if kind == "reaction" and target:
        return Reaction(source_id, target, contact, words(inner.get("emoji")), at)
    read = content(message)
    if not (read.text or read.remotes):
        return Unsupported(source_id, read.kind, read.reason, contact if contact.address else None)
    context = table(message.get("context"))
    return InboundMessage(
        source_id=source_id,
        contact=contact,
        text=read.text,
        remotes=read.remotes,
        sent_at=at,
        # What is said in a group is not said to the business alone:
        # https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/group/
        conversation=words(message.get("group_id")),
        reply_to=words(context.get("id")),
        echo=echo,
        unsupported=read.kind,
        forwarded=_forwarded(context),
    )


def _forwarded(context: Mapping[str, Any]) -> Literal["", "yes", "often"]:
    """Whether it is another's message: ``frequently_forwarded`` is one that was passed on more than five times."""
    if context.get("frequently_forwarded") is True:
        return "often"
    return "yes" if context.get("forwarded") is True else ""


def _status(piece: object) -> Event:
    status = table(piece)
    source_id, word = words(status.get("id")), words(status.get("status"))
    key = words(status.get("biz_opaque_callback_data"))
    if word not in STATUSES or not (source_id or key):
        return Unsupported(
            f"{source_id}:{word}" if source_id else likeness(piece), f"status:{word}", f"WhatsApp reports {word!r}"
        )
    failure = table(next(iter(rows(status.get("errors"))), {}))
    number = words(failure.get("code")) if word == "failed" else ""
    message = told(code(number), failure) if word == "failed" else ""
    return StatusUpdate(source_id, STATUSES[word], moment(status.get("timestamp")), number, message, key)


def _error(error: Mapping[str, Any], own_id: str) -> Event:
    """An error of the whole account, beside any message."""
    number = words(error.get("code"))
    return Unsupported(likeness([own_id, error]), f"error:{number}", told(code(number), error))
