"""What the conformance suite is told about a channel, and how it keeps the network away."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen

from mediacore import Inbox, Outgoing, Remote, Request


@frozen
class Samples:
    """What one channel's world looks like; the suite makes everything else from it.

    Args:
        requests: valid deliveries; each must yield at least one event.
        signature: the header that carries a delivery's signature.
        unsigned: why deliveries bear no signature (``polled over IMAP``), when they do not.
        sign: signs a changed delivery afresh, so that damage gets past the signature and into the parser.
        secrets: values of the plugin's settings that nobody may read in a log.
        settings: the inbox's table as a site writes it, without ``channel``.
        remotes: attachments with the deliveries that named them.
        outgoing: messages to send; their files must exist.
        live: a provider, most likely a simulator, stands behind the plugin and takes ``outgoing`` and has ``remotes``.
        examples: how many examples a property test tries.
    """

    requests: tuple[Request, ...] = ()
    signature: str = ""
    unsigned: str = ""
    sign: Callable[[Request], Request] | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    settings: Mapping[str, Any] = field(factory=dict, repr=False)
    remotes: tuple[tuple[Remote, Request], ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    live: bool = False
    examples: int = 60


@frozen
class Subject:
    """The channel under test.

    Args:
        make: builds a configured plugin.
        samples: what it is tried with.
    """

    make: Callable[[], object]
    samples: Samples

    def mount(self) -> Inbox:
        """A fresh plugin, mounted alone."""
        return Inbox.mount("conformance", "subject", self.make())


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Let every new connection fail as if a cable were out; yields the hosts that were asked for."""
    asked: list[str] = []

    def connect(_self: socket.socket, address: Any) -> None:  # noqa: ANN401 - as the socket module has it
        asked.append(str(address[0] if isinstance(address, tuple) else address))
        raise ConnectionRefusedError("the conformance suite took the network away")

    def resolve(host: Any, *_: Any, **__: Any) -> None:  # noqa: ANN401 - as the socket module has it
        asked.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, "the conformance suite took the network away")

    true_resolve = socket.getaddrinfo
    socket.socket.connect = connect  # type: ignore[assignment,method-assign]
    socket.getaddrinfo = resolve  # type: ignore[assignment]
    try:
        yield asked
    finally:
        del socket.socket.connect
        socket.getaddrinfo = true_resolve
