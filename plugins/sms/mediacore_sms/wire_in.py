"""What Twilio posts to the webhook, read into events. Pure.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request (inbound messages),
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks (status callbacks).
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from mediacore import Contact, Event, InboundMessage, Refused, Remote, Request, Status, StatusUpdate, Unsupported
from mediacore_sms.errors import words
from mediacore_sms.marks import key_of
from mediacore_sms.signature import Pairs

STATUS = {
    "accepted": Status.QUEUED,
    "scheduled": Status.QUEUED,
    "queued": Status.QUEUED,
    "sending": Status.QUEUED,
    "sent": Status.SENT,
    # no longer sent by Twilio: some of several recipients had it
    "partially_delivered": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
OPTED = {
    "STOP": "[opted out: nothing reaches this customer until they write START]",
    "START": "[opted in again: messages reach this customer]",
}
"""What a keyword did: https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out"""
EMPTY = "empty"
"""What a message is called that says nothing: a phone can send one, and it is shown as such."""
_MEDIA = re.compile(r"MediaUrl([0-9]{1,4})")
LAYOUT = ("application/smil", "application/smil+xml")
"""Types of an MMS's presentation, which is no file of the customer's."""
TEXT, WORDS = "text/plain", "words"
"""What a phone writes beside its pictures may travel as a part of its own, which is the customer's words."""


def events(request: Request, pairs: Pairs) -> list[Event]:
    """Everything in one delivery whose signature holds.

    Args:
        request: the delivery.
        pairs: its form; empty when the body is something else.

    Raises:
        Refused: status 400; nothing in it can be read.
    """
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(_plain(name), _plain(value))
    if not fields:
        return [_foreign(request.body)]
    if _word(fields) not in ("", "received", "receiving"):
        return [_status(fields, key_of(request.url))]
    if _sid(fields) and fields.get("From"):
        return [_message(fields)]
    return [_unknown(fields)]


def _plain(raw: bytes) -> str:
    """A string that every store takes."""
    return raw.decode("utf-8", "replace").replace("\x00", "")


def _message(fields: dict[str, str]) -> InboundMessage:
    text, remotes = with_keyword(_words(fields), fields.get("OptOutType", "")), _remotes(fields)
    return InboundMessage(
        source_id=_sid(fields),
        contact=Contact(fields["From"], fields.get("ProfileName", "")),
        text=text,
        remotes=remotes,
        reply_to=fields.get("OriginalRepliedMessageSid", ""),
        unsupported="" if text or remotes else fields.get("MessageType") or EMPTY,
        forwarded=_forwarded(fields),
        # Twilio itself answers STOP, START and HELP, and refuses to send to who wrote STOP (error 21610)
        automatic=bool(fields.get("OptOutType")),
    )


def _remotes(fields: dict[str, str]) -> tuple[Remote, ...]:
    """Every MediaUrl, in order, whatever NumMedia says; the presentation (SMIL) is not a file of the customer's."""
    found = sorted((int(match[1]), url) for name, url in fields.items() if url and (match := _MEDIA.fullmatch(name)))
    kinds = [(url, fields.get(f"MediaContentType{number}", "")) for number, url in found]
    return tuple(
        Remote(ref=url, type=kind, sort=WORDS if bare(kind) == TEXT else "")
        for url, kind in kinds
        if bare(kind) not in LAYOUT
    )


def bare(kind: str) -> str:
    """A MIME type without its parameters, in lower case."""
    return kind.partition(";")[0].strip().lower()


def with_keyword(text: str, keyword: str) -> str:
    """The customer's words, and what they did where that does not show: accounts may have keywords of their own."""
    did = OPTED.get(keyword.upper(), "")
    return text if not did or text.strip().upper() == keyword.upper() else f"{text}\n{did}".strip()


def _forwarded(fields: dict[str, str]) -> Literal["", "yes", "often"]:
    if fields.get("FrequentlyForwarded") == "true":
        return "often"
    return "yes" if fields.get("Forwarded") == "true" else ""


def _words(fields: dict[str, str]) -> str:
    """What the customer wrote, or pressed, where they are, and the advertisement through which they came."""
    said = fields.get("Body") or fields.get("ButtonText") or fields.get("ButtonPayload")
    return "\n".join(filter(None, (said, _place(fields), _advert(fields))))


def _advert(fields: dict[str, str]) -> str:
    told = [fields[name] for name in ("ReferralHeadline", "ReferralBody", "ReferralSourceUrl") if fields.get(name)]
    return f"(came through an advertisement: {', '.join(told)})" if told else ""


def _place(fields: dict[str, str]) -> str:
    """A shared location, which channels other than SMS send, as words."""
    latitude, longitude = fields.get("Latitude", ""), fields.get("Longitude", "")
    if not (latitude and longitude):
        return ""
    return "\n".join(filter(None, (fields.get("Label"), fields.get("Address"), f"{latitude}, {longitude}")))


def _status(fields: dict[str, str], key: str) -> Event:
    word, sid = _word(fields), _sid(fields)
    status = STATUS.get(word)
    if status is None or not (sid or key):
        return _unknown(fields)
    if status is not Status.FAILED:
        return StatusUpdate(sid, status, key=key)
    code = fields.get("ErrorCode", "")
    told = fields.get("ErrorMessage") or fields.get("ChannelStatusMessage", "")
    if word == "canceled":
        told = told or "The message was canceled before it was sent"
    return StatusUpdate(sid, status, code=code, message=words(code, told), key=key)


def _unknown(fields: dict[str, str]) -> Unsupported:
    kind = fields.get("EventType") or _word(fields) or "unknown"
    digest = hashlib.sha256(repr(sorted(fields.items())).encode("utf-8", "replace")).hexdigest()[:32]
    sender = fields.get("From")
    return Unsupported(
        source_id=":".join(filter(None, (_sid(fields), digest))),
        kind=kind,
        reason=f"Twilio sent something that this channel does not know ({kind})",
        contact=Contact(sender) if sender else None,
    )


def _foreign(body: bytes) -> Unsupported:
    try:
        json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is neither a form nor JSON", code="malformed", status=400) from error
    reason = "Twilio sent an event as JSON; this channel reads the form posts of messages and their statuses"
    return Unsupported(hashlib.sha256(body).hexdigest()[:32], "json", reason)


def _sid(fields: dict[str, str]) -> str:
    return fields.get("MessageSid") or fields.get("SmsMessageSid") or fields.get("SmsSid") or ""


def _word(fields: dict[str, str]) -> str:
    """Only status callbacks carry MessageStatus; an inbound message has SmsStatus ``received`` at most."""
    return (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
