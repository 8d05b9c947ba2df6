"""Fixtures of the Instagram tests: a mounted inbox, a simulator, a place that serves our files, files of each type."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import queue
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from mediacore_instagram.simulator import InstagramSimulator
from PIL import Image

from mediacore import Attachment, Contact, Event, Facts, Header, Inbox, Media, Outgoing, Refused, Request, mount

AVAILABLE = {"instagram": EntryPoint("instagram", "mediacore_instagram:InstagramChannel", "mediacore.channels")}
SETTINGS = {
    "channel": "instagram",
    "account": "IGID",
    "token": "a-token",
    "app_secrets": ["other-secret", "app-secret"],
    "verify_token": "T",
}


@pytest.fixture(scope="session")
def settings() -> dict[str, Any]:
    """A whole settings table."""
    return dict(SETTINGS)


@pytest.fixture(scope="session")
def mounting() -> Callable[[dict[str, Any]], Inbox]:
    """Mount an inbox from a settings table."""
    return lambda table: mount("ig", table, available=AVAILABLE)


@pytest.fixture(scope="session")
def inbox(mounting: Callable[[dict[str, Any]], Inbox]) -> Inbox:
    """An inbox that talks to nobody."""
    return mounting(dict(SETTINGS))


@pytest.fixture(scope="session")
def signed() -> Callable[..., Request]:
    """A signed webhook delivery of a body."""

    def build(payload: object, secret: str = "app-secret") -> Request:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return Request("POST", "https://desk.example/hook", (Header("x-hub-signature-256", f"sha256={digest}"),), body)

    return build


class Hook:
    """Our side's webhook: hands every call to an inbox and keeps its events."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox, self.events = inbox, queue.Queue[Event]()
        self.failures = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers["content-length"])))

            def _answer(self, body: bytes) -> None:
                headers = tuple(Header(k, v) for k, v in self.headers.items())
                request = Request(self.command, f"http://{self.headers['host']}{self.path}", headers, body)
                try:
                    status, said = hook.take(request)
                except Refused as error:
                    status, said = error.status, b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def take(self, request: Request) -> tuple[int, bytes]:
        if self.failures:
            self.failures -= 1
            return 503, b""
        if request.method == "POST":
            for event in self.inbox.receive(request):
                self.events.put(event)
        reply = self.inbox.reply(request)
        return (reply.status, reply.body) if reply else (200, b"")

    def next(self) -> Event:
        return self.events.get(timeout=10)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Shop:
    """Serves our files, as the runner's public address does."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}
        self.redirect = ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                data, kind = shop.files.get(self.path, (b"no", "text/plain"))
                self.send_response(302 if shop.redirect else 200 if self.path in shop.files else 404)
                if shop.redirect:
                    self.send_header("Location", shop.redirect)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def serve(self, data: bytes, kind: str, name: str = "") -> str:
        path = f"/{len(self.files)}/{name or 'file'}"
        self.files[path] = (data, kind)
        return self.url + path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A server of our files."""
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def simulator() -> Iterator[InstagramSimulator]:
    """A simulated Instagram."""
    with InstagramSimulator() as simulator:
        yield simulator


@pytest.fixture
def live(simulator: InstagramSimulator, mounting: Callable[[dict[str, Any]], Inbox]) -> Inbox:
    """An inbox that talks to the simulator."""
    return mounting(simulator.settings())


@pytest.fixture
def hook(simulator: InstagramSimulator, live: Inbox) -> Iterator[Hook]:
    """Our webhook, which the simulator calls."""
    hook = Hook(live)
    simulator.webhook = hook.url
    yield hook
    hook.close()


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 24)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="session")
def samples() -> dict[str, bytes]:
    """A small file of each type that Instagram takes, and of some that it does not."""
    return {
        "image/png": picture("PNG"),
        "image/jpeg": picture("JPEG"),
        "image/gif": picture("GIF"),
        "image/webp": picture("WEBP"),
        "application/pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
        "video/mp4": b"\0\0\0\x18ftypisom" + bytes(64),
        "video/quicktime": b"\0\0\0\x14ftypqt  " + bytes(64),
        "video/webm": b"\x1aE\xdf\xa3" + bytes(64),
        "video/ogg": b"OggS" + bytes(64),
        "video/x-msvideo": b"RIFF\x10\0\0\0AVI LIST" + bytes(64),
        "audio/mp4": b"\0\0\0\x18ftypM4A " + bytes(64),
        "audio/x-m4a": b"\0\0\0\x18ftypM4A " + bytes(64),
        "audio/aac": b"\xff\xf1P\x80" + bytes(64),
        "audio/wav": b"RIFF\x10\0\0\0WAVEfmt " + bytes(64),
        "audio/mpeg": b"ID3\x04" + bytes(64),
        "audio/ogg": b"OggS" + bytes(64),
        "application/zip": b"PK\x03\x04" + bytes(64),
        "text/plain": b"hello",
    }


@pytest.fixture
def attach(tmp_path: Path, shop: Shop) -> Callable[..., Attachment]:
    """An attachment whose bytes are served at its address."""

    def build(data: bytes, kind: str, name: str = "file", served: str = "") -> Attachment:
        path = tmp_path / hashlib.sha256(data + name.encode()).hexdigest()
        path.write_bytes(data)
        media = Media(path, kind, len(data), hashlib.sha256(data).hexdigest(), Facts(width=32, height=24, pages=1))
        return Attachment(media, name, url=shop.serve(data, served or kind, name))

    return build


@pytest.fixture
def outgoing() -> Callable[..., Outgoing]:
    """A part to send to customer 42."""

    def build(text: str = "", *attachments: Attachment, **more: Any) -> Outgoing:
        return Outgoing("key-1", Contact("42"), text, attachments, **more)

    return build
