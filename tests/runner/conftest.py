"""A site with a small channel of its own, behind a real web server on loopback, and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx2 as httpx
import pytest

from mediacore import (
    Accept,
    Contact,
    Event,
    Fetched,
    Figure,
    Finding,
    InboundMessage,
    Kind,
    Limits,
    Outgoing,
    Receipt,
    Refused,
    Remote,
    Request,
    Response,
    Retry,
    Route,
    Severity,
    hookimpl,
)
from mediacore.hosting import Host
from mediacore.runner.config import Config, SiteSettings, from_tables
from mediacore.runner.edge import application
from mediacore.runner.output import console
from mediacore.runner.site import Site
from mediacore.testkit import Server

SOURCE = "https://provider.example/limits"


@attrs.frozen(eq=False)
class Fake:
    """A channel whose provider signs with a word and is never reached."""

    token: str = attrs.field(repr=False)
    greeting: str = "hello"
    broken: bool = False

    @hookimpl
    def limits(self) -> Limits:
        accept = (
            Accept("image", Kind.IMAGE, ("image/jpeg", "image/png"), Figure(1_000_000, SOURCE)),
            Accept("text", Kind.TEXT, ("text/plain",)),
        )
        return Limits("fake", "Fake", "default", accept)

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        if request.header("x-sign") != self.token:
            raise Refused("the signature is wrong", code="signature")
        told = json.loads(request.body)
        remotes = tuple(Remote(str(n), name) for n, name in enumerate(told.get("files", ())))
        return [InboundMessage(told["id"], Contact(told.get("from", "+1")), told["text"], remotes)]

    @hookimpl
    def reply(self, request: Request) -> Response | None:
        if request.method != "GET":
            return None
        if f"token={self.token}" not in request.url:
            raise Refused("the token is wrong", code="token")
        return Response(200, "text/plain", self.greeting.encode())

    @hookimpl
    def fetch(self, remote: Remote, into: Path) -> Fetched:
        into.write_text(f"file {remote.ref}")
        return Fetched("text/plain")

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        raise Retry(f"nobody is there to take {message.key}")

    @hookimpl
    def routes(self, host: Host) -> list[Route]:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": host.inbox.encode()})

        return [Route("/widget", app)]

    @hookimpl
    def check(self) -> list[Finding]:
        return [Finding("account", Severity.REFUSE, "the account is closed", "open it")] if self.broken else []


@attrs.frozen
class Point:
    """An entry point that leads to the class above."""

    name: str = "fake"
    value: str = "tests:Fake"
    dist: None = None

    def load(self) -> type:
        return Fake


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel ``fake`` is installed, and no other."""
    for module in ("site", "commands.limits", "commands.start"):
        name = "installed" if module == "commands.limits" else "channels"
        monkeypatch.setattr(f"mediacore.runner.{module}.{name}", lambda *_: {"fake": Point()})


@pytest.fixture
def sites(tmp_path: Path, fake: None) -> Iterator[Callable[..., Site]]:
    """Builds sites with one inbox ``line``; closed afterwards."""
    made: list[Site] = []

    def build(site: SiteSettings | None = None, desk: Any = None, folder: Path | None = None, **table: Any) -> Site:
        settings = site or SiteSettings(public_url="https://here.example", ocr=False, secret="s" * 32)
        inboxes = {"line": {"channel": "fake", "token": "good", **table}}
        config: Config = from_tables(settings, inboxes, folder or tmp_path)
        made.append(Site(config, desk))
        return made[-1]

    yield build
    for site in made:
        site.close()


@pytest.fixture
def site(sites: Callable[..., Site]) -> Site:
    return sites()


@attrs.define(eq=False)
class Web:
    """The site's web edge on loopback, and a client for it."""

    site: Site
    url: str
    port: int
    client: httpx.Client

    def hook(self, text: str = "hi", sign: str = "good", inbox: str = "line", **more: Any) -> httpx.Response:
        body = json.dumps({"id": f"c-{text}", "text": text, **more})
        return self.client.post(f"/hooks/{inbox}", content=body, headers={"X-Sign": sign})


@pytest.fixture
def webs() -> Iterator[Callable[[Site], Web]]:
    opened: list[Any] = []

    def build(site: Site) -> Web:
        server = Server(application(site, lifespan=False))
        server.start()
        client = httpx.Client(base_url=server.url, trust_env=False, timeout=20)
        opened.extend([client, server])
        return Web(site, server.url, server.port, client)

    yield build
    for each in opened:
        each.close()


@pytest.fixture
def web(site: Site, webs: Callable[[Site], Web]) -> Web:
    return webs(site)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables as on a wide screen, so that no cell is folded wherever the tests run."""
    monkeypatch.setattr(console, "width", 200)
