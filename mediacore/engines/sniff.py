"""What a file really is, by its content; what its name and its sender claim is only held against that."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.arguments import text
from mediacore.engines.av.soundfilm import is_sound
from mediacore.engines.containers import (
    END_OF_ZIP,
    OLE_MAGIC,
    is_transport,
    iso_type,
    matroska_type,
    ogg_type,
    ole_type,
    riff_type,
    size_of,
    span,
    zip_type,
)
from mediacore.engines.honesty import findings
from mediacore.engines.operation import Made
from mediacore.engines.signatures import EXTENSIONS, PREFIXES
from mediacore.values import Json

HEAD = 4096
_MAIL = re.compile(
    rb"^(?:received|from|to|subject|date|message-id|mime-version|return-path|delivered-to|reply-to|content-type|x-[\w-]+)"
    rb":",
    re.IGNORECASE | re.MULTILINE,
)
_TEXT_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b\x08") + b"\x7f"


def warm() -> None:
    """Load libmagic's database."""
    _by_libmagic(b"\x00")


def sniff(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """Tell a file's type and what is wrong with it at first sight.

    Args:
        file: the untrusted file.
        params: ``name`` the sender's name for it and ``declared`` the sender's type for it; both may be empty.

    Returns:
        Facts ``type`` (a MIME type without parameters; ``application/octet-stream`` when unknown) and ``findings``, a
        list of ``{code, severity, message, remedy}``: ``empty``, ``truncated``, ``polyglot``, ``mislabelled``,
        ``unknown``.
    """
    name, declared = text(params, "name"), text(params, "declared")
    mime = type_of(file, name)
    return Made({"type": mime, "findings": findings(file, mime, name, declared)})


def type_of(file: BinaryIO, name: str = "") -> str:
    """The MIME type by content; the name only tells apart kinds of text that look alike."""
    head = span(file, 0, HEAD)
    if not head:
        return "application/octet-stream"
    for prefix, mime in PREFIXES:
        if head.startswith(prefix):
            return _corrected(mime, head)
    if container := _container(file, head):
        return container
    words = _text(file, name)
    if words not in ("", "text/plain"):
        return words
    return _late_pdf(head) or words or _by_libmagic(head)


def _corrected(mime: str, head: bytes) -> str:
    """Signatures that two formats share."""
    if mime == "audio/mpeg" and b"fLaC" in head:
        return "audio/flac"
    return mime


def _late_pdf(head: bytes) -> str:
    """Readers accept a PDF that begins anywhere in the first kilobyte."""
    return "application/pdf" if re.search(rb"(?:^|[\r\n\x00])%PDF-\d", head[:1024]) else ""


def _container(file: BinaryIO, head: bytes) -> str:
    if head.startswith((b"PK\x03\x04", END_OF_ZIP)):
        return zip_type(file)
    if head.startswith(OLE_MAGIC):
        return ole_type(file)
    if head.startswith((b"RIFF", b"RF64")):
        return riff_type(head)
    if head.startswith(b"OggS"):
        return ogg_type(head)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return matroska_type(file, head)
    if (
        head.startswith(b"BM")
        and len(head) > 26
        and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 108, 124)
    ):
        return "image/bmp"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08 and head[2] >> 4 < 15:
        return "audio/mpeg"
    if is_transport(head):
        return "video/mp2t"
    mime = iso_type(head) if len(head) >= 12 else ""
    return "audio/mp4" if mime == "video/mp4" and is_sound(file) else mime


def _text(file: BinaryIO, name: str) -> str:
    """The kind of text, or nothing when it is none."""
    raw = span(file, 0, bounds.TEXT_BYTES)
    words = _decoded(raw, whole=size_of(file) <= len(raw))
    if words is None:
        return ""
    start = words[:2048].lstrip("\ufeff \t\r\n")
    low = start.lower()
    if low.startswith("begin:vcard"):
        return "text/vcard"
    if low.startswith("begin:vcalendar"):
        return "text/calendar"
    if _is_svg(low):
        return "image/svg+xml"
    if low.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "text/html"
    if low.startswith("<?xml"):
        return "text/html" if "<html" in low else "text/xml"
    if len(_MAIL.findall(start.partition("\n\n")[0].replace("\r", "").encode()[:HEAD])) >= 3:
        return "message/rfc822"
    if start[:1] in ("{", "[") and _is_json(words, whole=size_of(file) <= len(raw)):
        return "application/json"
    claimed = EXTENSIONS.get(name.rpartition(".")[2].lower(), "")
    return claimed if claimed in ("text/csv", "text/markdown") else "text/plain"


def _decoded(raw: bytes, *, whole: bool) -> str | None:
    """Text in UTF-8, UTF-16 with a mark, or a one-byte encoding; None when it is no text."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        words = raw[: len(raw) // 2 * 2].decode("utf-16", "replace")
        return words if words.count("\ufffd") < 3 and "\x00" not in words else None
    if raw.translate(None, _TEXT_CONTROL) != raw:
        return None
    for cut in range(1 if whole else 4):
        try:
            return raw[: len(raw) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
    high = sum(byte >= 0x80 for byte in raw)
    return raw.decode("cp1252", "replace") if high < len(raw) * 0.3 else None


def _is_svg(low: str) -> bool:
    if low.startswith("<svg"):
        return True
    return low.startswith(("<?xml", "<!--", "<!doctype svg")) and "<svg" in low and "<html" not in low


def _is_json(words: str, *, whole: bool) -> bool:
    if not whole:
        return re.match(r'[\[{]\s*["\[{\d]', words) is not None
    try:
        json.loads(words)
    except (ValueError, RecursionError):
        return False
    return True


def _by_libmagic(head: bytes) -> str:
    """The opinion of libmagic on what our own tables do not know."""
    try:
        import pylibmagic  # noqa: F401, I001 - it tells python-magic where the library is
        import magic
    except ImportError:
        return "application/octet-stream"
    mime: str = magic.from_buffer(head, mime=True)
    return mime if "/" in mime and mime not in ("application/x-empty", "inode/x-empty") else "application/octet-stream"
