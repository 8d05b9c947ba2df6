"""The simulator's time, which a test can move forward: five minutes, a day, a month."""

from __future__ import annotations

import time

from attrs import define, field


@define
class Clock:
    """Seconds that only go forward, and faster where asked."""

    _ahead: float = field(default=0.0, init=False)

    def now(self) -> float:
        """Seconds since an unnamed moment."""
        return time.monotonic() + self._ahead

    def forward(self, seconds: float) -> None:
        """Let time pass: addresses and ids run out, windows close, quota comes back."""
        self._ahead += seconds
