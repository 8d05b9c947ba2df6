"""The web chat's own endpoints, one ASGI application: sessions, uploads, messages, history, files, socket, widget."""

from __future__ import annotations

import errno
import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from mediacore import Host, Limits, Refused
from mediacore_webchat import serving, widget, wire
from mediacore_webchat.identity import identified
from mediacore_webchat.live import ACK_BYTES, Live, acknowledgement
from mediacore_webchat.passes import Pass, Passes
from mediacore_webchat.terms import Terms
from mediacore_webchat.throttle import Throttle, TooFast
from mediacore_webchat.tus import EXPOSED, VERSION, Tus
from mediacore_webchat.uploads import Uploads
from mediacore_webchat.view import Shown

MESSAGE_BYTES = 1024 * 1024
"""The most bytes of one posted message; its files come before it."""
SESSION_BYTES = 16 * 1024
"""The most bytes of a request for a session: an identity and little else."""
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HEADERS = (
    "Authorization",
    "Content-Type",
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-HTTP-Method-Override",
)


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
        self._newcomers = Throttle(terms.sessions_per_minute, 60)
        self._written = Throttle(terms.messages_per_minute, 60)
        self._begun = Throttle(terms.uploads_per_hour, 3600)

    def app(self) -> Starlette:
        """The application; it is mounted below the inbox's prefix."""
        routes = [
            Route("/session", self._session, methods=["POST"]),
            *Tus(self._uploads, self._visitor, self._begun.take).routes(),
            Route("/messages", self._messages, methods=["POST"]),
            Route("/history", self._history),
            Route("/seen", self._seen, methods=["POST"]),
            Route("/files/{sha256}", self._file),
            WebSocketRoute("/socket", self._live.serve),
            Route("/widget.js", lambda r: serving.text(r, widget.script(), "text/javascript; charset=utf-8")),
            Route("/words/{language}.json", _words),
            Route("/demo", lambda _: serving.demo()),
        ]
        cors = Middleware(
            CORSMiddleware,
            allow_origins=list(self._terms.origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=list(_HEADERS),
            expose_headers=[*EXPOSED, "Retry-After"],
        )
        handlers: Mapping[Any, Any] = {Refused: _refused, OSError: _full}
        return Starlette(routes=routes, middleware=[cors], exception_handlers=handlers)

    def _pass(self, request: Request) -> Pass:
        """Whose request it is, by its bearer token."""
        if not self._terms.allow(request):
            raise Refused("this site may not use this chat", code="origin", status=403)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._passes.holder(token if scheme.lower() == "bearer" else "")

    def _visitor(self, request: Request) -> str:
        return self._pass(request).visitor

    def _shown(self, token: str) -> Shown:
        holder = self._passes.holder(token)
        return Shown(self._host, self._passes, holder.visitor, holder.until)

    async def _session(self, request: Request) -> Response:
        """A token: for whom the site names, a fresh one for who brings a good one, or for somebody new."""
        holder = self._holder(request, _identity(await _body(request, SESSION_BYTES)))
        files, text = self._terms.limits.message.files, self._terms.limits.text.max
        return JSONResponse(
            {
                "visitor": holder.visitor,
                "token": self._passes.token(holder),
                "until": holder.until,
                "title": self._terms.title,
                "max_bytes": self._uploads.max_bytes,
                "max_files": files.value if files else 0,
                "max_text": text.value if text else 0,
            },
            headers={"Cache-Control": "no-store"},
        )

    def _holder(self, request: Request, identity: str) -> Pass:
        try:
            known: Pass | None = self._pass(request)
        except Refused as refused:
            if refused.status != 401:
                raise
            known = None
        if identity:
            return identified(identity, self._terms.identity_secrets, time.time())
        if known:
            return known
        if not self._terms.anonymous:
            raise Refused("this chat is for visitors whom the site has signed in", code="identity", status=401)
        self._newcomers.take(request.client.host if request.client else "")
        return self._passes.new()

    async def _messages(self, request: Request) -> Response:
        holder = self._pass(request)
        self._written.take(holder.visitor)
        body = await _body(request, MESSAGE_BYTES)
        url = str(request.url.replace(query=""))
        client_id = await run_in_threadpool(self._take, url, holder, body)
        self._live.ring(holder.visitor)
        return JSONResponse({"id": client_id}, 201)

    def _take(self, url: str, holder: Pass, body: bytes) -> str:
        """Store one message; on return it is safe, and a second try of the same id changes nothing."""
        draft = _draft(body, self._terms.limits)
        files = [self._stored(holder.visitor, f) for f in draft["files"]]
        name = holder.name if holder.until else draft["name"]  # nobody renames a visitor whom the site knows
        event = wire.message(holder.visitor, draft["id"], draft["text"], files, time.time(), name)
        self._host.accept(wire.delivery(url, [event], self._terms.secret))
        return str(draft["id"])

    def _stored(self, visitor: str, file: Mapping[str, Any]) -> dict[str, Any]:
        upload = self._uploads.find(wire.words(file.get("upload")), visitor)
        done = self._uploads.finish(upload, self._host.keep)
        return {
            "sha256": done.sha256,
            "path": str(self._host.open(done.sha256)),
            "name": wire.plain_name(file.get("name")) or done.name,
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
        visitor = self._passes.bearer(ticket, sha256) if ticket else self._visitor(request)
        file = Shown(self._host, self._passes, visitor).file(sha256)
        try:
            if request.query_params.get("thumb"):
                return serving.thumbnail(self._host.open(str(file.get("thumbnail"))))
            return serving.file(self._host.open(sha256), str(file.get("name") or ""), str(file.get("type")))
        except (KeyError, FileNotFoundError) as error:
            raise Refused("this file is no longer stored", code="gone", status=404) from error

    async def _seen(self, request: Request) -> Response:
        """What the visitor saw, where no socket gets through."""
        visitor = self._visitor(request)
        seen, read = acknowledgement((await _body(request, ACK_BYTES)).decode("utf-8", "replace"))
        await run_in_threadpool(self._acknowledge, Shown(self._host, self._passes, visitor), seen, read)
        return Response(status_code=204)

    def _acknowledge(self, shown: Shown, seen: Sequence[str], read: str) -> None:
        raised = shown.unseen(seen, read)
        if raised:
            now = time.time()
            events = [wire.status(key, word, now) for key, word in raised]
            self._host.accept(wire.delivery("/socket", events, self._terms.secret))


async def _body(request: Request, most: int) -> bytes:
    """A request's body; one that is too long is not read on."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused("the message is too long", code="too-large", status=413)
    return bytes(body)


def _identity(body: bytes) -> str:
    """The identity that a request for a session brings; empty when it brings none."""
    try:
        told = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        told = None
    identity = told.get("identity", "") if isinstance(told, dict) else None
    if not isinstance(identity, str):
        raise Refused("a request for a session is empty or an object with identity", code="malformed", status=400)
    return identity


def _words(request: Request) -> Response:
    found = widget.words(request.path_params["language"])
    if found is None:
        raise Refused("the widget has no words in this language", code="gone", status=404)
    return serving.text(request, found, "application/json")


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
    if isinstance(refused, TooFast):
        headers["Retry-After"] = str(refused.after)
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
