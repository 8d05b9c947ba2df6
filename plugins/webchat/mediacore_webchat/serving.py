"""Bytes for visitors' browsers, with headers that let nothing in a file run."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from mediacore_webchat.widget import Text

HERE = Path(__file__).parent
INLINE = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/webm",
    "audio/wav",
    "audio/x-wav",
    "audio/flac",
    "audio/aac",
    "video/mp4",
    "video/webm",
)
"""Types that a browser may show in place; everything else is a download of unknown type. No SVG, HTML or XML, ever."""
_FILE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the page with the widget is of another origin
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, max-age=300",
}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src '{style}'; connect-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def file(path: Path, name: str, mime: str) -> Response:
    """A file of a conversation; answers range requests.

    Args:
        path: where it is.
        name: what it is called.
        mime: its sniffed type.
    """
    shown = mime in INLINE
    return FileResponse(
        path,
        media_type=mime if shown else "application/octet-stream",
        filename=name or "file",
        content_disposition_type="inline" if shown else "attachment",
        headers=_FILE_HEADERS,
    )


def thumbnail(path: Path) -> Response:
    """A likeness that the preview engine made: JPEG or PNG."""
    with path.open("rb") as source:
        mime = "image/png" if source.read(4) == b"\x89PNG" else "image/jpeg"
    return FileResponse(path, media_type=mime, headers=_FILE_HEADERS)


def text(request: Request, found: Text, mime: str) -> Response:
    """The script or a list of words; packed where the browser takes it, and 304 when it has it already."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept-Encoding",
        "ETag": found.tag,
    }
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=mime, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.plain, media_type=mime, headers=headers)


def demo() -> Response:
    """A page to try the chat on, under the strictest policy that a site may have."""
    page = (HERE / "demo.html").read_text(encoding="utf-8")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = hashlib.sha256(style.group(1).encode() if style else b"").digest()
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _PAGE_POLICY.format(style=f"sha256-{base64.b64encode(digest).decode()}"),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)
