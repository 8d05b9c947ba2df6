"""Looking into a file without reading it all: spans, and the directory of a zip."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from mediacore.engines import bounds

END_OF_ZIP = b"PK\x05\x06"


def size_of(file: BinaryIO) -> int:
    """Bytes in the file."""
    return os.fstat(file.fileno()).st_size if _has_descriptor(file) else file.seek(0, os.SEEK_END)


def span(file: BinaryIO, start: int, length: int) -> bytes:
    """Bytes from a place on; fewer when the file ends before."""
    file.seek(max(0, start))
    return file.read(length)


def end_of_zip(file: BinaryIO) -> bytes:
    """The record that ends a zip, when a sound one stands in the last 64 KiB; else nothing.

    It is sound when its comment ends within the file and the directory that it names fits before it.
    """
    size = size_of(file)
    tail = span(file, size - 65_557, 65_557)
    where = tail.rfind(END_OF_ZIP)
    if where < 0 or len(tail) - where < 22:
        return b""
    record = tail[where : where + 22]
    length, offset, comment = struct.unpack("<IIH", record[12:22])
    place = size - len(tail) + where
    fits = offset == 0xFFFFFFFF or length + offset <= place
    return record if fits and place + 22 + comment <= size else b""


def zip_names(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """Names and general flags of a zip's entries by its central directory; nothing is unpacked."""
    record = end_of_zip(file)
    if not record:
        return
    count, length, offset = struct.unpack("<HII", record[10:20])
    directory = span(file, offset, min(length, bounds.DIRECTORY_BYTES))
    at = 0
    for _ in range(min(count, bounds.ARCHIVE_ENTRIES)):
        head = directory[at : at + 46]
        if len(head) < 46 or head[:4] != b"PK\x01\x02":
            return
        flags, name, extra, comment = (*struct.unpack("<H", head[8:10]), *struct.unpack("<HHH", head[28:34]))
        yield directory[at + 46 : at + 46 + name].decode("utf-8", "replace"), flags
        at += 46 + name + extra + comment


def _has_descriptor(file: BinaryIO) -> bool:
    try:
        file.fileno()
    except OSError:
        return False
    return True
