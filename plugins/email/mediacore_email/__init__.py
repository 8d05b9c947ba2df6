"""E-mail: mails sent by SMTP and read by IMAP.

The words of the protocols are in ``smtp`` and ``imap``, those of mails in ``wire_in`` and ``wire_out``; this class only
joins them to the hooks.
"""

from __future__ import annotations

import weakref
from datetime import UTC, datetime
from pathlib import Path

import attrs

from mediacore import (
    Absent,
    Apart,
    AuthNeeded,
    Batch,
    Event,
    Fetched,
    Finding,
    InDoubt,
    Limits,
    MediacoreError,
    Outgoing,
    Permanent,
    Receipt,
    Refused,
    Remote,
    Request,
    Severity,
    hookimpl,
    read_limits,
)
from mediacore_email import imap, sent, smtp, wire_in, wire_out
from mediacore_email.ids import domain_of
from mediacore_email.imap_watch import Watch
from mediacore_email.settings import Security, Server, mail_address, safe

READER = "mediacore_email.reading"


@attrs.frozen(eq=False)
class EmailChannel:
    """One mail account.

    Args:
        address: its address; customers write here, and our mails come from here.
        display_name: the name beside it.
        smtp_host, smtp_port, smtp_security: where mails are handed over; security is ``starttls``, ``tls`` or ``none``.
        smtp_user, smtp_password: how to sign in there; an empty user signs in nowhere.
        imap_host, imap_port, imap_security: where mails are read; an empty host reads none.
        imap_user, imap_password: how to sign in there.
        imap_folders: the folders to read.
        imap_history: read what lies in a folder when it is seen for the first time, not only what comes after.
        sent_folder: where the provider itself files a copy of every mail that it takes from us (``[Gmail]/Sent Mail``,
            ``Sent Items``); empty when it files none, and then a lost answer cannot be looked up.
        sent_within: seconds after which a mail that is not there was not taken.
        delivery_reports: ask the server to tell by mail when ours were delivered.
        oauth_token: an XOAUTH2 access token, which then goes before both passwords.
        oauth_token_file: a file that holds the token instead; it is read at each sign-in, so that it can be renewed.
        profile: whose limits hold for our mails: ``gmail``, ``exchange``, ``ses``, ``postmark`` or ``default``.
        ca_file: a PEM file of authorities to trust instead of the system's.
        timeout: seconds to wait for each answer of a server.
    """

    address: str = attrs.field(validator=mail_address)
    smtp_host: str
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = attrs.field(default="", repr=False)
    imap_host: str = ""
    imap_port: int = 993
    imap_user: str = ""
    imap_password: str = attrs.field(default="", repr=False)
    imap_folders: tuple[str, ...] = ("INBOX",)
    imap_history: bool = True
    sent_folder: str = ""
    sent_within: float = 30.0
    delivery_reports: bool = True
    oauth_token: str = attrs.field(default="", repr=False)
    oauth_token_file: str = ""
    smtp_security: Security = attrs.field(default="starttls", validator=safe)
    imap_security: Security = attrs.field(default="tls", validator=safe)
    display_name: str = ""
    profile: str = "default"
    ca_file: str = ""
    timeout: float = 60.0
    _doubts: dict[str, datetime] = attrs.field(init=False, factory=dict)
    _watch: Watch = attrs.field(init=False, factory=Watch)

    def __attrs_post_init__(self) -> None:
        """The connections that listen are closed with the channel."""
        weakref.finalize(self, self._watch.close)

    @hookimpl
    def limits(self) -> Limits:
        """What a mail carries, for the provider that the profile names."""
        return read_limits(Path(__file__).with_name("limits.toml"), self.profile)

    @hookimpl
    def receive(self, request: Request, apart: Apart) -> list[Event]:
        """One polled mail. Nothing else: a mail that is posted to the webhook is nobody's."""
        if request.method != "POLL":
            raise Refused("mails are read from the mail server, not posted", code="signature", status=403)
        try:
            return apart.events(READER, request, {"address": self.address})
        except Permanent as error:
            return [wire_in.unread(request, self.address, error.message)]

    @hookimpl
    def poll(self, cursor: str, limits: Limits) -> Batch | None:
        """New mails of all folders."""
        if not self.imap_host:
            return None
        most = limits.inbound.max_body.value
        return imap.poll(self._imap(), self.imap_folders, cursor, most, self.imap_history)

    @hookimpl
    def wait(self, cursor: str, seconds: float) -> bool | None:
        """Whether the server tells of a new mail in that time."""
        if not self.imap_host:
            return None
        return self._watch.news(self._imap(), self.imap_folders, imap.read_cursor(cursor), seconds)

    @hookimpl
    def fetch(self, remote: Remote, request: Request, into: Path, limits: Limits, apart: Apart) -> Fetched:
        """One file out of its mail, decoded."""
        figure = limits.inbound.max_bytes or limits.inbound.max_body
        most = figure.value
        if remote.ref == wire_in.SERVER:
            imap.fetch(self._imap(), request.url, into, most)
        elif remote.ref == wire_in.RAW and len(request.body) <= most:
            into.write_bytes(request.body)
        else:
            apart.file(READER, request, remote.ref, into, most)
        return Fetched(remote.type)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """One mail with all its files."""
        mail = wire_out.mail(message, wire_out.Sender(self.address, self.display_name), datetime.now(UTC))
        try:
            said = smtp.send(self._smtp(), self.address, mail, self.delivery_reports)
        except InDoubt:
            self._doubts[message.key] = datetime.now(UTC)
            raise
        return Receipt(mail.message_id, detail=said)

    @hookimpl
    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """Whether the mail lies among the sent ones; its time counts from the lost answer, if that is known."""
        if not (self.sent_folder and self.imap_host):
            return None
        mail = wire_out.mail(message, wire_out.Sender(self.address), datetime.now(UTC))
        moments = [m for m in (message.tried, message.retried, self._doubts.get(message.key)) if m]
        handed = max(moments, default=None)
        found = sent.look(self._imap(), self.sent_folder, mail.message_id, mail.to, handed, self.sent_within)
        if found is not None:
            self._doubts.pop(message.key, None)
        return found

    @hookimpl
    def close(self) -> None:
        """Leave the connections that listen."""
        self._watch.close()

    @hookimpl
    def check(self) -> list[Finding]:
        """Whether both servers let us in and every folder opens."""
        findings = []
        try:
            with smtp.session(self._smtp()):
                pass
        except MediacoreError as error:
            findings.append(Finding("smtp", Severity.REFUSE, str(error), "check the smtp_ settings"))
        try:
            if self.imap_host:
                folders = (*self.imap_folders, *([self.sent_folder] if self.sent_folder else []))
                imap.poll(self._imap(), folders, "", 0, history=False)
        except MediacoreError as error:
            findings.append(Finding("imap", Severity.REFUSE, str(error), "check the imap_ settings"))
        return findings

    def _smtp(self) -> Server:
        where = (self.smtp_host, self.smtp_port, self.smtp_security)
        return self._server(where, self.smtp_user, self.smtp_password)

    def _imap(self) -> Server:
        where = (self.imap_host, self.imap_port, self.imap_security)
        return self._server(where, self.imap_user, self.imap_password)

    def _server(self, where: tuple[str, int, Security], user: str, password: str) -> Server:
        token = self._token()
        account = user or (self.address if token else "")
        return Server(*where, account, password, token, self.ca_file, self.timeout, domain_of(self.address))

    def _token(self) -> str:
        if not self.oauth_token_file:
            return self.oauth_token
        try:
            return Path(self.oauth_token_file).read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise AuthNeeded(f"the token cannot be read from oauth_token_file: {error}", code="auth") from error
