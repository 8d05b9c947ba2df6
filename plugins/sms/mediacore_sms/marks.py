"""Our own key in the address to which a provider reports statuses. Pure."""

from __future__ import annotations

from urllib.parse import parse_qs, quote

PART = "part"
"""The query parameter of a status callback that carries our own key."""


def marked(address: str, key: str) -> str:
    """An address with the key in its query string; the address has no fragment."""
    return f"{address}{'&' if '?' in address else '?'}{PART}={quote(key, safe='')}"


def key_of(url: str) -> str:
    """The key in an address; empty when it has none."""
    return parse_qs(url.partition("#")[0].partition("?")[2]).get(PART, [""])[0]
