"""What Outlook hides in ``winmail.dat``: files and words, as spans of its bytes, nothing copied, all of it bounded.

The format is MS-OXTNEF, https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxtnef/. It is read
here and not by tnefparse 1.4, which trusts every count in the file: 49 bytes keep it busy for an hour. Here every loop
takes some bytes or is counted; what is broken ends the reading, and what was read before it is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from attrs import Factory, define, frozen

from mediacore_email.headers import decode_charset

SIGNATURE = b"\x78\x9f\x3e\x22"
OBJECTS = 10_000
PROPERTIES = 5_000
VALUES = 10_000
FILES = 100
TEXT = 1024 * 1024

_ATTACHMENT_BEGINS, _TITLE, _DATA, _ATTACHMENT = 0x9002, 0x8010, 0x800F, 0x9005
_MESSAGE_PROPERTIES, _CODEPAGE, _BODY_TEXT = 0x9003, 0x9007, 0x800C
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME, _MIME, _CONTENT_ID, _BYTES = 0x3707, 0x3704, 0x3001, 0x370E, 0x3712, 0x3701
_PLAIN, _HTML, _RTF, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_MANY, _NAMED = 0x1000, 0x8000
_OBJECT, _STRING, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_FIXED = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_INTERFACE = 16
"""Bytes of the interface id that stands before an embedded object."""
_CHARSETS = {20127: "us-ascii", 20866: "koi8-r", 28591: "iso-8859-1", 65001: "utf-8"}


@frozen
class Enclosed:
    """One file.

    Args:
        name, type, content_id: as declared; empty where they are not.
        start, end: its bytes.
        nested: it is a message in this same format.
    """

    name: str
    type: str
    content_id: str
    start: int
    end: int
    nested: bool = False


@frozen
class Letter:
    """What is enclosed.

    Args:
        files: in order.
        text, markup: the words, plain and as HTML; empty where there are none.
        rich: where words as compressed RTF lie; the same place twice where there are none.
    """

    files: tuple[Enclosed, ...] = ()
    text: str = ""
    markup: str = ""
    rich: tuple[int, int] = (0, 0)


@define
class _Draft:
    values: dict[int, tuple[int, int, int]] = Factory(dict)
    title: tuple[int, int] = (0, 0)
    data: tuple[int, int] = (0, 0)


def read(data: bytes) -> Letter | None:
    """Read a ``winmail.dat``; never raises.

    Returns:
        None when it is none, or when it encloses more than ``FILES`` files.
    """
    if not data.startswith(SIGNATURE):
        return None
    drafts: list[_Draft] = []
    message, charset, body = _Draft(), "", (0, 0)
    for kind, start, end in _objects(data):
        if kind == _CODEPAGE:
            charset = _charset(_number(data, start, end))
        elif kind == _MESSAGE_PROPERTIES:
            message.values.update(_properties(data, start, end))
        elif kind == _BODY_TEXT:
            body = (start, end)
        elif kind == _ATTACHMENT_BEGINS or (kind in (_TITLE, _DATA, _ATTACHMENT) and not drafts):
            drafts.append(_Draft())
        if len(drafts) > FILES:
            return None
        _note(data, drafts, kind, start, end)
    files = tuple(_enclosed(data, draft, charset) for draft in drafts)
    text, markup = _words(data, message, charset)
    _, *rich = message.values.get(_RTF, (0, 0, 0))
    return Letter(files, text or _decoded(data, *body, charset), markup, (rich[0], rich[1]))


def _note(data: bytes, drafts: list[_Draft], kind: int, start: int, end: int) -> None:
    if kind == _TITLE:
        drafts[-1].title = (start, end)
    elif kind == _DATA:
        drafts[-1].data = (start, end)
    elif kind == _ATTACHMENT:
        drafts[-1].values.update(_properties(data, start, end))


def _objects(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Kind and span of each attribute (2.1.3.1); one that is cut off ends with the file."""
    at = 6
    for _ in range(OBJECTS):
        if at + 9 > len(data):
            return
        level, kind, _kind, length = struct.unpack_from("<BHHI", data, at)
        if level not in (1, 2):
            return
        yield kind, at + 9, min(at + 9 + length, len(data))
        at += 9 + length + 2  # the checksum is not asked: files with a wrong one are common


def _properties(data: bytes, start: int, end: int) -> dict[int, tuple[int, int, int]]:
    """Id, to type and span, of each property that has one value of a length of its own, or a number (2.1.3.4)."""
    found: dict[int, tuple[int, int, int]] = {}
    try:
        for kind, name, begin, stop in _walk(data, start, end):
            found.setdefault(name, (kind, begin, stop))
    except struct.error:
        pass  # it is cut off: what stands before is kept
    return found


def _walk(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    at = start + 4
    for _ in range(min(_number(data, start, end), PROPERTIES)):
        if at + 4 > end:
            return
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= _NAMED:
            named, length = struct.unpack_from("<II", data, at + 16)
            at += 24 + (_padded(length) if named else 0)
        many, kind = kind & _MANY, kind & ~_MANY
        size = _FIXED.get(kind, 0)
        if not size and kind not in (_OBJECT, _STRING, _UNICODE, _BINARY, 0):
            return  # nobody knows how long it is
        (count,) = struct.unpack_from("<I", data, at) if many or not size else (1,)
        at += 4 if many or not size else 0
        if size:
            if not many:
                yield kind, name, at, min(at + size, end)
            at += _padded(count * size)
            continue
        if count > VALUES:
            return
        for index in range(count):
            if at + 4 > end:
                return
            (length,) = struct.unpack_from("<I", data, at)
            if not index:
                yield kind, name, at + 4, min(at + 4 + length, end)
            at += 4 + _padded(length)


def _enclosed(data: bytes, draft: _Draft, charset: str) -> Enclosed:
    values = draft.values
    names = (_text(data, values, name, charset) for name in (_LONG_NAME, _SHORT_NAME))
    name = next(filter(None, names), "") or _decoded(data, *draft.title, charset)
    name = name or _text(data, values, _SHOWN_NAME, charset)
    start, end = draft.data
    if _BYTES in values and values[_BYTES][0] in (_OBJECT, _BINARY):
        kind, start, end = values[_BYTES]
        start = min(start + _INTERFACE, end) if kind == _OBJECT else start
    mime, content_id = (_text(data, values, wanted, charset) for wanted in (_MIME, _CONTENT_ID))
    return Enclosed(name, mime, content_id, start, end, data.startswith(SIGNATURE, start, end))


def _words(data: bytes, message: _Draft, charset: str) -> tuple[str, str]:
    values = message.values
    number = values.get(_INTERNET_CODEPAGE)
    written = _charset(_number(data, number[1], number[2])) if number else charset
    return _text(data, values, _PLAIN, written), _text(data, values, _HTML, written)


def _text(data: bytes, values: dict[int, tuple[int, int, int]], name: int, charset: str) -> str:
    kind, start, end = values.get(name, (0, 0, 0))
    if kind not in (_STRING, _UNICODE, _BINARY):
        return ""
    return _decoded(data, start, end, "utf-16-le" if kind == _UNICODE else charset)


def _decoded(data: bytes, start: int, end: int, charset: str) -> str:
    text = decode_charset(data[start : min(end, start + TEXT)], charset)
    return text.rstrip("\0").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _charset(codepage: int) -> str:
    return _CHARSETS.get(codepage, f"cp{codepage}")


def _number(data: bytes, start: int, end: int) -> int:
    return int.from_bytes(data[start : min(start + 4, end)], "little")


def _padded(length: int) -> int:
    return length + -length % 4
