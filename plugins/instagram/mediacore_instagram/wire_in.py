"""What comes from Instagram: webhook bodies to events. Pure.

Shapes: https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks (2026-09-11).
Types that page does not list are seen in the wild (https://github.com/chatwoot/chatwoot/pull/12992, .../12997,
.../14793): whatever is unknown becomes a message that says so, and takes none of its neighbours along.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from mediacore import (
    Contact,
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
from mediacore_instagram import notes
from mediacore_instagram.attachments import gather
from mediacore_instagram.fields import digest, each, moment, table, text

ENVELOPE = ("sender", "recipient", "timestamp")
SAMPLE = "0"
"""The account that Meta's dashboard names in the samples it sends when one tests a webhook there."""


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
        ours = self.ours and self.recipient not in ("", self.account.id)
        return Contact(self.recipient if ours else self.sender)


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
            nothing = "Instagram sent a delivery without anything in it"
            return list(_events(document, account)) or [_odd(document, "delivery", nothing)]
    except (ValueError, RecursionError) as error:
        raise Refused("the webhook's body is not JSON, or too deeply nested", code="malformed", status=400) from error
    raise Refused("the webhook's body is not a JSON object", code="malformed", status=400)


def _events(document: Mapping[str, Any], account: Account) -> Iterator[Event]:
    named = text(document.get("object"))
    if named != "instagram":
        yield _odd(document, named or "delivery", "this is not about an Instagram account")
        return
    for entry in each(document.get("entry")):
        yield from _entry(entry, account)


def _entry(entry: object, account: Account) -> Iterator[Event]:
    if not isinstance(entry, dict):
        yield _odd(entry, "entry", "this part of a delivery has an unknown form")
        return
    # ``standby`` is the same when another app holds the thread; a message is a message all the same.
    for place in ("messaging", "standby"):
        for item in each(entry.get(place)):
            yield _item(item, entry, account, place)
    for change in each(entry.get("changes")):
        field, value = text(table(change).get("field")), table(table(change).get("value"))
        # What can stand in ``messaging`` may stand in a change as well, as the dashboard's samples do.
        if "sender" in value and "recipient" in value:
            yield _item(value, entry, account, field or "change")
        else:
            yield _odd(change, field or "change", notes.change(field, value))


def _item(item: object, entry: Mapping[str, Any], account: Account, place: str) -> Event:
    if not isinstance(item, dict):
        return _odd(item, place, "this event has an unknown form")
    named = text(entry.get("id"))
    if named == account.id:
        return _event(_envelope(item, entry, account))
    if named == SAMPLE:
        return _odd(item, "sample", "a sample from the app's dashboard at Meta: its webhooks arrive here")
    return _odd(item, "account", f"it is for the account {named or 'none'}: give that account an inbox of its own")


def _envelope(item: Mapping[str, Any], entry: Mapping[str, Any], account: Account) -> _Envelope:
    sender, recipient = _id(item.get("sender")), _id(item.get("recipient"))
    at = moment(item.get("timestamp")) or moment(entry.get("time"))
    message = item.get("message")
    echo = isinstance(message, dict) and message.get("is_echo") is True
    return _Envelope(item, sender, recipient, at, account, ours=echo or sender == account.id)


def _event(envelope: _Envelope) -> Event:
    raw = envelope.raw
    message, reaction = raw.get("message"), raw.get("reaction")
    if isinstance(message, dict):
        return _message(message, envelope)
    if isinstance(reaction, dict):
        return _reaction(reaction, envelope)
    if mid := text(table(raw.get("read")).get("mid")):
        return StatusUpdate(mid, Status.READ, envelope.at)
    edit = table(raw.get("message_edit"))
    # An edit may come without its words; then it must not wipe those that are there.
    if (mid := text(edit.get("mid"))) and isinstance(edit.get("text"), str):
        return Edit(f"{mid}:{text(edit.get('num_edit')) or digest(raw)}", mid, text(edit["text"]), envelope.at)
    return _tap(table(raw.get("postback")), envelope) or _other(envelope)


def _tap(postback: Mapping[str, Any], envelope: _Envelope) -> Event | None:
    """A tap on a button or a question that we offered: what stands on it is what the customer says."""
    said = text(postback.get("title"))
    if not said or not envelope.contact.address:
        return None
    shown = "\n".join(filter(None, (said, notes.referral(postback.get("referral")))))
    source_id = text(postback.get("mid")) or digest(envelope.raw)
    return InboundMessage(source_id, envelope.contact, shown, sent_at=envelope.at)


def _other(envelope: _Envelope) -> Event:
    kind = next((text(key) for key in envelope.raw if key not in ENVELOPE), "") or "event"
    reason = notes.referral(envelope.raw.get("referral")) or "this kind of event cannot be shown"
    return _odd(envelope.raw, kind, reason, envelope.contact)


def _message(message: Mapping[str, Any], envelope: _Envelope) -> Event:
    mid = text(message.get("mid"))
    if message.get("is_deleted") is True and mid:
        return Deletion(mid, mid)
    if not envelope.contact.address:
        return _odd(envelope.raw, "message", "it does not say who it is from", source_id=mid)
    reply = table(message.get("reply_to"))
    found = gather(each(message.get("attachments")), envelope.account.hosts, envelope.at)
    words = [text(message.get("text")), notes.story(reply), *found.notes, notes.referral(message.get("referral"))]
    shown = "\n".join(word for word in words if word)
    unsupported = found.unsupported
    if message.get("is_unsupported") is True:
        unsupported = unsupported or "unsupported"
    elif not (shown or found.remotes or unsupported):
        unsupported = next((text(key) for key in message if key not in ("mid", "is_echo", "reply_to", "text")), "empty")
    return InboundMessage(
        source_id=mid or digest(envelope.raw),
        contact=envelope.contact,
        text=shown,
        remotes=found.remotes,
        sent_at=envelope.at,
        reply_to=text(reply.get("mid")),
        echo=envelope.ours,
        unsupported=unsupported,
    )


def _reaction(reaction: Mapping[str, Any], envelope: _Envelope) -> Event:
    target, action = text(reaction.get("mid")), text(reaction.get("action"))
    if not target or not envelope.sender:
        return _odd(envelope.raw, "reaction", "it does not say to which message, or from whom")
    if envelope.ours:
        return _odd(envelope.raw, "own-reaction", "the business itself reacted, in the Instagram app", envelope.contact)
    # The emoji may be missing beside a reaction's name; an empty one would take the reaction back.
    emoji = "" if action == "unreact" else text(reaction.get("emoji")) or text(reaction.get("reaction")) or "?"
    moment = text(envelope.raw.get("timestamp"))
    return Reaction(
        f"{target}:{envelope.sender}:{moment}:{action}:{emoji}", target, envelope.contact, emoji, envelope.at
    )


def _id(value: object) -> str:
    return text(value.get("id")) if isinstance(value, dict) else ""


def _odd(raw: object, kind: str, reason: str, contact: Contact | None = None, source_id: str = "") -> Unsupported:
    contact = contact if contact and contact.address else None
    return Unsupported(source_id or digest(raw), kind, reason, contact)
