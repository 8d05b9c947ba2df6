"""A second look: what a zip, an OLE, an ISO media, a RIFF, an Ogg, a TIFF or another shared container holds."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from mediacore.engines import bounds, ole
from mediacore.engines.containers import span, zip_names
from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import (
    ASF_FILM,
    BINARY_SHEET,
    BRANDS,
    INSTALLER,
    KEYNOTE,
    MACRO_OFFICE,
    NUMBERS,
    OFFICE,
    OLE,
    PAGES,
    VISIO,
    XPS,
)

_LOCAL = b"PK\x03\x04"
_KIND = re.compile(r"application/[\w.+-]{1,90}$")
_SOLE: Mapping[str, str] = {
    "pass.json": "application/vnd.apple.pkpass",
    "AndroidManifest.xml": "application/vnd.android.package-archive",
    "AppxManifest.xml": "application/appx",
    "xl/workbook.bin": BINARY_SHEET,
    "visio/document.xml": VISIO,
    "FixedDocSeq.fdseq": XPS,
    "FixedDocumentSequence.fdseq": XPS,
    "doc.kml": "application/vnd.google-earth.kmz",
}
"""Members that only one sort of file has."""


def zip_type(file: BinaryIO, name: str = "") -> str:
    """What a zip is: an office file, a program, a pass, or just a zip; one without its end by the members it has."""
    names = [known for known, _ in zip_names(file)] or _first_names(file)
    head = span(file, 0, 256)
    # OpenDocument (part 3, 3.3) and EPUB (OCF 3.3): the first entry is "mimetype", stored as it is
    if head[26:28] == b"\x08\x00" and head[30:38] == b"mimetype":
        length = struct.unpack("<I", head[18:22])[0]
        kind = head[38 : 38 + min(length, 100)].decode("ascii", "replace").strip()
        if _KIND.match(kind):
            return kind
    held = set(names)
    if sole := next((mime for member, mime in _SOLE.items() if member in held), ""):
        return sole
    if "[Content_Types].xml" in held:
        macros = any(known.lower().endswith("vbaproject.bin") or "/macrosheets/" in known for known in names)
        for prefix, mime in (MACRO_OFFICE if macros else OFFICE).items():
            if any(known.startswith(prefix) for known in names):
                return mime
    return _apple(names, name) or _java(names) or "application/zip"


def _apple(names: Sequence[str], name: str) -> str:
    """An iWork document; Pages and Numbers look alike, so their name tells them apart."""
    if any(known.startswith("Payload/") and ".app/" in known for known in names):
        return "application/x-ios-app"
    if "index.apxl" in names:
        return KEYNOTE
    if not any(known.startswith("Index/") and known.endswith(".iwa") for known in names) and "Index.zip" not in names:
        return ""
    if any(known.startswith(("Index/Slide", "Index/MasterSlide", "Index/TemplateSlide")) for known in names):
        return KEYNOTE
    suffix = name.rpartition(".")[2].lower()
    return {"numbers": NUMBERS, "key": KEYNOTE}.get(suffix, PAGES)


def _java(names: Sequence[str]) -> str:
    manifest = "META-INF/MANIFEST.MF" in names
    return "application/java-archive" if manifest and any(known.endswith(".class") for known in names) else ""


def _first_names(file: BinaryIO) -> list[str]:
    """Names of the members at the beginning of a zip whose directory is missing."""
    head, found = span(file, 0, bounds.TEXT_BYTES), list[str]()
    at = head.find(_LOCAL)
    while at >= 0 and len(found) < 100:
        length = int.from_bytes(head[at + 26 : at + 28], "little")
        found.append(head[at + 30 : at + 30 + length].decode("utf-8", "replace"))
        at = head.find(_LOCAL, at + 30)
    return found


def ole_type(file: BinaryIO) -> str:
    """What made an OLE file, by what stands in its root."""
    try:
        whole = ole.opened(file)
    except Unusable:
        return "application/x-ole-storage"
    root = whole.members.get(())
    if root is not None and root.clsid == INSTALLER:
        return "application/x-msi"
    return next((mime for name, mime in OLE.items() if name in whole.root), "application/x-ole-storage")


def iso_type(head: bytes) -> str:
    """The type of an ISO base media file by its brands, the major one first; nothing if it is none."""
    if head[4:8] != b"ftyp":
        return "video/quicktime" if head[4:8] in (b"moov", b"mdat", b"wide", b"skip", b"pnot") else ""
    length = min(struct.unpack(">I", head[:4])[0], 512)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    # "mif1" says no more than "a still picture", so the codec's own brand goes first
    for brand in sorted(brands, key=lambda brand: brand in (b"mif1", b"msf1")):
        if brand.startswith((b"3gp", b"3g2", b"3gg")):
            return "video/3gpp"
        if brand in BRANDS:
            return BRANDS[brand]
    return "video/mp4"


def matroska_type(file: BinaryIO, head: bytes) -> str:
    """The type of a Matroska file: a browser calls a recorded voice WebM as well, and it has no picture.

    The codec of each track stands in element 0x86 as text that begins with ``V_`` or ``A_`` (RFC 9559, 5.1.4.1.19).
    """
    tracks = set(re.findall(rb"\x86[\x83-\xbf]([VA])_[A-Z]", span(file, 0, bounds.TEXT_BYTES)))
    kind = "audio" if tracks == {b"A"} else "video"
    return f"{kind}/webm" if b"webm" in head[:64] else f"{kind}/x-matroska"


def riff_type(head: bytes) -> str:
    """The type of a RIFF or an IFF file."""
    kinds = {
        b"WEBP": "image/webp",
        b"WAVE": "audio/wav",
        b"AVI ": "video/x-msvideo",
        b"AIFF": "audio/x-aiff",
        b"AIFC": "audio/x-aiff",
    }
    return kinds.get(head[8:12], "")


def ogg_type(head: bytes) -> str:
    """The type of an Ogg file by the codec of its first page."""
    return "video/ogg" if b"\x80theora" in head[:256] else "audio/ogg"


def asf_type(file: BinaryIO) -> str:
    """Windows Media: sound, or a film when a stream of pictures is told of."""
    return "video/x-ms-asf" if ASF_FILM in span(file, 0, bounds.TEXT_BYTES) else "audio/x-ms-wma"


def tiff_type(file: BinaryIO, head: bytes) -> str:
    """A TIFF, or what a camera keeps in the form of one: DNG by its version tag (DNG 1.7, 50706), CR2 by its mark."""
    if head[8:10] == b"CR":
        return "image/x-canon-cr2"
    order = "<" if head.startswith(b"II") else ">"
    first = struct.unpack(f"{order}I", head[4:8])[0] if len(head) >= 8 else 0
    directory = span(file, first, 2 + 12 * 200)
    count = struct.unpack(f"{order}H", directory[:2])[0] if len(directory) >= 2 else 0
    tags = (directory[at : at + 2] for at in range(2, min(len(directory), 2 + 12 * count), 12))
    return "image/x-adobe-dng" if struct.pack(f"{order}H", 50706) in tags else "image/tiff"


def gzip_type(head: bytes) -> str:
    """A gzip; one that holds a drawing is a packed SVG."""
    try:
        start = zlib.decompressobj(31).decompress(head, 4096).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    except zlib.error:
        return "application/gzip"
    drawing = start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in start
    return "image/svg+xml-compressed" if drawing else "application/gzip"


def der_type(head: bytes) -> str:
    """Signed or locked messages, keys and certificates in DER (RFC 5652, RFC 7292, RFC 5280); nothing if it is none."""
    if head[:1] != b"\x30" or len(head) < 20:
        return ""
    length = 2 + (head[1] & 0x7F if head[1] & 0x80 else 0)
    body = head[length : length + 40]
    if body.startswith(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"):
        return "application/pkcs7-mime"
    if body.startswith(b"\x02\x01\x03\x30"):
        return "application/x-pkcs12"
    if body[:2] == b"\x30\x82" and body[4:9] == b"\xa0\x03\x02\x01\x02":
        return "application/x-pem-file"
    return ""
