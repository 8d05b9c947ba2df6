"""How many scans a JPEG has: each makes its decoder go over the whole picture once more."""

from __future__ import annotations

from typing import BinaryIO

from mediacore.engines.containers import span

_SEQUENTIAL = (0xC0, 0xC1)
_SOS = 0xDA
_OTHERS = frozenset((0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)))
"""Tables, comments and whatever applications add: all of them tell how long they are (ITU T.81, table B.1)."""
_SEGMENTS = 1000
_PIECE = 1 << 20


def scans_of(file: BinaryIO, most: int) -> int:
    """How many scans a decoder may meet; never fewer than there are.

    Args:
        file: the picture; its place is kept.
        most: the number from which on it does not matter.
    """
    where = file.tell()
    try:
        return 1 if _is_plain(file) else _counted(file, most)
    finally:
        file.seek(where)


def _is_plain(file: BinaryIO) -> bool:
    """Whether the first scan has all the colours and nothing to be refined.

    Decoders do without the rest of the file then (libjpeg, ``jdinput.c``: ``has_multiple_scans``), so that the search
    for further scans, which takes a tenth of a preview's time, need not be.
    """
    at, colours = 2, 0
    for _ in range(_SEGMENTS):
        head = span(file, at, 10)
        if len(head) < 10 or head[0] != 0xFF:
            return False
        marker = head[1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if marker == _SOS:
            return 0 < colours == head[4]
        if marker in _SEQUENTIAL and not colours:
            colours = head[9]
        elif marker not in _OTHERS:
            return False
        at += 2 + int.from_bytes(head[2:4], "big")
    return False


def _counted(file: BinaryIO, most: int) -> int:
    file.seek(0)
    scans, tail = 0, b""
    while scans <= most and (piece := file.read(_PIECE)):
        scans += (tail + piece).count(b"\xff\xda")
        tail = piece[-1:]
    return scans
