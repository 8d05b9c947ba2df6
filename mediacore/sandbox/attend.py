"""Waiting for a child: hearing how far it is, moving it to the long lane, stopping it when its time is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from mediacore.sandbox.spare import Spare
from mediacore.sandbox.turns import Lane, Turn, Turns
from mediacore.sandbox.wire import read_share

Progress: TypeAlias = Callable[[float], None]
"""Hears the share done, from 0 to 1, a few times a second; what it raises stops the job and goes on to the caller."""

TICK = 0.25
"""Seconds between two reports."""
SHORT_SECONDS = 0.25
"""Seconds of processor time after which a job counts as long; nearly every photo, page and mail is done by then."""
EARLY_SECONDS = 0.1
"""Seconds of processor time after which it lets the others go first already."""
SHORT_WALL = 4.0
"""Seconds by the clock after which it does in any case, since one that sleeps takes a place as well."""
STARVED_MOST = 4
"""How many times its time by the clock a job may have waited for a processor: a busy machine is not its fault."""
SLICE_SECONDS = 1.0
"""How long a long job runs before others that wait have their turn."""


@frozen
class Attendant:
    """Who waits for one child.

    Args:
        spare: the child, its job given.
        turns: the lanes.
        turn: its place in them.
        answer: where it writes how far it is.
        progress: who hears of it.
    """

    spare: Spare
    turns: Turns
    turn: Turn
    answer: int
    progress: Progress | None = None

    def attend(self, wall: float) -> bool:
        """Wait until the child is done, or stop it.

        Args:
            wall: seconds by the clock that it may run; while it is paused, or others have the processor, the clock
                stands still.

        Returns:
            Whether it was stopped because its time was over.

        Raises:
            ValueError: the child did what no engine does.
        """
        began = time.monotonic()
        deadline, until, allowed = began + wall, began + EARLY_SECONDS, 0.0
        while True:
            now = time.monotonic()
            if now >= deadline:
                starved = min(self.spare.starved(), STARVED_MOST * wall)
                if starved - allowed < TICK:
                    self.spare.stop()
                    return True
                deadline += starved - allowed
                allowed = starved
                continue
            if now >= until and self.spare.pausable:
                left = self._left(now - began)
                deadline += 0.0 if left else self._lengthen()
                until = time.monotonic() + (left or SLICE_SECONDS)
                continue
            rest = (min(deadline, until) if self.spare.pausable else deadline) - now
            if self.spare.over(min(rest, TICK) if self.progress else rest):
                return False
            self._tell()

    def _left(self, wall: float) -> float:
        """How many seconds the job may stay in the short lane; a busy machine must not make it look long."""
        if self.turn.lane is not Lane.SHORT:
            return 0.0
        if wall >= SHORT_WALL:
            return 0.0
        used = self.spare.cpu()
        if used >= EARLY_SECONDS:
            self.spare.step_back()
        bar = EARLY_SECONDS if used < EARLY_SECONDS else SHORT_SECONDS
        return 0.0 if used >= SHORT_SECONDS else min(max(bar - used, 0.02), SHORT_WALL - wall)

    def _lengthen(self) -> float:
        """Give the place up and take the next one in the long lane; the seconds that the child stood still."""
        if self.turn.lane is Lane.SHORT:
            self.spare.step_back()
        self.turns.leave(self.turn)
        if self.turns.crowded or self.turns.lengthen(self.turn, 0):  # too many paused: go on beside the lanes, niced
            return 0.0
        began = time.monotonic()
        self.spare.pause()
        while not self.turns.lengthen(self.turn, TICK):
            self._tell()
        self.spare.go_on()
        return time.monotonic() - began

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(min(1.0, read_share(self.answer)))
