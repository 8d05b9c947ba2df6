"""What a file really is, by its content; what its name and its sender claim is only held against that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.arguments import text
from mediacore.engines.av.soundfilm import is_sound
from mediacore.engines.containers import END_OF_ZIP, size_of, span
from mediacore.engines.honesty import findings
from mediacore.engines.insides import (
    asf_type,
    der_type,
    gzip_type,
    iso_type,
    matroska_type,
    ogg_type,
    ole_type,
    riff_type,
    tiff_type,
    zip_type,
)
from mediacore.engines.ole import MAGIC as OLE_MAGIC
from mediacore.engines.operation import Made
from mediacore.engines.picture.rare import rare_type
from mediacore.engines.signatures import ASF, PREFIXES
from mediacore.engines.texts import kind_of_text
from mediacore.values import Json

HEAD = 4096
UNKNOWN = "application/octet-stream"
_TEXT_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b\x08") + b"\x7f"
_LATE_PDF = re.compile(rb"(?:^|[\r\n\x00])%PDF-\d")


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
        ``encrypted``, ``drm``, ``unknown``.
    """
    name, declared = text(params, "name"), text(params, "declared")
    mime = type_of(file, name)
    return Made({"type": mime, "findings": findings(file, mime, name, declared)})


def type_of(file: BinaryIO, name: str = "") -> str:
    """The MIME type by content; the name only tells apart kinds of text that look alike."""
    head = span(file, 0, HEAD)
    if not head:
        return UNKNOWN
    wordy = _is_text(head)
    for prefix, mime in PREFIXES:
        if head.startswith(prefix) and not (wordy and prefix.isalnum()):
            return _corrected(mime, head)
    if container := _container(file, head, name) or _stream(head):
        return container
    if picture := rare_type(file, head):
        return picture
    words = _text(file, name)
    if words not in ("", "text/plain"):
        return words
    # readers accept a PDF that begins anywhere in the first kilobyte
    late = "application/pdf" if _LATE_PDF.search(head[:1024]) else ""
    return late or words or _disk(file) or _by_libmagic(head)


def _corrected(mime: str, head: bytes) -> str:
    """Signatures that two formats share."""
    if mime == "audio/mpeg" and b"fLaC" in head:
        return "audio/flac"
    return mime


def _container(file: BinaryIO, head: bytes, name: str) -> str:
    if head.startswith((b"PK\x03\x04", END_OF_ZIP)):
        return zip_type(file, name)
    if head.startswith(OLE_MAGIC):
        return ole_type(file)
    if head.startswith((b"II*\x00", b"MM\x00*")):
        return tiff_type(file, head)
    if head.startswith((b"RIFF", b"RF64", b"FORM")):
        return riff_type(head)
    if head.startswith(b"OggS"):
        return ogg_type(head)
    if head.startswith(ASF):
        return asf_type(file)
    if head.startswith(b"\x1f\x8b"):
        return gzip_type(head)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return matroska_type(file, head)
    if head[257:262] == b"ustar":
        return "application/x-tar"
    if head.startswith(b"MZ"):
        return "application/x-dosexec" if not _is_text(head) else ""
    if head.startswith(b"\xca\xfe\xba\xbe"):  # a program for several processors of Apple's, or a class of Java's
        return "application/x-mach-binary" if int.from_bytes(head[4:8], "big") < 20 else "application/java-vm"
    mime = iso_type(head) if len(head) >= 12 else ""
    return "audio/mp4" if mime == "video/mp4" and is_sound(file) else mime


def _stream(head: bytes) -> str:
    """What begins with a few bits only."""
    if len(head) > 26 and head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 108, 124):
        return "image/bmp"
    if len(head) > 21 and head[:4] == b"\x00\x00\x01\x00" and 0 < head[4] < 100 and head[5] == head[9] == 0:
        return "image/vnd.microsoft.icon"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08 and head[2] >> 4 < 15:
        return "audio/mpeg"
    if head[:1] == head[188:189] == head[376:377] == b"G" or head[4:5] == head[196:197] == head[388:389] == b"G":
        return "" if _is_text(head) else "video/mp2t"
    if head[40:44] == b" EMF" and head[:4] == b"\x01\x00\x00\x00":
        return "image/emf"
    return der_type(head)


def _disk(file: BinaryIO) -> str:
    """Images of disks tell what they are far from their beginning (ECMA-119, 8.1; the trailer of Apple's)."""
    if span(file, 0x8001, 5) == b"CD001":
        return "application/x-iso9660-image"
    return "application/x-apple-diskimage" if span(file, size_of(file) - 512, 4) == b"koly" else ""


def _is_text(head: bytes) -> bool:
    return head.translate(None, _TEXT_CONTROL) == head


def _text(file: BinaryIO, name: str) -> str:
    """The kind of text, or nothing when it is none."""
    raw = span(file, 0, bounds.TEXT_BYTES)
    whole = size_of(file) <= len(raw)
    words = _decoded(raw, whole=whole)
    return "" if words is None else kind_of_text(words, name, whole=whole)


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


def _by_libmagic(head: bytes) -> str:
    """The opinion of libmagic on what our own tables do not know."""
    try:
        import pylibmagic  # noqa: F401, I001 - it tells python-magic where the library is
        import magic
    except ImportError:
        return UNKNOWN
    mime: str = magic.from_buffer(head, mime=True)
    return mime if "/" in mime and mime not in ("application/x-empty", "inode/x-empty") else UNKNOWN
