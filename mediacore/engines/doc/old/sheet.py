"""Excel files up to 2003 as blocks ([MS-XLS], and Excel 5 before it): one sheet is one page."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from attrs import define, field

from mediacore.engines.doc.blocks import CELL_CHARS, CELLS, HEADING, ROW, Block, block
from mediacore.engines.doc.old.strings import ByteString, shared_strings, unicode_string
from mediacore.engines.doc.sheet import BUILT_IN_DATES, ROWS, number_words, shows_date
from mediacore.engines.ole import Ole
from mediacore.engines.operation import Unusable

RECORDS = 400_000
SHEETS = 1_000
BOF, EOF, SHEET, FILEPASS, CONTINUE, SST, CODEPAGE = 0x809, 0x0A, 0x85, 0x2F, 0x3C, 0xFC, 0x42
FORMAT, XF, DATES = 0x41E, 0xE0, 0x22
LABEL, LABELSST, RSTRING, NUMBER, RK, MULRK, FORMULA, STRING, BOOLERR = (
    *(0x204, 0xFD, 0xD6, 0x203, 0x27E, 0xBD, 0x06, 0x207, 0x205),
)
_FOUR_YEARS = 1_462
"""Days between the two beginnings of time that Excel knows."""


@define
class Book:
    """A workbook's globals.

    Args:
        data: the stream.
        modern: Excel 97 and later.
        sheets: names and places of the sheets that are not hidden.
        hidden: how many are.
        macros: sheets of the old macro language.
    """

    data: bytes = field(repr=False)
    modern: bool = True
    sheets: list[tuple[str, int]] = field(factory=list)
    hidden: int = 0
    macros: bool = False
    linked: bool = False
    codepage: str = "cp1252"
    strings: list[str] = field(factory=list, repr=False)
    formats: set[int] = field(factory=lambda: set(BUILT_IN_DATES))
    styles: list[int] = field(factory=list, repr=False)
    shift: int = 0

    def bytes_as_text(self, data: bytes) -> str:
        """Letters of one byte."""
        return ByteString(self.codepage).read(data)


def records(data: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    """Types and contents, in order and within bounds."""
    for _ in range(RECORDS):
        if at + 4 > len(data):
            return
        kind, length = struct.unpack_from("<HH", data, at)
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def book(ole: Ole, *, strings: bool = True) -> Book:
    """The globals of a workbook.

    Args:
        ole: the file.
        strings: read the shared strings as well, which a count of sheets does not need.

    Raises:
        Unusable: ``damaged`` or ``encrypted``.
    """
    data = ole.content("Workbook") or ole.content("Book")
    made = Book(data)
    shared: list[bytes] = []
    last = 0
    for number, (kind, body) in enumerate(records(data)):
        if not number and (kind & 0xFF) != BOF & 0xFF:
            raise Unusable("damaged", "The workbook is damaged: it does not begin as it should.")
        if kind == BOF and not number:
            made.modern = body[:2] == b"\x00\x06"
        elif kind == SST or (kind == CONTINUE and last == SST):
            shared += [body] if strings else []
            kind = SST
        elif kind == EOF:
            break
        else:
            _note(made, kind, body)
        last = kind
    if not data:
        raise Unusable("damaged", "The workbook is damaged: it holds nothing.")
    made.strings = shared_strings(shared)
    return made


def _note(made: Book, kind: int, body: bytes) -> None:
    if kind == FILEPASS:
        raise Unusable("encrypted", "The workbook is locked with a password.")
    if kind == SHEET and len(body) > 8 and len(made.sheets) < SHEETS:
        name = unicode_string(body[7:], body[6]) if made.modern else made.bytes_as_text(body[7 : 7 + body[6]])
        made.macros |= body[5] == 1
        if body[4] & 3:
            made.hidden += 1
        elif body[5] == 0:
            made.sheets.append((name, struct.unpack_from("<I", body)[0]))
    elif kind == CODEPAGE and len(body) >= 2:
        made.codepage = ByteString.named(struct.unpack("<H", body[:2])[0])
    elif kind == FORMAT and len(body) > 5:
        code = unicode_string(body[4:], struct.unpack_from("<H", body, 2)[0]) if made.modern else ""
        if shows_date(code or made.bytes_as_text(body[3:])):
            made.formats.add(struct.unpack_from("<H", body)[0])
    elif kind == XF and len(body) >= 4:
        made.styles.append(struct.unpack_from("<H", body, 2)[0])
    elif kind == DATES and body[:1] == b"\x01":
        made.shift = _FOUR_YEARS
    elif kind == 0x1AE and body[2:4] not in (b"\x01\x04", b"\x01\x3a"):  # SupBook: another workbook, or DDE
        made.linked = True


def blocks(ole: Ole, page: int) -> Iterator[Block]:
    """What one sheet says.

    Raises:
        Unusable: ``no-such-page``, and as ``book``.
    """
    known = book(ole)
    if not 0 <= page < len(known.sheets):
        raise Unusable("no-such-page", f"The workbook has no sheet {page + 1}.")
    name, place = known.sheets[page]
    yield block(HEADING, name)
    rows = _rows(known, place)
    for _, row in sorted(rows.items()):
        last = max(row)
        yield block(ROW, *(row.get(at, "") for at in range(last + 1)))


def _rows(known: Book, place: int) -> dict[int, dict[int, str]]:
    rows: dict[int, dict[int, str]] = {}
    depth, waiting = 0, (-1, -1)
    for kind, body in records(known.data, place):
        if kind & 0xFF == BOF & 0xFF and kind & 0xF0FF == 0x09 | kind & 0xF000:
            depth += 1
        elif kind == EOF:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and kind == STRING:
            said = unicode_string(body[2:], struct.unpack_from("<H", body)[0]) if len(body) > 2 else ""
            _put(rows, *waiting, said if known.modern else known.bytes_as_text(body[2:]))
        elif depth == 1 and len(body) >= 6:
            row, column = struct.unpack_from("<HH", body)
            waiting = (row, column)
            for at, words in _cells(known, kind, body):
                _put(rows, row, column + at, words)
        if len(rows) > ROWS:
            break
    return rows


def _put(rows: dict[int, dict[int, str]], row: int, column: int, words: str) -> None:
    if words and row >= 0 and 0 <= column < CELLS:
        rows.setdefault(row, {})[column] = words[:CELL_CHARS]


def _cells(known: Book, kind: int, body: bytes) -> Iterator[tuple[int, str]]:
    """What a record says: steps to the right, and words."""
    style = struct.unpack_from("<H", body, 4)[0]
    if kind == LABELSST and len(body) >= 10:
        number = struct.unpack_from("<I", body, 6)[0]
        yield 0, known.strings[number] if number < len(known.strings) else ""
    elif kind in (LABEL, RSTRING) and len(body) > 8:
        length = struct.unpack_from("<H", body, 6)[0]
        yield 0, unicode_string(body[8:], length) if known.modern else known.bytes_as_text(body[8 : 8 + length])
    elif kind == NUMBER and len(body) >= 14:
        yield 0, _number(known, style, struct.unpack_from("<d", body, 6)[0])
    elif kind == RK and len(body) >= 10:
        yield 0, _number(known, style, _packed(struct.unpack_from("<I", body, 6)[0]))
    elif kind == MULRK:
        for step in range(min((len(body) - 6) // 6, CELLS)):
            one, packed = struct.unpack_from("<HI", body, 4 + 6 * step)
            yield step, _number(known, one, _packed(packed))
    elif kind == FORMULA and len(body) >= 14:
        yield 0, _result(known, style, body[6:14])
    elif kind == BOOLERR and len(body) >= 8:
        yield 0, ("TRUE" if body[6] else "FALSE") if not body[7] else "#ERROR"


def _result(known: Book, style: int, value: bytes) -> str:
    """What a formula came to when the file was saved; a text follows in a record of its own."""
    if value[6:] != b"\xff\xff":
        return _number(known, style, struct.unpack("<d", value)[0])
    return {1: "TRUE" if value[2] else "FALSE", 2: "#ERROR"}.get(value[0], "")


def _number(known: Book, style: int, number: float) -> str:
    dated = style < len(known.styles) and known.styles[style] in known.formats
    return number_words(number + known.shift if dated else number, dated=dated)


def _packed(value: int) -> float:
    """A number in 30 bits ([MS-XLS] 2.5.217)."""
    if value & 2:
        number = float((value >> 2) - (1 << 30 if value & 0x80000000 else 0))
    else:
        number = struct.unpack("<d", struct.pack("<II", 0, value & 0xFFFFFFFC))[0]
    return number / 100 if value & 1 else number
