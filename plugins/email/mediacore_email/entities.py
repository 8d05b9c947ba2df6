"""The body of a mail, part by part, encoded as it goes.

The tree is mixed{ alternative{ plain, related{ html, pictures } }, files } (RFC 2046, 2387, 2392), and each level is
there only when it is needed. Names travel as RFC 2231 in Content-Disposition and as encoded words in Content-Type,
which is what receivers without RFC 2231 read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import quopri
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias
from urllib.parse import quote

from mediacore import Attachment, Outgoing
from mediacore_email.fields import CONTROL, PLAIN, encoded, header

Content: TypeAlias = Callable[[Attachment, bool], Iterator[bytes]]
CRLF = b"\r\n"
LINES = 8192
CHUNK = 57 * LINES
"""Raw bytes encoded at once: whole lines of 76 characters (RFC 2045 6.8)."""
ATTACHED_MAIL = 4 * 1024 * 1024
"""Bytes of an attached mail up to which it is looked through to travel as it is."""

_CUT = struct.Struct("76s" * LINES)
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_SEVEN_BIT = re.compile(rb"(?:[\x01-\x09\x0b\x0c\x0e-\x7f]{0,998}\r\n)*[\x01-\x09\x0b\x0c\x0e-\x7f]{0,998}")
"""ASCII in lines of at most 998 bytes that end with CRLF (RFC 5322 2.1.1)."""


def size(message: Outgoing) -> int:
    """Bytes of the content of a mail, without encoding its files."""
    held = []

    def measured(attachment: Attachment, as_mail: bool) -> Iterator[bytes]:
        raw = attachment.media.path.stat().st_size
        packed = -(-raw // 3) * 4
        held.append(raw + len(CRLF) if as_mail else packed + -(-packed // 76) * len(CRLF))
        return iter(())

    structure = sum(len(chunk) for chunk in body(message, measured))
    return structure + sum(held)


def body(message: Outgoing, content: Content | None = None) -> Iterator[bytes]:
    """The content of a mail from its Content-Type on, in chunks that end with a line.

    Args:
        message: what to say.
        content: gives the bytes of a file as they travel; told whether it is a mail that travels as it is.
    """
    content = content or _content
    inline = [a for a in message.attachments if _inline(a)]
    files = [a for a in message.attachments if not _inline(a)]
    if not files:
        yield from _words(message, inline, content)
        return
    boundary = _boundary(message.key, "mixed")
    yield from _multipart("mixed", boundary)
    if message.text or inline:
        yield from _next(boundary)
        yield from _words(message, inline, content)
    for each in files:
        yield from _next(boundary)
        yield from _file(each, content)
    yield from _last(boundary)


def _words(message: Outgoing, inline: Sequence[Attachment], content: Content) -> Iterator[bytes]:
    if not inline:
        yield from _text("plain", message.text)
        return
    alternative, related = _boundary(message.key, "alternative"), _boundary(message.key, "related")
    yield from _multipart("alternative", alternative)
    yield from _next(alternative)
    yield from _text("plain", message.text)
    yield from _next(alternative)
    yield from _multipart("related", related, '; type="text/html"')
    yield from _next(related)
    yield from _text("html", page(message.text, inline))
    for each in inline:
        yield from _next(related)
        yield from _file(each, content)
    yield from _last(related)
    yield from _last(alternative)


def page(text: str, inline: Sequence[Attachment]) -> str:
    """The text as HTML with each picture where the text says ``cid:...``, and below it where it does not."""
    markup = html.escape(text).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    for each in inline:
        picture = (
            f'<img src="cid:{quote(each.inline_id, safe="@.!$*+-_~")}" alt="{html.escape(each.caption or each.name)}">'
        )
        mention = re.compile(r"\[?cid:" + re.escape(html.escape(each.inline_id)) + r"\]?")
        markup, count = mention.subn(picture.replace("\\", r"\\"), markup)
        markup += "" if count else f"<br>\r\n{picture}"
    return f"<!DOCTYPE html>\r\n<html><body>{markup}</body></html>\r\n"


def _inline(attachment: Attachment) -> bool:
    return bool(re.fullmatch(r"[!#-;=?-~]{1,200}", attachment.inline_id)) and attachment.media.type.startswith("image/")


def _text(kind: str, text: str) -> Iterator[bytes]:
    lines = re.sub(r"\r\n|\r|\n", "\r\n", text.rstrip() + "\n")
    data = lines.encode("utf-8", "replace")
    if data.isascii() and _SEVEN_BIT.fullmatch(data) and max(map(len, data.split(CRLF))) <= 76:
        encoding, body = "7bit", data
    else:
        quoted = quopri.encodestring(data.replace(CRLF, b"\n")).replace(b"\n", CRLF)
        packed = base64.encodebytes(data).replace(b"\n", CRLF)
        encoding, body = ("quoted-printable", quoted) if len(quoted) <= len(packed) else ("base64", packed)
    charset = "us-ascii" if data.isascii() else "utf-8"
    yield header("Content-Type", f"text/{kind}; charset={charset}")
    yield header("Content-Transfer-Encoding", encoding) + CRLF
    yield body


def _file(attachment: Attachment, content: Content) -> Iterator[bytes]:
    media = attachment.media
    kind = media.type if _TYPE.fullmatch(media.type) else "application/octet-stream"
    as_mail = kind == "message/rfc822" and _seven_bit(attachment)
    if kind.startswith(("message/", "multipart/")) and not as_mail:
        kind = "application/octet-stream"  # RFC 2046 5.2.1: these may not be base64
    disposition = "inline" if _inline(attachment) else "attachment"
    yield header("Content-Type", f'{kind};\r\n name="{_quoted(attachment.name)}"')
    yield header("Content-Disposition", f"{disposition};\r\n {_extended('filename', attachment.name)}")
    if attachment.caption:
        yield header("Content-Description", encoded(attachment.caption[:200]))
    if disposition == "inline":
        yield header("Content-ID", f"<{attachment.inline_id}>")
    yield header("Content-Transfer-Encoding", "7bit" if as_mail else "base64") + CRLF
    yield from content(attachment, as_mail)


def _content(attachment: Attachment, as_mail: bool) -> Iterator[bytes]:
    media = attachment.media
    if as_mail:
        yield media.path.read_bytes() + CRLF  # the line end belongs to the delimiter that follows
        return
    with media.path.open("rb") as source:
        while data := source.read(CHUNK):
            yield _encoded(data)


def _encoded(data: bytes) -> bytes:
    if len(data) < CHUNK:
        return base64.encodebytes(data).replace(b"\n", CRLF)
    return CRLF.join(_CUT.unpack(binascii.b2a_base64(data, newline=False))) + CRLF


def _seven_bit(attachment: Attachment) -> bool:
    if attachment.media.size > ATTACHED_MAIL:
        return False
    return bool(_SEVEN_BIT.fullmatch(attachment.media.path.read_bytes()))


def _quoted(name: str) -> str:
    return encoded(_name(name)).replace("\\", "\\\\").replace('"', '\\"')


def _name(name: str) -> str:
    return CONTROL.sub(" ", name).strip()[:255] or "file"


def _extended(parameter: str, name: str) -> str:
    """A parameter in RFC 2231's form, in pieces when it is long."""
    clean = _name(name)
    if PLAIN.fullmatch(clean) and "=?" not in clean and not set(clean) & set("\"\\%*'"):
        return f'{parameter}="{clean}"'
    value = "utf-8''" + quote(clean.encode("utf-8", "replace"), safe="")
    if len(value) <= 60:
        return f"{parameter}*={value}"
    pieces = re.findall(r"(?:%..|[^%]){1,20}", value)
    return ";\r\n ".join(f"{parameter}*{i}*={piece}" for i, piece in enumerate(pieces))


def _boundary(key: str, level: str) -> str:
    """Never in an encoded body: base64 has no ``_`` and quoted-printable no ``=_``."""
    return f"=_{level}_{hashlib.sha256(f'{level}:{key}'.encode()).hexdigest()[:32]}"


def _multipart(kind: str, boundary: str, more: str = "") -> Iterator[bytes]:
    yield header("Content-Type", f'multipart/{kind}; boundary="{boundary}"{more}') + CRLF


def _next(boundary: str) -> Iterator[bytes]:
    yield f"--{boundary}\r\n".encode("ascii")


def _last(boundary: str) -> Iterator[bytes]:
    yield f"--{boundary}--\r\n".encode("ascii")
