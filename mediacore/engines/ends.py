"""Whether the end of a file is missing, by what its own structure says of its length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.containers import end_of_zip, size_of, span

_PIECE = 1 << 20
_LISTED = frozenset((b"mdat", b"moov", b"meta", b"free", b"skip", b"moof", b"wide", b"uuid", b"idat", b"ftyp", b"mfra"))


def cut_off(file: BinaryIO, mime: str) -> bool:
    """Whether a file of a type ends too early; what follows its end, as cameras and messengers add it, is no matter."""
    size = size_of(file)
    check = _ENDS.get(mime)
    if check is None and span(file, 0, 4) == b"PK\x03\x04":
        check = _zip_cut
    return check is not None and check(file, size)


def _jpeg_cut(file: BinaryIO, size: int) -> bool:
    """The end mark is looked for behind the first scan, since thumbnails before it have one of their own."""
    at = 2
    while at + 4 <= size:
        head = span(file, at, 4)
        if head[0] != 0xFF:
            break
        at += 1 if head[1] == 0xFF else 2 + int.from_bytes(head[2:4], "big")
        if head[1] == 0xDA:
            break
    if b"\xff\xd9" in span(file, max(at, size - bounds.TEXT_BYTES), bounds.TEXT_BYTES):
        return False  # where it nearly always is
    while at < size:
        piece = span(file, at, _PIECE)
        if b"\xff\xd9" in piece:
            return False
        at += max(len(piece) - 1, 1)
    return True


def _png_cut(file: BinaryIO, size: int) -> bool:
    at = 8
    for _ in range(bounds.PNG_CHUNKS):
        head = span(file, at, 8)
        if len(head) < 8:
            return True
        if head[4:] == b"IEND":
            return False
        at += 12 + int.from_bytes(head[:4], "big")
        if at > size:
            return True
    return False


def _gif_cut(file: BinaryIO, size: int) -> bool:
    return b"\x3b" not in span(file, size - 1024, 1024)


def _riff_cut(file: BinaryIO, size: int) -> bool:
    length = int.from_bytes(span(file, 4, 4), "little")
    # a recorder that writes into a pipe does not know the length, and in RF64 it stands elsewhere
    return length != 0xFFFFFFFF and length + 8 > size + 1


def _zip_cut(file: BinaryIO, _size: int) -> bool:
    return not end_of_zip(file)


def _pdf_cut(file: BinaryIO, size: int) -> bool:
    return b"%%EOF" not in span(file, size - 4096, 4096) and b"%%EOF" not in span(file, size - 65_536, 65_536)


def _seven_cut(file: BinaryIO, size: int) -> bool:
    head = span(file, 0, 32)
    offset, length = int.from_bytes(head[12:20], "little"), int.from_bytes(head[20:28], "little")
    return len(head) < 32 or 32 + offset + length > size


def _iso_cut(file: BinaryIO, size: int) -> bool:
    """Boxes follow one another to the end; what is no box behind the index and the data was put there by a phone."""
    at, seen = 0, set[bytes]()
    for _ in range(bounds.BOXES):
        head = span(file, at, 16)
        kind = head[4:8]
        whole = bool(seen & {b"moov", b"meta", b"moof"}) and bool(seen & {b"mdat", b"idat", b"meta"})
        if len(head) < 8:
            return len(head) > 0 and not whole
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0 and kind in _LISTED:
            return False
        if length < 8:
            return not whole
        seen.add(kind)
        at += length
        if at >= size:
            return at > size and (kind in _LISTED or not whole)
    return False


_ENDS: Mapping[str, Callable[[BinaryIO, int], bool]] = {
    "image/jpeg": _jpeg_cut,
    "image/png": _png_cut,
    "image/gif": _gif_cut,
    "application/pdf": _pdf_cut,
    "application/x-7z-compressed": _seven_cut,
    **dict.fromkeys(("image/webp", "audio/wav"), _riff_cut),
    **dict.fromkeys(
        ("image/heic", "image/heif", "image/avif", "video/mp4", "video/3gpp", "video/quicktime", "audio/mp4"), _iso_cut
    ),
}
