"""A mail that the mail server of this machine hands over, taken in as if it had been polled."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from mediacore.errors import ConfigError, MediacoreError
from mediacore.events import Request
from mediacore.house import House
from mediacore.steps.intake import accept


class NoSuchInbox(Exception):
    """The site has no inbox of that name, or it takes no mail."""


class TooLarge(Exception):
    """The mail is larger than the inbox takes."""


def deliver_mail(house: House, inbox: str, source: BinaryIO) -> int:
    """Take one mail in; durable on return.

    Args:
        house: the parts to work with.
        inbox: the inbox's name.
        source: the mail's bytes.

    Returns:
        How many of its events were new; 0 for a mail that came before.

    Raises:
        NoSuchInbox, TooLarge: it will never be taken. MediacoreError, OSError: it could not be taken now.
    """
    try:
        mounted = house.inbox(inbox)
    except ConfigError as error:
        raise NoSuchInbox(str(error)) from error
    if "poll" not in mounted.hooks:
        raise NoSuchInbox(f"the inbox {inbox!r} takes no mail")
    most = mounted.limits.inbound.max_body.value
    raw = source.read(most + 1)
    if len(raw) > most:
        raise TooLarge(f"the mail is larger than {most:,} bytes, which is what the inbox {inbox!r} takes")
    if not raw.strip():
        raise MediacoreError("there is no mail in what was handed over", code="empty")
    return accept(house, inbox, Request("POLL", f"deliver://{hashlib.sha256(raw).hexdigest()}", body=raw))
