"""A visitor: a real client of the web chat, over HTTP and the socket, that plays the customer.

It uploads by tus in chunks, resumes where a line broke, posts each message under an id of its own until it is taken,
shows what the socket brings, downloads every file, and says what it has shown and read.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2 as httpx
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from mediacore.testkit import Act, Devices, Mischief, Received, ReceivedFile, Running

SECRET = "a secret of the simulated web chat"  # noqa: S105 - of the simulator
_MAGIC = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF-",),
}
"""First bytes of what a browser shows; an image of any other type is a broken picture on the page."""
_BACKOFF = (0.05, 0.1, 0.2, 0.4, 0.8)


class VisitorSimulator(Running):
    """One visitor of one web chat inbox.

    ``mischief`` knows: ``DUPLICATE`` (a message is posted twice), ``DROP_AFTER`` (where ``send``: the answer is thrown
    away and the message posted again; where ``upload``: the line breaks in the middle of a chunk), ``REORDER`` (read
    is told before delivered), ``UNAUTHORIZED`` (the token is lost before the next message, so a new visitor writes).

    Args:
        url: the inbox's prefix, such as ``http://127.0.0.1:8000/inbox/chat``; may be changed when the runner moves.
        name: what the visitor calls themselves.
        chunk: bytes of one PATCH.
        reads: whether the visitor reads what is shown.
        patience: seconds for which a request is tried again while the runner is away.

    Attributes:
        devices: what the visitor's browser shows, each file with its bytes.
        complaints: what a browser could not show of it, in words; empty when all is well.
        states: the last state that the socket told of each entry, by its id.
    """

    def __init__(
        self,
        url: str = "",
        *,
        name: str = "Visitor",
        chunk: int = 1024 * 1024,
        reads: bool = True,
        patience: float = 30.0,
    ) -> None:
        self.url = url
        self.name, self.reads = name, reads
        self.visitor = ""
        self.mischief, self.devices = Mischief(), Devices()
        self.complaints: list[str] = []
        self.states: dict[str, Mapping[str, Any]] = {}
        self.max_bytes = 0
        self._chunk, self._patience = chunk, patience
        self._token, self._after = "", 0
        self._shown: set[str] = set()
        self._client = httpx.Client(timeout=15, trust_env=False)
        self._stop = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Open a session and the socket; returns once the session is there."""
        self.session()
        self._thread.start()

    def close(self) -> None:
        """Leave the page."""
        self._stop.set()
        if self._socket is not None:
            self._socket.close()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        self._client.close()

    @staticmethod
    def settings() -> dict[str, Any]:
        """The inbox's table under which this visitor can talk to it, as fast as a test likes."""
        paces = {"sessions_per_minute": 0, "messages_per_minute": 0, "uploads_per_hour": 0}
        return {"channel": "webchat", "secret": SECRET, **paces}

    def session(self) -> str:
        """Begin a session or renew it; returns the visitor's id."""
        told = self._ask("POST", "/session").json()
        self._token, self.visitor, self.max_bytes = told["token"], told["visitor"], told["max_bytes"]
        return self.visitor

    def inbound(
        self,
        text: str = "",
        files: Sequence[tuple[str, str, bytes]] = (),
        *,
        captions: Sequence[str] = (),
        client_id: str = "",
    ) -> str:
        """Write a message; returns its source id once the runner has taken it.

        Args:
            text: the words.
            files: name, type and bytes of each.
            captions: one for each file, in order; may be shorter.
            client_id: the visitor's own id for it; made up when empty.

        Raises:
            httpx.HTTPStatusError: the runner refused it.
        """
        if self.mischief.take(Act.UNAUTHORIZED, "send"):
            self._token, self._after = "", 0
            self.session()
            if self._socket is not None:
                self._socket.close()
        uploads = [{"upload": self.upload(*f), "name": f[0]} for f in files]
        for upload, caption in zip(uploads, captions, strict=False):
            upload["caption"] = caption
        client_id = client_id or secrets.token_urlsafe(12)
        message = {"id": client_id, "text": text, "files": uploads, "name": self.name}
        again = self.mischief.take(Act.DUPLICATE, "send") or self.mischief.take(Act.DROP_AFTER, "send")
        for _ in range(2 if again else 1):
            self._ask("POST", "/messages", json=message)
        return f"{self.visitor}:{client_id}"

    def upload(self, name: str, mime: str, data: bytes) -> str:
        """Upload one file in chunks and resume after every break; returns the upload's id.

        Raises:
            httpx.HTTPStatusError: the runner refused it.
        """
        metadata = f"filename {_base64(name)},filetype {_base64(mime)}"
        headers = {"Upload-Length": str(len(data)), "Upload-Metadata": metadata}
        answer = self._ask("POST", "/uploads", headers=headers)
        place = answer.headers["location"]
        offset, end = 0, time.monotonic() + self._patience
        while offset < len(data):
            piece = data[offset : offset + self._chunk]
            try:
                if self.mischief.take(Act.DROP_AFTER, "upload"):
                    self._patch(place, offset, _broken(piece))
                offset = self._patch(place, offset, piece)
            except (httpx.HTTPError, _LineBrokeError) as error:
                if isinstance(error, httpx.HTTPStatusError) and error.response.status_code not in (409, 423, 500, 503):
                    raise
                if time.monotonic() > end:
                    raise
                self._stop.wait(0.1)
                offset = int(self._ask("HEAD", f"/{place}").headers["upload-offset"])
        return place.rpartition("/")[2]

    def history(self, after: int = 0) -> list[dict[str, Any]]:
        """The conversation without the socket."""
        found: list[dict[str, Any]] = self._ask("GET", f"/history?after={after}").json()["entries"]
        return found

    def _patch(self, place: str, offset: int, content: Any) -> int:  # noqa: ANN401 - bytes, or an iterator that breaks
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset), **self._headers()}
        answer = self._client.patch(f"{self.url}/{place}", headers=headers, content=content)
        answer.raise_for_status()
        return int(answer.headers["upload-offset"])

    def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """One request, tried again while the runner is away; every one of them may be repeated without harm."""
        headers = {**self._headers(), **arguments.pop("headers", {})}
        end = time.monotonic() + self._patience
        while True:
            try:
                answer = self._client.request(method, self.url + path, headers=headers, **arguments)
                if answer.status_code not in (500, 502, 503) or time.monotonic() > end:
                    answer.raise_for_status()
                    return answer
            except httpx.TransportError:
                if time.monotonic() > end:
                    raise
            self._stop.wait(0.1)

    def _headers(self) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return {"Tus-Resumable": "1.0.0", **bearer}

    def _watch(self) -> None:
        """Keep a socket open, whatever becomes of the runner."""
        tries = 0
        while not self._stop.is_set():
            base = "ws" + self.url.removeprefix("http")
            address = f"{base}/socket?token={self._token}&after={self._after}"
            try:
                with connect(address, proxy=None, max_size=None, open_timeout=5, close_timeout=2) as socket:
                    self._socket = socket
                    for frame in socket:
                        tries = 0
                        self._take(socket, json.loads(frame))
            except (OSError, WebSocketException, httpx.HTTPError):
                pass  # the runner is away or restarting: come back, and begin where we stood
            if self._socket is not None and self._socket.close_code == 4401:
                with contextlib.suppress(httpx.HTTPError):
                    self.session()
            self._stop.wait(_BACKOFF[min(tries, len(_BACKOFF) - 1)])
            tries += 1

    def _take(self, socket: ClientConnection, frame: Mapping[str, Any]) -> None:
        for entry in frame["entries"]:
            self.states[entry["id"]] = entry
            if not entry["mine"] and entry["id"] not in self._shown:
                self.devices.deliver(self._show(entry))
                self._shown.add(entry["id"])
        if frame["after"] is not None:
            self._after = frame["after"]
        with contextlib.suppress(ConnectionClosed):  # the next socket's first frame makes us say it again
            for ack in self._acks():
                socket.send(json.dumps(ack))

    def _acks(self) -> list[dict[str, Any]]:
        """What the runner does not know yet of what is on the screen; told until the ledger says so too."""
        shown = [e for e in self.states.values() if e["id"] in self._shown]
        seen = [e["id"] for e in shown if e["status"] == "sent"]
        unread = [e for e in shown if e["status"] != "read"] if self.reads else []
        acks: list[dict[str, Any]] = [{"seen": seen}] if seen else []
        if unread:
            acks.append({"read": max(unread, key=lambda e: e["at"])["id"]})
        return acks[::-1] if len(acks) > 1 and self.mischief.take(Act.REORDER) else acks

    def _show(self, entry: Mapping[str, Any]) -> Received:
        """Put an entry on the screen as a browser would: every file fetched, every picture decoded."""
        files = []
        for file in entry["files"]:
            if "url" not in file:
                self.complaints.append(f"{file['name']} has no address (state {file['state']})")
                continue
            answer = self._ask("GET", f"/{file['url']}")
            mime, data = answer.headers["content-type"], answer.content
            if mime.startswith("image/") and not data.startswith(_MAGIC.get(mime, ())):
                self.complaints.append(f"{file['name']} is a broken picture: served as {mime}")
            if file["type"].startswith("image/") and not mime.startswith("image/"):
                self.complaints.append(f"{file['name']} ({file['type']}) is no picture that a browser shows")
            if len(data) > self.max_bytes:
                self.complaints.append(f"{file['name']} has {len(data)} bytes and {self.max_bytes} is the most")
            files.append(ReceivedFile(file["name"], file["type"], data))
        captions = tuple(("caption", f["caption"]) for f in entry["files"] if f["caption"])
        return Received(entry["id"], self.visitor, entry["text"], tuple(files), captions)


class _LineBrokeError(Exception):
    """What our own broken line raises."""


def _broken(piece: bytes) -> Any:  # noqa: ANN401 - a generator of bytes
    yield piece[: max(1, len(piece) // 2)]
    raise _LineBrokeError


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
