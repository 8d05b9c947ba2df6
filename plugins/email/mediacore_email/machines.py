"""Whether a machine wrote a mail, so that no machine answers it."""

from __future__ import annotations

import re

from mediacore_email import headers
from mediacore_email.headers import Headers

_BULK = frozenset(("bulk", "junk", "list", "auto_reply"))
_HEADERS = (
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-failed-recipients",
    "list-id",
    "list-unsubscribe",
)
_NOBODY = re.compile(r"(?:mailer-daemon|postmaster|(?:no|do[-_.]?not)[-_.]?reply[^@]*)@.*")
"""Addresses behind which nobody reads; Zammad answers none of these either:
https://github.com/zammad/zammad/blob/develop/db/seeds/settings.rb"""


def automatic(head: Headers) -> bool:
    """Whether a machine sent it: it says so (RFC 3834), it is a report or bulk, or nobody stands behind its address."""
    declared = head.text("auto-submitted").lower()
    writers = (headers.address(head.first(name)) for name in ("from", "sender", "return-path"))
    sender = next(filter(None, writers), None)
    return (
        (bool(declared) and not declared.startswith("no"))
        or head.text("precedence").lower() in _BULK
        or any(head.has(name) for name in _HEADERS)
        or head.first("return-path").strip() == b"<>"
        or headers.parameters(head.first("content-type"))[0] == "multipart/report"
        or bool(sender and _NOBODY.fullmatch(sender.address))
    )
