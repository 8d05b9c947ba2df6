"""Whose turn it is: short jobs overtake long ones, so that bombs and films do not hold up the others."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from attrs import define, field

from mediacore.errors import Retry

QUEUE_MOST = 256
"""Jobs that may wait for a turn; whoever comes after them is asked to come again."""
PAUSED_MOST = 8
"""Long jobs that stand in line, paused with all their memory, before further ones go on beside the lanes."""
COME_AGAIN = 5.0
"""Seconds after which they should."""


class Lane(Enum):
    """Where a job runs, or that it waits."""

    NONE = 0
    SHORT = 1
    LONG = 2


@define(eq=False)
class Turn:
    """A job's place: which lane it is in."""

    lane: Lane = Lane.NONE


@define(eq=False)
class Turns:
    """Two lanes: every job starts in the short one, and is moved to the long one when it takes long.

    Who came first goes first in both. Long jobs also use what the short ones leave idle.

    Args:
        workers: jobs at once in the short lane.
        long: jobs at once in the long lane while the short one is busy; half as many when 0.
        most: jobs that may wait for the short lane.
    """

    workers: int
    long: int = 0
    most: int = QUEUE_MOST
    _running: dict[Lane, int] = field(init=False, factory=lambda: dict.fromkeys(Lane, 0))
    _queues: dict[Lane, deque[Turn]] = field(init=False, factory=lambda: {lane: deque() for lane in Lane})
    _changed: threading.Condition = field(init=False, factory=threading.Condition)

    def __attrs_post_init__(self) -> None:
        self.long = self.long or max(1, self.workers // 2)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for a place in the short lane, and hold it or the one that follows.

        Raises:
            Retry: too many wait already.
        """
        turn = Turn()
        with self._changed:
            if self.waiting >= self.most:
                raise Retry("too many files are waiting to be worked on", code="busy", after=COME_AGAIN)
        try:
            self._enter(turn, Lane.SHORT)
            yield turn
        finally:
            self.leave(turn)

    @property
    def waiting(self) -> int:
        """Jobs that wait for the short lane."""
        return len(self._queues[Lane.SHORT])

    @property
    def crowded(self) -> bool:
        """Whether so many wait for the long lane that no more should stand in line."""
        return len(self._queues[Lane.LONG]) >= PAUSED_MOST

    def leave(self, turn: Turn) -> None:
        """Give a place up, in a lane or in a line for one."""
        with self._changed:
            for queue in self._queues.values():
                if turn in queue:
                    queue.remove(turn)
            self._move(turn, Lane.NONE)

    def lengthen(self, turn: Turn, seconds: float) -> bool:
        """Stand in line for the long lane, at most so long, and tell whether there is a place now.

        Who asks again after a False keeps the place in the line.
        """
        return self._enter(turn, Lane.LONG, seconds)

    def _enter(self, turn: Turn, lane: Lane, seconds: float | None = None) -> bool:
        with self._changed:
            queue = self._queues[lane]
            if turn not in queue:
                queue.append(turn)
            if not self._changed.wait_for(lambda: queue[0] is turn and self._room(lane), seconds):
                return False
            queue.popleft()
            self._move(turn, lane)
            return True

    def _room(self, lane: Lane) -> bool:
        short, long = self._running[Lane.SHORT], self._running[Lane.LONG]
        return short < self.workers if lane is Lane.SHORT else long < self.long or short + long < self.workers

    def _move(self, turn: Turn, to: Lane) -> None:
        self._running[turn.lane] -= 1
        self._running[to] += 1
        turn.lane = to
        self._changed.notify_all()
