"""Telnyx's webhook signature: Ed25519 over the timestamp, a bar and the raw body. Pure.

Source: https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks

The timestamp is part of what is signed, and compared with the time at which the delivery came here: a stored delivery
can so be read again at any time, and one that somebody else repeats later is refused.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mediacore import ConfigError, Refused, Request

HEADER = "telnyx-signature-ed25519"
STAMP = "telnyx-timestamp"
TOLERANCE = timedelta(minutes=5)
"""How far the time of signing and the time of arrival may differ, as the page's own examples have it."""


def library() -> Any:  # noqa: ANN401 - a module that is only there with the extra
    """The Ed25519 module of ``cryptography``, imported only where Telnyx is used.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        return importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    except ImportError as error:
        raise ConfigError(
            "Telnyx signs with Ed25519, which needs another package: pip install 'mediacore-sms[telnyx]'"
        ) from error


def keys(told: Sequence[str]) -> tuple[Any, ...]:
    """The public keys with which deliveries may be signed.

    Args:
        told: each in base64, as the portal shows it.

    Raises:
        ConfigError: one of them is no Ed25519 key, or the extra is not installed.
    """
    return tuple(_key(text, number) for number, text in enumerate(told, 1))


def message(stamp: str, body: bytes) -> bytes:
    """What is signed."""
    return stamp.encode("utf-8", "replace") + b"|" + body


def verify(request: Request, known: Sequence[Any]) -> None:
    """Check a delivery.

    Args:
        request: the raw delivery.
        known: public keys, any of which may have signed.

    Raises:
        Refused: code ``signature``, missing or wrong; code ``stale``, signed long before or after it came here.
    """
    stamp = request.header(STAMP) or ""
    try:
        given = base64.b64decode(request.header(HEADER) or "", validate=True)
    except ValueError:
        given = b""
    if not (stamp and given) or not any(_holds(key, given, message(stamp, request.body)) for key in known):
        raise Refused("the delivery does not bear this account's signature", code="signature")
    if request.at is not None and not _fresh(stamp, request.at):
        raise Refused("the delivery was not signed just now: is this machine's clock right?", code="stale")


def _fresh(stamp: str, at: datetime) -> bool:
    digits = stamp if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else "0"
    return abs(at - datetime.fromtimestamp(int(digits), UTC)) <= TOLERANCE


def _holds(key: Any, given: bytes, signed: bytes) -> bool:  # noqa: ANN401 - a key of the optional package
    invalid = importlib.import_module("cryptography.exceptions").InvalidSignature
    try:
        key.verify(given, signed)
    except invalid:
        return False
    return True


def _key(text: str, number: int) -> Any:  # noqa: ANN401 - a key of the optional package
    kind = library().Ed25519PublicKey
    try:
        return kind.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except ValueError as error:
        raise ConfigError(f"public_keys: key {number} is not 32 bytes in base64: copy it from the portal") from error
