"""Reading what strangers wrote, apart from the process that holds the secrets and the ledger.

A plugin whose deliveries are strangers' files, as mails are, keeps what takes them apart in a module of its own, called
``reading``, with two pure functions: ``events(request, settings)`` gives what a delivery tells, ``file(request, ref)``
the bytes of one file in it, piece by piece. The plugin asks for them through ``Apart``, and whoever mounted it decides
where they run: in the jail on a site, in this process in a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from attrs import frozen

from mediacore.errors import Permanent
from mediacore.events import Event, Request
from mediacore.values import Json


class Reader(Protocol):
    """What the module ``reading`` of a plugin's package has. It imports whatever it needs when it is imported."""

    def events(self, request: Request, settings: Mapping[str, Json]) -> list[Event]:
        """Everything that one delivery tells."""

    def file(self, request: Request, ref: str) -> Iterator[bytes]:
        """The bytes of one file in a delivery."""


class Apart(Protocol):
    """Where a plugin's reader runs."""

    def events(self, reader: str, request: Request, settings: Mapping[str, Json]) -> list[Event]:
        """Everything that one delivery tells.

        Args:
            reader: the module's full name, such as ``mediacore_email.reading``.
            request: the delivery.
            settings: what the reader must know of the account; never a secret.

        Raises:
            Permanent: it cannot be read, with words for a person; the code says whether it was too much.
            Retry: not now.
        """

    def file(self, reader: str, request: Request, ref: str, into: Path, most: int) -> None:
        """Write one file of a delivery.

        Args:
            reader: the module's full name.
            request: the delivery.
            ref: which file.
            into: an empty file to write to.
            most: bytes that it may have.

        Raises:
            Permanent: it is not there, cannot be read, or is larger (code ``too-large``).
            Retry: not now.
        """


@frozen
class Here:
    """In this process: for tests, and for whoever mounts a plugin without a jail."""

    def events(self, reader: str, request: Request, settings: Mapping[str, Json]) -> list[Event]:
        """As ``Apart.events``."""
        return load(reader).events(request, settings)

    def file(self, reader: str, request: Request, ref: str, into: Path, most: int) -> None:
        """As ``Apart.file``."""
        with into.open("wb") as sink:
            for chunk in bounded(load(reader).file(request, ref), most):
                sink.write(chunk)


def load(reader: str) -> Reader:
    """The module of that name, as a reader."""
    return cast("Reader", import_module(reader))


def bounded(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """The same pieces, as long as they are not too many bytes.

    Raises:
        Permanent: they are.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise Permanent(f"the file is larger than {most:,} bytes", code="too-large")
        yield chunk
