"""Reading JSON that may be anything: every accessor answers with its own type, whatever it finds."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

LONGEST = 100_000
"""Characters kept of any one string; Meta's own are shorter by far (a text message has at most 4096)."""


def table(value: object) -> Mapping[str, Any]:
    """The JSON object, or an empty one when it is something else."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Any]:
    """The JSON list, or an empty one when it is something else."""
    return value if isinstance(value, list) else []


def words(value: object) -> str:
    """The string, or a number as a string; anything else is empty.

    Half surrogate pairs and NUL, which JSON can spell and no database stores, are taken out.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, int) and abs(value) >= 10**30:
        return ""
    whole = str(value)[:LONGEST].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "")


def code(value: object) -> int:
    """An error code; 0 when there is none."""
    text = words(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def moment(value: object) -> datetime | None:
    """Unix seconds, which Meta writes as a string, as UTC; None when it is no time."""
    seconds = code(value)
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, OSError, ValueError):
        return None


def digest(value: object) -> str:
    """A declared SHA-256 as lower-case hex; empty when it is none.

    Webhooks carry base64 and the media endpoint hex, and neither is documented, so both are read:
    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image
    """
    text = words(value).strip()
    try:
        raw = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return ""
    return raw.hex() if len(raw) == 32 else ""


def likeness(piece: object) -> str:
    """A stable id for a piece that has none of its own."""
    plain = json.dumps(piece, sort_keys=True, default=str)
    return "digest:" + hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:40]
