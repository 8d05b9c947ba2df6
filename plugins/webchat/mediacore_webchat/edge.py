"""The web chat's own endpoints, one ASGI application: sessions, uploads, messages, history, files, socket, widget."""

from __future__ import annotations

import errno
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from mediacore import Host, Limits, Refused
from mediacore_webchat import serving, wire
from mediacore_webchat.live import Live
from mediacore_webchat.passes import Passes
from mediacore_webchat.tus import EXPOSED, VERSION, Tus
from mediacore_webchat.uploads import Uploads
from mediacore_webchat.view import Shown

MESSAGE_BYTES = 1024 * 1024
"""The most bytes of one posted message; its files come before it."""
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HEADERS = ("Authorization", "Content-Type", "Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Offset")


@frozen(eq=False)
class Terms:
    """What the inbox's settings say to its endpoints.

    Args:
        secret: signs deliveries.
        secrets: sign tokens, the one in use last.
        origins: sites that may embed the chat; ``*`` for all.
        title: the chat's heading.
        limits: what it carries.
    """

    secret: str = field(repr=False)
    secrets: Sequence[str] = field(repr=False)
    origins: Sequence[str]
    title: str
    limits: Limits

    def allow(self, connection: HTTPConnection) -> bool:
        """Whether the page that asks may: one of our own, one of a listed site, or no page at all."""
        origin = connection.headers.get("origin")
        own = connection.headers.get("host", "")
        return not origin or "*" in self.origins or origin in self.origins or urlsplit(origin).netloc == own


class Edge:
    """The endpoints of one inbox.

    Args:
        host: what the runner offers.
        terms: what the settings say.
    """

    def __init__(self, host: Host, terms: Terms) -> None:
        self._host = host
        self._terms = terms
        self._passes = Passes(terms.secrets, host.inbox)
        most = terms.limits.inbound.max_bytes
        self._uploads = Uploads(host.scratch() / "uploads", most.value if most else 0)
        self._live = Live(self._shown, self._acknowledge, terms.allow)

    def app(self) -> Starlette:
        """The application; it is mounted below the inbox's prefix."""
        routes = [
            Route("/session", self._session, methods=["POST"]),
            *Tus(self._uploads, self._visitor).routes(),
            Route("/messages", self._messages, methods=["POST"]),
            Route("/history", self._history),
            Route("/files/{sha256}", self._file),
            WebSocketRoute("/socket", self._live.serve),
            Route("/widget.js", lambda _: serving.widget()),
            Route("/demo", lambda _: serving.demo()),
        ]
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(self._terms.origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=list(_HEADERS),
            expose_headers=list(EXPOSED),
        )
        handlers: Mapping[Any, Any] = {Refused: _refused, OSError: _full}
        return Starlette(routes=routes, middleware=[cors], exception_handlers=handlers)

    def _visitor(self, request: Request) -> str:
        """Whose request it is, by its bearer token."""
        if not self._terms.allow(request):
            raise Refused("this site may not use this chat", code="origin", status=403)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._passes.visitor(token if scheme.lower() == "bearer" else "")

    def _shown(self, token: str) -> Shown:
        return Shown(self._host, self._passes, self._passes.visitor(token))

    def _session(self, request: Request) -> Response:
        """A token: a fresh one for the visitor who brings a good one, else one for somebody new."""
        try:
            visitor = self._visitor(request)
        except Refused as refused:
            if refused.status != 401:
                raise
            visitor = self._passes.new()
        files, text = self._terms.limits.message.files, self._terms.limits.text.max
        return JSONResponse(
            {
                "visitor": visitor,
                "token": self._passes.token(visitor),
                "title": self._terms.title,
                "max_bytes": self._uploads.max_bytes,
                "max_files": files.value if files else 0,
                "max_text": text.value if text else 0,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def _messages(self, request: Request) -> Response:
        visitor = self._visitor(request)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MESSAGE_BYTES:
                raise Refused("the message is too long", code="too-large", status=413)
        url = str(request.url.replace(query=""))
        client_id = await run_in_threadpool(self._take, url, visitor, bytes(body))
        self._live.ring(visitor)
        return JSONResponse({"id": client_id}, 201)

    def _take(self, url: str, visitor: str, body: bytes) -> str:
        """Store one message; on return it is safe, and a second try of the same id changes nothing."""
        draft = _draft(body, self._terms.limits)
        files = [self._stored(visitor, f) for f in draft["files"]]
        event = wire.message(visitor, draft["id"], draft["text"], files, time.time(), draft["name"])
        self._host.accept(wire.delivery(url, [event], self._terms.secret))
        return str(draft["id"])

    def _stored(self, visitor: str, file: Mapping[str, Any]) -> dict[str, Any]:
        upload = self._uploads.find(wire.words(file.get("upload")), visitor)
        done = self._uploads.finish(upload, self._host.keep)
        return {
            "sha256": done.sha256,
            "path": str(self._host.open(done.sha256)),
            "name": wire.words(file.get("name"), 500) or done.name,
            "type": done.type,
            "size": done.length,
            "caption": wire.words(file.get("caption"), 2000),
        }

    def _history(self, request: Request) -> Response:
        after = request.query_params.get("after", "0")
        shown = Shown(self._host, self._passes, self._visitor(request))
        entries, reached = shown.entries(int(after) if after.isdigit() and len(after) < 19 else 0)
        return JSONResponse({"entries": entries, "after": reached}, headers={"Cache-Control": "no-store"})

    def _file(self, request: Request) -> Response:
        sha256 = request.path_params["sha256"]
        ticket = request.query_params.get("token", "")
        visitor = self._passes.holder(ticket, sha256) if ticket else self._visitor(request)
        file = Shown(self._host, self._passes, visitor).file(sha256)
        try:
            if request.query_params.get("thumb"):
                return serving.thumbnail(self._host.open(str(file.get("thumbnail"))))
            return serving.file(self._host.open(sha256), str(file.get("name") or ""), str(file.get("type")))
        except (KeyError, FileNotFoundError) as error:
            raise Refused("this file is no longer stored", code="gone", status=404) from error

    def _acknowledge(self, shown: Shown, seen: Sequence[str], read: str) -> None:
        raised = shown.unseen(seen, read)
        if raised:
            now = time.time()
            events = [wire.status(key, word, now) for key, word in raised]
            self._host.accept(wire.delivery("/socket", events, self._terms.secret))


def _draft(body: bytes, limits: Limits) -> dict[str, Any]:
    """A posted message, checked.

    Raises:
        Refused: it is no message, empty, or larger than the limits allow.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    files = told.get("files", []) if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(files, list) or not all(isinstance(f, dict) for f in files):
        raise Refused("a message is an object with id, text and files", code="malformed", status=400)
    client_id, text = told.get("id"), wire.words(told.get("text"))
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise Refused("id is 8 to 64 letters, digits, - or _", code="malformed", status=400)
    if not text.strip() and not files:
        raise Refused("a message has a text or a file", code="empty", status=400)
    if limits.text.max and limits.text.length(text) > limits.text.max.value:
        raise Refused(f"{limits.text.max.value} characters are the most", code="too-long", status=413)
    if limits.message.files and len(files) > limits.message.files.value:
        raise Refused(f"{limits.message.files.value} files are the most", code="too-many", status=413)
    return {"id": client_id, "text": text, "files": files, "name": wire.words(told.get("name"), 100)}


def _refused(_: Request, refused: Refused) -> Response:
    headers = {"Tus-Resumable": VERSION}
    if refused.code == "origin":
        headers["Access-Control-Allow-Origin"] = "*"  # so that the widget can read this refusal, and say so
    error = {"code": refused.code, "message": refused.message}
    return JSONResponse({"error": error}, refused.status, headers=headers)


def _full(_: Request, error: OSError) -> Response:
    """507 when the disk is full: nothing was taken, and the visitor's browser tries again later."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    told = {"code": "storage", "message": "there is no room right now: try again later"}
    return JSONResponse({"error": told}, 507, headers={"Retry-After": "60"})
