"""When simulated Meta lets a business write: the number's throughput, the pair rate and the 24-hour window."""

from __future__ import annotations

from attrs import define, field

from mediacore_whatsapp.simulator_clock import Clock


@define
class Pacing:
    """The quota of the number and of each customer.

    Args:
        burst: messages that may be borrowed from future quota at once; Meta's figure is 45.
        gap: seconds that give back one of them; Meta's figure is 6 (10 a minute, 600 an hour):
            https://developers.facebook.com/documentation/business-messaging/whatsapp/about-the-platform#rate-limits
        second: messages of the number in a second, to and from all its customers; Meta's figure is 80:
            https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
        window: seconds after a customer's message in which the business may write freely; Meta's figure is 24 hours:
            https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
        strangers: a customer who never wrote here is taken to have written just before the simulator started.
        clock: its time.
    """

    burst: int = 45
    gap: float = 6.0
    second: int = 80
    window: float = 86_400.0
    strangers: bool = True
    clock: Clock = field(factory=Clock)
    _left: dict[str, tuple[float, float]] = field(factory=dict, init=False)
    _wrote: dict[str, float] = field(factory=dict, init=False)
    _start: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Strangers wrote when this began."""
        self._start = self.clock.now()

    def take(self, customer: str) -> bool:
        """Use one message of a customer's quota, if any is left."""
        return self._use(f"to {customer}", float(self.burst), 1 / self.gap)

    def flow(self) -> bool:
        """Use one message of the number's throughput, if any is left."""
        return self._use("all", float(self.second), float(self.second))

    def wrote(self, *names: str) -> None:
        """A customer, by whatever names, wrote: the window opens again, and the message counts."""
        self._wrote |= dict.fromkeys(names, self.clock.now())
        self.flow()

    def lapse(self, customer: str) -> None:
        """Let a customer's window close now."""
        self._wrote[customer] = float("-inf")

    def open(self, customer: str) -> bool:
        """Whether the business may write freely to a customer."""
        since = self._wrote.get(customer, self._start if self.strangers else float("-inf"))
        return self.clock.now() - since < self.window

    def _use(self, whose: str, most: float, rate: float) -> bool:
        now = self.clock.now()
        left, since = self._left.get(whose, (most, now))
        left = min(most, left + (now - since) * rate)
        self._left[whose] = (left - 1 if left >= 1 else left, now)
        return left >= 1
