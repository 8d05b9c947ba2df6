"""A second look into containers: what a zip, an OLE, an ISO media, a RIFF or an Ogg file holds."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.signatures import BRANDS, MACRO_OFFICE, OFFICE, OLE

END_OF_ZIP = b"PK\x05\x06"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


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


def zip_type(file: BinaryIO) -> str:
    """What a zip is: an Office or OpenDocument file, or just a zip."""
    names = [name for name, _ in zip_names(file)]
    head = span(file, 0, 256)
    # OpenDocument (part 3, 3.3): the first entry is "mimetype", stored as it is
    if head[26:28] == b"\x08\x00" and head[30:38] == b"mimetype":
        length = struct.unpack("<I", head[18:22])[0]
        kind = head[38 : 38 + min(length, 100)].decode("ascii", "replace")
        if (
            kind.startswith("application/")
            and kind.replace("/", "").replace(".", "").replace("-", "").replace("+", "").isalnum()
        ):
            return kind
    if "[Content_Types].xml" in names:
        macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        for prefix, mime in (MACRO_OFFICE if macros else OFFICE).items():
            if any(name.startswith(prefix) for name in names):
                return mime
    if any(name.startswith("Index/") and name.endswith(".iwa") for name in names):
        return "application/vnd.apple.pages"
    return "application/zip"


def ole_streams(file: BinaryIO) -> list[str]:
    """Names in the first sector of an OLE file's directory ([MS-CFB] 2.2 and 2.6)."""
    head = span(file, 0, 512)
    shift, first = struct.unpack("<H", head[30:32])[0], struct.unpack("<I", head[48:52])[0]
    if shift not in (9, 12):
        return []
    sectors = span(file, (first + 1) << shift, 1 << 14)
    entries = (sectors[at : at + 128] for at in range(0, len(sectors) - 127, 128))
    return [entry[: max(0, min(64, entry[64]) - 2)].decode("utf-16-le", "replace") for entry in entries]


def ole_type(file: BinaryIO) -> str:
    """What made an OLE file."""
    streams = ole_streams(file)
    return next((mime for name, mime in OLE.items() if name in streams), "application/x-ole-storage")


def iso_type(head: bytes) -> str:
    """The type of an ISO base media file by its brands, the major one first; nothing if it is none."""
    if head[4:8] != b"ftyp":
        return "video/quicktime" if head[4:8] in (b"moov", b"mdat", b"wide", b"skip") else ""
    length = min(struct.unpack(">I", head[:4])[0], 512)
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    # "mif1" says no more than "a still picture", so the codec's own brand goes first
    for brand in sorted(brands, key=lambda brand: brand == b"mif1"):
        if brand.startswith((b"3gp", b"3g2", b"3gg")):
            return "video/3gpp"
        if brand in BRANDS:
            return BRANDS[brand]
    return "video/mp4"


def matroska_type(file: BinaryIO, head: bytes) -> str:
    """The type of a Matroska file: a browser calls a recorded voice WebM as well, and it has no picture.

    The codec of each track stands in element 0x86 as text that begins with ``V_`` or ``A_`` (RFC 9559, 5.1.4.1.19).
    """
    tracks = set(re.findall(rb"\x86[\x83-\xbf]([VA])_[A-Z]", span(file, 0, bounds.TEXT_BYTES)))
    kind = "audio" if tracks == {b"A"} else "video"
    return f"{kind}/webm" if b"webm" in head[:64] else f"{kind}/x-matroska"


def is_transport(head: bytes) -> bool:
    """Whether it is an MPEG transport stream.

    Its packets of 188 bytes begin with a sync byte (ISO/IEC 13818-1, 2.4.3.2), on discs after four bytes of time.
    """
    return not head.isascii() and any(head[at : at + 4 * step : step] == b"GGGG" for at, step in ((0, 188), (4, 192)))


def riff_type(head: bytes) -> str:
    """The type of a RIFF file."""
    return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], "")


def ogg_type(head: bytes) -> str:
    """The type of an Ogg file by the codec of its first page."""
    return "video/ogg" if b"\x80theora" in head[:256] else "audio/ogg"


def _has_descriptor(file: BinaryIO) -> bool:
    try:
        file.fileno()
    except OSError:
        return False
    return True
