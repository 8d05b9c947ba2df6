"""Reading an operation's JSON arguments; the callers are ours, so a wrong one is a fault in the program."""

from __future__ import annotations

from collections.abc import Mapping

from mediacore.values import Json


def text(params: Mapping[str, Json], name: str, default: str = "") -> str:
    """A string argument.

    Raises:
        TypeError: it is something else.
    """
    value = params.get(name, default)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string")
    return value


def number(params: Mapping[str, Json], name: str, default: int = 0) -> int:
    """A whole number argument.

    Raises:
        TypeError: it is something else.
    """
    value = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number")
    return value
