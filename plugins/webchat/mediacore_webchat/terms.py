"""What an inbox's settings say to its endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from attrs import field, frozen
from starlette.requests import HTTPConnection

from mediacore import Limits


@frozen(eq=False)
class Terms:
    """The settings, as the endpoints need them.

    Args:
        secret: signs deliveries.
        secrets: sign tokens, the one in use last.
        origins: sites that may embed the chat; ``*`` for all.
        title: the chat's heading.
        limits: what it carries.
        identity_secrets: any of them proves who a visitor is.
        anonymous: whether visitors without an identity may write.
        sessions_per_minute: new visitors of one network address; 0 for no bound.
        messages_per_minute: of one visitor; 0 for no bound.
        uploads_per_hour: of one visitor; 0 for no bound.
    """

    secret: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    origins: Sequence[str]
    title: str
    limits: Limits
    identity_secrets: Sequence[str] = field(repr=False)
    anonymous: bool
    sessions_per_minute: int
    messages_per_minute: int
    uploads_per_hour: int

    def allow(self, connection: HTTPConnection) -> bool:
        """Whether the page that asks may: one of our own, one of a listed site, or no page at all."""
        origin = connection.headers.get("origin")
        own = connection.headers.get("host", "")
        return not origin or "*" in self.origins or origin in self.origins or urlsplit(origin).netloc == own
