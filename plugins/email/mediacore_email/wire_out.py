"""A message as a mail: seven-bit from end to end, in chunks, the same bytes every time it is asked for.

Nothing of the message reaches a header without being encoded or checked. Seven-bit, so that a server without 8BITMIME
(RFC 6152) takes it too; only the recipient's own address may need letters beyond ASCII (RFC 6532).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime

from attrs import frozen

from mediacore import Outgoing, Permanent
from mediacore_email.entities import body, size
from mediacore_email.fields import CONTROL, encoded, header, mailbox
from mediacore_email.ids import domain_of, message_id

SUBJECT = 250
"""Exchange keeps 255 characters: https://learn.microsoft.com/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits"""
REFERENCES = 20
LOCAL = 64
"""Bytes before the @: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1"""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]{1,64}@[A-Za-z0-9.-]{1,253}")
_ID = re.compile(r"<[!-;=?-~]{1,300}>")


@frozen
class Sender:
    """Who writes.

    Args:
        address: the inbox's address.
        name: its display name; may be empty.
    """

    address: str
    name: str = ""


@frozen
class Mail:
    """A mail ready to be sent.

    Args:
        message_id: with its angle brackets; the same for one message on every try.
        to: the recipient for the envelope; its domain is ASCII.
    """

    message_id: str
    to: str
    _message: Outgoing
    _sender: Sender
    _date: datetime

    @property
    def international(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can carry it."""
        return not self.to.isascii()

    @property
    def size(self) -> int:
        """Bytes with line ends, without dot-stuffing, as SIZE wants them (RFC 1870)."""
        return sum(len(chunk) for chunk in self._head()) + size(self._message)

    def chunks(self) -> Iterator[bytes]:
        """The whole mail: lines end with CRLF, and every chunk ends with a line."""
        yield from self._head()
        yield from body(self._message)

    def _head(self) -> Iterator[bytes]:
        message, references = self._message, _references(self._message)
        yield header("Date", format_datetime(self._date))
        yield header("From", mailbox(self._sender.address, self._sender.name))
        yield header("To", mailbox(self.to, message.to.name), "utf-8")
        yield header("Subject", encoded(subject(message, self._sender)))
        yield header("Message-ID", self.message_id)
        if _ID.fullmatch(message.reply_to):
            yield header("In-Reply-To", message.reply_to)
        if references:
            yield header("References", "\r\n ".join(references))
        if message.automatic:  # so that no machine answers it: https://www.rfc-editor.org/rfc/rfc3834#section-5
            yield header("Auto-Submitted", "auto-replied" if message.reply_to else "auto-generated")
        yield header("MIME-Version", "1.0")


def mail(message: Outgoing, sender: Sender, date: datetime) -> Mail:
    """Make a mail of one message.

    Args:
        message: what to say, with its files.
        sender: who says it.
        date: now.

    Raises:
        Permanent: code ``address``: the recipient's address is none that can be written in a mail.
    """
    to = envelope(message.to.address)
    return Mail(message_id(message.key, domain_of(sender.address)), to, message, sender, date)


def envelope(address: str) -> str:
    """An address with its domain in its DNS form; the part before it may have letters of any script (RFC 6531).

    Raises:
        Permanent: code ``address``.
    """
    local, _, domain = address.strip().rpartition("@")
    ascii_form = f"{local}@{domain_of(address.strip())}"
    printable = (
        local.isprintable() and not any(map(str.isspace, local)) and len(local.encode(errors="replace")) <= LOCAL
    )
    if not domain or not printable or not _ADDRESS.fullmatch(ascii_form):
        raise Permanent("this is no e-mail address that can be written to; check it", code="address")
    return ascii_form


def subject(message: Outgoing, sender: Sender) -> str:
    """The subject: that of the mail answered with ``Re:``, or who writes when there is none."""
    text = CONTROL.sub(" ", message.subject).strip()[:SUBJECT]
    if not text:
        return f"{'Re: ' if message.reply_to else ''}Message from {sender.name or sender.address}"[:SUBJECT]
    answered = message.reply_to and not re.match(r"(re|aw|sv|antw)\s*(\[\d+\])?:", text, re.IGNORECASE)
    return f"Re: {text}" if answered else text


def _references(message: Outgoing) -> Sequence[str]:
    wanted = [i for i in dict.fromkeys((*message.references, message.reply_to)) if _ID.fullmatch(i)]
    return wanted if len(wanted) <= REFERENCES else [wanted[0], *wanted[1 - REFERENCES :]]
