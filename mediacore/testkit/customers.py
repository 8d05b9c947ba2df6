"""What the customers of a simulated provider hold in their hands."""

from __future__ import annotations

import threading
import time

from attrs import field, frozen


@frozen
class ReceivedFile:
    """One file as the customer's device got it.

    Args:
        name: the file name shown; empty where the channel carries none.
        type: the Content-Type or MIME type that came with it.
        data: the bytes.
    """

    name: str
    type: str
    data: bytes = field(repr=False)


@frozen
class Received:
    """One message as the customer's device shows it.

    Args:
        source_id: the provider's id.
        to: the customer's address.
        text: the words or the caption.
        files: the files in it.
        extra: what else the provider tells the device (a subject, a message tag), as text.
    """

    source_id: str
    to: str
    text: str = ""
    files: tuple[ReceivedFile, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()


class Devices:
    """All messages that reached customers, in order."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._received: list[Received] = []

    def deliver(self, message: Received) -> None:
        """Put a message on the customer's device."""
        with self._changed:
            self._received.append(message)
            self._changed.notify_all()

    def all(self, to: str = "") -> list[Received]:
        """The messages so far, of one customer or of all."""
        with self._changed:
            return [r for r in self._received if to in ("", r.to)]

    def wait(self, count: int, to: str = "", timeout: float = 30.0) -> list[Received]:
        """Wait until that many messages arrived.

        Raises:
            TimeoutError: they did not.
        """
        end = time.monotonic() + timeout
        with self._changed:
            while len(found := [r for r in self._received if to in ("", r.to)]) < count:
                if not self._changed.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    raise TimeoutError(f"{len(found)} of {count} messages arrived in {timeout:.0f} s")
            return found
