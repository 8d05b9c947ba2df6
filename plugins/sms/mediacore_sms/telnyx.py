"""Telnyx behind the channel: joins ``telnyx_signature`` and ``telnyx_wire`` to its API."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import httpx2 as httpx

from mediacore import (
    Absent,
    Event,
    Fetched,
    Finding,
    Outgoing,
    Receipt,
    Remote,
    Request,
    Response,
    Severity,
    call,
    download,
)
from mediacore_sms import telnyx_wire
from mediacore_sms.provider import Offer
from mediacore_sms.telnyx_signature import keys, verify

if TYPE_CHECKING:
    from mediacore_sms import SmsChannel

API = "https://api.telnyx.com"
MEDIA_HOSTS = ("media.telnyx.com",)
"""Where Telnyx keeps media files: https://developers.telnyx.com/docs/messaging/messages/send-receive-mms/index"""


@attrs.frozen(eq=False)
class Telnyx:
    """One account at Telnyx.

    Args:
        url: where the API is.
        api_key: what signs in.
        sender: the number.
        public_url: the webhook's address.
        known: the public keys with which its deliveries may be signed.
        media_hosts: where media files come from.
        client: the connections.
    """

    url: str
    api_key: str = attrs.field(repr=False)
    sender: str
    public_url: str
    known: tuple[Any, ...] = attrs.field(repr=False)
    media_hosts: tuple[str, ...]
    client: httpx.Client = attrs.field(repr=False)

    def __attrs_post_init__(self) -> None:
        """Close the connections once the account is no longer used."""
        weakref.finalize(self, self.client.close)

    def receive(self, request: Request) -> list[Event]:
        """An inbound message or a status."""
        verify(request, self.known)
        return telnyx_wire.events(request.body)

    def reply(self, request: Request) -> Response | None:  # noqa: ARG002 - the same for every delivery
        """Nothing: any 2xx will do."""
        return None

    def fetch(self, remote: Remote, into: Path, max_bytes: int) -> Fetched:
        """One media file of an inbound message; its address is the permission, so no key goes there."""
        return download(self.client, remote.ref, into, hosts=self.media_hosts, max_bytes=max_bytes)

    def send(self, message: Outgoing) -> Receipt:
        """One message with all its files."""
        told = telnyx_wire.order(message, self.sender, self.public_url)
        answer = call(self.client, "POST", self._address("messages"), json=told, headers=self._headers)
        return telnyx_wire.receipt(answer.status_code, answer.headers, answer.content)

    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:  # noqa: ARG002 - the same for every message
        """None: Telnyx finds a message by its own id only, so the statuses tell, by our key in each."""
        return None

    def check(self) -> list[Finding]:
        """Whether the API key is taken, by a call that only reads.

        https://developers.telnyx.com/docs/messaging/messages/configuration-and-usage
        """
        answer = call(self.client, "GET", self._address("messaging_profiles"), headers=self._headers)
        if answer.status_code == 200:
            return []
        told = str(telnyx_wire.refusal(answer.status_code, answer.headers, answer.content))
        return [Finding("account", Severity.REFUSE, told, "compare api_key with the API keys in the Telnyx portal")]

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def _address(self, tail: str) -> str:
        return f"{self.url.rstrip('/')}/v2/{tail}"


def build(settings: SmsChannel) -> Telnyx:
    """Telnyx from the settings.

    Raises:
        ConfigError: a public key is none, or the extra for Ed25519 is not installed.
    """
    known = keys(settings.public_keys)
    return Telnyx(
        settings.api_url or API,
        settings.api_key,
        settings.sender,
        settings.public_url,
        known,
        settings.media_hosts or MEDIA_HOSTS,
        httpx.Client(timeout=settings.timeout, trust_env=False),
    )


OFFER = Offer(build, needs=("api_key", "public_keys"), knows=(), profiles=("telnyx", "telnyx_long_code"))
