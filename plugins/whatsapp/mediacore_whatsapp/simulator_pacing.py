"""When simulated Meta lets a business write to a customer: the pair rate and the 24-hour window."""

from __future__ import annotations

import time

from attrs import define, field


@define
class Pacing:
    """The quota of each customer.

    Args:
        burst: messages that may be borrowed from future quota at once; Meta's figure is 45.
        gap: seconds that give back one of them; Meta's figure is 6 (10 a minute, 600 an hour):
            https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform#rate-limits
        window: seconds after a customer's message in which the business may write freely; Meta's figure is 24 hours:
            https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
        strangers: a customer who never wrote here is taken to have written just before the simulator started.
    """

    burst: int = 45
    gap: float = 6.0
    window: float = 86_400.0
    strangers: bool = True
    _left: dict[str, tuple[float, float]] = field(factory=dict, init=False)
    _wrote: dict[str, float] = field(factory=dict, init=False)

    def take(self, customer: str) -> bool:
        """Use one message of a customer's quota, if any is left."""
        now = time.monotonic()
        left, since = self._left.get(customer, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) / self.gap)
        self._left[customer] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def wrote(self, customer: str) -> None:
        """A customer wrote: the window opens again."""
        self._wrote[customer] = time.monotonic()

    def lapse(self, customer: str) -> None:
        """Let a customer's window close now."""
        self._wrote[customer] = float("-inf")

    def open(self, customer: str) -> bool:
        """Whether the business may write freely to a customer."""
        if customer not in self._wrote:
            return self.strangers
        return time.monotonic() - self._wrote[customer] < self.window
