"""Reading JSON that may be anything: every accessor answers with its own type, whatever it finds. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def text(value: object) -> str:
    """A string that every store takes: lone surrogates replaced, NULs removed; numbers (ids) in digits, else empty."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**40:
        return str(value)
    if not isinstance(value, str):
        return ""
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\x00", "")


def table(value: object) -> Mapping[str, Any]:
    """The JSON object, or an empty one when it is something else."""
    return value if isinstance(value, dict) else {}


def each(value: object) -> Sequence[Any]:
    """The items of a list; a lone object is a list of one."""
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else []


def moment(value: object) -> datetime | None:
    """A timestamp in milliseconds; one too small for that is read as seconds."""
    digits = text(value)
    if not digits.isdecimal() or len(digits) > 15:
        return None
    number = int(digits)
    try:
        return datetime.fromtimestamp(number if number < 10**11 else number / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def digest(raw: object) -> str:
    """A stable id for what has none; the same piece delivered twice has the same."""
    return "sha256-" + hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
