"""How a simulator can be told to misbehave, the way providers do on bad days."""

from __future__ import annotations

import threading
from collections import deque
from enum import StrEnum


class Act(StrEnum):
    """One thing that goes wrong."""

    ERROR = "error"
    """Answer 503 and take nothing."""
    HANG_AFTER = "hang-after"
    """Take the request, then never answer."""
    DROP_AFTER = "drop-after"
    """Take the request, then close the connection without an answer."""
    THROTTLE = "throttle"
    """Answer with the provider's own rate-limit error and take nothing."""
    DUPLICATE = "duplicate"
    """Deliver the next callback twice."""
    REORDER = "reorder"
    """Deliver the next two callbacks in the wrong order."""
    WRONG_TYPE = "wrong-type"
    """Serve the next media file with a wrong Content-Type."""
    LATE_MEDIA = "late-media"
    """Answer 404 for the next media file once, as if it were not there yet."""
    UNAUTHORIZED = "unauthorized"
    """Refuse the credentials of the next call."""


class Mischief:
    """Acts waiting to happen; each is used up by the first occasion that fits it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Act, deque[str]] = {act: deque() for act in Act}

    def plan(self, act: Act, times: int = 1, where: str = "") -> None:
        """Let an act happen on the next occasions.

        Args:
            act: what goes wrong.
            times: how often.
            where: only where the simulator names this place (``send``, ``upload``, ``media``); anywhere when empty.
        """
        with self._lock:
            self._waiting[act].extend([where] * times)

    def take(self, act: Act, where: str = "") -> bool:
        """Whether the act is due here; uses it up."""
        with self._lock:
            waiting = self._waiting[act]
            if waiting and waiting[0] in ("", where):
                waiting.popleft()
                return True
            return False
