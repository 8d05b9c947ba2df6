"""A mail provider on this machine: it takes mails by SMTP as Gmail does, and its customers write to our INBOX.

For QA and the demo; nothing leaves loopback.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import ssl
import threading
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from aiosmtpd.smtp import SMTP

from mediacore import read_limits
from mediacore.testkit import Act, Devices, Mischief, Running
from mediacore_email.simulator_imap import MailStore
from mediacore_email.simulator_mails import File, bounce, compose, receipt
from mediacore_email.simulator_reports import ReportingSMTP
from mediacore_email.simulator_smtp import Gate

T = TypeVar("T")
SIZE = 25_000_000
"""What it takes: Gmail's 25 MB, read as strictly as it can be: https://support.google.com/mail/answer/6584"""


class MailSimulator(Running):
    """One account at a simulated mail provider.

    Args:
        port, imap_port: where SMTP and IMAP listen; 0 for any free port.
        address: the account's address, which is also its user name.
        password: its password.
        token: an XOAUTH2 access token; when given, the settings use it instead of the password.
        size: the most bytes of one mail.
        sent: the folder into which it files a copy of every mail that it takes; empty for none.
        reports: offer delivery reports (RFC 3461), and send one when asked to.
        international: carry addresses beyond ASCII (SMTPUTF8, RFC 6531).
        webhook: unused, as mails are polled; here because every simulator has it.
        tls: a server context; SMTP then demands STARTTLS and IMAP speaks TLS.

    What customers received is in ``devices``; ``mischief`` plans bad days: ``ERROR``, ``THROTTLE``, ``HANG_AFTER``,
    ``DROP_AFTER`` at ``send``, ``UNAUTHORIZED`` at ``auth``; ``ERROR``, ``UNAUTHORIZED``, ``DROP_AFTER`` at ``imap``;
    ``DUPLICATE``, ``REORDER`` and ``WRONG_TYPE`` for the next mails of customers. ``refuse`` holds replies for single
    recipients (``{"full@example.com": "452 4.2.2 mailbox full"}``).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        imap_port: int = 0,
        address: str = "help@shop.example",
        password: str = "sesame",  # noqa: S107 - of a simulated account
        token: str = "",
        size: int = SIZE,
        sent: str = "Sent",
        reports: bool = True,
        international: bool = False,
        webhook: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.address, self.password, self.token, self.size = address, password, token, size
        self.sent, self.reports, self.international = sent, reports, international
        self.webhook = webhook
        self.answers: list[int] = []
        self.mischief = Mischief()
        self.devices = Devices()
        self.refuse: dict[str, str] = {}
        self.url = ""
        self.port = 0
        self._ports, self._tls = (port, imap_port), tls
        self._store = MailStore(address, password, self.mischief, tls)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._counter = itertools.count(1)
        self._held: tuple[str, bytes] | None = None

    def start(self) -> None:
        """Open both doors; returns once they are open."""
        self._thread.start()
        self._run(self._open())

    def close(self) -> None:
        """Close both doors and every connection."""
        self._run(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def settings(self) -> dict[str, Any]:
        """The inbox's settings that make our channel talk to this provider."""
        secret = {"oauth_token": self.token} if self.token else {"smtp_password": self.password}
        return {
            "channel": "email",
            "address": self.address,
            "display_name": "The Shop",
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_security": "starttls" if self._tls else "none",
            "smtp_user": self.address,
            **secret,
            "imap_host": "127.0.0.1",
            "imap_port": self._store.port,
            "imap_security": "tls" if self._tls else "none",
            "imap_user": self.address,
            "imap_password": self.password,
            "sent_folder": self.sent,
            "sent_within": 1.0,
            "timeout": 10.0,
        }

    def inbound(
        self,
        sender: str,
        text: str = "",
        files: Sequence[File] = (),
        *,
        subject: str = "A question",
        name: str = "",
        html: str = "",
        inline: Sequence[File] = (),
        reply_to: str = "",
        headers: Mapping[str, str] | None = None,
        folder: str = "INBOX",
        raw: bytes = b"",
    ) -> str:
        """Let a customer write to us.

        Args:
            sender, name: who.
            text, html: the words.
            files: attachments as name, MIME type and bytes.
            subject: of the mail.
            inline: pictures that the HTML shows as ``cid:<name>``.
            reply_to: message id of a mail of ours that this one answers.
            headers: further header lines.
            folder: into which folder of the account.
            raw: a whole mail instead of all this.

        Returns:
            Its message id; empty for a raw mail.
        """
        if raw:
            self.raw(raw, folder)
            return ""
        if self.mischief.take(Act.WRONG_TYPE):
            files = [(label, "application/x-wrong", data) for label, _, data in files]
        message_id = f"<{next(self._counter)}.{id(self)}@{sender.rpartition('@')[2] or 'customer.example'}>"
        thread = {"In-Reply-To": reply_to, "References": reply_to} if reply_to else {}
        more = {**thread, **(headers or {})}
        mail = compose(
            sender,
            self.address,
            text,
            files,
            message_id=message_id,
            subject=subject,
            name=name,
            html=html,
            inline=inline,
            headers=more,
        )
        self._put(folder, mail)
        return message_id

    def raw(self, payload: bytes, folder: str = "INBOX") -> None:
        """Put any bytes into a folder as a mail."""
        self._put(folder, payload)

    def bounce(
        self, source_id: str, code: str = "5.1.1", said: str = "550 5.1.1 no such user", head: bool = True
    ) -> None:
        """Let a mail of ours come back.

        Args:
            source_id: its message id.
            code: the enhanced status code; ``2.0.0`` tells that it was delivered, ``4.4.7`` that it waits.
            said: what the customer's server said.
            head: whether the header of our mail comes back with it.
        """
        self._put("INBOX", bounce(self.address, source_id, self._customer(source_id), code, said, head))

    def read(self, source_id: str) -> None:
        """Let the customer confirm that they read a mail of ours."""
        self._put("INBOX", receipt(self.address, source_id, self._customer(source_id)))

    def renumber(self) -> None:
        """Change UIDVALIDITY and every UID, as after a restored backup."""
        self._run(self._store.renumber())

    def _customer(self, source_id: str) -> str:
        return next((r.to for r in self.devices.all() if r.source_id == source_id), "customer@example.com")

    def _put(self, folder: str, raw: bytes) -> None:
        if self.mischief.take(Act.REORDER):
            self._held = (folder, raw)
            return
        for _ in range(1 + self.mischief.take(Act.DUPLICATE)):
            self._run(self._store.append(folder, raw))
        if self._held is not None:
            held, self._held = self._held, None
            self._run(self._store.append(*held))

    async def _open(self) -> None:
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd notes its own deprecations there
        gate = Gate(
            self.address,
            self.password,
            self.token,
            read_limits(Path(__file__).with_name("limits.toml")),
            self.refuse,
            self.mischief,
            self.devices.deliver,
            self._store.append,
            self.sent,
        )

        def protocol() -> SMTP:
            return (ReportingSMTP if self.reports else SMTP)(
                gate,
                data_size_limit=self.size,
                enable_SMTPUTF8=self.international,
                hostname="mail.simulator",
                ident="ESMTP",
                tls_context=self._tls,
                require_starttls=self._tls is not None,
                auth_require_tls=self._tls is not None,
                authenticator=gate.authenticate,
                loop=self._loop,
            )

        self._server = await self._loop.create_server(protocol, "127.0.0.1", self._ports[0])
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        await self._store.start(self._ports[1])
        if self.sent:
            await self._store.make(self.sent)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._store.stop()
        mine = asyncio.current_task()
        tasks = [t for t in asyncio.all_tasks() if t is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.02)  # closed connections say goodbye on the next turns of the loop
        await self._loop.shutdown_default_executor()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)
