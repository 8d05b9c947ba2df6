"""What a plugin's own web endpoints are, and what the runner offers to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from attrs import frozen

from mediacore.events import Request

Mutable: TypeAlias = MutableMapping[str, Any]
ASGIApp: TypeAlias = Callable[
    [Mutable, Callable[[], Awaitable[Mutable]], Callable[[Mutable], Awaitable[None]]], Awaitable[None]
]


@frozen
class Route:
    """A web endpoint of a plugin.

    Args:
        path: below the inbox's own prefix, starting with ``/``; everything under it goes to the app.
        app: an ASGI application.
    """

    path: str
    app: ASGIApp


@frozen
class Entry:
    """One message as it stands in a conversation, for a plugin that shows conversations itself.

    Args:
        id: the ledger's message id; sort by ``seq``. A ``StatusUpdate`` with this as its key raises the whole message.
        seq: grows whenever anything about the message changes, so that a reader can ask for what is new.
        direction: ``inbound`` or ``outbound``.
        text: the words.
        files: one mapping a file: ``name, type, size, sha256, caption, state, width, height, thumbnail`` (a SHA-256).
        status: the message's status.
        source_id: the provider id, which for an inbound message is the sender's own id.
        at: Unix seconds.
    """

    id: str
    seq: int
    direction: str
    text: str
    files: tuple[Mapping[str, Any], ...]
    status: str
    source_id: str
    at: float


class Host(Protocol):
    """What the runner offers to the routes of one inbox."""

    @property
    def inbox(self) -> str:
        """The inbox's name."""

    def accept(self, request: Request) -> None:
        """Verify, parse and durably store a delivery, as the webhook endpoint does; returns once it is safe.

        Raises:
            Refused: it is forged, oversized or malformed.
        """

    def keep(self, path: Path) -> str:
        """Move a finished upload into the blob store; returns its SHA-256. Durable on return."""

    def scratch(self) -> Path:
        """A folder of this inbox's own, on the blob store's disk, for uploads under way."""

    def open(self, sha256: str) -> Path:
        """The local path of a stored file.

        Raises:
            KeyError: nothing of that digest is stored.
        """

    def history(self, conversation: str, after: int) -> Sequence[Entry]:
        """Messages of one conversation whose ``seq`` is above ``after``, in order."""
