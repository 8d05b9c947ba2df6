"""What the tests of this channel share: a webhook of ours, a place that serves files, and the simulated Twilio."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from mediacore_sms.simulator import TwilioSimulator
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import Response as WebResponse
from starlette.routing import Route

from mediacore import Attachment, Event, Facts, Header, Inbox, Media, Refused, Request, mount
from mediacore.testkit import Server

AVAILABLE = {"sms": EntryPoint("sms", "mediacore_sms:SmsChannel", "mediacore.channels")}


class Webhook:
    """Our runner's webhook, as far as this channel sees it."""

    def __init__(self) -> None:
        self.inbox: Inbox | None = None
        self.requests: list[Request] = []
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self.server = Server(Starlette(routes=[Route("/sms", self._take, methods=["POST"])]))
        self.url = f"{self.server.url}/sms?acct=7"

    async def _take(self, web: WebRequest) -> WebResponse:
        headers = tuple(Header(name, value) for name, value in web.headers.items())
        request = Request("POST", str(web.url), headers, await web.body())
        assert self.inbox is not None
        try:
            found = self.inbox.receive(request)
        except Refused as refused:
            return WebResponse(status_code=refused.status)
        answer = self.inbox.reply(request)
        with self._changed:
            self.requests.append(request)
            self.events.extend(found)
            self._changed.notify_all()
        return WebResponse(answer.body, answer.status, media_type=answer.type)

    def wait(self, wanted: Callable[[list[Event]], bool], timeout: float = 15.0) -> list[Event]:
        """The events, once they satisfy a condition."""
        end = time.monotonic() + timeout
        with self._changed:
            while not wanted(self.events):
                assert self._changed.wait(max(0.0, end - time.monotonic())) or time.monotonic() < end, self.events
            return list(self.events)


class Shelf:
    """Serves files as the runner does for providers that fetch: GET and HEAD, inline, under the file's name."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes, str]] = {}
        self.hidden = False
        self.busy = 0
        self.server = Server(Starlette(routes=[Route("/{key}", self._serve, methods=["GET", "HEAD"])]))

    async def _serve(self, web: WebRequest) -> WebResponse:
        if self.busy:
            self.busy -= 1
            return WebResponse(status_code=503)
        if self.hidden or web.path_params["key"] not in self.files:
            return WebResponse(status_code=404)
        mime, data, name = self.files[web.path_params["key"]]
        disposition = f'inline; filename="{name}"'
        return WebResponse(data, headers={"Content-Type": mime, "Content-Disposition": disposition})

    def put(self, data: bytes, mime: str, name: str, says: str = "") -> Attachment:
        """An attachment that can be fetched; ``says`` is another type than the true one to serve it with."""
        key = hashlib.sha256(data).hexdigest()
        self.files[key] = (says or mime, data, name)
        return Attachment(Media(Path(name), mime, len(data), key), name, url=f"{self.server.url}/{key}")


@pytest.fixture
def available() -> dict[str, EntryPoint]:
    return AVAILABLE


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    with hook.server:
        yield hook


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    with shelf.server:
        yield shelf


@pytest.fixture
def simulator(webhook: Webhook) -> Iterator[TwilioSimulator]:
    with TwilioSimulator(webhook=webhook.url) as simulator:
        yield simulator


@pytest.fixture
def mounted(webhook: Webhook, simulator: TwilioSimulator) -> Iterator[Callable[..., Inbox]]:
    """Mounts the channel against the simulator, with settings laid over, and closes its client afterwards."""
    made: list[Inbox] = []

    def build(**settings: Any) -> Inbox:
        inbox = mount("line", simulator.settings() | settings, available=AVAILABLE)
        made.append(inbox)
        webhook.inbox = inbox
        return inbox

    yield build
    for inbox in made:
        inbox._plugin._api.client.close()


@pytest.fixture
def telnyx(webhook: Webhook) -> Iterator[Any]:
    """The simulated Telnyx; without the package that signs, its tests are left out."""
    pytest.importorskip("cryptography")
    from mediacore_sms.telnyx_simulator import TelnyxSimulator

    with TelnyxSimulator(webhook=webhook.url) as simulator:
        yield simulator


@pytest.fixture
def line(webhook: Webhook, telnyx: Any) -> Iterator[Inbox]:
    """An inbox on the simulated Telnyx."""
    inbox = mount("line", telnyx.settings(), available=AVAILABLE)
    webhook.inbox = inbox
    yield inbox
    inbox._plugin._api.client.close()


@pytest.fixture
def inbox(mounted: Callable[..., Inbox]) -> Inbox:
    return mounted()


@pytest.fixture
def jpeg() -> bytes:
    sink = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(sink, "JPEG", quality=80)
    return sink.getvalue()


@pytest.fixture
def pdf() -> bytes:
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def described() -> Callable[..., Attachment]:
    """An attachment with facts and no bytes, for the planner."""

    def build(name: str, mime: str, size: int, **facts: Any) -> Attachment:
        return Attachment(Media(Path(name), mime, size, "0" * 64, Facts(**facts)), name)

    return build
