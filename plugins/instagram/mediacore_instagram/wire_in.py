"""What comes from Instagram: webhook bodies to events. Pure.

Shapes: https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks (2026-09-11).
Types that page does not list are seen in the wild (https://github.com/chatwoot/chatwoot/pull/12992, .../12997,
.../14793): whatever is unknown becomes a message that says so, and takes none of its neighbours along.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from mediacore import Contact, Deletion, Event, InboundMessage, Reaction, Refused, Status, StatusUpdate, Unsupported
from mediacore_instagram.attachments import gather

ENVELOPE = ("sender", "recipient", "timestamp")


@frozen
class Account:
    """Whose deliveries these are.

    Args:
        id: the Instagram id that every entry must name.
        hosts: where Meta serves files from; other addresses are shown as links.
    """

    id: str
    hosts: Sequence[str]


@frozen
class _Envelope:
    """What stands around every event; ``ours`` when the business itself did it."""

    raw: Mapping[str, Any]
    sender: str
    recipient: str
    at: datetime | None
    account: Account

    ours: bool

    @property
    def contact(self) -> Contact:
        """The customer, on whichever side they stand."""
        return Contact(self.recipient if self.ours else self.sender)


def parse(body: bytes, account: Account) -> list[Event]:
    """Every event of one delivery, in order.

    Args:
        body: the raw bytes, whose signature is already checked.
        account: whose inbox asks.

    Raises:
        Refused: it is not JSON, or not an object.
    """
    try:
        document = json.loads(body)
        if isinstance(document, dict):
            return list(_events(document, account))
    except (ValueError, RecursionError) as error:
        raise Refused("the webhook's body is not JSON, or too deeply nested", code="malformed", status=400) from error
    raise Refused("the webhook's body is not a JSON object", code="malformed", status=400)


def text(value: object) -> str:
    """A string that every store takes: lone surrogates replaced, NULs removed; numbers (ids) in digits, else empty."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40:
        return str(value)
    if not isinstance(value, str):
        return ""
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\x00", "")


def _events(document: Mapping[str, Any], account: Account) -> Iterator[Event]:
    named = text(document.get("object"))
    if named != "instagram":
        yield _odd(document, named or "delivery", "this is not about an Instagram account")
        return
    for entry in _each(document.get("entry")):
        yield from _entry(entry, account)


def _entry(entry: object, account: Account) -> Iterator[Event]:
    if not isinstance(entry, dict):
        yield _odd(entry, "entry", "this part of a delivery has an unknown form")
        return
    ours = text(entry.get("id")) == account.id
    # ``standby`` is the same when another app holds the thread; a message is a message all the same.
    for place in ("messaging", "standby"):
        for item in _each(entry.get(place)):
            if not isinstance(item, dict):
                yield _odd(item, place, "this event has an unknown form")
            elif not ours:
                named = text(entry.get("id")) or "none"
                yield _odd(item, "account", f"it is for the account {named}: give that account an inbox of its own")
            else:
                yield _event(_envelope(item, entry, account))
    for change in _each(entry.get("changes")):
        field = text(change.get("field")) if isinstance(change, dict) else ""
        yield _odd(change, field or "change", "this is not a message")


def _envelope(item: Mapping[str, Any], entry: Mapping[str, Any], account: Account) -> _Envelope:
    sender, recipient = _id(item.get("sender")), _id(item.get("recipient"))
    at = _moment(item.get("timestamp")) or _moment(entry.get("time"))
    message = item.get("message")
    echo = isinstance(message, dict) and message.get("is_echo") is True
    return _Envelope(item, sender, recipient, at, account, ours=echo or sender == account.id)


def _event(envelope: _Envelope) -> Event:
    raw = envelope.raw
    message, reaction, read = raw.get("message"), raw.get("reaction"), raw.get("read")
    if isinstance(message, dict):
        return _message(message, envelope)
    if isinstance(reaction, dict):
        return _reaction(reaction, envelope)
    if isinstance(read, dict) and (mid := text(read.get("mid"))):
        return StatusUpdate(mid, Status.READ, envelope.at)
    kind = next((text(key) for key in raw if key not in ENVELOPE), "") or "event"
    return _odd(raw, kind, "this kind of event cannot be shown", envelope.contact)


def _message(message: Mapping[str, Any], envelope: _Envelope) -> Event:
    mid = text(message.get("mid"))
    if message.get("is_deleted") is True and mid:
        return Deletion(mid, mid)
    if not envelope.contact.address:
        return _odd(envelope.raw, "message", "it does not say who it is from", source_id=mid)
    reply = message.get("reply_to")
    reply = reply if isinstance(reply, dict) else {}
    found = gather(_each(message.get("attachments")), envelope.account.hosts, envelope.at)
    words = [text(message.get("text")), *_story(reply.get("story")), *found.notes]
    shown = "\n".join(word for word in words if word)
    unsupported = found.unsupported
    if message.get("is_unsupported") is True:
        unsupported = unsupported or "unsupported"
    elif not (shown or found.remotes or unsupported):
        unsupported = next((text(key) for key in message if key not in ("mid", "is_echo", "reply_to", "text")), "empty")
    return InboundMessage(
        source_id=mid or _digest(envelope.raw),
        contact=envelope.contact,
        text=shown,
        remotes=found.remotes,
        sent_at=envelope.at,
        reply_to=text(reply.get("mid")),
        echo=envelope.ours,
        unsupported=unsupported,
    )


def _story(story: object) -> list[str]:
    """A note for an answer to a story of ours; its address dies with the story."""
    if not isinstance(story, dict):
        return []
    return [f"[reply to your story: {text(story.get('url')) or text(story.get('id'))}]"]


def _reaction(reaction: Mapping[str, Any], envelope: _Envelope) -> Event:
    target, action = text(reaction.get("mid")), text(reaction.get("action"))
    if not target or not envelope.sender:
        return _odd(envelope.raw, "reaction", "it does not say to which message, or from whom")
    if envelope.ours:
        return _odd(envelope.raw, "own-reaction", "the business itself reacted, in the Instagram app", envelope.contact)
    # The emoji may be missing beside a reaction's name; an empty one would take the reaction back.
    emoji = "" if action == "unreact" else text(reaction.get("emoji")) or text(reaction.get("reaction")) or "?"
    moment = text(envelope.raw.get("timestamp"))
    return Reaction(f"{target}:{envelope.sender}:{moment}:{action}:{emoji}", target, envelope.contact, emoji)


def _each(value: object) -> Sequence[Any]:
    """The items of a list; a lone object is a list of one."""
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else []


def _id(value: object) -> str:
    return text(value.get("id")) if isinstance(value, dict) else ""


def _moment(value: object) -> datetime | None:
    """A timestamp in milliseconds; one too small for that is read as seconds."""
    digits = text(value)
    if not digits.isdecimal() or len(digits) > 15:
        return None
    number = int(digits)
    try:
        return datetime.fromtimestamp(number if number < 10**11 else number / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _odd(raw: object, kind: str, reason: str, contact: Contact | None = None, source_id: str = "") -> Unsupported:
    contact = contact if contact and contact.address else None
    return Unsupported(source_id or _digest(raw), kind, reason, contact)


def _digest(raw: object) -> str:
    """A stable id for what has none; the same piece delivered twice has the same."""
    return "sha256-" + hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
