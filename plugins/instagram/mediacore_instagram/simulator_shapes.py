"""Webhook bodies as Meta writes and signs them, for the simulator.

Shapes: https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks (2026-09-11);
signature: https://developers.facebook.com/docs/graph-api/webhooks/getting-started.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

Event = dict[str, Any]


def event(sender: str, recipient: str, at: int = 0, **content: object) -> Event:
    """One event between two ids; ``at`` in milliseconds, now when 0."""
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at or _now(), **content}


def attachment(kind: str, url: str = "") -> dict[str, Any]:
    """One attachment; view-once media comes without an address."""
    return {"type": kind, "payload": {"url": url}} if url else {"type": kind}


def delivery(account: str, events: Sequence[Event], place: str = "messaging") -> dict[str, Any]:
    """A whole delivery; ``place`` is ``standby`` when another app holds the thread."""
    return {"object": "instagram", "entry": [{"id": account, "time": _now(), place: list(events)}]}


def dump(payload: object) -> bytes:
    r"""JSON as Meta sends it: everything but plain ASCII escaped in lower-case hex, and ``/``, ``<``, ``%``, ``@`` too.

    A receiver that signs a re-written body instead of the raw bytes fails on these.
    """
    plain = json.dumps(payload, separators=(",", ":"))
    for mark, escaped in (("/", "\\/"), ("<", "\\u003C"), ("%", "\\u0025"), ("@", "\\u0040")):
        plain = plain.replace(mark, escaped)
    return plain.encode()


def headers(body: bytes, secret: str) -> Mapping[str, str]:
    """The headers of a delivery, its signature and the old SHA-1 one among them."""
    key = secret.encode()
    return {
        "Content-Type": "application/json",
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
