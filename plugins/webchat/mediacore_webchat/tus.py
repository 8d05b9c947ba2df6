"""Uploads that resume: tus 1.0.0 with the extensions creation, expiration, termination and checksum.

The protocol is https://tus.io/protocols/resumable-upload ; every rule below is its own.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from email.utils import formatdate

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mediacore import Refused
from mediacore_webchat.pour import ALGORITHMS, checksum, pour
from mediacore_webchat.uploads import Upload, Uploads
from mediacore_webchat.wire import plain_name, words

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination,checksum"
EXPOSED = (
    "Location",
    "Tus-Resumable",
    "Tus-Version",
    "Tus-Max-Size",
    "Upload-Expires",
    "Upload-Length",
    "Upload-Offset",
)
"""Headers that a page of another origin may read."""


class Tus:
    """The upload endpoints of one inbox.

    Args:
        uploads: where the bytes go.
        visitor: tells whose request it is, or raises ``Refused``.
        pace: raises ``Refused`` when a visitor begins too many.
    """

    def __init__(self, uploads: Uploads, visitor: Callable[[Request], str], pace: Callable[[str], None]) -> None:
        self._uploads = uploads
        self._visitor = visitor
        self._pace = pace

    def routes(self) -> list[Route]:
        """The collection and the single upload."""
        return [
            Route("/uploads", self._options, methods=["OPTIONS"]),
            Route("/uploads", self._create, methods=["POST"]),
            Route("/uploads/{id}", self._options, methods=["OPTIONS"]),
            Route("/uploads/{id}", self._patch, methods=["PATCH"]),
            Route("/uploads/{id}", self._override, methods=["POST"]),
            Route("/uploads/{id}", self._head, methods=["HEAD"]),
            Route("/uploads/{id}", self._delete, methods=["DELETE"]),
        ]

    def _options(self, _: Request) -> Response:
        """What this server can do; needs no version and no token."""
        headers = {
            "Tus-Version": VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
            "Tus-Max-Size": str(self._uploads.max_bytes),
        }
        return self._answer(204, None, **headers)

    def _create(self, request: Request) -> Response:
        if refusal := _wrong_version(request):
            return refusal
        visitor, length = self._visitor(request), _count(request, "upload-length")
        self._pace(visitor)
        metadata = _metadata(request.headers.get("upload-metadata", ""))
        name, kind = plain_name(metadata.get("filename", "")), metadata.get("filetype", "")
        upload = self._uploads.create(visitor, length, name, kind)
        # relative to /uploads, so that it holds behind any proxy's prefix
        return self._answer(201, upload, Location=f"uploads/{upload.id}")

    def _head(self, request: Request) -> Response:
        if refusal := _wrong_version(request):
            return refusal
        upload = self._mine(request)
        offset = self._uploads.offset(upload)
        headers = {"Upload-Offset": str(offset), "Upload-Length": str(upload.length), "Cache-Control": "no-store"}
        return self._answer(200, upload, **headers)

    def _delete(self, request: Request) -> Response:
        if refusal := _wrong_version(request):
            return refusal
        self._uploads.drop(self._mine(request))
        return self._answer(204)

    async def _override(self, request: Request) -> Response:
        """A POST that stands for another method, since some proxies let no PATCH through."""
        method = request.headers.get("x-http-method-override", "").upper()
        if method == "PATCH":
            return await self._patch(request)
        if method in ("DELETE", "HEAD"):
            return await run_in_threadpool(self._delete if method == "DELETE" else self._head, request)
        return self._answer(405, None, Allow="HEAD, PATCH, DELETE, OPTIONS")

    async def _patch(self, request: Request) -> Response:
        if refusal := _wrong_version(request):
            return refusal
        if request.headers.get("content-type") != "application/offset+octet-stream":
            raise Refused("a PATCH brings application/offset+octet-stream", code="type", status=415)
        upload = await run_in_threadpool(self._mine, request)
        offset = _count(request, "upload-offset")
        room = upload.length - offset
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > room >= 0:
            raise Refused("more bytes than Upload-Length announced", code="too-large", status=413)
        checked = checksum(request.headers.get("upload-checksum", ""))
        with self._uploads.appending(upload, offset) as sink:
            written = await pour(request.stream(), sink, room, checked)
        return self._answer(204, upload, **{"Upload-Offset": str(offset + written)})

    def _mine(self, request: Request) -> Upload:
        return self._uploads.find(request.path_params["id"], self._visitor(request))

    def _answer(self, status: int, upload: Upload | None = None, **headers: str) -> Response:
        if upload is not None:
            headers["Upload-Expires"] = formatdate(self._uploads.expires(upload), usegmt=True)
        return Response(status_code=status, headers={"Tus-Resumable": VERSION, **headers})


def _wrong_version(request: Request) -> Response | None:
    """412 with the versions spoken here, unless the request speaks one of them."""
    if request.headers.get("tus-resumable") == VERSION:
        return None
    return Response(status_code=412, headers={"Tus-Version": VERSION, "Tus-Resumable": VERSION})


def _count(request: Request, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise Refused(f"{header} is missing or is no number", code="header", status=400)
    return int(value)


def _metadata(header: str) -> dict[str, str]:
    """``Upload-Metadata``: pairs of a name and a Base64 value, separated by commas; odd ones are left out."""
    found = {}
    for pair in header.split(",")[:20]:
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = words(base64.b64decode(value, validate=True).decode(), 500)
        except (binascii.Error, ValueError):
            continue
    return found
