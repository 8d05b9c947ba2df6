"""What WhatsApp reports beside messages: calls, wishes about marketing, an older history, the account's own affairs.

None of it is a message, so each piece becomes an ``Unsupported`` with words, and with whom it is about where that is
told. Shapes: https://github.com/david-lev/pywa/tree/master/tests/data/updates (2026-08-12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mediacore import Contact, Event, Unsupported
from mediacore_whatsapp.errors import told
from mediacore_whatsapp.fields import code, likeness, rows, table, words
from mediacore_whatsapp.people import contact_of

STARTS = {
    "USER_INITIATED": "The customer calls on WhatsApp",
    "BUSINESS_INITIATED": "The business calls the customer on WhatsApp",
}


def events(field: str, value: Mapping[str, Any], people: Sequence[Mapping[str, Any]], own_id: str) -> list[Event]:
    """Everything in one change that is no message.

    Args:
        field: the change's field.
        value: what it says.
        people: the ``contacts`` in it.
        own_id: stands for what has no id of its own.
    """
    found: list[Event] = []
    if field == "calls":
        found = [_call(table(each), people) for each in rows(value.get("calls"))]
        found += [_ringing(table(each), people) for each in rows(value.get("statuses"))]
    elif field == "user_preferences":
        found = [_wish(table(each), people, own_id) for each in rows(value.get("user_preferences"))]
    elif field == "history":
        return [Unsupported(own_id, field, _history(value))]
    return found or [Unsupported(own_id, field or "change", f"WhatsApp reports {field or 'something without a name'}")]


def _call(call: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> Event:
    direction, event = words(call.get("direction")), words(call.get("event"))
    who = contact_of(call, people, "to" if direction == "BUSINESS_INITIATED" else "from")
    lasted = words(call.get("duration"))
    if event == "connect" and direction in STARTS:
        reason = STARTS[direction]
    else:
        end = ", ".join(filter(None, (words(call.get("status")).lower(), f"{lasted} seconds" if lasted else "")))
        reason = f"A WhatsApp call: {event or 'event'}" + (f" ({end})" if end else "")
    return Unsupported(f"{words(call.get('id')) or likeness(call)}:{event}", "call", reason, _named(who))


def _ringing(status: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> Event:
    word = words(status.get("status"))
    who = contact_of({"from": status.get("recipient_id")}, people)
    source_id = f"{words(status.get('id')) or likeness(status)}:{word}"
    return Unsupported(source_id, "call", f"A WhatsApp call: {word.lower()}", _named(who))


def _wish(wish: Mapping[str, Any], people: Sequence[Mapping[str, Any]], own_id: str) -> Event:
    who = contact_of({"from": wish.get("wa_id"), "from_user_id": wish.get("user_id")}, people)
    said = " ".join(filter(None, (words(wish.get("category")), words(wish.get("value")))))
    reason = words(wish.get("detail")) or f"The customer's wish: {said}"
    return Unsupported(likeness([own_id, wish]), "user_preferences", reason, _named(who))


def _history(value: Mapping[str, Any]) -> str:
    """How much of the phone app's past came, or why none did.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history
    """
    parts = [table(part) for part in rows(value.get("history"))]
    for error in (table(e) for part in parts for e in rows(part.get("errors"))):
        return told(code(error.get("code")), error)
    threads = [table(thread) for part in parts for thread in rows(part.get("threads"))]
    number = sum(len(rows(thread.get("messages"))) for thread in threads) + len(rows(value.get("messages")))
    return f"WhatsApp hands over {number} older messages of the phone app; they are kept, and not shown as new ones"


def _named(who: Contact) -> Contact | None:
    return who if who.address else None
