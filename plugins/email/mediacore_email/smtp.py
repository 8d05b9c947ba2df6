"""The conversation with the mail server that takes our mails (RFC 5321), with every fault sorted by what to do next.

The moment that counts is the final dot: before it nothing is taken and a fault is ``Retry``; once it may have left,
a lost connection is ``InDoubt``, and only the server's own answer says otherwise.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from mediacore import AuthNeeded, InDoubt, MediacoreError, Permanent, Retry
from mediacore_email import errors
from mediacore_email.headers import one_line
from mediacore_email.settings import Server
from mediacore_email.wire_out import Mail

ENVELOPE_ID = 100
"""The longest ENVID: https://www.rfc-editor.org/rfc/rfc3461#section-4.4"""

_LOST = (OSError, smtplib.SMTPServerDisconnected)


def send(server: Server, sender: str, mail: Mail, reports: bool = True) -> str:
    """Hand one mail over.

    Args:
        server: where to.
        sender: the envelope's sender, to which bounces go.
        mail: what to send.
        reports: ask to be told by mail when it was delivered, where the server offers that (RFC 3461).

    Returns:
        What the server said when it took it.

    Raises:
        Retry: nothing was taken. InDoubt: it may have been. Permanent: never. AuthNeeded.
    """
    with session(server) as smtp:
        size = mail.size
        _check_size(smtp, size)
        options = [*([f"SIZE={size}"] if smtp.has_extn("size") else []), *_international(smtp, mail)]
        wishes: list[str] = []
        if smtp.has_extn("dsn"):
            options += _report_options(mail)
            wishes = ["NOTIFY=SUCCESS,FAILURE,DELAY"] if reports else []
            wishes += [] if mail.international else [f"ORCPT=rfc822;{_xtext(mail.to)}"]
        _ask(lambda: smtp.mail(sender, options), (250,))
        _ask(lambda: smtp.rcpt(mail.to, wishes), (250, 251))
        _ask(lambda: smtp.docmd("DATA"), (354,))
        _write(smtp, mail)
        code, said = _finish(smtp)
    if code != 250:
        raise errors.refusal(code, said)
    return said.decode("utf-8", "replace")[:300]


def _international(smtp: smtplib.SMTP, mail: Mail) -> list[str]:
    """What an address beyond ASCII needs (RFC 6531 3.4).

    Raises:
        Permanent: code ``5.6.7`` (RFC 6531 3.5): the server cannot carry it.
    """
    if not mail.international:
        return []
    if not (smtp.has_extn("smtputf8") and smtp.has_extn("8bitmime")):
        told = "the address has letters that our mail server cannot carry (it lacks SMTPUTF8): ask for another address"
        raise Permanent(told, code="5.6.7")
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _report_options(mail: Mail) -> list[str]:
    """What makes a report name our message even when it returns no header (RFC 3461 4.3, 4.4)."""
    envelope = _xtext(mail.message_id.strip("<>"))
    return ["RET=HDRS", *([f"ENVID={envelope}"] if len(envelope) <= ENVELOPE_ID else [])]


def _xtext(text: str) -> str:
    """Printable ASCII as a parameter of SMTP carries it (RFC 3461 4)."""
    return re.sub(r"[^!-*,-<>-~]", lambda found: f"+{ord(found[0]):02X}", text)


@contextmanager
def session(server: Server) -> Iterator[smtplib.SMTP]:
    """A connection that is protected and signed in; closed whatever happens.

    Raises:
        Retry: the server cannot be reached or has a passing fault. AuthNeeded: it does not let us in.
    """
    smtp = _connect(server)
    try:
        try:
            _protect(smtp, server)
            _sign_in(smtp, server)
        except smtplib.SMTPServerDisconnected as error:
            raise Retry(f"{server.host} closed the connection", code="lost") from error
        except OSError as error:
            raise Retry(f"{server.host}: {error}", code="lost") from error
        yield smtp
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()
    finally:
        smtp.close()


def _connect(server: Server) -> smtplib.SMTP:
    try:
        if server.security == "tls":
            return smtplib.SMTP_SSL(
                server.host, server.port, server.name or None, timeout=server.timeout, context=server.context()
            )
        return smtplib.SMTP(server.host, server.port, server.name or None, timeout=server.timeout)
    except smtplib.SMTPConnectError as error:
        raise errors.refusal(error.smtp_code, error.smtp_error) from error
    except ssl.SSLError as error:
        raise Retry(f"{server.host} offers no trustworthy connection: {error}", code="tls") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Retry(f"{server.host} cannot be reached: {error}", code="unreachable") from error


def _protect(smtp: smtplib.SMTP, server: Server) -> None:
    _ask(smtp.ehlo, (250,))
    if server.security != "starttls":
        return
    if not smtp.has_extn("starttls"):
        raise AuthNeeded(f"{server.host} offers no STARTTLS, so nothing is sent; check smtp_security", code="starttls")
    try:
        code, said = smtp.starttls(context=server.context())
    except smtplib.SMTPResponseException as error:
        raise errors.refusal(error.smtp_code, error.smtp_error) from error
    except ssl.SSLError as error:
        raise Retry(f"{server.host} offers no trustworthy connection: {error}", code="tls") from error
    if code != 220:
        raise errors.refusal(code, said)
    _ask(smtp.ehlo, (250,))  # what was said before TLS does not count (RFC 3207 4.2)


def _sign_in(smtp: smtplib.SMTP, server: Server) -> None:
    if not server.user:
        return
    if not smtp.has_extn("auth"):
        raise AuthNeeded(f"{server.host} offers no sign-in here; check smtp_port and smtp_security", code="auth")
    reasons: list[str] = []
    try:
        if server.token:
            smtp.auth(
                "XOAUTH2", lambda challenge=None: server.xoauth2() if challenge is None else _heard(challenge, reasons)
            )
        else:
            smtp.login(server.user, server.password)
    except smtplib.SMTPResponseException as error:
        told = errors.refusal(error.smtp_code, error.smtp_error)
        if isinstance(told, Retry):
            raise told from error
        reason = f" {reasons[0]}" if reasons else ""
        raise AuthNeeded(f"{server.host} refused the sign-in: {told.message}{reason}", code=told.code) from error
    except smtplib.SMTPServerDisconnected:
        raise
    except smtplib.SMTPException as error:
        raise AuthNeeded(f"{server.host} offers no way to sign in with a password", code="auth") from error


def _heard(challenge: bytes, reasons: list[str]) -> str:
    """Keep the reason that XOAUTH2's 334 tells in JSON; the empty answer makes the server end with 535.

    https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
    """
    reasons.append(one_line(challenge.decode("utf-8", "replace"))[:200])
    return ""


def _check_size(smtp: smtplib.SMTP, size: int) -> None:
    """What the server says that it never takes is not sent to it (RFC 1870 6.1; 0 is no bound)."""
    most = smtp.esmtp_features.get("size", "").strip()
    if most.isdigit() and 0 < int(most) < size:
        told = f"the mail has {size:,} bytes and the mail server takes {int(most):,}: send fewer or smaller files"
        raise Permanent(told, code="5.3.4")


def _ask(command: Callable[[], tuple[int, bytes]], good: tuple[int, ...]) -> None:
    try:
        code, said = command()
    except _LOST as error:
        raise Retry(f"the mail server closed the connection: {error}", code="lost") from error
    except smtplib.SMTPException as error:
        raise _unexpected(error) from error
    if code not in good:
        raise errors.refusal(code, said)


def _unexpected(error: smtplib.SMTPException) -> MediacoreError:
    if isinstance(error, smtplib.SMTPResponseException):
        return errors.refusal(error.smtp_code, error.smtp_error)
    return Retry(f"the mail server answered what is no SMTP: {error}", code="protocol")


def _write(smtp: smtplib.SMTP, mail: Mail) -> None:
    try:
        for chunk in mail.chunks():
            smtp.send(_stuffed(chunk))
    except _LOST as error:
        raise Retry("the mail server closed the connection before the mail was complete", code="lost") from error


def _stuffed(chunk: bytes) -> bytes:
    """A dot at the beginning of a line is doubled (RFC 5321 4.5.2); every chunk begins a line."""
    if b"\n." in chunk:
        chunk = chunk.replace(b"\n.", b"\n..")
    return b"." + chunk if chunk.startswith(b".") else chunk


def _finish(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    try:
        smtp.send(b".\r\n")
        code, said = smtp.getreply()
    except (*_LOST, smtplib.SMTPException) as error:
        raise InDoubt("the mail server took the whole mail and did not say what became of it", code="lost") from error
    if code < 0:
        raise InDoubt("the mail server took the whole mail and answered what is no SMTP", code="protocol")
    return code, said
