"""WhatsApp through Meta's Business Cloud API.

What the provider says is in ``signature``, ``wire_in``, ``content``, ``wire_out`` and ``errors``; ``graph`` makes the
calls; this class joins them to the hooks.
"""

from __future__ import annotations

import weakref
from pathlib import Path

import attrs
import httpx2 as httpx

from mediacore import (
    Attachment,
    Event,
    Fetched,
    Finding,
    Limits,
    Mark,
    MediacoreError,
    Outgoing,
    Receipt,
    Remote,
    Request,
    Response,
    Severity,
    Uploaded,
    hookimpl,
    read_limits,
)
from mediacore_whatsapp import cards, wire_in, wire_out
from mediacore_whatsapp.graph import Graph
from mediacore_whatsapp.signature import handshake, verify

API_URL = "https://graph.facebook.com/v25.0"
MEDIA_HOSTS = ("lookaside.fbsbx.com", "fbcdn.net")
"""Where Meta serves customers' files:
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/image"""
LIMITS = Path(__file__).with_name("limits.toml")


def _connected(timeout: float) -> httpx.Client:
    """A client with a name of its own: Meta's file hosts answer strangers with a web page."""
    return httpx.Client(timeout=timeout, trust_env=False, headers={"User-Agent": "mediacore-whatsapp/0.1"})


def _some(_channel: object, field: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
    if not value or not all(value):
        raise ValueError(f"{field.alias} must hold at least one secret, and no empty one")


@attrs.frozen(eq=False)
class WhatsAppChannel:
    """One WhatsApp Business number.

    Args:
        phone_number_id: Meta's id of the number (not the number itself).
        token: the access token of a system user.
        app_secrets: the app's secret, or a list of several while one replaces another.
        verify_token: what was typed into Meta's form beside the webhook's address.
        api_url: the Graph API with its version.
        media_hosts: host names, or whole origins, that files may be fetched from.
        profile: which limits hold.
        timeout: seconds to wait for Meta.
    """

    phone_number_id: str = attrs.field(validator=attrs.validators.min_len(1))
    token: str = attrs.field(repr=False, validator=attrs.validators.min_len(1))
    app_secrets: tuple[str, ...] = attrs.field(repr=False, validator=_some)
    verify_token: str = attrs.field(repr=False, validator=attrs.validators.min_len(1))
    api_url: str = API_URL
    media_hosts: tuple[str, ...] = MEDIA_HOSTS
    profile: str = "default"
    timeout: float = 30.0
    _client: httpx.Client = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: _connected(self.timeout), takes_self=True),
    )

    def __attrs_post_init__(self) -> None:
        """Close the connections once the channel is gone."""
        weakref.finalize(self, self._client.close)

    @hookimpl
    def limits(self) -> Limits:
        """What a WhatsApp message carries."""
        return read_limits(LIMITS, self.profile)

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        """Verify the signature, then read every entry, change, message and status."""
        verify(request, self.app_secrets)
        return wire_in.events(request.body, self.phone_number_id)

    @hookimpl
    def reply(self, request: Request) -> Response | None:
        """The verification handshake; deliveries get an empty 200."""
        return handshake(request, self.verify_token) if request.method == "GET" else None

    @hookimpl
    def fetch(self, remote: Remote, request: Request, into: Path, limits: Limits) -> Fetched:
        """A customer's file; a shared contact stands in the delivery itself."""
        if remote.extra.get("kind") == cards.KIND:
            into.write_bytes(cards.fetched(remote, request.body))
            return Fetched(cards.TYPE)
        return self._graph(limits).fetch(remote, into)

    @hookimpl
    def upload(self, attachment: Attachment) -> Uploaded:
        """Bring a file to Meta, ahead of its message."""
        return self._graph().upload(attachment)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """One text or one file with its caption."""
        if len(message.attachments) == 1:
            return self._graph().send_media(message, message.attachments[0])
        return self._graph().send(wire_out.payload(message))

    @hookimpl
    def mark(self, mark: Mark) -> bool:
        """Two grey ticks become blue, and the typing dots show for 25 seconds at most."""
        self._graph().mark(wire_out.read_mark(mark))
        return True

    @hookimpl
    def check(self) -> list[Finding]:
        """Whether the number answers to the token."""
        try:
            self._graph().check()
        except MediacoreError as error:
            remedy = "compare phone_number_id and token with WhatsApp Manager"
            return [Finding("account", Severity.REFUSE, str(error), remedy)]
        return []

    @hookimpl
    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _graph(self, limits: Limits | None = None) -> Graph:
        most = (limits or self.limits()).inbound.max_bytes
        bound = most.value if most else 0
        return Graph(self._client, self.api_url, self.phone_number_id, self.token, self.media_hosts, bound)
