"""SMS and MMS through Twilio.

What is Twilio's own is in ``signature``, ``wire_in``, ``wire_out``, ``errors`` and ``api``; the class here only
joins it to the hooks, so that another provider is another set of those.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path

import attrs

from mediacore import (
    Absent,
    Event,
    Finding,
    Limits,
    Outgoing,
    Receipt,
    Remote,
    Request,
    Response,
    Severity,
    hookimpl,
    read_limits,
)
from mediacore_sms import wire_in, wire_out
from mediacore_sms.api import Api
from mediacore_sms.settings import absolute, paired
from mediacore_sms.signature import verify

MEDIA_HOSTS = ("mms.twiliocdn.com", "s3-external-1.amazonaws.com")
"""Where Twilio keeps media files, behind its API: https://support.twilio.com/hc/en-us/articles/223183748"""


@attrs.frozen(eq=False)
class SmsChannel:
    """An SMS/MMS sender of one Twilio account.

    Args:
        account: the account's SID (``AC...``).
        token: its primary auth token, which signs webhooks and, without an API key, signs in.
        sender: the From number in E.164 form, or a messaging service's SID (``MG...``).
        public_url: the webhook's address exactly as Twilio calls it.
        previous_tokens: auth tokens or webhook shared keys that may also have signed, for rotation.
        api_key, api_secret: an API key to sign in with instead of the token.
        profile: which carrier limits hold: the kind of number that sends.
        api_url: Twilio's API; another region or a simulator.
        media_hosts: host names, or whole origins, that media files may be redirected to.
        timeout: seconds to wait for Twilio.
    """

    account: str
    token: str = attrs.field(repr=False)
    sender: str
    public_url: str = attrs.field(validator=absolute)
    previous_tokens: tuple[str, ...] = attrs.field(default=(), repr=False)
    api_key: str = ""
    api_secret: str = attrs.field(default="", repr=False, validator=paired)
    profile: str = "default"
    api_url: str = attrs.field(default="https://api.twilio.com", validator=absolute)
    media_hosts: tuple[str, ...] = MEDIA_HOSTS
    timeout: float = 20.0
    _api: Api = attrs.field(init=False, repr=False)
    _known: deque[tuple[str, str]] = attrs.field(init=False, repr=False, factory=lambda: deque(maxlen=1000))

    @hookimpl
    def limits(self) -> Limits:
        """What an MMS carries, for the kind of number that sends."""
        return read_limits(Path(__file__).with_name("limits.toml"), self.profile)

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        """An inbound message or a status callback."""
        return wire_in.events(request, verify(request, self.public_url, (self.token, *self.previous_tokens)))

    @hookimpl
    def reply(self, request: Request) -> Response | None:
        """Nothing to say, in Twilio's own markup."""
        return Response(200, "text/xml", wire_out.EMPTY_TWIML) if request.method == "POST" else None

    @hookimpl
    def fetch(self, remote: Remote, into: Path) -> str:
        """One media file of an inbound message."""
        most = self.limits().inbound.max_bytes
        return self._api.media(remote.ref, into, self.media_hosts, most.value if most else 0)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """One message with all its files."""
        receipt = self._api.create(wire_out.form(message, self.sender, self.public_url))
        self._known.append((message.key, receipt.source_id))
        return receipt

    @hookimpl
    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """The message whose answer was lost, when the account's list shows exactly one that must be it.

        Never ``Absent``: nothing promises that a message is listed as soon as it was taken. Otherwise the status
        callbacks tell, by our key in them. It needs no memory; ids that this process knows as other messages' only
        make it surer.
        """
        if message.tried is None:
            return None
        others = {sid for key, sid in tuple(self._known) if key != message.key}
        found = self._api.find(message, message.tried, others)
        if found is not None:
            self._known.append((message.key, found.source_id))
        return found

    @hookimpl
    def check(self) -> list[Finding]:
        """Whether the account answers."""
        status = self._api.answers()
        if status == 200:
            return []
        told = f"Twilio answered {status} for account {self.account}"
        return [Finding("account", Severity.REFUSE, told, "compare account and token with the Twilio console")]

    @_api.default
    def _sign_in(self) -> Api:
        auth = (self.api_key, self.api_secret) if self.api_key else (self.account, self.token)
        return Api(self.account, auth, self.api_url, self.timeout)
