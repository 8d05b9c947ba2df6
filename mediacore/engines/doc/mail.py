"""A mail as blocks: its header lines, its text, and the names of what hangs from it.

Written for hostile mail: header lines, parts and nesting are counted before anything is looked at, and only the
beginning of the file is read.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping
from email.errors import HeaderParseError
from email.header import decode_header
from typing import BinaryIO

from attrs import frozen

from mediacore.engines.containers import span
from mediacore.engines.doc.blocks import HEADING, MONO, NOTE, ROW, Block, block
from mediacore.engines.doc.text import html_blocks, lines

READ_BYTES = 4_000_000
HEADER_BYTES, HEADER_LINES, HEADER_CHARS = 256_000, 1_000, 2_000
PARTS, DEPTH = 200, 10
TEXT_BYTES = 200_000
_SHOWN = ("From", "To", "Cc", "Date")
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_NAME = re.compile(r'name\*?\d?\*?\s*=\s*(?:"([^"\r\n]{1,500})"|([^\s;"]{1,500}))', re.IGNORECASE)
_CHARSET = re.compile(r'charset\s*=\s*"?([\w-]{1,40})', re.IGNORECASE)
_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_KNOWN = re.compile(
    r"utf-?(?:8|16)|us-ascii|latin|iso-?8859|windows-|cp\d|koi8|gb|big5|shift|iso-2022|euc|ks_c|tis", re.IGNORECASE
)


@frozen
class Part:
    """A part of a mail: its headers by lower-case names, and its body as it stands."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def mime(self) -> str:
        """Its type."""
        return self.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()

    @property
    def name(self) -> str:
        """What it would be called as a file; empty for what is read in the mail itself."""
        for header in ("content-disposition", "content-type"):
            if found := _NAME.search(self.headers.get(header, "")):
                return readable(found.group(1) or found.group(2))
        attached = self.headers.get("content-disposition", "").lower().startswith("attachment")
        return "attachment" if attached else ""

    def text(self) -> str:
        """Its words."""
        data, how = self.body[:TEXT_BYTES], self.headers.get("content-transfer-encoding", "").strip().lower()
        if how == "base64":
            whole = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
            try:
                data = binascii.a2b_base64(whole[: len(whole) // 4 * 4])
            except binascii.Error:
                data = b""
        elif how == "quoted-printable":
            data = quopri.decodestring(data)
        found = _CHARSET.search(self.headers.get("content-type", ""))
        return decoded(data, found.group(1) if found else "utf-8")


def decoded(data: bytes, charset: str) -> str:
    """Bytes as text; by Windows-1252 where the encoding that is named is wrong, as UTF-8 where it is unknown."""
    if _KNOWN.match(charset):
        try:
            return data.decode(charset)
        except UnicodeError:
            return data.decode("cp1252", "replace")
        except LookupError:
            pass
    return data.decode("utf-8", "replace")


def readable(value: str) -> str:
    """A header's words with what is encoded in it (RFC 2047) decoded."""
    bare = " ".join(value[:HEADER_CHARS].split())
    if "=?" not in bare:
        return bare
    try:
        pieces = decode_header(bare)
    except (HeaderParseError, ValueError):
        return bare
    return "".join(piece if isinstance(piece, str) else decoded(piece, charset or "utf-8") for piece, charset in pieces)


def parsed(data: bytes) -> Part:
    """Headers and body of a mail or of one of its parts."""
    found = _BLANK.search(data, 0, HEADER_BYTES)
    head, body = (data[: found.start()], data[found.end() :]) if found else (data[:HEADER_BYTES], b"")
    if data[:1] in (b"\r", b"\n"):
        head, body = b"", data.lstrip(b"\r\n")
    text = head.decode("utf-8", "replace") if head.isascii() else decoded(head, "utf-8")
    headers: dict[str, str] = {}
    last = ""
    for _, line in zip(range(HEADER_LINES), lines(text), strict=False):
        if line[:1] in (" ", "\t") and last:
            headers[last] = (headers[last] + " " + line.strip())[: HEADER_CHARS * 2]
        else:
            name, colon, value = line.partition(":")
            last = name.strip().lower() if colon else ""
            if last:
                headers.setdefault(last, value.strip())
    return Part(headers, body)


def parts(whole: Part, depth: int = 0) -> Iterator[Part]:
    """Every part that holds no others, in order and within bounds."""
    found = _BOUNDARY.search(whole.headers.get("content-type", "")) if whole.mime.startswith("multipart/") else None
    if not found or depth >= DEPTH:
        yield whole
        return
    mark = b"--" + (found.group(1) or found.group(2)).encode("utf-8", "replace")
    for piece in whole.body.split(mark, PARTS + 1)[1 : PARTS + 1]:
        if piece.startswith(b"--"):
            return
        yield from parts(parsed(piece.removeprefix(b"\r").removeprefix(b"\n").removesuffix(b"\n")), depth + 1)


def counted(file: BinaryIO) -> tuple[Part, list[Part]]:
    """A mail and the first of its parts."""
    whole = parsed(span(file, 0, READ_BYTES))
    return whole, [part for _, part in zip(range(PARTS), parts(whole), strict=False)]


def blocks(file: BinaryIO) -> Iterator[Block]:
    """What a mail says."""
    whole, found = counted(file)
    yield block(HEADING, readable(whole.headers.get("subject", "")) or "A mail without a subject")
    for name in _SHOWN:
        if value := whole.headers.get(name.lower()):
            yield block(ROW, name, readable(value))
    if names := [part.name for part in found if part.name]:
        yield block(ROW, "Attached", ", ".join(names[:20]))
    yield block(NOTE, "")
    spoken = [part for part in found if not part.name]
    plain = [part for part in spoken if part.mime == "text/plain"]
    if plain:
        for line in lines(plain[0].text()):
            yield block(MONO, line)
        return
    for part in spoken:
        if part.mime == "text/html":
            yield from html_blocks(part.text())
            return
