"""Checks of settings, made when the inbox is mounted."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute

SHORTEST_SECRET = 16
SHORTEST_IDENTITY_SECRET = 32
"""RFC 7518, 3.2: a key for HS256 is at least as long as its digest."""


def long_enough(_: object, attribute: Attribute[Any], value: str | tuple[str, ...]) -> None:
    """A validator for secrets; a ValueError says how to make one and never echoes it."""
    for secret in (value,) if isinstance(value, str) else value:
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"{attribute.name} needs {SHORTEST_SECRET} characters or more: openssl rand -hex 32")


def long_enough_to_share(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """A validator for secrets shared with a site's backend; never echoes one."""
    if any(len(secret) < SHORTEST_IDENTITY_SECRET for secret in value):
        raise ValueError(f"{attribute.name} need {SHORTEST_IDENTITY_SECRET} characters or more: openssl rand -hex 32")


def sites(_: object, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """A validator for a list of origins: scheme and host, no path, or ``*``."""
    for origin in value:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin):
            raise ValueError(f"{attribute.name} is a list of sites such as https://shop.example.com, not {origin!r}")


def not_negative(_: object, attribute: Attribute[Any], value: int) -> None:
    """A validator for a number."""
    if value < 0:
        raise ValueError(f"{attribute.name} is 0 or more")
