"""A listener for LMTP (RFC 2033): the mail server of this machine hands mails over, one recipient at a time."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mediacore.errors import ConfigError, MediacoreError
from mediacore.house import House
from mediacore.steps.delivering import NoSuchInbox, TooLarge, deliver_mail

try:
    from aiosmtpd.lmtp import LMTP
except ImportError as missing:
    raise ConfigError("LMTP needs aiosmtpd: install mediacore[lmtp]") from missing

LOG = logging.getLogger("mediacore")


class Recipients:
    """Answers the commands of one mail server.

    Args:
        house: the parts to work with.
        table: addresses in lower case, and whose mail is whose inbox's; when empty the address names the inbox.
    """

    def __init__(self, house: House, table: Mapping[str, str]) -> None:
        self._house, self._table = house, table

    def inbox(self, address: str) -> str:
        """The inbox of an address; empty when it has none."""
        if self._table:
            return self._table.get(address.lower(), "")
        name = address.partition("@")[0].partition("+")[0]
        mounted = self._house.inboxes.get(name)
        return name if mounted and "poll" in mounted.hooks else ""

    async def handle_RCPT(  # noqa: N802 - the name is the library's
        self,
        _server: object,
        _session: object,
        envelope: Any,  # noqa: ANN401 - the library's type
        address: str,
        options: list[str],
    ) -> str:
        """One recipient, because each of them gets an answer of its own after the mail (RFC 2033 4.2)."""
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        if not self.inbox(address):
            return "550 5.1.1 there is no such inbox"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802 - the name is the library's
        self,
        _server: object,
        _session: object,
        envelope: Any,  # noqa: ANN401 - the library's type
    ) -> str:
        """The mail; 250 says that it is stored."""
        inbox = self.inbox(envelope.rcpt_tos[0])
        try:
            await asyncio.to_thread(deliver_mail, self._house, inbox, io.BytesIO(envelope.content))
        except TooLarge as error:
            return f"552 5.3.4 {error}"
        except NoSuchInbox as error:
            return f"550 5.1.1 {error}"
        except (MediacoreError, OSError, SQLAlchemyError):
            LOG.exception("a mail for %s could not be stored", inbox)
            return "451 4.3.0 it could not be stored now; try again"
        return "250 2.0.0 stored"


class Listener(LMTP):
    """One connection, on which a line may be as long as a mail: nobody is there to break it."""

    line_length_limit = 1 << 30


def listener(house: House, table: Mapping[str, str]) -> Listener:
    """A protocol for one connection."""
    most = max((box.limits.inbound.max_body.value for box in house.inboxes.values()), default=0)
    return Listener(Recipients(house, table), data_size_limit=most, enable_SMTPUTF8=True, ident="mediacore")


def serve(house: House, host: str, port: int, table: Mapping[str, str]) -> None:
    """Listen until interrupted."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: listener(house, table), host, port)
        async with server:
            await server.serve_forever()

    asyncio.run(run())
