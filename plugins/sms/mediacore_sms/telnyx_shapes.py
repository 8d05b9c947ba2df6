"""The JSON that the Telnyx simulator sends, as Telnyx shapes it. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def now() -> str:
    """The time as Telnyx writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def fault(code: str, title: str) -> dict[str, str]:
    """One error, in answers and in messages: https://developers.telnyx.com/docs/messaging/messages/sms-chunking."""
    return {"code": code, "title": title, "detail": title}


def outbound(told: Mapping[str, Any]) -> dict[str, Any]:
    """A message that was taken: https://developers.telnyx.com/api-reference/messages.

    Args:
        told: the request's JSON.
    """
    urls = told.get("media_urls") or []
    return {
        "record_type": "message",
        "direction": "outbound",
        "id": str(uuid.uuid4()),
        "type": "MMS" if urls else "SMS",
        "from": {"phone_number": told["from"], "carrier": "TELNYX LLC", "line_type": "VoIP"},
        "to": [{"phone_number": told["to"], "status": "queued", "carrier": "CARRIER", "line_type": "Wireless"}],
        "cc": [],
        "text": told.get("text", ""),
        "media": [{"url": url, "content_type": None, "sha256": None, "size": None} for url in urls],
        "webhook_url": told.get("webhook_url"),
        "received_at": now(),
        "sent_at": None,
        "completed_at": None,
        "errors": [],
    }


def inbound(sender: str, to: str, text: str, media: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A customer's message: https://developers.telnyx.com/api-reference/callbacks/inbound-message.

    Args:
        sender, to: the customer's number and ours.
        text: the words.
        media: the files, each with ``url, content_type, size, sha256``.
    """
    return {
        "record_type": "message",
        "direction": "inbound",
        "id": str(uuid.uuid4()),
        "type": "MMS" if media else "SMS",
        "from": {"phone_number": sender, "carrier": "CARRIER", "line_type": "Wireless"},
        "to": [{"phone_number": to, "status": "webhook_delivered", "carrier": "TELNYX LLC", "line_type": "VoIP"}],
        "cc": [],
        "subject": None,
        "text": text,
        "media": list(media),
        "autoresponse_type": None,
        "received_at": now(),
        "completed_at": None,
        "errors": [],
    }


def event(kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """One delivery: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks."""
    data = {"record_type": "event", "id": str(uuid.uuid4()), "event_type": kind, "occurred_at": now()}
    return {"data": {**data, "payload": dict(payload)}, "meta": {"attempt": 1}}
