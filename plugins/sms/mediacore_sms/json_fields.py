"""Reading JSON that may be anything: every accessor answers with its own type, whatever it finds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def table(value: object) -> Mapping[str, Any]:
    """The JSON object, or an empty one when it is something else."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """The string, as every store takes it: JSON may spell half of a surrogate pair, or NUL; anything else is empty."""
    return value.encode("utf-8", "replace").decode().replace("\x00", "") if isinstance(value, str) else ""


def first(value: object) -> Mapping[str, Any]:
    """The first object of a list, or an empty one."""
    return table(value[0]) if isinstance(value, list) and value else {}
