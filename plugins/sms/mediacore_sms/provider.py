"""The seam behind the channel: what every SMS provider answers, and which settings each one needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import httpx2 as httpx
from attrs import frozen

from mediacore import Absent, ConfigError, Event, Fetched, Finding, Outgoing, Receipt, Remote, Request, Response

if TYPE_CHECKING:
    from mediacore_sms import SmsChannel


class Provider(Protocol):
    """One account at one provider: the channel's hooks, without what is the same for all."""

    @property
    def client(self) -> httpx.Client:
        """The connections, for whoever must close them at once."""

    def receive(self, request: Request) -> list[Event]:
        """Verify and read one delivery. Pure."""

    def reply(self, request: Request) -> Response | None:
        """What the provider wants to hear."""

    def fetch(self, remote: Remote, into: Path, max_bytes: int) -> Fetched:
        """Bring one file; returns its Content-Type."""

    def send(self, message: Outgoing) -> Receipt:
        """One message with all its files."""

    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """Whether a message was taken whose answer was lost."""

    def check(self) -> list[Finding]:
        """Whether the account answers."""


@frozen
class Offer:
    """One provider in the channel's table.

    Args:
        build: makes the provider from the settings.
        needs: settings of its own that must be there.
        knows: settings of its own that may be there.
        profiles: whose limits may be chosen, the default first.
    """

    build: Callable[[SmsChannel], Provider]
    needs: tuple[str, ...]
    knows: tuple[str, ...]
    profiles: tuple[str, ...]

    def check(self, provider: str, settings: SmsChannel, strange: frozenset[str]) -> None:
        """Compare the settings with what this provider needs and knows.

        Args:
            provider: its name.
            settings: what the site wrote.
            strange: settings of any provider that are none of this one's.

        Raises:
            ConfigError: everything that is missing or another provider's, in one message; or a profile of another's.
        """
        missing = [name for name in self.needs if not getattr(settings, name)]
        unknown = sorted(name for name in strange if getattr(settings, name))
        faults = [f"{label} {', '.join(found)}" for label, found in (("needs", missing), ("has no", unknown)) if found]
        if faults:
            raise ConfigError(f"provider {provider!r} {' and '.join(faults)}")
        if settings.profile and settings.profile not in self.profiles:
            known = ", ".join(self.profiles)
            raise ConfigError(f"provider {provider!r} has no profile {settings.profile!r}; it has {known}")
