"""How far the making of a message's files is, noted in the ledger, where it is also heard that it was called off."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field
from sqlalchemy.exc import SQLAlchemyError

from mediacore.house import House
from mediacore.steps.calling_off import CalledOff
from mediacore.stores import conversation

SECONDS = 1.0
"""Seconds between two notes; what is made sooner is never noted."""


@define(eq=False)
class Making:
    """The files of one message while they are made.

    Args:
        house: the parts to work with.
        message: the message's row, as this telling of the story read it.
        sizes: bytes of each file, in order; the larger one is, the more it counts.
    """

    house: House
    message: Mapping[str, Any]
    sizes: Sequence[int]
    share: float = 0.0
    _made: int = 0
    _noted: float = field(factory=time.monotonic)

    @contextlib.contextmanager
    def next(self) -> Iterator[None]:
        """While the next file is made: its conversion is listened to.

        Raises:
            CalledOff: the message is no longer wanted; a conversion under way was stopped.
        """
        with self.house.bench.listening(self.hear):
            yield
        self._made += 1
        self.hear()

    def hear(self, share: float = 0.0) -> None:
        """Note how far it is, at most once a second.

        Args:
            share: how far the file is that is being made, from 0 to 1.

        Raises:
            CalledOff: the message is no longer wanted.
        """
        before, now = sum(self.sizes[: self._made]), sum(self.sizes[: self._made + 1])
        done = (before + share * (now - before)) / max(1, sum(self.sizes))
        self.share = max(self.share, min(1.0, done))  # a file that is made a second time does not turn it back
        if time.monotonic() - self._noted < SECONDS:
            return
        wanted = True
        # A note that is missed is no reason to make the files again.
        with contextlib.suppress(SQLAlchemyError), self.house.ledger.begin() as connection:
            wanted = conversation.note_progress(connection, self.message, self.share)
        self._noted = time.monotonic()
        if not wanted:
            raise CalledOff
