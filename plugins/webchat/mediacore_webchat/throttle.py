"""How often somebody may ask: token buckets in memory, which refill steadily and are forgotten at a restart."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from mediacore import Refused

KEYS = 20_000
"""Buckets kept at a time; the one that was not used for longest goes first."""


class TooFast(Refused):
    """Somebody asks more often than is agreed.

    Args:
        seconds: when the next try may succeed.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__("too many requests: wait a little", code="too-fast", status=429)
        self.after = max(1, math.ceil(seconds))


class Throttle:
    """At most ``count`` calls in ``seconds`` for each key, of which all may come at once.

    Args:
        count: calls; 0 for no bound.
        seconds: the time in which an empty bucket is full again.
        clock: seconds that only grow.
    """

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._seconds, self._clock = count, seconds, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """One call.

        Raises:
            TooFast: 429, with the seconds to wait.
        """
        if not self._count:
            return
        with self._lock:
            now, each = self._clock(), self._seconds / self._count
            left, at = self._buckets.pop(key, (float(self._count), now))
            left = min(float(self._count), left + (now - at) / each)
            self._buckets[key] = (left - 1 if left >= 1 else left, now)
            if len(self._buckets) > KEYS:
                self._buckets.popitem(last=False)
        if left < 1:
            raise TooFast((1 - left) * each)
