"""What Telnyx posts to the webhook, what is said to its API, and what its answers mean. Pure.

Sources: https://developers.telnyx.com/api-reference/callbacks/inbound-message and
https://developers.telnyx.com/api-reference/callbacks/delivery-update (deliveries),
https://developers.telnyx.com/docs/messaging/messages/send-receive-mms/index (messages with files).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mediacore import (
    Contact,
    Event,
    InboundMessage,
    InDoubt,
    MediacoreError,
    Outgoing,
    Permanent,
    Receipt,
    Refused,
    Remote,
    Status,
    StatusUpdate,
    Unsupported,
)
from mediacore_sms import telnyx_rich
from mediacore_sms.json_fields import first, table, text
from mediacore_sms.marks import key_of, marked
from mediacore_sms.telnyx_errors import FAULTS
from mediacore_sms.wire_in import EMPTY, LAYOUT, TEXT, WORDS, bare, with_keyword

STATUS = {
    "scheduled": Status.QUEUED,
    "queued": Status.QUEUED,
    "sending": Status.QUEUED,
    "sent": Status.SENT,
    # the carrier said nothing more, which for an MMS is common
    "delivery_unconfirmed": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "sending_failed": Status.FAILED,
    "delivery_failed": Status.FAILED,
    "expired": Status.FAILED,
    "cancelled": Status.FAILED,
}
_RAN_OUT = {
    "expired": "The message could not be sent in time; send it again",
    "cancelled": "The message was canceled before it was sent",
}
_DIGEST = re.compile(r"[0-9a-f]{64}")


def events(body: bytes) -> list[Event]:
    """Everything in one delivery whose signature holds.

    Raises:
        Refused: status 400; nothing in it can be read.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("the body is not JSON", code="malformed", status=400) from error
    # one page of the reference shows the event without the wrapper that all others show around it
    event = table(told.get("data", told)) if isinstance(told, dict) else {}
    payload, kind = table(event.get("payload")), text(event.get("event_type"))
    source, sender = text(payload.get("id")), _number(payload.get("from"))
    if kind == "message.received" and source and sender:
        return [_message(source, sender, payload, text(event.get("occurred_at")))]
    word = text(first(payload.get("to")).get("status"))
    if kind == "message.read" and source:
        return [_status(source, "read", payload, text(event.get("occurred_at")))]
    if kind in ("message.sent", "message.finalized") and source and word in STATUS:
        return [_status(source, word, payload, text(event.get("occurred_at")))]
    reason = f"Telnyx sent something that this channel does not know ({kind or 'unknown'})"
    name = text(event.get("id")) or hashlib.sha256(body).hexdigest()[:32]
    return [Unsupported(name, kind or "unknown", reason, Contact(sender) if sender and _inbound(payload) else None)]


def order(message: Outgoing, sender: str, public_url: str) -> dict[str, Any]:
    """The JSON that creates one message: https://developers.telnyx.com/api-reference/messages.

    Its statuses go to the webhook with our key; each repeats that address inside the signed body.

    Raises:
        Permanent: there is nothing to send, or a file has no address for Telnyx to fetch it from.
    """
    urls = [attachment.url for attachment in message.attachments]
    if not all(urls):
        raise Permanent(
            "Telnyx fetches files from this server, which has no public address: set public_url in the configuration",
            code="no-url",
        )
    if not (urls or message.text.strip()):
        raise Permanent("there is neither a text nor a file to send", code="empty")
    told: dict[str, Any] = {
        "from": sender,
        "to": message.to.address,
        "webhook_url": marked(public_url.partition("#")[0], message.key),
    }
    if message.text.strip():
        told["text"] = message.text
    if urls:
        told["media_urls"] = urls
    return told


def receipt(status: int, headers: Mapping[str, str], body: bytes) -> Receipt:
    """What Telnyx's answer to a new message says.

    Args:
        status, headers, body: of the HTTP answer.

    Raises:
        MediacoreError: by group; ``InDoubt`` for a success that names no message.
    """
    if not 200 <= status < 300:
        raise refusal(status, headers, body)
    made = table(_read(body).get("data"))
    source, word = text(made.get("id")), text(first(made.get("to")).get("status"))
    if not source:
        raise InDoubt("Telnyx took the request and its answer names no message", code=str(status))
    found = Receipt(source, STATUS.get(word, Status.QUEUED), word)
    if found.status is Status.FAILED:
        code, told = _fault(made)
        raise FAULTS.failure(400, code, told or _RAN_OUT.get(word, ""), None)
    return found


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> MediacoreError:
    """The error for an answer that is not a success; arguments as for ``receipt``."""
    code, told = _fault(_read(body))
    wait = headers.get("retry-after", "")
    return FAULTS.failure(status, code, told, float(wait) if wait.isascii() and wait.isdigit() else None)


def _message(source: str, sender: str, payload: Mapping[str, Any], at: str) -> InboundMessage:
    media, rich = payload.get("media"), table(payload.get("body"))
    found = [_remote(table(item)) for item in (media if isinstance(media, list) else [])]
    remotes = (*(r for r in found if r is not None), *telnyx_rich.remotes(rich))
    said = text(payload.get("text")) or telnyx_rich.words(rich)
    return InboundMessage(
        source_id=source,
        contact=Contact(sender),
        text="\n".join(filter(None, (with_keyword(said, text(payload.get("autoresponse_type"))), _group(payload)))),
        remotes=remotes,
        sent_at=_when(text(payload.get("received_at")) or at),
        subject=text(payload.get("subject")),
        unsupported="" if said or remotes else text(rich.get("type")) or EMPTY,
        # Telnyx itself answers STOP, START and HELP, and says so:
        # https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out
        automatic=bool(payload.get("autoresponse_type")),
    )


def _group(payload: Mapping[str, Any]) -> str:
    """Who else got an MMS to several; an answer reaches its sender alone.

    ``to`` and ``cc`` of ``InboundMessagePayload`` in https://pypi.org/project/telnyx/ (4.189.0, 2026-11-26)
    """
    to, cc = (each if isinstance(each, list) else [] for each in (payload.get("to"), payload.get("cc")))
    numbers = [number for each in (*to, *cc) if (number := _number(each))]
    return f"(a group message, to {', '.join(numbers)})" if len(numbers) > 1 else ""


def _remote(item: Mapping[str, Any]) -> Remote | None:
    """One file; the presentation (SMIL) is not a file of the customer's."""
    url, kind, size, digest = (item.get(name) for name in ("url", "content_type", "size", "sha256"))
    if not text(url) or bare(text(kind)) in LAYOUT:
        return None
    known = text(digest).lower()
    size = size if type(size) is int and size > 0 else 0
    digest = known if _DIGEST.fullmatch(known) else ""
    sort = WORDS if bare(text(kind)) == TEXT else ""
    return Remote(text(url), type=text(kind), size=size, sha256=digest, sort=sort)


def _status(source: str, word: str, payload: Mapping[str, Any], at: str) -> StatusUpdate:
    status, when = STATUS[word], _when(text(payload.get("completed_at")) or text(payload.get("sent_at")) or at)
    key = key_of(text(payload.get("webhook_url")))
    if status is not Status.FAILED:
        return StatusUpdate(source, status, when, key=key)
    code, told = _fault(payload)
    return StatusUpdate(source, status, when, code, FAULTS.words(code, told or _RAN_OUT.get(word, "")), key)


def _fault(told: Mapping[str, Any]) -> tuple[str, str]:
    """The first error's code and words: ``{"errors": [{"code", "title", "detail"}]}`` in answers and in messages."""
    fault = first(told.get("errors"))
    code = fault.get("code")
    return str(code) if isinstance(code, (str, int)) else "", text(fault.get("detail")) or text(fault.get("title"))


def _inbound(payload: Mapping[str, Any]) -> bool:
    return payload.get("direction") == "inbound"


def _number(value: Any) -> str:  # noqa: ANN401 - one item of foreign JSON
    return text(table(value).get("phone_number"))


def _when(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        return table(json.loads(body))
    except (ValueError, RecursionError):
        return {}
