"""The older Office's files without properties, names, printers and what was left over in their sectors.

Everything is overwritten where it stands, so that every place that the file's own tables name stays true.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import BinaryIO

from attrs import define, field

from mediacore.engines import ole as compound
from mediacore.engines.containers import span
from mediacore.engines.doc.old import sheet, slides, word
from mediacore.engines.ole import STREAM, Member, Ole
from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import OLE

MOST = 256_000_000
_SUMMARY, _DOCUMENT = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_FORMATS = {
    _SUMMARY: bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9"),
    _DOCUMENT: bytes.fromhex("02d5cdd59c2e1b10939708002b2cf9ae"),
}
_WIPED = ("Revision Log", "User Names", "_signatures", "_xmlsignatures", "MsoDataStore")
_BLANKED, _EMPTIED, _PLAIN = (32, 51, 72), (27, 28, 29, 35, 60, 70, 71), (36,)
"""Word's tables of strings that are kept with blanks (document properties, who changed, file names), those that are
taken out (printers, the file's former path, variables, route slips, who saved it), and comments' authors."""
_FAST = 0x0004
_WRITER, _SHARING, _PRINTER, _NOTE = 0x5C, 0x5B, 0x4D, 0x1C
_NAME, _COMMENT, _OFFICE_EDIT = 0xFBA, 0x2EE0, 0xFF5


@define
class _Copy:
    """A whole file in memory, and its tables."""

    data: bytearray = field(repr=False)
    ole: Ole

    def put(self, path: tuple[str, ...], content: bytes) -> None:
        """Overwrite a stream with as many bytes as it has; nothing when there is no such stream."""
        at = 0
        member = self.ole.members.get(path)
        for place, length in self.ole.places(member) if member else ():
            end = min(place + length, len(self.data))
            self.data[place:end] = content[at : at + max(0, end - place)]
            at += length

    def stream(self, *path: str) -> bytearray:
        """A stream's bytes, to be changed and put back."""
        return bytearray(self.ole.content(*path, most=MOST))


def clean_old(file: BinaryIO, mime: str) -> bytes | None:
    """An old Office file without what it says of people; None for another type.

    Raises:
        Unusable: ``damaged``, ``encrypted``, ``too-large``; ``revisions`` when words that were deleted are still in it
            and cannot be taken out.
    """
    if mime not in _CLEANERS:
        return None
    data = span(file, 0, MOST + 1)
    if len(data) > MOST:
        raise Unusable("too-large", "The document is too large to be cleaned.")
    copy = _Copy(bytearray(data), compound.opened(io.BytesIO(data)))
    if "EncryptedPackage" in copy.ole.root:
        raise Unusable("encrypted", "The document is locked with a password.")
    _CLEANERS[mime](copy)
    return _without_rest(copy)


def clean_any(data: bytes) -> bytes:
    """An OLE file of any kind, embedded in another, without its properties; other bytes as they are."""
    if not data.startswith(compound.MAGIC):
        return data
    copy = _Copy(bytearray(data), compound.opened(io.BytesIO(data)))
    for name, mime in OLE.items():
        if name in copy.ole.root and mime in _CLEANERS:
            _CLEANERS[mime](copy)
    return _without_rest(copy)


def _without_rest(copy: _Copy) -> bytes:
    for path, member in copy.ole.members.items():
        if not path or member.kind != STREAM:
            continue
        if path[-1] in _FORMATS:
            copy.put(path, _no_properties(_FORMATS[path[-1]], member.size))
        elif set(path) & set(_WIPED):
            copy.put(path, bytes(member.size))
    _sweep(copy)
    return bytes(copy.data)


def _no_properties(form: bytes, size: int) -> bytes:
    """A property set without a property ([MS-OLEPS] 2.21)."""
    head = struct.pack("<HHI16sI", 0xFFFE, 0, 0x20006, bytes(16), 1) + form + struct.pack("<III", 48, 8, 0)
    return head.ljust(size, b"\0") if size >= len(head) else bytes(size)


def _clean_word(copy: _Copy) -> None:
    known = word.head(copy.ole)
    if known.version == word.WORD_6:
        raise Unusable("old-format", "Documents of Word 6 and 95 cannot be cleaned; save it as .docx or PDF first.")
    if word.revised(known) or int.from_bytes(known.stream[10:12], "little") & _FAST:
        words = "It still holds words that were deleted, and in this old format they cannot be taken out."
        raise Unusable("revisions", f"{words} Accept all changes and save it as .docx, or send a PDF.")
    name = "1Table" if int.from_bytes(known.stream[10:12], "little") & word.LATER else "0Table"
    main, table = copy.stream("WordDocument"), copy.stream(name)
    for number in (*_BLANKED, *_EMPTIED, *_PLAIN):
        if 162 + 8 * number > len(main):
            continue
        start, length = struct.unpack_from("<II", main, 154 + 8 * number)
        if not length or start + length > len(table):
            continue
        if number in _EMPTIED:
            table[start : start + length] = bytes(length)
            struct.pack_into("<II", main, 154 + 8 * number, start, 0)
        else:
            places = _plain_strings(table, start, length) if number in _PLAIN else _strings(table, start, length)
            for at, letters in places:
                table[at : at + 2 * letters] = b" \0" * letters
    copy.put(("WordDocument",), bytes(main))
    copy.put((name,), bytes(table))


def _strings(table: bytearray, start: int, length: int) -> Iterator[tuple[int, int]]:
    """Places and lengths of the strings of a table of strings ([MS-DOC] 2.2.4)."""
    at, end = start + 6, start + length
    if table[start : start + 2] != b"\xff\xff":
        return
    extra = int.from_bytes(table[start + 4 : start + 6], "little")
    while at + 2 <= end:
        letters = int.from_bytes(table[at : at + 2], "little")
        letters = min(letters, (end - at - 2) // 2)
        yield at + 2, letters
        at += 2 + 2 * letters + extra


def _plain_strings(table: bytearray, start: int, length: int) -> Iterator[tuple[int, int]]:
    at, end = start, start + length
    while at + 2 <= end:
        letters = min(int.from_bytes(table[at : at + 2], "little"), (end - at - 2) // 2)
        yield at + 2, letters
        at += 2 + 2 * letters


def _clean_sheet(copy: _Copy) -> None:
    name = "Workbook" if "Workbook" in copy.ole.root else "Book"
    known = sheet.book(copy.ole, strings=False)
    data = copy.stream(name)
    at = 0
    for kind, body in sheet.records(bytes(data)):
        start, length = at + 4, len(body)
        if kind == _WRITER and known.modern and length >= 3:
            data[start : start + length] = b"\0\0\0" + b" " * (length - 3)
        elif kind == _WRITER and length:
            data[start : start + length] = b"\0" + b" " * (length - 1)
        elif kind == _SHARING and length > 7:
            data[start + 7 : start + length] = ((b" \0" if body[6] & 1 else b" ") * length)[: length - 7]
        elif kind == _PRINTER:
            data[start : start + length] = bytes(length)
        elif kind == _NOTE and known.modern and length > 11:
            wide, letters = body[10] & 1, int.from_bytes(body[8:10], "little")
            room = min(letters << wide, length - 11)
            data[start + 11 : start + 11 + room] = (b" \0" if wide else b" ") * (room >> wide)
        at = start + length
    copy.put((name,), bytes(data))


def _clean_slides(copy: _Copy) -> None:
    slides.show(copy.ole)
    data, user = copy.stream("PowerPoint Document"), copy.stream("Current User")
    whole = slides.records(bytes(data), 0, len(data))
    if sum(each.kind == _OFFICE_EDIT for each in whole) > 1:
        words = "It still holds slides as they were before, and in this old format they cannot be taken out."
        raise Unusable("revisions", f"{words} Save it under another name as .pptx, or send a PDF.")
    for each in slides.inside(bytes(data), _COMMENT):
        if each.kind == _NAME and each.instance in (0, 2):
            length = (each.end - each.start) & ~1
            data[each.start : each.start + length] = b" \0" * (length // 2)
    if len(user) > 28:
        letters = int.from_bytes(user[20:22], "little")
        user[28 : 28 + letters] = b" " * len(user[28 : 28 + letters])
        rest = len(user) - (32 + letters)
        if rest > 0:
            user[32 + letters :] = (b" \0" * rest)[:rest]
    copy.put(("PowerPoint Document",), bytes(data))
    copy.put(("Current User",), bytes(user))


def _sweep(copy: _Copy) -> None:
    """Nothing in sectors and ends of sectors that belong to nobody, and no times in the directory."""
    ole, data = copy.ole, copy.data
    size = 1 << ole.shift
    used = {sector for start in (ole.directory, ole.small) for sector in compound.chain(ole.table, start)}
    small_used: set[int] = set()
    for member in ole.members.values():
        small = member.kind == STREAM and member.size < ole.cutoff
        if member.kind == compound.STORAGE or not member.size:
            continue
        (small_used if small else used).update(_kept(ole, member, small=small))
        _blank_end(copy, member)
    for sector, following in enumerate(ole.table):
        start = (sector + 1) << ole.shift
        if sector not in used and following not in (0xFFFFFFFD, 0xFFFFFFFC) and start < len(data):
            data[start : start + size] = bytes(len(data[start : start + size]))
    for sector, start in enumerate(ole.small_places):
        if sector not in small_used:
            data[start : start + 64] = bytes(64)
    for sector in compound.chain(ole.table, ole.directory):
        for entry in range(4 << (ole.shift - 9)):
            at = ((sector + 1) << ole.shift) + 128 * entry
            if at + 128 <= len(data):
                _tidy_entry(data, at)


def _tidy_entry(data: bytearray, at: int) -> None:
    data[at + 100 : at + 116] = bytes(16)
    if not data[at + 66]:
        data[at : at + 128] = bytes(68) + b"\xff" * 12 + bytes(48)


def _kept(ole: Ole, member: Member, *, small: bool) -> Iterable[int]:
    table, shift = (ole.small_table, ole.small_shift) if small else (ole.table, ole.shift)
    count = (member.size + (1 << shift) - 1) >> shift
    return [sector for _, sector in zip(range(count), compound.chain(table, member.start), strict=False)]


def _blank_end(copy: _Copy, member: Member) -> None:
    """The rest of a stream's last sector."""
    places = list(copy.ole.places(member))
    if not places or member.kind != STREAM:
        return
    at, length = places[-1]
    whole = 1 << (copy.ole.small_shift if member.size < copy.ole.cutoff else copy.ole.shift)
    end = min(at + whole, len(copy.data))
    copy.data[at + length : end] = bytes(max(0, end - at - length))


_CLEANERS: Mapping[str, Callable[[_Copy], None]] = {
    "application/msword": _clean_word,
    "application/vnd.ms-excel": _clean_sheet,
    "application/vnd.ms-powerpoint": _clean_slides,
}
