"""Mails as customers' programs and mail systems write them, made by the standard library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

_WORDS = {
    "delivered": "Your message was delivered.",
    "delayed": "Your message is delayed.",
    "failed": "Your message could not be delivered.",
}
File = tuple[str, str, bytes]
"""Name, MIME type and bytes."""


def compose(
    sender: str,
    to: str,
    text: str,
    files: Sequence[File],
    *,
    message_id: str,
    subject: str,
    name: str = "",
    html: str = "",
    inline: Sequence[File] = (),
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A customer's mail.

    Args:
        sender, name: who writes.
        to: our address.
        text, html: the words; HTML becomes an alternative, and it may show ``cid:<name>`` of an inline file.
        files: attachments.
        message_id: with brackets.
        subject: as it is.
        inline: pictures that the HTML refers to by their names.
        headers: further header lines.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((name, sender))
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = message_id
    for key, value in (headers or {}).items():
        mail[key] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
        page = mail.get_payload(1)
        assert isinstance(page, EmailMessage)
        for label, mime, data in inline:
            page.add_related(data, *mime.split("/"), cid=f"<{label}>", filename=label)
    for label, mime, data in files:
        kind, _, sub = mime.partition("/")
        if kind in ("message", "multipart"):
            kind, sub = "application", "octet-stream"
        mail.add_attachment(data, maintype=kind, subtype=sub or "octet-stream", filename=label or None)
    return mail.as_bytes()


def bounce(
    to: str,
    source_id: str,
    customer: str,
    code: str,
    said: str,
    returned: bool = True,
    envelope_id: str = "",
    original: str = "",
) -> bytes:
    """A delivery status notification as mail systems send it: https://www.rfc-editor.org/rfc/rfc3464.

    Args:
        to: who sent the lost mail.
        source_id: its message id.
        customer: to whom it could not be delivered.
        code: the enhanced status code; its first digit says whether it failed (5), waits (4) or arrived (2).
        said: what the remote server said.
        returned: whether the lost mail's header comes back.
        envelope_id: what was asked for as ENVID; the message id without its brackets when empty.
        original: what was asked for as ORCPT.
    """
    action = {"2": "delivered", "4": "delayed"}.get(code[:1], "failed")
    about = [("Original-Recipient", original)] if original else []
    about += [("Final-Recipient", f"rfc822; {customer}"), ("Action", action), ("Status", code)]
    about += [("Diagnostic-Code", f"smtp; {said}")]
    status = (
        f"Reporting-MTA: dns; mail.simulator\r\nOriginal-Envelope-Id: {envelope_id or source_id.strip('<>')}\r\n\r\n"
    )
    status += "".join(f"{name}: {value}\r\n" for name, value in about)
    lost = f"Message-ID: {source_id}\r\nTo: {customer}\r\nSubject: lost\r\n" if returned else ""
    return _report("delivery-status", to, _WORDS[action], status, lost)


def receipt(to: str, source_id: str, customer: str) -> bytes:
    """A read receipt: https://www.rfc-editor.org/rfc/rfc8098."""
    told = (
        f"Final-Recipient: rfc822; {customer}\r\nOriginal-Message-ID: {source_id}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\r\n"
    )
    return _report("disposition-notification", to, "Your message was read.", told, "")


def _report(kind: str, to: str, words: str, fields: str, lost: str) -> bytes:
    parts = [("text/plain; charset=us-ascii", words + "\r\n"), (f"message/{kind}", fields)]
    parts += [("text/rfc822-headers", lost)] if lost else []
    body = "".join(f"--report\r\nContent-Type: {mime}\r\n\r\n{content}\r\n" for mime, content in parts)
    return (
        f"From: Mail Delivery System <mailer-daemon@mail.simulator>\r\nTo: {to}\r\nSubject: Report\r\n"
        f"Date: {format_datetime(datetime.now(UTC))}\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind}; boundary=report\r\n\r\n"
        f"{body}--report--\r\n"
    ).encode()
