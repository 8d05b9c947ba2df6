"""Twilio behind the channel: joins ``signature``, ``wire_in``, ``wire_out`` and ``api``."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import httpx2 as httpx

from mediacore import Absent, Event, Fetched, Finding, Outgoing, Receipt, Remote, Request, Response, Severity
from mediacore_sms import wire_in, wire_out
from mediacore_sms.api import Api
from mediacore_sms.provider import Offer
from mediacore_sms.settings import callable_by_twilio, paired
from mediacore_sms.signature import verify

if TYPE_CHECKING:
    from mediacore_sms import SmsChannel

API = "https://api.twilio.com"
MEDIA_HOSTS = ("mms.twiliocdn.com", "s3-external-1.amazonaws.com")
"""Where Twilio keeps media files, behind its API: https://support.twilio.com/hc/en-us/articles/223183748"""


@attrs.frozen(eq=False)
class Twilio:
    """One account at Twilio.

    Args:
        api: the calls to its REST API.
        sender: the number or the messaging service.
        public_url: the webhook's address.
        secrets: tokens and shared keys that may have signed.
        media_hosts: where media files may be redirected to.
    """

    api: Api
    sender: str
    public_url: str
    secrets: tuple[str, ...] = attrs.field(repr=False)
    media_hosts: tuple[str, ...]
    _known: deque[tuple[str, str]] = attrs.field(init=False, repr=False, factory=lambda: deque(maxlen=1000))

    @property
    def client(self) -> httpx.Client:
        """The connections."""
        return self.api.client

    def receive(self, request: Request) -> list[Event]:
        """An inbound message or a status callback."""
        return wire_in.events(request, verify(request, self.public_url, self.secrets))

    def reply(self, request: Request) -> Response | None:
        """Nothing to say, in Twilio's own markup."""
        return Response(200, "text/xml", wire_out.EMPTY_TWIML) if request.method == "POST" else None

    def fetch(self, remote: Remote, into: Path, max_bytes: int) -> Fetched:
        """One media file of an inbound message."""
        return self.api.media(remote.ref, into, self.media_hosts, max_bytes)

    def send(self, message: Outgoing) -> Receipt:
        """One message with all its files."""
        receipt = self.api.create(wire_out.form(message, self.sender, self.public_url))
        self._known.append((message.key, receipt.source_id))
        return receipt

    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """The message whose answer was lost, when the account's list shows exactly one that must be it.

        Never ``Absent``: nothing promises that a message is listed as soon as it was taken. Otherwise the status
        callbacks tell, by our key in them. It needs no memory; ids that this process knows as other messages' only
        make it surer.
        """
        if message.tried is None:
            return None
        others = {sid for key, sid in tuple(self._known) if key != message.key}
        found = self.api.find(message, message.tried, others)
        if found is not None:
            self._known.append((message.key, found.source_id))
        return found

    def check(self) -> list[Finding]:
        """Whether the account answers."""
        status = self.api.answers()
        if status == 200:
            return []
        told = f"Twilio answered {status} for account {self.api.account}"
        return [Finding("account", Severity.REFUSE, told, "compare account and token with the Twilio console")]


def build(settings: SmsChannel) -> Twilio:
    """Twilio from the settings.

    Raises:
        ConfigError: an API key without its secret, or an address that Twilio does not call.
    """
    paired(settings.api_key, settings.api_secret)
    callable_by_twilio(settings.public_url)
    own = (settings.account, settings.token)
    auth = (settings.api_key, settings.api_secret) if settings.api_key else own
    return Twilio(
        Api(settings.account, auth, settings.api_url or API, settings.timeout),
        settings.sender,
        settings.public_url,
        (settings.token, *settings.previous_tokens),
        settings.media_hosts or MEDIA_HOSTS,
    )


OFFER = Offer(
    build,
    needs=("account", "token"),
    knows=("previous_tokens", "api_key", "api_secret"),
    profiles=("default", "toll_free", "short_code", "long_code", "toll_free_narrow", "conservative", "time_critical"),
)
