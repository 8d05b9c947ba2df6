"""The simulator's web server: the Graph API's paths, and the address where files lie."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mediacore.testkit import Act
from mediacore_whatsapp.simulator_rules import GONE, LIMIT, Fault, message_fault, upload_fault

if TYPE_CHECKING:
    from mediacore_whatsapp.simulator import WhatsAppSimulator

TOKEN = Fault(190, "Invalid OAuth access token", "Cannot parse access token", status=401)
BUSY = Fault(131016, "Service unavailable", "A service is temporarily unavailable", status=503)
PAGE = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"


def app(simulator: WhatsAppSimulator) -> Starlette:
    """Meta's API: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages."""
    calls = _Calls(simulator)
    return Starlette(
        routes=[
            Route("/whatsapp_business/attachments/", calls.serve, methods=["GET"]),
            Route("/{version}/{number}/media", calls.upload, methods=["POST"]),
            Route("/{version}/{number}/messages", calls.send, methods=["POST"]),
            Route("/{version}/{node}", calls.look, methods=["GET"]),
            Route("/{version}/{node}", calls.delete, methods=["DELETE"]),
        ]
    )


class _Calls:
    """The API's calls."""

    def __init__(self, simulator: WhatsAppSimulator) -> None:
        self._simulator = simulator

    async def upload(self, request: Request) -> Response:
        """Multipart, at most 100 MB, listed types only; the part's own type counts when ``type`` is not given."""
        if (refused := self._refusal(request, "upload")) is not None:
            return refused
        async with request.form() as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                return _error(Fault(131008, "Required parameter is missing", "file"))
            data = await file.read()
            declared = str(form.get("type") or file.content_type or "")
            bare = declared.partition(";")[0].strip().lower()
            fault = upload_fault(str(form.get("messaging_product")), bare, len(data))
            if fault is not None:
                return _error(fault)
            kept = self._simulator.files.keep(request.path_params["number"], bare, file.filename or "", data)
        return await self._answer(request, "upload", {"id": kept.id})

    async def send(self, request: Request) -> Response:
        """One message, or a read mark."""
        if (refused := self._refusal(request, "send")) is not None:
            return refused
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _error(Fault(100, "Invalid parameter", "the body is no JSON object"))
        if body.get("status") == "read":
            fault = self._simulator.mark(body)
            return _error(fault) if fault else await self._answer(request, "send", {"success": True})
        taken: dict[str, Any] | Fault | None = message_fault(body, self._simulator.display.lstrip("+"))
        if taken is None:
            taken = await asyncio.to_thread(self._simulator.take, body)
        if isinstance(taken, Fault):
            return _error(taken)
        return await self._answer(request, "send", taken)

    async def look(self, request: Request) -> Response:
        """The number itself, or where a file lies; a wrong ``phone_number_id`` beside a media id makes it fail."""
        if (refused := self._refusal(request, "media")) is not None:
            return refused
        simulator, node = self._simulator, request.path_params["node"]
        if node == simulator.phone_number_id:
            return JSONResponse({"id": node, "display_phone_number": simulator.display})
        kept = simulator.files.find(node, request.query_params.get("phone_number_id", ""))
        if kept is None:
            return _error(GONE)
        found = {"id": kept.id, "mime_type": kept.type, "sha256": kept.sha256.hex(), "file_size": str(len(kept.data))}
        return JSONResponse({"messaging_product": "whatsapp", "url": simulator.address(kept), **found})

    async def delete(self, request: Request) -> Response:
        """Take an upload away."""
        if (refused := self._refusal(request, "media")) is not None:
            return refused
        if self._simulator.files.find(request.path_params["node"]) is None:
            return _error(GONE)
        self._simulator.files.forget(request.path_params["node"])
        return JSONResponse({"success": True})

    async def serve(self, request: Request) -> Response:
        """The bytes, with the same bearer; an address that ran out and a wrong token both answer 404.

        Who does not say what program it is gets a web page, as some have seen at Meta's file hosts.
        """
        simulator = self._simulator
        kept = simulator.files.served(request.query_params.get("mid", ""))
        if simulator.mischief.take(Act.ERROR, "file"):
            return Response(status_code=503)
        if kept is None or not self._signed_in(request) or simulator.mischief.take(Act.LATE_MEDIA, "media"):
            return Response(status_code=404)
        if not request.headers.get("user-agent"):
            return Response(PAGE, 404, media_type="text/html")
        kind = "text/html" if simulator.mischief.take(Act.WRONG_TYPE, "media") else kept.type
        if simulator.mischief.take(Act.WRONG_TYPE, "page"):
            return Response(PAGE, media_type="text/html")
        if simulator.mischief.take(Act.DROP_AFTER, "file"):
            return _Dropped(kept.data[: len(kept.data) // 2])
        return Response(kept.data, headers={"Content-Type": kind})

    def _signed_in(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self._simulator.token}"

    def _refusal(self, request: Request, place: str) -> Response | None:
        mischief = self._simulator.mischief
        if mischief.take(Act.UNAUTHORIZED, place) or not self._signed_in(request):
            return _error(TOKEN)
        if mischief.take(Act.ERROR, place):
            return _error(BUSY)
        if mischief.take(Act.THROTTLE, place):
            return _error(LIMIT)
        if request.path_params.get("number", self._simulator.phone_number_id) != self._simulator.phone_number_id:
            return _error(GONE)
        return None

    async def _answer(self, request: Request, place: str, content: object) -> Response:
        """The answer, unless it gets lost after the call was taken."""
        if self._simulator.mischief.take(Act.DROP_AFTER, place):
            return _Dropped()
        if self._simulator.mischief.take(Act.HANG_AFTER, place):
            while not (self._simulator.closing.is_set() or await request.is_disconnected()):
                await asyncio.sleep(0.05)
            return _Dropped()
        return JSONResponse(content)


class _Dropped(Response):
    """An answer that breaks off: the connection is closed before the announced bytes came."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own signature
        headers = [(b"content-length", str(max(1000, 2 * len(self.body))).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if self.body:
            await send({"type": "http.response.body", "body": self.body, "more_body": True})


def _error(fault: Fault) -> Response:
    """Meta's error object."""
    error: dict[str, Any] = {
        "message": f"(#{fault.code}) {fault.title}",
        "type": "OAuthException",
        "code": fault.code,
        "error_data": {"messaging_product": "whatsapp", "details": fault.details or fault.title},
        "fbtrace_id": "Simulated",
    }
    if fault.subcode:
        error["error_subcode"] = fault.subcode
    return JSONResponse({"error": error}, fault.status)
