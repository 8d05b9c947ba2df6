"""Our own message ids: the same for one message on every try, and readable when a report returns them."""

from __future__ import annotations

import hashlib
import re

OURS = "<mc."
"""How our message ids begin."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,8}")


def domain_of(address: str) -> str:
    """The domain of an address, as ASCII."""
    domain = address.rpartition("@")[2].lower()
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return hashlib.sha256(domain.encode()).hexdigest()[:32] + ".invalid"


def message_id(key: str, domain: str) -> str:
    """The message id of the message with this key (RFC 5322 3.6.4), in angle brackets."""
    plain = key if _PLAIN.fullmatch(key) else "x." + hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"{OURS}{plain}@{domain}>"


def key_of(source_id: str, domain: str) -> str:
    """The key in one of our message ids; empty when the id is not ours."""
    found = re.fullmatch(r"<mc\.([A-Za-z0-9._-]{1,200})@([^<>@\s]{1,255})>", source_id)
    return found[1] if found and found[2].lower() == domain else ""
