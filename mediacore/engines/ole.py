"""OLE compound files ([MS-CFB]): the older Office's container, read within bounds.

Sectors are followed by their chains and every chain ends at the latest when it is as long as the file, so loops and
lies about sizes end too. ``places`` tells where the bytes of a stream stand, so that they can be overwritten.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from typing import BinaryIO

from attrs import define, field, frozen

from mediacore.engines.containers import size_of, span
from mediacore.engines.operation import Unusable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STORAGE, STREAM, ROOT = 1, 2, 5
MEMBERS = 10_000
STREAM_BYTES = 32_000_000
"""Bytes of one stream that are read."""
_HEADER = 512
_LAST = 0xFFFFFFFA
"""Sector numbers from here on are marks: a chain's end, a free sector, the table's own sectors."""
_NONE = 0xFFFFFFFF


@frozen
class Member:
    """A stream or a storage.

    Args:
        path: the names from the root to it; empty for the root itself.
        kind: ``STORAGE``, ``STREAM`` or ``ROOT``.
        start: its first sector.
        size: bytes of a stream.
        clsid: the class of a storage.
        child, left, right: its place in the tree of names.
    """

    path: tuple[str, ...]
    kind: int
    start: int
    size: int
    clsid: bytes
    child: int
    left: int
    right: int


@define
class Ole:
    """A compound file.

    Args:
        file: the untrusted file.
        shift: the size of a sector as a power of two.
        small_shift: the same of a small sector.
        cutoff: streams below this size stand in small sectors.
        table: for each sector the one that follows it.
        members: the root and everything below it, by path.
        small_table: the same as ``table`` for small sectors.
        small_places: where each small sector stands.
        directory, small: the first sectors of the directory and of the table of small sectors.
    """

    file: BinaryIO
    shift: int
    small_shift: int
    cutoff: int
    table: array[int]
    members: dict[tuple[str, ...], Member] = field(factory=dict)
    small_table: array[int] = field(factory=lambda: array("I"))
    small_places: list[int] = field(factory=list)
    directory: int = _NONE
    small: int = _NONE

    @property
    def root(self) -> set[str]:
        """The names that stand in the root."""
        return {path[0] for path in self.members if len(path) == 1}

    def names(self) -> set[str]:
        """The last names of all members."""
        return {path[-1] for path in self.members if path}

    def places(self, member: Member) -> Iterator[tuple[int, int]]:
        """Where a stream's bytes stand: offsets in the file and lengths, in order."""
        left = member.size
        small = member.kind == STREAM and member.size < self.cutoff
        shift = self.small_shift if small else self.shift
        for sector in chain(self.small_table if small else self.table, member.start):
            if left <= 0:
                return
            if small:
                if sector >= len(self.small_places):
                    return
                at = self.small_places[sector]
            else:
                at = (sector + 1) << shift
            yield at, min(left, 1 << shift)
            left -= 1 << shift

    def content(self, *path: str, most: int = STREAM_BYTES) -> bytes:
        """A stream's bytes, up to so many; empty when there is no such stream."""
        member = self.members.get(path)
        if member is None or member.kind == STORAGE:
            return b""
        found = bytearray()
        for at, length in _joined(self.places(member)):
            found += span(self.file, at, min(length, most - len(found)))
            if len(found) >= most:
                break
        return bytes(found)


def opened(file: BinaryIO) -> Ole:
    """A compound file's tables and tree.

    Raises:
        Unusable: ``damaged`` when its header makes no sense.
    """
    head = span(file, 0, _HEADER)
    if len(head) < _HEADER or not head.startswith(MAGIC):
        raise Unusable("damaged", "The document is damaged: it does not begin as it should.")
    shift, small_shift = struct.unpack("<HH", head[30:34])
    directory, _, cutoff, small, _, more, _ = struct.unpack("<IIIIIII", head[48:76])
    if shift not in (9, 12):
        raise Unusable("damaged", "The document is damaged: its sectors have no known size.")
    ole = Ole(file, shift, small_shift if small_shift == 6 else 6, cutoff or 4096, array("I"))
    ole.table, ole.directory, ole.small = _table(file, shift, head, more), directory, small
    ole.members = _tree(_entries(_sectors(ole, directory, MEMBERS * 128), size_of(file)))
    if root := ole.members.get(()):
        for at, length in ole.places(root):
            ole.small_places += range(at, at + length - (1 << ole.small_shift) + 1, 1 << ole.small_shift)
        ole.small_table = _numbers(_sectors(ole, small, size_of(file)))
    return ole


def _table(file: BinaryIO, shift: int, head: bytes, more: int) -> array[int]:
    """For each sector the next one: the sectors that hold this are listed in the header and a chain of lists."""
    most = (size_of(file) >> shift) + 1
    listed = [number for number in struct.unpack("<109I", head[76:512]) if number < _LAST]
    for _ in range(most):
        if more >= _LAST or len(listed) > most:
            break
        numbers = _numbers(span(file, (more + 1) << shift, 1 << shift))
        if len(numbers) < 2:
            break
        listed += [number for number in numbers[:-1] if number < _LAST]
        more = numbers[-1]
    table = array("I")
    for number in listed[: (most >> (shift - 2)) + 1]:
        sector = span(file, (number + 1) << shift, 1 << shift)
        table.extend(_numbers(sector.ljust(1 << shift, b"\xff")))
    return table


def _numbers(data: bytes) -> array[int]:
    made = array("I", data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        made.byteswap()
    return made


def chain(table: array[int], start: int) -> Iterator[int]:
    """Sector after sector from one on; one that the table does not know is the last."""
    for _ in range(len(table) + 1):
        if start >= _LAST:
            return
        yield start
        start = table[start] if start < len(table) else _NONE


def _sectors(ole: Ole, start: int, most: int) -> bytes:
    found = bytearray()
    for sector in chain(ole.table, start):
        found += span(ole.file, (sector + 1) << ole.shift, 1 << ole.shift)
        if len(found) >= most:
            break
    return bytes(found[:most])


def _entries(data: bytes, most: int) -> list[tuple[str, Member]]:
    """The directory's entries; none is longer than the file."""
    found = []
    for at in range(0, len(data) - 127, 128):
        entry = data[at : at + 128]
        length = max(0, min(64, struct.unpack("<H", entry[64:66])[0]) - 2)
        name = entry[:length].decode("utf-16-le", "replace")
        left, right, child = struct.unpack("<III", entry[68:80])
        start, size = struct.unpack("<II", entry[116:124])
        found.append((name, Member((), entry[66], start, min(size, most), entry[80:96], child, left, right)))
    return found


def _tree(entries: list[tuple[str, Member]]) -> dict[tuple[str, ...], Member]:
    """Every member by its path; one that hangs in the tree twice counts once."""
    found: dict[tuple[str, ...], Member] = {}
    if not entries:
        return found
    if entries[0][1].kind != ROOT:
        return {(name,): member for name, member in entries if name}
    found[()] = entries[0][1]
    waiting, seen = [(entries[0][1].child, ())], {0}
    while waiting:
        number, parent = waiting.pop()
        if number >= len(entries) or number in seen:
            continue
        seen.add(number)
        name, member = entries[number]
        path: tuple[str, ...] = (*parent, name)
        if member.kind in (STORAGE, STREAM):
            found[path] = Member(path, *_rest(member))
        waiting += [(member.left, parent), (member.right, parent)]
        if member.kind == STORAGE and len(path) < 20:
            waiting.append((member.child, path))  # type: ignore[arg-type]  # a path of any length
    return found


def _rest(member: Member) -> tuple[int, int, int, bytes, int, int, int]:
    return member.kind, member.start, member.size, member.clsid, member.child, member.left, member.right


def _joined(places: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbours as one."""
    start, length = 0, 0
    for at, more in places:
        if length and at == start + length:
            length += more
            continue
        if length:
            yield start, length
        start, length = at, more
    if length:
        yield start, length
