"""The web edge: webhooks in, files out, and the plugins' own endpoints; a host can mount it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import frozen
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from mediacore.errors import ConfigError, MediacoreError, Refused
from mediacore.events import Header, Request
from mediacore.hosting import Entry
from mediacore.names import safe_name
from mediacore.runner.site import Site
from mediacore.stores import conversation

GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=300",
}
"""With every file that goes out: nothing in it may run, whatever it claims to be."""


@frozen(eq=False)
class InboxHost:
    """What one inbox's own endpoints are offered."""

    site: Site
    inbox: str

    def accept(self, request: Request) -> None:
        """Take a delivery in."""
        self.site.accept(self.inbox, request)

    def keep(self, path: Path) -> str:
        """Move a finished upload into the blob store."""
        return self.site.house.blobs.keep(path)

    def scratch(self) -> Path:
        """A folder for uploads under way."""
        folder = self.site.config.data / "uploads" / self.inbox
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def open(self, sha256: str) -> Path:
        """Where a stored file is."""
        return self.site.path(sha256)

    def history(self, conversation: str, after: int) -> Sequence[Entry]:
        """What happened in a conversation since."""
        found = self.site.messages(inbox=self.inbox, conversation=conversation, after=after)
        return [_entry(shown) for shown in found]


def _entry(shown: dict[str, Any]) -> Entry:
    files = shown["files"] if shown["direction"] == "inbound" else _sent_files(shown)
    wanted = ("name", "type", "size", "sha256", "caption", "state", "width", "height", "thumbnail")
    return Entry(
        id=shown["id"], seq=shown["seq"], direction=shown["direction"], text=_text(shown),
        files=tuple({k: f[k] for k in wanted} for f in files), status=shown["status"],
        source_id=shown["source_id"] or shown["id"], at=shown["at"],
    )  # fmt: skip


def _text(shown: dict[str, Any]) -> str:
    if shown["direction"] == "inbound":
        return str(shown["text"])
    return "\n".join(p["text"] for p in shown["parts"] if p["text"] and p["state"] == "accepted")


def _sent_files(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """What the customer gets of our files: the renditions of the parts that were accepted."""
    by_id = {r["id"]: (f, r) for f in shown["files"] for r in f["renditions"]}
    accepted = [id_ for p in shown["parts"] if p["state"] == "accepted" for id_ in p["files"]]
    files = []
    for file, made in (by_id[id_] for id_ in accepted if id_ in by_id):
        own = {k: made[k] for k in ("name", "type", "size", "sha256")}
        size = {"width": made["facts"].get("width", 0), "height": made["facts"].get("height", 0)}
        files.append({**file, **own, **size})
    return files


def application(site: Site, *, lifespan: bool = True) -> Starlette:
    """The web application of a site.

    Args:
        site: the site.
        lifespan: start and stop the site with the application; a host that mounts this inside its own, where it
            would not be started, sets it to False and calls ``site.start()`` and ``site.close()`` itself.
    """
    mounts = []
    for name, inbox in site.house.inboxes.items():
        own = inbox.routes(InboxHost(site, name))
        mounts.append(Mount(f"/inbox/{name}", routes=[Mount(r.path.rstrip("/"), app=r.app) for r in own]))

    @contextlib.asynccontextmanager
    async def working(_: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(site.start)
        yield
        await run_in_threadpool(site.close)

    return Starlette(
        routes=[
            Route("/hooks/{inbox}", _hook(site), methods=["GET", "POST"]),
            Route("/media/{token}/{name}", _media(site), methods=["GET", "HEAD"]),
            Route("/health", _health(site)),
            *mounts,
        ],
        lifespan=working if lifespan else None,
    )


def _hook(site: Site) -> Any:  # noqa: ANN401 - a Starlette endpoint
    async def hook(web: WebRequest) -> Response:
        try:
            name = web.path_params["inbox"]
            limit = site.house.inbox(name).limits.inbound.max_body.value
            body = await _body(web, limit)
            request = Request(web.method, _public(site, web), tuple(_headers(web)), body, datetime.now(UTC))
            if web.method == "POST":
                await run_in_threadpool(site.accept, name, request)
            answer = await run_in_threadpool(site.house.inbox(name).reply, request)
            return Response(answer.body, answer.status, media_type=answer.type)
        except ConfigError:
            return JSONResponse({"error": "there is no such inbox"}, 404)
        except Refused as error:
            return JSONResponse({"error": error.message, "code": error.code}, error.status)
        except (OSError, OperationalError):  # a full disk, under the blobs or under the ledger
            return JSONResponse({"error": "it could not be stored; send it again"}, 503, {"Retry-After": "30"})
        except MediacoreError as error:
            return JSONResponse({"error": error.message}, 500)

    return hook


def _public(site: Site, web: WebRequest) -> str:
    """The address that the provider called, as it knows it; behind a proxy the Host header does not tell."""
    raw = web.scope.get("raw_path", web.url.path.encode()).decode("latin-1").partition("?")[0]
    query = web.scope.get("query_string", b"").decode("latin-1")
    base = site.config.site.public_url.rstrip("/") or f"{web.url.scheme}://{web.url.netloc}"
    return f"{base}{raw}?{query}" if query else f"{base}{raw}"


def _headers(web: WebRequest) -> list[Header]:
    return [Header(n.decode("latin-1"), v.decode("latin-1")) for n, v in web.headers.raw]


async def _body(web: WebRequest, limit: int) -> bytes:
    declared = web.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise Refused("the delivery is larger than this inbox takes", code="oversized", status=413)
    body = bytearray()
    async for chunk in web.stream():
        body += chunk
        if len(body) > limit:
            raise Refused("the delivery is larger than this inbox takes", code="oversized", status=413)
    return bytes(body)


def _media(site: Site) -> Any:  # noqa: ANN401 - a Starlette endpoint
    async def media(web: WebRequest) -> Response:
        linked = site.links.read(web.path_params["token"], web.path_params["name"])
        if linked is None:
            return JSONResponse({"error": "this address is not valid, or no longer"}, 403)
        try:
            path = site.path(linked.sha256)
        except KeyError:
            return JSONResponse({"error": "this file is no longer here"}, 410)
        how, name = "inline" if linked.inline else "attachment", safe_name(linked.name)  # the name is not signed
        plain = name.encode("ascii", "replace").decode().replace("?", "_")
        named = f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
        return FileResponse(path, media_type=linked.type, headers={**GUARDED, "Content-Disposition": named})

    return media


def _health(site: Site) -> Any:  # noqa: ANN401 - a Starlette endpoint
    def look() -> dict[str, Any]:
        with site.house.ledger.begin() as connection:
            return {
                "inboxes": list(site.house.inboxes),
                "messages": len(conversation.select_messages(connection, most=1)),
                "confinement": {"level": int(site.confinement), "told": site.confinement.description},
            }

    async def health(_: WebRequest) -> Response:
        return JSONResponse({"status": "ok", **await run_in_threadpool(look)})

    return health
