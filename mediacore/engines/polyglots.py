"""Files that are two things at once: for the one who checks a picture, for the one who opens it an archive or a page.

Honest files have second natures too, and are not held to be any: a PDF with a zip attached, a zip that begins with a
stored PDF, a photo with a film or another photo behind it.
"""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.containers import end_of_zip, size_of, span
from mediacore.kinds import Kind, kind_of

_PICTURED = (Kind.IMAGE, Kind.AUDIO, Kind.VIDEO)
_ACTIVE = re.compile(rb"<(?:html|script|svg|iframe|!doctype html)[\s>/]|<\?php\s", re.IGNORECASE)
_OTHERS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"OggS", b"MZ", b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"ID3")
_SCANNED = 2 << 20
"""Bytes that unpackers search for the beginning of an archive, since those that unpack themselves begin as programs."""
_PACKED = {b"Rar!\x1a\x07": "a RAR archive", b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive"}
"""What they begin with; of RAR what its old and its new kind have in common."""
_ATTACHED = 2048
"""Bytes before an attached file in which a PDF says that it is one."""


def second_nature(file: BinaryIO, mime: str) -> str:
    """What else a file would pass as, in words; empty when it is one thing only."""
    kind = kind_of(mime)
    head = span(file, 0, bounds.TEXT_BYTES)
    if kind is Kind.TEXT or mime == "image/svg+xml":
        return _page_and_pdf(file, head) if mime == "text/html" else ""
    if mime == "application/pdf":
        if not head.startswith(b"%PDF") and _begins_otherwise(head):
            return "something else before it"
    elif kind in (*_PICTURED, Kind.ARCHIVE) and mime != "image/emf" and _hides_pdf(head, kind):
        return "a PDF"
    if kind not in (*_PICTURED, Kind.PDF):
        return ""
    if _is_zip(file, mime):
        return "a zip archive"
    if found := _archive(file, mime):
        return found
    if kind in _PICTURED and _ACTIVE.search(head):
        return "a web page"
    return "a script" if _is_script(file, head) else ""


def _page_and_pdf(file: BinaryIO, head: bytes) -> str:
    late = re.search(rb"[\r\n]%PDF-\d", head[:1024])
    return "a PDF" if late and b"startxref" in span(file, size_of(file) - 1024, 1024) else ""


def _begins_otherwise(head: bytes) -> bool:
    before = head[: head.find(b"%PDF-")]
    return head.startswith(_OTHERS) or bool(_ACTIVE.search(before))


def _hides_pdf(head: bytes, kind: Kind) -> bool:
    at = head[:1024].find(b"%PDF-")
    if at < 0:
        return False
    if kind is not Kind.ARCHIVE:
        return True
    if head.startswith(b"PK\x03\x04"):
        name, extra = struct.unpack("<HH", head[26:30])
        return bool(at != 30 + name + extra)
    return at % 512 != 0  # where a tar keeps its files


def _is_zip(file: BinaryIO, mime: str) -> bool:
    record = end_of_zip(file)
    if not record:
        return False
    size = size_of(file)
    place = size - 65_557 + span(file, size - 65_557, 65_557).rfind(record) if size > 65_557 else -1
    if place < 0:
        place = span(file, 0, size).rfind(record)
    length, offset, comment = struct.unpack("<IIH", record[12:22])
    if span(file, place - length, 4) != b"PK\x01\x02" and length:
        return False
    start = place - length - offset
    return not (mime == "application/pdf" and place + 22 + comment < size and _is_attached(file, start))


def _archive(file: BinaryIO, mime: str) -> str:
    data = span(file, 0, _SCANNED)
    # plain searches: one pattern for all would take twenty times as long for every photo
    begins = {at: word for sign, word in _PACKED.items() if (at := data.find(sign, 1)) > 0}
    if not begins or (mime == "application/pdf" and _is_attached(file, min(begins))):
        return ""
    return begins[min(begins)]


def _is_attached(file: BinaryIO, start: int) -> bool:
    """Whether what begins here is a file that the PDF says it carries, as mails do (ISO 32000-2, 7.11.4)."""
    before = span(file, start - _ATTACHED, min(_ATTACHED, max(start, 0)))
    return before.rstrip().endswith(b"stream") and b"/EmbeddedFile" in before[before.rfind(b"endobj") + 1 :]


def _is_script(file: BinaryIO, head: bytes) -> bool:
    """A GIF or BMP whose sizes open a comment that is closed behind the pixels, so that a browser runs what follows."""
    opens = {b"GIF8": 6, b"BM": 2}
    place = next((at for start, at in opens.items() if head.startswith(start)), 0)
    if not place or head[place : place + 2] not in (b"/*", b"=1", b"='", b'="', b"=`"):
        return False
    tail = span(file, size_of(file) - bounds.TEXT_BYTES, bounds.TEXT_BYTES)
    return b"*/" in tail or head[place : place + 1] == b"="
