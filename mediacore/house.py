"""Everything that the two stories work with, built once by the runner from its configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias

from attrs import field, frozen

from mediacore.errors import ConfigError
from mediacore.inbox import Inbox
from mediacore.sandbox.bench import Bench
from mediacore.stores.blobs import Blobs
from mediacore.stores.ledger import Ledger


@frozen
class Policy:
    """What an inbox wants done beyond what the channel demands.

    Args:
        redact_inbound: sorts of personal data painted over in what customers send, before the desk sees it.
        redact_outbound: the same for what agents send.
        unsearched: what becomes of files, where something must be hidden, that no built-in detector can look into
            (sound, film, archives, pictures inside office files): ``pass`` lets them go on and says so, ``refuse``
            keeps them back.
        region: where phone numbers without a country code are from, as ISO 3166.
        resend_after: seconds of silence after which a message in doubt is sent again; 0 leaves it to a person.
            Only safe where the provider's callbacks always come.
        give_up_after: seconds after which retrying ends.
        media: what becomes of the files that customers send: ``copy`` keeps them; ``ttl`` keeps them for ``media_ttl``
            seconds; ``reference`` keeps none, only what was found in them and the provider's own address.
        media_ttl: seconds; with ``reference`` only where the provider does not say how long it shows a file.
    """

    redact_inbound: tuple[str, ...] = ()
    redact_outbound: tuple[str, ...] = ("card",)
    unsearched: Literal["pass", "refuse"] = "pass"
    region: str = "US"
    resend_after: float = 0.0
    give_up_after: float = 24 * 3600.0
    media: Literal["copy", "reference", "ttl"] = "copy"
    media_ttl: float = 24 * 3600.0


@frozen
class Job:
    """One durable piece of work.

    Args:
        name: which story, as ``mediacore.pipeline`` names them.
        id: unique for ever; a second job of one id is the first.
        argument: the message's or notice's id.
        attempt: how often it was tried before.
        delay: seconds to wait before it runs.
    """

    name: str
    id: str
    argument: str
    attempt: int = 0
    delay: float = 0.0


@frozen
class Notice:
    """What the desk is told, at least once, with an id that stays the same on every try.

    Args:
        id: stable; a desk that has seen it may ignore it.
        kind: ``message`` (new), ``update``, ``status``, ``deletion``.
        inbox: the inbox's name.
        message: the message as the desk shows it.
    """

    id: str
    kind: str
    inbox: str
    message: Mapping[str, Any]


class Desk(Protocol):
    """The helpdesk on the other side."""

    def tell(self, notice: Notice) -> None:
        """Take a notice; raising makes it come again later."""


Enqueue: TypeAlias = Callable[[Any, Job], None]
Link: TypeAlias = Callable[[str, str, str, int, bool], str]


@frozen(eq=False)
class House:
    """The parts that the stories need.

    Args:
        inboxes: mounted inboxes by name.
        policies: each inbox's policy by the same name.
        bench: where files are worked on.
        blobs: where their bytes are kept.
        ledger: where everything else is kept.
        enqueue: ``(connection, job)``: add a job within a transaction of the ledger.
        desk: who is told.
        reads: whether pictures are read by machine when something must be hidden.
        link: ``(sha256, type, name, seconds, inline)``: a signed address of a stored file; empty without a public one.
    """

    inboxes: Mapping[str, Inbox]
    policies: Mapping[str, Policy]
    bench: Bench
    blobs: Blobs
    ledger: Ledger
    enqueue: Enqueue
    desk: Desk
    reads: bool = True
    link: Link = field(default=lambda *_: "")

    def inbox(self, name: str) -> Inbox:
        """The inbox of that name.

        Raises:
            ConfigError: there is none.
        """
        if name not in self.inboxes:
            raise ConfigError(f"unknown inbox {name!r}; configured: {', '.join(self.inboxes) or 'none'}")
        return self.inboxes[name]

    @property
    def links(self) -> bool:
        """Whether files can be offered as links."""
        return bool(self.link("0" * 64, "text/plain", "probe", 1, False))
