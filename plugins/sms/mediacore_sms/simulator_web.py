"""The simulator's two web servers: Twilio's REST API, and the store of media files that it redirects to."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from datetime import date
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mediacore.testkit import Act
from mediacore_sms.simulator_rules import MAX_BODY, MAX_MEDIA

if TYPE_CHECKING:
    from mediacore_sms.simulator import TwilioSimulator

ROOT = "/2010-04-01/Accounts/{account}"


def api(simulator: TwilioSimulator) -> Starlette:
    """Twilio's REST API: https://www.twilio.com/docs/messaging/api/message-resource."""
    calls = _Calls(simulator)
    return Starlette(
        routes=[
            Route(f"{ROOT}/Messages.json", calls.create, methods=["POST"]),
            Route(f"{ROOT}/Messages.json", calls.listing, methods=["GET"]),
            Route(f"{ROOT}/Messages/{{message}}/Media/{{media}}", calls.media, methods=["GET"]),
            Route(f"{ROOT}.json", calls.account, methods=["GET"]),
        ]
    )


class _Calls:
    """The API's calls."""

    def __init__(self, simulator: TwilioSimulator) -> None:
        self._simulator = simulator

    async def create(self, request: Request) -> Response:
        simulator = self._simulator
        if (refused := _refusal(simulator, request, "send")) is not None:
            return refused
        form = parse_qs((await request.body()).decode(), keep_blank_values=True)
        code = _objection(simulator, form)
        if code:
            return _error(400, code, "the request was refused")
        resource = simulator.take(form)
        if simulator.mischief.take(Act.DROP_AFTER, "send"):
            return Dropped()
        if simulator.mischief.take(Act.HANG_AFTER, "send"):
            while not (simulator.closing.is_set() or await request.is_disconnected()):
                await asyncio.sleep(0.05)
            return Dropped()
        return JSONResponse(resource, 201)

    async def listing(self, request: Request) -> Response:
        if (refused := _refusal(self._simulator, request, "list")) is not None:
            return refused
        query = request.query_params
        since = date.fromisoformat(query.get("DateSent>", "0001-01-01"))
        size = int(query.get("PageSize", "50"))
        found = [
            job.resource
            for job in reversed(list(self._simulator.jobs.values()))
            if query.get("To", job.resource["to"]) == job.resource["to"]
            and ("DateSent>" not in query or _sent_since(job.resource, since))
        ]
        more = f"{request.url.path}?Page=1" if len(found) > size else None
        return JSONResponse({"messages": found[:size], "page": 0, "page_size": size, "next_page_uri": more})

    async def account(self, request: Request) -> Response:
        refused = _refusal(self._simulator, request, "account")
        return refused or JSONResponse({"sid": self._simulator.account, "status": "active"})

    async def media(self, request: Request) -> Response:
        """Signed in here, then sent on: https://support.twilio.com/hc/en-us/articles/223183748."""
        if (refused := _refusal(self._simulator, request, "media")) is not None:
            return refused
        name = request.path_params["media"]
        if name not in self._simulator.media or self._simulator.mischief.take(Act.LATE_MEDIA, "media"):
            return _error(404, "20404", "the requested resource was not found")
        return RedirectResponse(f"{self._simulator.cdn_url}/{name}?Signature={secrets.token_urlsafe(12)}", 307)


def cdn(simulator: TwilioSimulator) -> Starlette:
    """The store behind the API: the address is the permission, and credentials beside it are an error."""

    async def serve(request: Request) -> Response:
        if "authorization" in request.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400, media_type="application/xml")
        file = simulator.media.get(request.path_params["media"])
        if file is None or "Signature" not in request.query_params:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        kind = "application/octet-stream" if simulator.mischief.take(Act.WRONG_TYPE, "media") else file.type
        named = {"Content-Disposition": f'inline; filename="{file.name}"'} if file.name.isascii() else {}
        return Response(file.data, headers={"Content-Type": kind, **named})

    return Starlette(routes=[Route("/{media}", serve, methods=["GET"])])


class Dropped(Response):
    """An answer that breaks off: the connection is closed before the announced bytes came."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own signature
        """Begin an answer and never end it."""
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"1000")]})


def _refusal(simulator: TwilioSimulator, request: Request, place: str) -> Response | None:
    """What comes before any call is looked at: https://www.twilio.com/docs/api/errors."""
    if simulator.mischief.take(Act.UNAUTHORIZED, place) or not _signed_in(simulator, request):
        return _error(401, "20003", "Authenticate")
    if simulator.mischief.take(Act.ERROR, place):
        return _error(503, "20503", "Service unavailable")
    if simulator.mischief.take(Act.THROTTLE, place):
        # https://www.twilio.com/docs/errors/20429
        return _error(429, "20429", "Too Many Requests", {"Retry-After": "1"})
    return None


def _signed_in(simulator: TwilioSimulator, request: Request) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(value, validate=True).decode()
    except ValueError:
        return False
    own = request.path_params["account"] == simulator.account
    return own and scheme.lower() == "basic" and given in simulator.credentials


def _objection(simulator: TwilioSimulator, form: dict[str, list[str]]) -> str:
    """The code with which the API refuses a message at once; each is https://www.twilio.com/docs/api/errors/<code>."""
    to, text, urls = form.get("To", [""])[0], form.get("Body", [""])[0], form.get("MediaUrl", [])
    sender = form.get("From", [""])[0]
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", to):
        return "21211"
    if sender != simulator.sender and not form.get("MessagingServiceSid", [""])[0].startswith("MG"):
        return "21606"
    if simulator.troubles.get(to, "").startswith("21"):
        return simulator.troubles[to]
    if len(text.encode("utf-16-le")) // 2 > MAX_BODY:
        return "21617"
    if not (text or urls):
        return "21619"
    if len(urls) > MAX_MEDIA:
        return "21623"
    callback = urlsplit(form.get("StatusCallback", [""])[0])
    if any(urlsplit(url).scheme not in ("http", "https") for url in urls) or "_" in (callback.hostname or ""):
        return "21620"
    return ""


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": int(code), "message": message, "more_info": more, "status": status}, status, headers)


def _sent_since(resource: dict[str, Any], since: date) -> bool:
    # the filter is by the time of sending, which a waiting message has not; whether one is listed is not documented
    return resource["date_sent"] is not None and parsedate_to_datetime(resource["date_sent"]).date() >= since
