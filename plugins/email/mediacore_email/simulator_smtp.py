"""The SMTP side of the simulated mail provider: what it refuses, and how its customers see what it takes."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mediacore import Limits
from mediacore.testkit import Act, Mischief, Received, ReceivedFile
from mediacore_email.simulator_mails import bounce
from mediacore_email.simulator_reports import ReportingSMTP

LINE = 1000
"""The longest line with its end: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.6"""


class Gate:
    """aiosmtpd's handler: every rule of the provider.

    Args:
        user, password, token: who may send.
        limits: name the extensions that each receiver refuses, as Gmail does: https://support.google.com/mail/answer/6590
        refuse: replies for single recipients, by address.
        mischief: acts named ``auth`` and ``send`` happen here.
        deliver: called with what a customer received.
        file: puts a mail into a folder of the account.
        copies: the folder for copies of what was taken; empty for none.
    """

    def __init__(
        self,
        user: str,
        password: str,
        token: str,
        limits: Limits,
        refuse: Mapping[str, str],
        mischief: Mischief,
        deliver: Callable[[Received], None],
        file: Callable[[str, bytes], Awaitable[None]],
        copies: str,
    ) -> None:
        self._user, self._password, self._token = user, password, token
        self._limits, self._refuse, self._mischief, self._deliver = limits, refuse, mischief, deliver
        self._file, self._copies = file, copies
        self._shut_out: Session | None = None

    def authenticate(
        self,
        _server: SMTP,
        session: Session,
        _envelope: Envelope,
        _mechanism: str,
        data: Any,  # noqa: ANN401 - aiosmtpd's
    ) -> AuthResult:
        """PLAIN and LOGIN; 535 5.7.8 otherwise: https://www.rfc-editor.org/rfc/rfc4954#section-6."""
        known = isinstance(data, LoginPassword) and data == LoginPassword(self._user.encode(), self._password.encode())
        return self._verdict(known, session)

    def _verdict(self, known: bool, session: Session | None) -> AuthResult:
        """A client tries one mechanism after the other; a bad day refuses them all."""
        if self._mischief.take(Act.UNAUTHORIZED, "auth"):
            self._shut_out = session
        if not known or (session is not None and self._shut_out is session):
            return AuthResult(success=False, handled=False, message="535 5.7.8 Username and Password not accepted")
        return AuthResult(success=True)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - the mechanism's name
        """XOAUTH2: https://developers.google.com/workspace/gmail/imap/xoauth2-protocol."""
        said = await server.challenge_auth("") if len(args) == 1 else base64.b64decode(args[1])
        wanted = f"user={self._user}\x01auth=Bearer {self._token}\x01\x01".encode()
        if not self._token or said != wanted:
            await server.challenge_auth('{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}')
            return self._verdict(False, server.session)
        return self._verdict(True, server.session)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's own name and arguments
        self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """What aiosmtpd offers, and delivery reports where it is made to send them."""
        session.host_name = hostname
        more = ["250-DSN"] if isinstance(server, ReportingSMTP) else []
        return [*responses[:-1], *more, responses[-1]]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's own name and arguments
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """530 without a sign-in (RFC 4954 6), and the bad days."""
        if self._user and not session.authenticated:
            return "530 5.7.0 Authentication Required"
        if self._mischief.take(Act.ERROR, "send"):
            return "451 4.3.0 Temporary system problem. Try again later"
        if self._mischief.take(Act.THROTTLE, "send"):
            return "421 4.7.0 Try again later, closing connection"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's own name and arguments
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Single recipients refused, and addresses below ``invalid`` (RFC 2606), which nobody has."""
        if address in self._refuse:
            return self._refuse[address]
        if address.endswith(".invalid"):
            return "550 5.1.1 The email account that you tried to reach does not exist"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """The mail itself: lines, bytes, types."""
        raw = envelope.content
        assert isinstance(raw, bytes)
        if max(map(len, raw.split(b"\r\n"))) > LINE - 2 or re.search(rb"[^\r]\n|\r[^\n]", raw):
            return "554 5.6.0 Message is not RFC 5322 compliant"
        if not raw.isascii() and "BODY=8BITMIME" not in envelope.mail_options:
            return "554 5.6.1 Eight-bit data without BODY=8BITMIME"
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        names = [part.get_filename() or "" for part in _leaves(mail)]
        blocked = {e for address in envelope.rcpt_tos for e in self._limits.toward(address).blocked.extensions}
        if any(name.lower().endswith(tuple(blocked)) for name in names if name):
            return "552 5.7.0 This message was blocked because its content presents a potential security issue"
        if self._copies:
            await self._file(self._copies, raw)
        for address in envelope.rcpt_tos:
            self._deliver(received(mail, address))
            await self._report(server, envelope, address, str(mail["Message-ID"]))
        if self._mischief.take(Act.DROP_AFTER, "send"):
            assert server.transport is not None
            server.transport.close()
        if self._mischief.take(Act.HANG_AFTER, "send"):
            await asyncio.sleep(3600)
        return "250 2.0.0 OK queued"

    async def _report(self, server: SMTP, envelope: Envelope, address: str, message_id: str) -> None:
        """NOTIFY=SUCCESS: https://www.rfc-editor.org/rfc/rfc3461#section-5.2.2."""
        wishes = server.wishes.get(address, {}) if isinstance(server, ReportingSMTP) else {}
        if "SUCCESS" in wishes.get("NOTIFY", "").upper():
            assert isinstance(server, ReportingSMTP)
            told = bounce(
                envelope.mail_from or "",
                message_id,
                address,
                "2.1.5",
                "250 2.1.5 OK",
                envelope_id=server.envelope_id,
                original=wishes.get("ORCPT", ""),
            )
            await self._file("INBOX", told)


def received(mail: EmailMessage, to: str) -> Received:
    """A mail as a customer's mail program shows it, read by the standard library."""
    body = mail.get_body(("plain",))
    leaves = list(_leaves(mail))
    files = tuple(
        ReceivedFile(part.get_filename() or "", part.get_content_type(), _bytes(part))
        for part in leaves
        if part.get_filename() or part.get_content_type() == "message/rfc822"
    )
    text = body.get_content() if body is not None and not body.get_filename() else ""
    pages = [p.get_content() for p in leaves if p.get_content_type() == "text/html" and not p.get_filename()]
    shown = ("Subject", "From", "To", "Date", "In-Reply-To", "References")
    extra = [(name.lower(), str(mail[name])) for name in shown if mail[name]]
    return Received(
        str(mail["Message-ID"]),
        to,
        text.replace("\r\n", "\n").strip("\n"),
        files,
        (*extra, *(("html", p) for p in pages)),
    )


def _leaves(part: EmailMessage) -> Iterator[EmailMessage]:
    """Parts that hold something; a nested mail is one of them."""
    if part.get_content_maintype() != "multipart":
        yield part
        return
    for child in part.iter_parts():
        assert isinstance(child, EmailMessage)
        yield from _leaves(child)


def _bytes(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        (inner,) = part.iter_parts() if part.is_multipart() else (part,)
        return inner.as_bytes(policy=email.policy.SMTP)
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
