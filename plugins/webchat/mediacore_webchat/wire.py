"""What our own endpoints hand to ``receive``: pure build and parse.

A delivery is a POST whose JSON body lists events and whose header carries an HMAC of the body under a key derived from
the inbox's secret. Nobody outside can make one, although the runner's webhook endpoint is open to everyone; so the
body may say where a finished upload is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mediacore import (
    Contact,
    Event,
    Header,
    InboundMessage,
    Json,
    Refused,
    Remote,
    Request,
    Status,
    StatusUpdate,
    Unsupported,
)

SIGNATURE = "Mediacore-Webchat-Signature"
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of writing, by which ``fdp.exe`` is made to look like ``exe.pdf``."""
_RAISED = {"delivered": Status.DELIVERED, "read": Status.READ}


def sign(body: bytes, secret: str) -> str:
    """The signature header's value for a body: ``sha256=`` and lower-case hex."""
    key = hmac.digest(secret.encode(), b"mediacore web chat: deliveries of our own edge", "sha256")
    return "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()


def delivery(url: str, events: Sequence[Mapping[str, Json]], secret: str) -> Request:
    """A signed delivery of these events.

    Args:
        url: the endpoint that the visitor called, without its query string, where a token may stand.
        events: as ``message`` and ``status`` make them.
        secret: the inbox's secret.
    """
    body = json.dumps({"events": list(events)}, separators=(",", ":")).encode()
    headers = (Header("Content-Type", "application/json"), Header(SIGNATURE, sign(body, secret)))
    return Request("POST", url, headers, body)


def message(
    visitor: str, client_id: str, text: str, files: Sequence[Mapping[str, Json]], at: float, name: str = ""
) -> dict[str, Json]:
    """The event of a visitor's message.

    Args:
        visitor: who wrote it.
        client_id: the visitor's own id for it, by which a second try is recognised.
        text: the words.
        files: mappings of ``sha256, path, name, type, size, caption``.
        at: Unix seconds.
        name: what the visitor calls themselves.
    """
    return {
        "kind": "message",
        "visitor": visitor,
        "name": name,
        "id": client_id,
        "text": text,
        "files": list(files),
        "at": at,
    }


def status(key: str, word: str, at: float) -> dict[str, Json]:
    """The event of a message of ours that came up on the visitor's screen.

    Args:
        key: the message's ``Outgoing.key``.
        word: ``delivered`` or ``read``.
        at: Unix seconds.
    """
    return {"kind": "status", "key": key, "status": word, "at": at}


def parse(request: Request, secrets: Sequence[str]) -> list[Event]:
    """The events of a delivery.

    Args:
        request: the raw delivery.
        secrets: the inbox's secret and those it had before.

    Raises:
        Refused: code ``signature`` when it is forged, ``malformed`` when it is not a list of events.
    """
    given = (request.header(SIGNATURE) or "").encode("utf-8", "replace")
    fitting = [hmac.compare_digest(given, sign(request.body, secret).encode()) for secret in secrets]
    if True not in fitting:
        raise Refused("the signature does not fit this inbox's secret", code="signature")
    try:
        events = json.loads(request.body)["events"]
    except (ValueError, TypeError, KeyError, RecursionError):
        events = None
    if not isinstance(events, list):
        raise Refused("the body is not a list of events", code="malformed", status=400)
    digest = hashlib.sha256(request.body).hexdigest()[:32]
    return [_event(piece, f"webchat:{digest}:{number}") for number, piece in enumerate(events)]


def words(value: object, most: int = 0) -> str:
    """A text as every store and screen can hold it: no NUL, no half characters; empty when it is no text at all.

    Args:
        value: anything that came as JSON.
        most: cut after this many characters; 0 for no bound.
    """
    if not isinstance(value, str):
        return ""
    clean = value.replace("\x00", "").encode("utf-8", "replace").decode()
    return clean[:most] if most else clean


def plain_name(value: object) -> str:
    """A file's name without folders and without characters that hide or turn what is written; may be empty.

    Args:
        value: what the visitor's browser says.
    """
    kept = (c for c in words(value, 500) if unicodedata.category(c) not in ("Cc", "Zl", "Zp") and c not in _TURNING)
    name = re.split(r"[/\\]", "".join(kept))[-1].strip()[:200]
    return name if name.strip(". ") else ""


def _event(piece: Any, fallback: str) -> Event:  # noqa: ANN401 - JSON is untyped
    kind = piece.get("kind") if isinstance(piece, dict) else None
    try:
        if kind == "message":
            return _message(piece)
        if kind == "status":
            key = _required(piece, "key")
            return StatusUpdate(key, _RAISED[piece["status"]], at=_moment(piece.get("at")), key=key)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"a {kind} event without a usable {error}"
    else:
        reason = "this kind of event is not known"
    return Unsupported(fallback, words(kind, 40) or "unknown", words(reason, 200))


def _message(piece: Mapping[str, Any]) -> InboundMessage:
    visitor = _required(piece, "visitor")
    files = piece.get("files")
    return InboundMessage(
        source_id=f"{visitor}:{_required(piece, 'id')}",
        contact=Contact(visitor, words(piece.get("name"))),
        text=words(piece.get("text")),
        remotes=tuple(_remote(f) for f in files if isinstance(f, dict)) if isinstance(files, list) else (),
        sent_at=_moment(piece.get("at")),
        conversation=visitor,
    )


def _remote(file: Mapping[str, Any]) -> Remote:
    digest = words(file.get("sha256"))
    size = file.get("size")
    return Remote(
        ref=f"blob:{digest}",
        name=words(file.get("name")),
        type=words(file.get("type")),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else 0,
        sha256=digest,
        caption=words(file.get("caption")),
        extra={"path": words(file.get("path"))},
    )


def _required(piece: Mapping[str, Any], name: str) -> str:
    found = words(piece.get(name))
    if not found:
        raise KeyError(name)
    return found


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC) if math.isfinite(value) else None
    except (OverflowError, ValueError, OSError):
        return None
