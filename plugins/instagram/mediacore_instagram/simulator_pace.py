"""How often simulated Meta lets an account call in a second.

Source (2026-03-23):
https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from attrs import define, field

from mediacore_instagram.simulator_rules import GraphError, Order

THROTTLED = GraphError(400, 613, 0, "Calls to this api have exceeded the rate limit.")


@define(eq=False)
class Pace:
    """Counts the calls of one account.

    The page names text, links, reactions and stickers, and audio and video; pictures and PDFs are on neither list, so
    they count with what may be called oftener.

    Args:
        sends: messages in a second.
        recordings: those of them with audio or video.
        looks: calls of the Conversations API in a second.
        clock: seconds since an unnamed moment.
    """

    sends: int = 300
    recordings: int = 10
    looks: int = 2
    clock: Callable[[], float] = time.monotonic
    _calls: dict[str, deque[float]] = field(factory=dict, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def send(self, order: Order) -> None:
        """One message.

        Raises:
            GraphError: 613, there were too many within a second.
        """
        with self._lock:
            self._count("sends", self.sends)
            if any(piece.kind in ("audio", "video") for piece in order.files):
                self._count("recordings", self.recordings)

    def look(self) -> None:
        """One call of the Conversations API; raises as ``send``."""
        with self._lock:
            self._count("looks", self.looks)

    def _count(self, sort: str, most: int) -> None:
        now, calls = self.clock(), self._calls.setdefault(sort, deque())
        while calls and calls[0] <= now - 1:
            calls.popleft()
        if len(calls) >= most:
            raise THROTTLED
        calls.append(now)
