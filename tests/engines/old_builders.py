"""Files of the older Office made for these tests, by the records that Microsoft's documents give them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from tests.engines.ole_builders import compound

DOC, XLS, PPT, MSG = (
    f"application/{name}" for name in ("msword", "vnd.ms-excel", "vnd.ms-powerpoint", "vnd.ms-outlook")
)
SECRET = "Ada Secretname"


def summary(author: str = SECRET) -> bytes:
    """A property set that names an author ([MS-OLEPS])."""
    name = author.encode() + b"\0"
    value = struct.pack("<HHI", 30, 0, len(name)) + name + bytes(-len(name) % 4)
    section = struct.pack("<II", 16 + len(value), 1) + struct.pack("<II", 4, 16) + value
    return struct.pack("<HHI16sI", 0xFFFE, 0, 2, bytes(16), 1) + bytes(16) + struct.pack("<I", 48) + section


def word(
    text: str = "Complaint\rDear team, Grüße שלום\rfirst\x07second\x07\x07a deleted word\r",
    *,
    deleted: str = "",
    flags: int = 0,
    parts: Mapping[str, bytes] | None = None,
    authors: str = SECRET,
) -> bytes:
    """A Word file whose text stands in two pieces, the second of one byte a letter.

    Args:
        text: its paragraphs, cells and rows by their marks.
        deleted: words of it that were deleted while changes were tracked.
        flags: more flags of the file information block.
        parts: more streams.
        authors: who the table of those who changed something names.
    """
    start = 2048
    cut = text.find("a deleted")
    cut = cut if cut >= 0 else len(text)
    wide, narrow = text[:cut].encode("utf-16-le"), text[cut:].encode("cp1252")
    places = struct.pack("<3I", 0, cut, len(text))
    pieces = struct.pack("<HIHHIH", 0, start, 0, 0, 0x40000000 | (start + len(wide)) * 2, 0)
    clx = b"\x02" + struct.pack("<I", len(places) + len(pieces)) + places + pieces
    table = bytearray(clx)
    stream = bytearray(start) + wide + narrow
    stream += bytes(-len(stream) % 512)
    struct.pack_into("<HHHHHH", stream, 0, 0xA5EC, 0xC1, 0, 0x407, 0, 0x0200 | flags)
    struct.pack_into("<I", stream, 76, len(text))
    struct.pack_into("<II", stream, 154 + 33 * 8, 0, len(clx))
    if deleted:
        at = start + len(wide) + text[cut:].index(deleted)
        page = bytearray(512)
        struct.pack_into("<4I", page, 0, start, at, at + len(deleted), start + len(wide) + len(narrow))
        page[16:19] = bytes((0, 250, 0))
        page[500:504] = b"\x03\x00\x08\x01"
        page[511] = 3
        plc = struct.pack("<III", start, len(stream), len(stream) // 512)
        struct.pack_into("<II", stream, 154 + 12 * 8, len(table), len(plc))
        table += plc
        stream += page
    names = struct.pack("<HHH", 0xFFFF, 1, 0) + struct.pack("<H", len(authors)) + authors.encode("utf-16-le")
    struct.pack_into("<II", stream, 154 + 51 * 8, len(table), len(names))
    table += names
    own = {"WordDocument": bytes(stream), "1Table": bytes(table), "\x05SummaryInformation": summary()}
    return compound({**own, **(parts or {})}, slack=b"SLACK")


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _string(words: str) -> bytes:
    wide = not words.isascii()
    return struct.pack("<HB", len(words), wide) + words.encode("utf-16-le" if wide else "latin-1")


def _shared(words: Sequence[str], cut: int) -> bytes:
    """The table of shared strings, broken within the letters that stand where it is cut ([MS-XLS] 2.5.293)."""
    table = struct.pack("<II", len(words), len(words))
    for each in words:
        start = len(table) + 3
        table += _string(each)
        wide = not each.isascii()
        if start < cut < len(table):
            broken = cut - (cut - start) % (1 + wide)
            rest = b"".join(map(_string, words[words.index(each) + 1 :]))
            return _record(0xFC, table[:broken]) + _record(0x3C, bytes((wide,)) + table[broken:] + rest)
    return _record(0xFC, table)


def sheet(
    words: Sequence[str] = ("Widget", "Grüße שלום"),
    more: bytes = b"",
    parts: Mapping[str, bytes] | None = None,
    cut: int = 0,
) -> bytes:
    """A workbook with two sheets to be seen and one hidden.

    Args:
        words: shared strings.
        more: records among the globals.
        parts: more streams.
        cut: the byte of the shared strings at which their record ends and another goes on.
    """
    strings = _shared(words, cut)
    user = _record(0x5C, _string(SECRET).ljust(112, b" "))
    styles = _record(0xE0, bytes(20)) + _record(0xE0, struct.pack("<HH", 0, 14) + bytes(16))
    head = _record(0x809, struct.pack("<HH", 0x600, 5) + bytes(12)) + user + more + styles
    cells = (
        _record(0x809, struct.pack("<HH", 0x600, 16) + bytes(12))
        + _record(0xFD, struct.pack("<HHHI", 0, 0, 0, 0))
        + _record(0xFD, struct.pack("<HHHI", 0, 1, 0, len(words) - 1))
        + _record(0x203, struct.pack("<HHHd", 1, 0, 0, 3.5))
        + _record(0x203, struct.pack("<HHHd", 1, 1, 1, 46357))
        + _record(0xBD, struct.pack("<HHHIHIH", 2, 0, 0, (7 << 2) | 2, 0, (250 << 2) | 3, 1))
        + _record(0x06, struct.pack("<HHH", 3, 0, 0) + b"\0\0\0\0\0\0\xff\xff" + bytes(8))
        + _record(0x207, _string("from a formula"))
        + _record(0x205, struct.pack("<HHHBB", 3, 1, 0, 1, 0))
        + _record(0x0A)
    )
    names = (("Orders", 0), ("Hidden", 1), ("Totals", 0))
    length = sum(len(name) + 12 for name, _ in names)
    first = len(head) + len(strings) + length + 4
    sheets = b"".join(
        _record(0x85, struct.pack("<IBBBB", first + n * len(cells), state, 0, len(name), 0) + name.encode())
        for n, (name, state) in enumerate(names)
    )
    stream = head + sheets + strings + _record(0x0A) + cells * 3
    return compound({"Workbook": stream, "\x05SummaryInformation": summary(), **(parts or {})}, slack=b"SLACK")


def _atom(kind: int, body: bytes, *, instance: int = 0, holds: bool = False) -> bytes:
    return struct.pack("<HHI", instance << 4 | (0xF if holds else 0), kind, len(body)) + body


def slides(titles: Sequence[str] = ("First slide", "Grüße שלום"), token: int = 0xE391C05F) -> bytes:
    """A presentation whose titles stand in the outline and whose other words on the slides; saved twice.

    Args:
        titles: of its slides.
        token: what the current user's stream says of passwords.
    """
    listed = b"".join(
        _atom(0x3F3, struct.pack("<IIIII", n + 2, 0, 0, 256 + n, 0))
        + _atom(0xF9F, struct.pack("<I", 0))
        + _atom(0xFA0, title.encode("utf-16-le"))
        for n, title in enumerate(titles)
    )
    document = _atom(0x3E8, _atom(0xFF0, listed, holds=True), holds=True)
    places, body = [0], document
    for number in range(len(titles)):
        box = _atom(0xF00D, _atom(0xF9F, struct.pack("<I", 4)) + _atom(0xFA8, b"words on slide %d" % (number + 1)))
        title = _atom(0xF00D, _atom(0xF9E, struct.pack("<I", 0)))
        places.append(len(body))
        body += _atom(0x3EE, _atom(0x40C, box + title, holds=True), holds=True)
    directory = len(body)
    body += _atom(0x1772, struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places))
    edit = len(body)
    body += _atom(0xFF5, struct.pack("<IIIIIIHH", 0, 0, 0, directory, 1, 9, 0, 0))
    name = SECRET.encode()
    user = _atom(0xFF6, struct.pack("<IIIHHBBH", 20, token, edit, len(name), 0x3F4, 3, 0, 0) + name)
    streams = {"PowerPoint Document": body, "Current User": user, "\x05SummaryInformation": summary()}
    return compound(streams, slack=b"SLACK")


def message(
    subject: str = "Complaint about order 4711", body: str = "Dear team,\r\nGrüße שלום\r\n", attached: str = "photo.jpg"
) -> bytes:
    """An Outlook message with one file attached."""
    sent = bytes(32) + b"\x40\x00\x39\x00" + struct.pack("<IQ", 6, 134_082_000_000_000_000)
    streams = {
        "__properties_version1.0": sent,
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Ada".encode("utf-16-le"),
        "__substg1.0_0C1F001E": b"ada@example.org",
        "__substg1.0_0E04001F": "desk@example.org".encode("utf-16-le"),
        "__substg1.0_1000001F": body.encode("utf-16-le"),
        "__attach_version1.0_#00000000/__substg1.0_3707001F": attached.encode("utf-16-le"),
        "__attach_version1.0_#00000000/__substg1.0_37010102": b"x" * 5000,
    }
    return compound(streams)
