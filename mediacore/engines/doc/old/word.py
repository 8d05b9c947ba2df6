"""Word files up to 2003 as blocks ([MS-DOC]): text by its pieces, tables by their rows, headings by their styles."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator

from attrs import define, field, frozen

from mediacore.engines.doc.blocks import HEADING, ROW, TEXT, Block, block
from mediacore.engines.ole import Ole
from mediacore.engines.operation import Unusable

CHARS = 2_000_000
"""Characters of text that are read."""
PIECES = 20_000
PAGES = 20_000
"""Pages of properties that are read."""
WORD_97, WORD_6 = 0xA5EC, 0xA5DC
STYLES, LATER = slice(1, 10), 0x0200
_CLX, _CHARACTERS, _PARAGRAPHS = 33, 12, 13
"""Places in the list of tables (FibRgFcLcb97)."""
_ROW_ENDS, _DELETED, _INSERTED, _HIDDEN = 0x2417, 0x0800, 0x0801, 0x083C
"""sprmPFTtp, sprmCFRMarkDel, sprmCFRMarkIns and sprmCFVanish."""
_ENDS = re.compile("[\r\x07\x0c\x0e]")
_FIELD = re.compile("\x13[^\x13\x14\x15]{0,2000}(?:\x14([^\x13\x15]*))?\x15")
_SIGNS = {"\x0b": " ", "\x1e": "-", "\x1f": "", "\xa0": " ", "\t": " "}
_OPERANDS = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes behind a property by the three highest bits of its code; 0: as many as the next byte says."""


@frozen
class Head:
    """The file information block.

    Args:
        stream: the main stream.
        table: the stream that holds the tables.
        version: ``WORD_97`` or ``WORD_6``.
        chars: characters of the main text.
    """

    stream: bytes = field(repr=False)
    table: bytes = field(repr=False)
    version: int
    chars: int

    def listed(self, number: int) -> bytes:
        """One of the tables by its place in the list."""
        start, length = struct.unpack_from("<II", self.stream, 154 + 8 * number)
        return self.table[start : start + length] if number * 8 + 162 <= len(self.stream) else b""


def head(ole: Ole) -> Head:
    """What the file says of itself.

    Raises:
        Unusable: ``damaged`` or ``encrypted``.
    """
    stream = ole.content("WordDocument")
    version = int.from_bytes(stream[:2], "little")
    if len(stream) < 68 or version not in (WORD_97, WORD_6):
        raise Unusable("damaged", "The document is damaged: it does not begin as it should.")
    flags = int.from_bytes(stream[10:12], "little")
    if flags & 0x0100:
        raise Unusable("encrypted", "The document is locked with a password.")
    if version == WORD_6:
        return Head(stream, b"", version, 0)
    if len(stream) < 1000:
        raise Unusable("damaged", "The document is damaged: its beginning is incomplete.")
    table = ole.content("1Table" if flags & LATER else "0Table")
    return Head(stream, table, version, struct.unpack_from("<i", stream, 76)[0])


def blocks(ole: Ole) -> Iterator[Block]:
    """What an old Word file says.

    Raises:
        Unusable: as ``head``.
    """
    known = head(ole)
    if known.version == WORD_6:
        first, last = struct.unpack_from("<II", known.stream, 0x18)
        yield from _Text().take(known.stream[first : min(last, first + CHARS)].decode("cp1252", "replace"), lambda _: 0)
        return
    paragraphs, runs = _paragraphs(known), _gone(known)
    reading = _Text()
    left = min(max(known.chars, 0), CHARS)
    for start, data, wide in pieces(known):
        text = data.decode("utf-16-le", "surrogatepass") if wide else data.decode("cp1252", "replace")
        text = _without(text[:left], start, 1 + wide, runs)
        left -= len(text)
        yield from reading.take(text, lambda at, start=start, wide=wide: paragraphs.at(start + at * (1 + wide)))
        if left <= 0:
            break
    yield from reading.rest()


def revised(known: Head) -> bool:
    """Whether changes were tracked: something is marked as deleted or as put in."""
    marked = (_DELETED, _INSERTED)
    return any(value and code in marked for _, data in _properties(known, _CHARACTERS) for code, value in _codes(data))


def pieces(known: Head) -> Iterator[tuple[int, bytes, bool]]:
    """The text in order: where each piece starts in the stream, its bytes, and whether a character has two of them."""
    clx = known.listed(_CLX)
    at = 0
    while at + 3 <= len(clx) and clx[at] == 1:
        at += 3 + int.from_bytes(clx[at + 1 : at + 3], "little")
    plc = clx[at + 5 :] if clx[at : at + 1] == b"\x02" else b""
    count = min((len(plc) - 4) // 12, PIECES)
    if count < 1:
        raise Unusable("damaged", "The document is damaged: where its text stands is not known.")
    places = struct.unpack_from(f"<{count + 1}I", plc)
    for number in range(count):
        where = struct.unpack_from("<I", plc, 4 * (len(plc) // 12 + 1) + 8 * number + 2)[0]
        length = max(0, min(places[number + 1] - places[number], CHARS))
        narrow = bool(where & 0x40000000)
        start = (where & 0x3FFFFFFF) >> narrow
        yield start, known.stream[start : start + length * (1 if narrow else 2)], not narrow


@define
class _Text:
    """Words gathered to paragraphs, cells and rows."""

    words: str = ""
    cells: list[str] = field(factory=list)

    def take(self, text: str, style: object) -> Iterator[Block]:
        at = 0
        for end in _ENDS.finditer(text):
            self.words += text[at : end.start()]
            at = end.end()
            ending = style(end.start()) if callable(style) else 0
            yield from self._end(end.group(), ending)
        self.words = (self.words + text[at:])[:CHARS]

    def rest(self) -> Iterator[Block]:
        yield from self._end("\r", 0)

    def _end(self, sign: str, style: int) -> Iterator[Block]:
        words, self.words = _readable(self.words), ""
        if sign != "\x07":
            if self.cells and not words.strip():
                return
            kind = HEADING if style in range(STYLES.start, STYLES.stop) else TEXT
            yield from [block(kind, words)] if words.strip() else []
        elif style == _ROW_ENDS or (not style and not words and self.cells):
            yield block(ROW, *self.cells)
            self.cells = []
        else:
            self.cells.append(words)


def _readable(text: str) -> str:
    for _ in range(5):  # fields within fields
        text, count = _FIELD.subn(lambda found: found.group(1) or "", text)
        if not count:
            break
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return "".join(_SIGNS.get(letter, letter) for letter in text if letter >= " " or letter in _SIGNS)


@frozen
class _Runs:
    """Properties of stretches of the stream: where each begins, and what it is."""

    starts: list[int]
    values: list[int]

    def at(self, place: int) -> int:
        """The value at a place; 0 for none."""
        number = bisect_right(self.starts, place) - 1
        return self.values[number] if number >= 0 else 0


def _paragraphs(known: Head) -> _Runs:
    """For each paragraph its style's number, ``_ROW_ENDS`` for the end of a row, 0 for body text."""
    found = []
    for start, data in _properties(known, _PARAGRAPHS):
        style = int.from_bytes(data[:2], "little")
        ends = any(code == _ROW_ENDS and value for code, value in _codes(data[2:]))
        found.append((start, _ROW_ENDS if ends else style or 0xFFFF))
    return _sorted(found)


def _gone(known: Head) -> _Runs:
    """Stretches that were deleted while changes were tracked, or are hidden."""
    found = []
    for start, data in _properties(known, _CHARACTERS):
        codes = dict(_codes(data))
        found.append((start, 1 if codes.get(_DELETED) or codes.get(_HIDDEN) else 0))
    return _sorted(found)


def _sorted(found: list[tuple[int, int]]) -> _Runs:
    found.sort()
    return _Runs([start for start, _ in found], [value for _, value in found])


def _properties(known: Head, number: int) -> Iterator[tuple[int, bytes]]:
    """Where each run begins and its properties, from pages of 512 bytes ([MS-DOC] 2.9.33 and 2.9.181)."""
    plc = known.listed(number)
    count = max(0, (len(plc) - 4) // 8)
    for page in struct.unpack_from(f"<{count}I", plc, 4 * (count + 1))[:PAGES] if count else ():
        data = known.stream[(page & 0x3FFFFF) * 512 :][:512]
        runs = data[511] if len(data) == 512 else 0
        size = 13 if number == _PARAGRAPHS else 1
        if 4 * (runs + 1) + size * runs > 511:
            continue
        for run in range(runs):
            (start,) = struct.unpack_from("<I", data, 4 * run)
            at = 2 * data[4 * (runs + 1) + size * run]
            yield start, _held(data, at, paragraph=size == 13)


def _held(data: bytes, at: int, *, paragraph: bool) -> bytes:
    if not at:
        return b""
    if not paragraph:
        return data[at + 1 : at + 1 + data[at]]
    if data[at]:
        return data[at + 1 : at + 2 * data[at]]
    return data[at + 2 : at + 2 + 2 * data[min(at + 1, 511)]]


def _codes(data: bytes) -> Iterator[tuple[int, int]]:
    """Properties and their first byte ([MS-DOC] 2.6)."""
    at = 0
    while at + 3 <= len(data):
        code = int.from_bytes(data[at : at + 2], "little")
        yield code, data[at + 2]
        length = _OPERANDS[code >> 13] or 1 + data[at + 2]
        if code in (0xD608, 0xC615):  # tables' and tabs' lengths are told otherwise; nothing of ours comes behind
            return
        at += 2 + length


def _without(text: str, start: int, width: int, gone: _Runs) -> str:
    """The text with what is deleted or hidden as blanks that are dropped later, so that places stay true."""
    if not any(gone.values):
        return text
    first = bisect_right(gone.starts, start) - 1
    made = list(text)
    for number in range(max(first, 0), len(gone.starts)):
        begin = max(0, (gone.starts[number] - start) // width)
        if begin >= len(text):
            break
        following = gone.starts[number + 1] if number + 1 < len(gone.starts) else start + len(text) * width
        end = min(len(text), max(0, (following - start) // width))
        if gone.values[number]:
            made[begin:end] = "\x01" * max(0, end - begin)
    return "".join(made)
