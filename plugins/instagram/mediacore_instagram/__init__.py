"""Instagram messaging for mediacore: both of Meta's products, Instagram Login and the Messenger Platform."""

from __future__ import annotations

import weakref
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import attrs
import httpx2

from mediacore import (
    Absent,
    Attachment,
    ConfigError,
    Event,
    Fetched,
    Finding,
    InDoubt,
    Limits,
    Mark,
    Outgoing,
    Permanent,
    Receipt,
    Remote,
    Request,
    Response,
    Retry,
    Uploaded,
    call,
    download,
    hookimpl,
    read_limits,
)
from mediacore_instagram import lookup, uploads, wire_in, wire_out
from mediacore_instagram.attachments import MEDIA_HOSTS
from mediacore_instagram.faults import WINDOW, fault
from mediacore_instagram.signing import handshake, verify

_LIMITS: Final = Path(__file__).with_name("limits.toml")
# Meta fetches a file before it answers, for up to 75 s: waiting less would leave every large video in doubt.
_TIMEOUT: Final = httpx2.Timeout(90, connect=10)
_FILLED: Final[Any] = attrs.validators.min_len(1)


def _client() -> httpx2.Client:
    return httpx2.Client(timeout=_TIMEOUT, trust_env=False)


@attrs.frozen(eq=False)
class InstagramChannel:
    """One Instagram professional account.

    Args:
        account: its Instagram id, as webhooks name it.
        token: the access token: an Instagram User token (``login``) or a Page token (``page``).
        app_secrets: the app's secrets, any of which may have signed.
        verify_token: what was typed into Meta's dashboard beside the webhook's address.
        product: ``login`` for the Instagram API with Instagram Login, ``page`` for the Messenger Platform.
        api_url: another origin than the product's own, for proxies and simulators.
        version: the Graph API's version.
        media_hosts: where customers' files may be fetched from, each with everything below it, or whole origins.
        human_agent: tag what people write with HUMAN_AGENT when the 24-hour window is closed; Meta must have approved
            it.
        profile: which limits hold; the product's own when empty.
    """

    account: str
    token: str = attrs.field(repr=False)
    app_secrets: tuple[str, ...] = attrs.field(repr=False, validator=[_FILLED, attrs.validators.deep_iterable(_FILLED)])
    verify_token: str = attrs.field(repr=False, validator=_FILLED)
    product: Literal["login", "page"] = "login"
    api_url: str = ""
    version: str = "v25.0"
    media_hosts: tuple[str, ...] = MEDIA_HOSTS
    human_agent: bool = False
    profile: str = ""
    _client: httpx2.Client = attrs.field(init=False, repr=False, factory=_client)
    _limits: Limits = attrs.field(init=False, repr=False)
    _turns: lookup.Turns = attrs.field(init=False, repr=False, factory=lookup.Turns)
    _tries: deque[lookup.Try] = attrs.field(init=False, repr=False, factory=lambda: deque(maxlen=1000))

    @_limits.default
    def _read_limits(self) -> Limits:
        own = "page" if self.product == "page" else "default"
        limits = read_limits(_LIMITS, self.profile or own)
        if self.product == "login" and not limits.message.fetched:
            raise ConfigError(f"profile {self.profile!r} is for product 'page': only a Page takes uploads")
        if self.human_agent:
            return limits
        return attrs.evolve(limits, window=attrs.evolve(limits.window, person_hours=None))

    def __attrs_post_init__(self) -> None:
        """Close the connections once the channel is gone."""
        weakref.finalize(self, self._client.close)

    @hookimpl
    def limits(self) -> Limits:
        """The limits of the profile in the settings."""
        return self._limits

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        """Verify and parse one webhook."""
        verify(request, self.app_secrets)
        return wire_in.parse(request.body, wire_in.Account(self.account, self.media_hosts))

    @hookimpl
    def reply(self, request: Request) -> Response | None:
        """Answer the handshake; everything else is an empty 200."""
        return handshake(request.url, self.verify_token) if request.method == "GET" else None

    @hookimpl
    def fetch(self, remote: Remote, into: Path, limits: Limits) -> Fetched:
        """Bring a file from Meta's file hosts; its address is signed, so no token goes there."""
        bound = limits.inbound.max_bytes
        most = bound.value if bound else 0
        return download(self._client, remote.ref, into, hosts=self.media_hosts, max_bytes=most)

    @hookimpl
    def upload(self, attachment: Attachment) -> Uploaded | None:
        """Bring a file to Meta ahead of its message, where the product has a place for it.

        A Page whose API does not take bytes has the file fetched from our address instead, where there is one.
        """
        if self.product == "login":
            return None
        try:
            return uploads.bring(self._client, self._url(f"{self._node}/message_attachments"), self._auth, attachment)
        except InDoubt as error:  # a file that lies there twice does no harm
            raise Retry(error.message, code=error.code) from error
        except Permanent:
            if not attachment.url:
                raise
            return None

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        """Send one message; tagged as a person's answer only when one wrote it and the window proves closed."""
        try:
            receipt = self._hand_over(message)
        except InDoubt:
            self._remember(message)
            raise
        self._remember(message, receipt.source_id)
        return receipt

    @hookimpl
    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        """Look for the message in its conversation at Instagram."""
        if message.tried is None:
            return None
        try:
            found = lookup.find(self._get, self._node, self.account, message, message.tried, tuple(self._tries))
        except InDoubt as error:  # reading changes nothing, so it can simply be asked again
            raise Retry(error.message, code=error.code) from error
        except Permanent:  # the account may send but not read, or the conversation is hidden
            return None
        if isinstance(found, Receipt):
            self._remember(message, found.source_id)
        return found

    @hookimpl
    def mark(self, mark: Mark) -> bool:
        """Show "seen", or that an answer is being written."""
        try:
            status, content = self._post(wire_out.mark_body(mark))
            if status != 200:
                raise fault(status, content)
        except InDoubt as error:  # it may happen twice
            raise Retry(error.message, code=error.code) from error
        return True

    @hookimpl
    def check(self) -> list[Finding]:
        """Ask whether the token works and the account's webhooks are switched on."""
        answer = call(self._client, "GET", self._url(f"{self._node}/subscribed_apps"), headers=self._auth, timeout=10)
        return wire_out.subscription(answer.status_code, answer.content)

    @hookimpl
    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _hand_over(self, message: Outgoing) -> Receipt:
        try:
            return wire_out.receipt(*self._post(wire_out.send_body(message, human=False)))
        except Permanent as refusal:
            if message.automatic or not self.human_agent or refusal.code not in WINDOW:
                raise
        return wire_out.receipt(*self._post(wire_out.send_body(message, human=True)))

    def _remember(self, message: Outgoing, mid: str = "") -> None:
        self._tries.append(lookup.Try(message.key, datetime.now(UTC), mid))

    def _post(self, body: dict[str, Any]) -> tuple[int, bytes]:
        answer = call(self._client, "POST", self._url(f"{self._node}/messages"), headers=self._auth, json=body)
        return answer.status_code, answer.content

    def _get(self, path: str, **query: str) -> bytes:
        self._turns.wait()
        answer = call(self._client, "GET", self._url(path), headers=self._auth, params=query, timeout=20)
        if answer.status_code != 200:
            raise fault(answer.status_code, answer.content)
        return answer.content

    @property
    def _node(self) -> str:
        # The Page's id is not the account's: a Page token's own node is ``me``.
        return self.account if self.product == "login" else "me"

    def _url(self, path: str) -> str:
        origin = (self.api_url or wire_out.HOSTS[self.product]).rstrip("/")
        return f"{origin}/{self.version}/{path}"

    @property
    def _auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
