"""Reading a zip by its central directory alone, and one member at a time within bounds.

The standard library's ``zipfile`` neither sees overlapping members nor bounds what a member unfolds to, so a file of
3 MB made it read 6 GB; here the directory is held against the bounds before anything is unfolded.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO

from attrs import frozen

from mediacore.engines import bounds
from mediacore.engines.containers import end_of_zip, size_of, span
from mediacore.engines.operation import Unusable

TOTAL_BYTES = 1_000_000_000
"""Bytes that an archive may claim to unfold to."""
RATIO = 200
"""Unfolded bytes for each packed one; more is a bomb where it comes to more than ``RATIO_FROM`` bytes."""
RATIO_FROM = 20_000_000
PART_BYTES = 16_000_000
"""Bytes of one member that are unfolded."""
STORED, DEFLATED = 0, 8
_FIRST_CHUNK, _MOST_CHUNK = 1 << 16, 1 << 22
_NONE, _NONE_SHORT = 0xFFFFFFFF, 0xFFFF


@frozen
class Entry:
    """One member as the central directory has it.

    Args:
        name: its path; backslashes count as slashes.
        raw: the same as the bytes that stand in the file.
        flags: general purpose flags.
        method: how it is packed.
        crc: checksum of the unfolded bytes.
        packed, size: bytes in the file, and claimed unfolded ones.
        offset: where its local header stands.
    """

    name: str
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def locked(self) -> bool:
        """Whether it needs a password."""
        return bool(self.flags & 1)


def entries(file: BinaryIO) -> list[Entry]:
    """Every member, in the order of the directory.

    Raises:
        Unusable: ``damaged`` without a sound directory; ``bomb`` for too many members or such that share bytes.
    """
    record = end_of_zip(file)
    if not record:
        raise Unusable("damaged", "The end of the archive is missing, and with it the list of what it holds.")
    count, length, offset = struct.unpack("<HII", record[10:20])
    if count == _NONE_SHORT or _NONE in (length, offset):
        count, length, offset = _large(file)
    if count > bounds.ARCHIVE_ENTRIES or length > bounds.DIRECTORY_BYTES:
        raise Unusable("bomb", f"The archive holds more than {bounds.ARCHIVE_ENTRIES:,} files; it was not opened.")
    found = list(_directory(span(file, offset, length), count))
    if len(found) != count:
        raise Unusable("damaged", "The list of what the archive holds is damaged.")
    _check_places(found, size_of(file))
    return found


def weigh(found: Sequence[Entry]) -> None:
    """Hold what a zip claims to unfold to against the bounds.

    Raises:
        Unusable: ``bomb``.
    """
    total, packed = sum(entry.size for entry in found), sum(entry.packed for entry in found)
    if total > TOTAL_BYTES or (total > RATIO_FROM and total > RATIO * max(packed, 1)):
        raise Unusable("bomb", f"It would unfold from {packed:,} to {total:,} bytes; it was not opened.")


def chunks(file: BinaryIO, entry: Entry, most: int = PART_BYTES) -> Iterator[bytes]:
    """A member's bytes in growing pieces, up to so many; what follows is left out.

    Raises:
        Unusable: ``encrypted``, ``unsupported`` packing, ``damaged``.
    """
    if entry.locked:
        raise Unusable("encrypted", "The file is locked with a password.")
    head = span(file, entry.offset, 30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04" or entry.method not in (STORED, DEFLATED):
        raise Unusable("damaged", "A part of the file is damaged or packed in an unknown way.")
    start, name, extra = entry.offset + 30, *struct.unpack("<HH", head[26:30])
    at, end = start + name + extra, start + name + extra + entry.packed
    packer = zlib.decompressobj(-15) if entry.method == DEFLATED else None
    room, want = min(most, entry.size), _FIRST_CHUNK
    rest = b""
    while room > 0:
        if packer is None:
            piece = span(file, at, min(want, end - at, room))
            at += len(piece)
        else:
            rest = rest or span(file, at, min(_FIRST_CHUNK, end - at))
            if not rest and not packer.unconsumed_tail and at < end:
                return  # it ends before it says
            at += len(rest) if not packer.unconsumed_tail else 0
            piece, rest = _unfolded(packer, rest, min(want, room))
            if not piece and at < end and not packer.eof:
                continue
        if not piece:
            return
        room -= len(piece)
        want = min(want * 2, _MOST_CHUNK)
        yield piece


def content(file: BinaryIO, entry: Entry, most: int = PART_BYTES) -> bytes:
    """A member's bytes, up to so many.

    Raises:
        Unusable: as ``chunks``.
    """
    return b"".join(chunks(file, entry, most))


def _unfolded(packer: zlib._Decompress, data: bytes, most: int) -> tuple[bytes, bytes]:
    try:
        return packer.decompress(data, most), packer.unconsumed_tail
    except zlib.error:
        raise Unusable("damaged", "A part of the file is damaged.") from None


def _large(file: BinaryIO) -> tuple[int, int, int]:
    """Count, length and place of the directory by the records of a zip64 (APPNOTE 4.3.14 and 4.3.15)."""
    tail = span(file, size_of(file) - 65_557 - 20, 65_577)
    at = tail.rfind(b"PK\x06\x07")
    if at < 0 or len(tail) < at + 20:
        raise Unusable("damaged", "The list of what the archive holds is damaged.")
    record = span(file, struct.unpack("<Q", tail[at + 8 : at + 16])[0] & (1 << 62) - 1, 56)
    if len(record) < 56 or record[:4] != b"PK\x06\x06":
        raise Unusable("damaged", "The list of what the archive holds is damaged.")
    count, length, offset = struct.unpack("<QQQ", record[32:56])
    return count, length, offset & (1 << 62) - 1


def _directory(data: bytes, count: int) -> Iterator[Entry]:
    at = 0
    for _ in range(count):
        head = data[at : at + 46]
        if len(head) < 46 or head[:4] != b"PK\x01\x02":
            return
        flags, method = struct.unpack("<HH", head[8:12])
        crc, packed, size, name, extra, comment = struct.unpack("<IIIHHH", head[16:34])
        raw = data[at + 46 : at + 46 + name]
        more = data[at + 46 + name : at + 46 + name + extra]
        size, packed, offset = _wide(more, [size, packed, struct.unpack("<I", head[42:46])[0]])
        text = raw.decode("utf-8" if flags & 0x800 else "cp437", "replace").replace("\\", "/")
        yield Entry(text, raw, flags, method, crc, packed, size, offset)
        at += 46 + name + extra + comment


def _wide(extra: bytes, values: list[int]) -> list[int]:
    """Size, packed size and offset, where they are too large for their fields from the zip64 field (APPNOTE 4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == 1:
            wide = iter(
                struct.unpack(f"<{length // 8}Q", extra[at + 4 : at + 4 + length // 8 * 8].ljust(length // 8 * 8))
            )
            return [next(wide, value) if value == _NONE else value for value in values]
        at += 4 + length
    return values


def _check_places(found: Sequence[Entry], size: int) -> None:
    """Members stand one behind the other; those that share bytes unfold the same ones again and again."""
    placed = sorted(found, key=lambda entry: entry.offset)
    if any(one.offset + 30 + len(one.raw) + one.packed > other.offset for one, other in pairwise(placed)):
        raise Unusable("bomb", "Files in the archive share their bytes, as they do in bombs; it was not opened.")
    if placed and placed[-1].offset + 30 + placed[-1].packed > size:
        raise Unusable("damaged", "The archive claims to hold more than there is.")
