"""How Excel up to 2003 writes words ([MS-XLS] 2.5.293 to 2.5.296), and the table of those that cells share."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from attrs import define, frozen

STRINGS = 100_000
CHARS = 8_000_000
"""Characters of all shared strings that are read."""


@frozen
class ByteString:
    """Letters of one byte in a workbook's codepage."""

    codepage: str

    @staticmethod
    def named(number: int) -> str:
        """The encoding that Windows knows by a number; Windows-1252 where it is none of ours."""
        known = {1200: "utf-16-le", 10000: "mac-roman", 932: "cp932", 936: "gbk", 949: "cp949", 950: "big5"}
        return known.get(number, f"cp{number}" if number in (*range(1250, 1259), 437, 850, 852, 866, 874) else "cp1252")

    def read(self, data: bytes) -> str:
        """As text."""
        return data.decode(self.codepage, "replace")


def unicode_string(data: bytes, length: int) -> str:
    """Letters behind a byte of flags, of one byte or of two each."""
    if data[:1] and data[0] & 1:
        return data[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return data[1 : 1 + length].decode("latin-1")


@define
class _Segments:
    """Records that continue one another; letters that run over a border begin again with a byte of flags."""

    parts: Sequence[bytes]
    part: int = 0
    at: int = 0

    def left(self) -> int:
        return len(self.parts[self.part]) - self.at if self.part < len(self.parts) else 0

    def more(self) -> bool:
        while self.part < len(self.parts) and not self.left():
            self.part, self.at = self.part + 1, 0
        return self.part < len(self.parts)

    def take(self, count: int) -> bytes:
        found = b""
        while count > 0 and self.more():
            piece = self.parts[self.part][self.at : self.at + count]
            self.at += len(piece)
            count -= len(piece)
            found += piece
        return found

    def letters(self, count: int, wide: int) -> str:
        found = []
        while count > 0:
            if not self.left():
                if not self.more():
                    break
                wide = self.take(1)[0] & 1
            room = min(count, self.left() >> wide)
            if not room:
                break
            found.append(self.take(room << wide).decode("utf-16-le" if wide else "latin-1", "replace"))
            count -= room
        return "".join(found)


def shared_strings(parts: Sequence[bytes]) -> list[str]:
    """The strings that cells refer to by number, in order and within bounds."""
    segments = _Segments(parts)
    count = int.from_bytes(segments.take(8)[4:8], "little")
    found: list[str] = []
    room = CHARS
    for _ in range(min(count, STRINGS)):
        head = segments.take(3)
        if len(head) < 3 or room <= 0:
            break
        length, flags = struct.unpack("<HB", head)
        runs = int.from_bytes(segments.take(2), "little") if flags & 8 else 0
        extra = int.from_bytes(segments.take(4), "little") if flags & 4 else 0
        found.append(segments.letters(length, flags & 1))
        segments.take(4 * runs + min(extra, CHARS))
        room -= length
    return found
