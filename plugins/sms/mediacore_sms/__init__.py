"""SMS and MMS through Twilio or Telnyx.

What is a provider's own stands behind ``provider.Provider``; the class here joins it to the hooks and picks one from a
table, so that another provider is one more row of it.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from mediacore import (
    Absent,
    ConfigError,
    Event,
    Fetched,
    Finding,
    Limits,
    Outgoing,
    Receipt,
    Remote,
    Request,
    Response,
    hookimpl,
    read_limits,
)
from mediacore_sms import telnyx, twilio
from mediacore_sms.provider import Provider
from mediacore_sms.settings import absolute

PROVIDERS = {"twilio": twilio.OFFER, "telnyx": telnyx.OFFER}
OWN = frozenset(setting for offer in PROVIDERS.values() for setting in (*offer.needs, *offer.knows))
"""Settings that not every provider has."""


@attrs.frozen(eq=False)
class SmsChannel:
    """An SMS/MMS sender of one account.

    Args:
        sender: the From number in E.164 form, or with Twilio a messaging service's SID (``MG...``).
        public_url: the webhook's address exactly as the provider calls it.
        provider: ``twilio`` or ``telnyx``.
        account: Twilio: the account's SID (``AC...``).
        token: Twilio: its primary auth token, which signs webhooks and, without an API key, signs in.
        previous_tokens: Twilio: tokens or webhook shared keys that may also have signed, for rotation.
        api_key: Telnyx: the API key (V2). Twilio: an API key's SID, to sign in with instead of the token.
        api_secret: Twilio: that API key's secret.
        public_keys: Telnyx: the account's public key as the portal shows it, in base64; several during a rotation.
        profile: which limits hold: the kind of number that sends; the provider's narrowest when empty.
        api_url: the provider's API; another region or a simulator. The provider's own when empty.
        media_hosts: host names, or whole origins, that media files come from. The provider's own when empty.
        timeout: seconds to wait for the provider.
    """

    sender: str
    public_url: str = attrs.field(validator=absolute)
    provider: str = "twilio"
    account: str = ""
    token: str = attrs.field(default="", repr=False)
    previous_tokens: tuple[str, ...] = attrs.field(default=(), repr=False)
    api_key: str = attrs.field(default="", repr=False)
    api_secret: str = attrs.field(default="", repr=False)
    public_keys: tuple[str, ...] = ()
    profile: str = ""
    api_url: str = attrs.field(default="", validator=absolute)
    media_hosts: tuple[str, ...] = ()
    timeout: float = 20.0
    _api: Provider = attrs.field(init=False, repr=False)

    @hookimpl
    def limits(self) -> Limits:
        """What an MMS carries, for the provider and the kind of number that sends."""
        profile = self.profile or PROVIDERS[self.provider].profiles[0]
        limits = read_limits(Path(__file__).with_name("limits.toml"), profile)
        # a profile takes a sort of file out by leaving it no types
        return attrs.evolve(limits, accept=tuple(sort for sort in limits.accept if sort.types))

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        """An inbound message or a status callback."""
        return self._api.receive(request)

    @hookimpl
    def reply(self, request: Request) -> Response | None:
        """What the provider wants to hear: nothing, in its own form."""
        return self._api.reply(request)

    @hookimpl
    def fetch(self, remote: Remote, into: Path, limits: Limits) -> Fetched:
        """One media file of an inbound message."""
        most = limits.inbound.max_bytes
        return self._api.fetch(remote, into, most.value if most else 0)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """One message with all its files."""
        return self._api.send(message)

    @hookimpl
    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """The message whose answer was lost, where the provider can be asked for it."""
        return self._api.reconcile(message)

    @hookimpl
    def check(self) -> list[Finding]:
        """Whether the account answers."""
        return self._api.check()

    @hookimpl
    def close(self) -> None:
        """Close the connections."""
        self._api.client.close()

    @_api.default
    def _choose(self) -> Provider:
        if self.provider not in PROVIDERS:
            raise ConfigError(f"provider must be one of {', '.join(PROVIDERS)}, not {self.provider!r}")
        offer = PROVIDERS[self.provider]
        offer.check(self.provider, self, OWN - {*offer.needs, *offer.knows})
        return offer.build(self)
