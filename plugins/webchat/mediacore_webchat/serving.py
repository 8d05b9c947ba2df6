"""Bytes for visitors' browsers, with headers that let nothing in a file run."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse, Response

HERE = Path(__file__).parent
INLINE = (
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
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
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' blob:; base-uri 'none'; form-action 'none'"
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


def widget() -> Response:
    """The web component."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": "public, max-age=300",
    }
    return FileResponse(HERE / "widget.js", media_type="text/javascript; charset=utf-8", headers=headers)


def demo() -> Response:
    """A page to try the chat on."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _PAGE_POLICY,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return FileResponse(HERE / "demo.html", media_type="text/html; charset=utf-8", headers=headers)
