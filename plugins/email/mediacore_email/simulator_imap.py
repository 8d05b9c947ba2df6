"""The IMAP side of the simulated mail provider: pymap with its mails in memory, on loopback.

pymap is a server of others' making, so what our poller gets from it is not our own idea of IMAP. Only what it cannot do
is added: new UIDVALIDITYs, refused sign-ins, connections that break in the middle of a mail.
"""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage

from mediacore.testkit import Act, Mischief

CUT_AFTER = 20_000
"""Bytes that a connection still carries before it breaks."""


class MailStore:
    """An account's folders, served by IMAP from a running event loop.

    Args:
        user, password: the account.
        mischief: ``UNAUTHORIZED`` at ``imap`` refuses a sign-in, ``ERROR`` at ``imap`` closes the door, ``DROP_AFTER``
            at ``imap`` breaks the connection while it carries mails.
        tls: speak TLS from the first byte.
    """

    def __init__(self, user: str, password: str, mischief: Mischief, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._user, self._password, self._mischief = user, password, mischief
        self._backend: Any = None
        self._config: Any = None
        self._server: asyncio.Server | None = None
        self._mails: dict[str, list[bytes]] = {"INBOX": []}
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen on loopback; ``port`` 0 is any free one."""
        options = Namespace(
            host="127.0.0.1",
            port=port,
            cert=None,
            key=None,
            tls=False,
            inherited_sockets=None,
            proxy_protocol=None,
            debug=False,
            passlib_cfg=None,
            demo_data=False,
            demo_user=self._user,
            demo_password=self._password,
        )
        self._backend, self._config = await DictBackend.init(options)
        self._config.apply_context()
        serve = IMAPServer(self._backend.login, self._config)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, info: SocketInfo) -> None:
            try:
                if self._mischief.take(Act.ERROR, "imap"):
                    return
                if self._mischief.take(Act.UNAUTHORIZED, "imap"):
                    await _refuse(reader, writer)
                    return
                cut = self._mischief.take(Act.DROP_AFTER, "imap")
                await serve(reader, _Cut(writer) if cut else writer, info)  # type: ignore[arg-type]  # it acts as one
            finally:
                writer.close()

        proxied = ProxyProtocolReader(self._config.proxy_protocol).get_callback(connected)
        self._server = await asyncio.start_server(proxied, "127.0.0.1", port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def append(self, folder: str, raw: bytes) -> None:
        """Put a mail at the end of a folder, which is made when there is none of that name."""
        self._mails.setdefault(folder, []).append(raw)
        mailbox = await self._mailbox(folder)
        await mailbox.append(AppendMessage(raw, datetime.now(UTC), frozenset()))

    async def make(self, folder: str) -> None:
        """Make an empty folder."""
        await self._mailbox(folder)

    async def renumber(self) -> None:
        """Give every folder a new UIDVALIDITY and its mails new UIDs, as after a restored backup."""
        self._config.set_cache.clear()
        for folder, mails in self._mails.items():
            mailbox = await self._mailbox(folder)
            for raw in mails:
                await mailbox.append(AppendMessage(raw, datetime.now(UTC), frozenset()))

    async def stop(self) -> None:
        """Close the door and every connection."""
        if self._server is not None:
            self._server.close()

    async def _mailbox(self, folder: str) -> Any:  # noqa: ANN401 - pymap's own class, private to its backend
        async with self._backend.login.demo_user_identity.new_session() as session:
            mailboxes = session.mailbox_set
        names: Sequence[Any] = (await mailboxes.list_mailboxes()).list()
        if folder != "INBOX" and folder not in {entry.name for entry in names}:
            await mailboxes.add_mailbox(folder)
        return await mailboxes.get_mailbox(folder)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while line := await reader.readline():
        tag, _, command = line.partition(b" ")
        if command.upper().startswith(b"CAPABILITY"):
            writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
        else:
            writer.write(tag + b" NO [AUTHENTICATIONFAILED] Invalid credentials\r\n")


class _Cut:
    """A writer whose connection breaks after some bytes."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._left = CUT_AFTER

    def write(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._writer.transport.abort()
        else:
            self._writer.write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the writer's
        return getattr(self._writer, name)
