"""A runner in miniature: what the web chat's endpoints need of a house, in memory and a folder."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import attrs
import httpx2 as httpx
import pytest
from mediacore_webchat.simulator import VisitorSimulator
from starlette.applications import Starlette
from starlette.routing import Mount

from mediacore import (
    Attachment,
    Contact,
    Entry,
    InboundMessage,
    Inbox,
    Media,
    Outgoing,
    Permanent,
    Request,
    StatusUpdate,
    mount,
)
from mediacore.testkit import Server

AVAILABLE = {"webchat": EntryPoint("webchat", "mediacore_webchat:WebChatChannel", "mediacore.channels")}
RANK = ["queued", "sent", "delivered", "read"]


class MiniHost:
    """The Host of one inbox; also plays the pipeline (fetches at once) and the desk (``say``)."""

    def __init__(self, folder: Path, inbox: Inbox) -> None:
        self.inbox = inbox.name
        self.mounted = inbox
        self.events: list[Any] = []
        self.requests: list[Request] = []
        self.broken = 0
        self._folder = folder
        self._entries: dict[str, Entry] = {}
        self._owner: dict[str, str] = {}
        self._dedupe: set[str] = set()
        self._seq = 0
        self._lock = threading.RLock()

    def accept(self, request: Request) -> None:
        if self.broken:
            self.broken -= 1
            raise RuntimeError("the ledger is away")
        events = self.mounted.receive(request)
        with self._lock:
            self.requests.append(request)
            for event in events:
                if event.dedupe not in self._dedupe:
                    self._dedupe.add(event.dedupe)
                    self.events.append(event)
                    self._apply(event, request)

    def keep(self, path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        (self._folder / "blobs").mkdir(exist_ok=True)
        path.rename(self._folder / "blobs" / digest)
        return digest

    def scratch(self) -> Path:
        (self._folder / "scratch").mkdir(exist_ok=True)
        return self._folder / "scratch"

    def open(self, sha256: str) -> Path:
        found = self._folder / "blobs" / sha256
        if not found.is_file():
            raise KeyError(sha256)
        return found

    def history(self, conversation: str, after: int) -> Sequence[Entry]:
        with self._lock:
            mine = [e for e in self._entries.values() if self._owner[e.id] == conversation and e.seq > after]
            return sorted(mine, key=lambda e: e.seq)

    def say(self, visitor: str, text: str, files: Sequence[tuple[str, str, bytes]] = (), **more: Any) -> str:
        """The agent writes; the message goes out through the plugin's own send."""
        key = f"key-{len(self._entries)}-{time.monotonic_ns()}"
        stored = [self._store(name, mime, data, **more) for name, mime, data in files]
        attachments = tuple(
            Attachment(Media(self.open(f["sha256"]), f["type"], f["size"], f["sha256"]), f["name"]) for f in stored
        )
        receipt = self.mounted.send(Outgoing(key, Contact(visitor), text, attachments))
        self.put(visitor, f"m{key}", "outbound", text, stored, str(receipt.status), receipt.source_id)
        return f"m{key}"

    def put(
        self, visitor: str, name: str, direction: str, text: str, files: Sequence[Any], status: str, source: str
    ) -> None:
        with self._lock:
            self._seq += 1
            self._owner[name] = visitor
            self._entries[name] = Entry(name, self._seq, direction, text, tuple(files), status, source, time.time())

    def status(self, name: str) -> str:
        return self._entries[name].status

    def change(self, name: str, **changes: Any) -> None:
        with self._lock:
            self._seq += 1
            self._entries[name] = attrs.evolve(self._entries[name], seq=self._seq, **changes)

    def wait_status(self, name: str, status: str) -> None:
        end = time.monotonic() + 30
        while self.status(name) != status:
            assert time.monotonic() < end, f"{name} is {self.status(name)}, not {status}"
            time.sleep(0.02)

    def _apply(self, event: Any, request: Request) -> None:
        if isinstance(event, InboundMessage):
            files = [self._fetch(r, request) for r in event.remotes]
            name = f"i{len(self._entries)}"
            self.put(event.conversation, name, "inbound", event.text, files, "delivered", event.source_id)
        elif isinstance(event, StatusUpdate):
            entry = next(e for e in self._entries.values() if e.source_id == event.source_id)
            if RANK.index(str(event.status)) > RANK.index(entry.status):
                self.change(entry.id, status=str(event.status))

    def _fetch(self, remote: Any, request: Request) -> dict[str, Any]:
        into = Path(tempfile.mkdtemp(dir=self._folder)) / "into"
        into.touch()
        try:
            mime = self.mounted.fetch(remote, request, into).type
        except Permanent:
            return {
                "name": remote.name,
                "type": remote.type,
                "size": 0,
                "sha256": "",
                "caption": "",
                "state": "expired",
            }
        found = self._store(remote.name, mime, into.read_bytes())
        return {**found, "caption": remote.caption}

    def _store(self, name: str, mime: str, data: bytes, thumb: bytes = b"", caption: str = "") -> dict[str, Any]:
        def blob(content: bytes) -> str:
            path = Path(tempfile.mkdtemp(dir=self._folder)) / "blob"
            path.write_bytes(content)
            return self.keep(path)

        return {
            "name": name,
            "type": mime,
            "size": len(data),
            "sha256": blob(data),
            "caption": caption,
            "state": "ready",
            "width": 0,
            "height": 0,
            "thumbnail": blob(thumb) if thumb else "",
        }


class Chat:
    """A web chat that runs: the host, its server, and visitors."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.inbox = self.mounted(**settings)
        self.host = MiniHost(folder, self.inbox)
        self.server = self._serve(0)
        self.url = f"{self.server.url}/inbox/chat"

    @staticmethod
    def mounted(**settings: Any) -> Inbox:
        """The channel under these settings."""
        return mount("chat", {**VisitorSimulator.settings(), **settings}, available=AVAILABLE)

    def restart(self, pause: float = 0.0) -> None:
        """Stop the runner and start a new one on the same port, with the same ledger and folders."""
        port = self.server.port
        self.server.close()
        time.sleep(pause)
        self.server = self._serve(port)

    def _serve(self, port: int) -> Server:
        routes = [Mount(f"/inbox/chat{r.path}", r.app) for r in self.inbox.routes(self.host)]
        server = Server(Starlette(routes=routes), port)
        server.start()
        return server


@pytest.fixture
def make_chat() -> Iterator[Any]:
    """Starts web chats with other settings than the usual; stops them in the end."""
    chats, folders = [], []

    def make(**settings: Any) -> Chat:
        folders.append(Path(tempfile.mkdtemp()))
        chats.append(Chat(folders[-1], **settings))
        return chats[-1]

    yield make
    for chat in chats:
        chat.server.close()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def chat(make_chat: Any) -> Chat:
    """A web chat as mounted by default."""
    return make_chat()


@pytest.fixture
def visitor(chat: Chat) -> Iterator[VisitorSimulator]:
    """A visitor on its page."""
    with VisitorSimulator(chat.url, patience=30) as visitor:
        yield visitor


@pytest.fixture
def available() -> dict[str, EntryPoint]:
    """The channel as an installed distribution would offer it."""
    return AVAILABLE


TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Api:
    """A client of one chat, as one visitor."""

    def __init__(self, chat: Any) -> None:
        self.client = httpx.Client(base_url=chat.url, timeout=30, trust_env=False)
        told = self.client.post("/session").json()
        self.visitor, self.token = told["visitor"], told["token"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"

    def begin(self, length: int, name: str = "a.txt") -> str:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        answer = self.client.post(
            "/uploads", headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata}
        )
        assert answer.status_code == 201
        return str(answer.headers["location"])

    def patch(self, place: str, offset: int, content: Any) -> httpx.Response:
        return self.client.patch(f"/{place}", headers={**BYTES, "Upload-Offset": str(offset)}, content=content)

    def upload(self, data: bytes, name: str = "a.txt") -> str:
        place = self.begin(len(data), name)
        assert self.patch(place, 0, data).status_code == 204
        return place.rpartition("/")[2]

    def post(self, **message: Any) -> httpx.Response:
        return self.client.post("/messages", json={"id": f"id-{time.monotonic_ns()}", **message})


@pytest.fixture
def make_api() -> Iterator[Callable[[Any], Api]]:
    """Makes clients of new visitors; closes them in the end."""
    with ExitStack() as stack:

        def make(chat: Any) -> Api:
            made = Api(chat)
            stack.callback(made.client.close)
            return made

        yield make


@pytest.fixture
def api(chat: Any, make_api: Any) -> Api:
    """A visitor's client."""
    return make_api(chat)
