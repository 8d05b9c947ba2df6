"""Bodies of parts decoded from their transfer encoding, in chunks, as far as they can be read (RFC 2045 6)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

import pybase64

from mediacore_email.headers import NOT_BASE64, base64_bytes, decode_charset, parameter
from mediacore_email.mime import Part

CHUNK = 1024 * 1024
LINE = 1000
"""The longest line looked for: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.6"""
TEXT = 1024 * 1024
"""The most bytes of a part that become the text of a message; a longer one is also kept as a file."""

_SPACED_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")
_NOT_BASE64 = re.compile(rb"[\w+/=] +[\w+/=]")
_UU = ("x-uuencode", "uuencode", "x-uue", "uue")


def encoding(part: Part) -> str:
    """The declared transfer encoding, one lower-case word."""
    words = part.headers.text("content-transfer-encoding").lower().partition(";")[0].split()
    return words[0] if words else ""


def chunks(raw: bytes, part: Part) -> Iterator[bytes]:
    """The decoded body, piece by piece. Never raises: what cannot be decoded is left out or left as it is."""
    kind = encoding(part)
    if kind == "base64":
        return _base64(raw, part.start, part.end)
    if kind == "quoted-printable":
        return iter((binascii.a2b_qp(_SPACED_SOFT_BREAK.sub(b"=", raw[part.start : part.end])),))
    if kind in _UU:
        return _uu(raw[part.start : part.end])
    return span(raw, part.start, part.end)


def span(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """Bytes as they are."""
    return (raw[at : min(at + CHUNK, end)] for at in range(start, end, CHUNK))


def text(raw: bytes, part: Part) -> tuple[str, bool]:
    """The body as text, with line feeds as line ends, and whether that is all of it."""
    data = b""
    lied = encoding(part) == "base64" and _NOT_BASE64.search(raw, part.start, min(part.end, part.start + 4096))
    for chunk in span(raw, part.start, part.end) if lied else chunks(raw, part):
        data += chunk
        if len(data) > TEXT:
            break
    decoded = decode_charset(data[:TEXT], parameter(part.params, "charset"))
    return decoded.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), len(data) <= TEXT


def _base64(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    """Even lines, which is what mail programs write, go to the decoder as they lie; what is left, cleaned before."""
    line = raw.find(b"\n", start, min(end, start + LINE)) + 1 - start
    width = len(raw[start : start + line].strip()) if line > 0 else 0
    step, view = CHUNK // line * line if width and width % 4 == 0 else 0, memoryview(raw)
    while step and start + step <= end and raw.find(b"=", start, start + step) < 0:
        try:
            decoded = pybase64.b64decode(view[start : start + step])
        except binascii.Error:
            break
        if len(decoded) != step // line * width // 4 * 3:
            break
        yield decoded
        start += step
    yield from _odd_base64(raw, start, end)


def _odd_base64(raw: bytes, start: int, end: int) -> Iterator[bytes]:
    rest = b""
    for at in range(start, end, CHUNK):
        rest += raw[at : min(at + CHUNK, end)].translate(None, NOT_BASE64)
        if b"=" in rest:  # padding ends a run, wherever it stands
            head, _, rest = rest.rpartition(b"=")
            yield base64_bytes(head)
        whole = len(rest) - len(rest) % 4
        yield binascii.a2b_base64(rest[:whole])
        rest = rest[whole:]
    yield base64_bytes(rest)


def _uu(data: bytes) -> Iterator[bytes]:
    lines = data.splitlines()
    # where the header says that it is uuencoded, some programs leave the first line out
    first = next((at for at, line in enumerate(lines, 1) if line.startswith(b"begin ")), 0)
    for line in lines[first:]:
        if line.strip() == b"end":
            return
        yield uu_line(line)


def uu_line(line: bytes) -> bytes:
    """One line of uuencoded data, decoded as far as it can be."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        if not line:
            return b""
        length = (((line[0] - 32) & 63) * 4 + 5) // 3  # some encoders add a check character: cut it off
        try:
            return binascii.a2b_uu(line[: length + 1])
        except binascii.Error:
            return b""
