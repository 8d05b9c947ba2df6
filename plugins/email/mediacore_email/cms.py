"""What a signed S/MIME part carries: the content that was signed, as spans of its bytes.

The format is CMS, https://www.rfc-editor.org/rfc/rfc5652#section-5, in BER, as
https://www.rfc-editor.org/rfc/rfc8551#section-3.5.2 puts it into mails. Nothing is verified here, and nothing needs a
key: signed content is not encrypted. Every loop takes some bytes and is counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

SIGNED = bytes.fromhex("06092a864886f70d010702")
"""``id-signedData``, 1.2.840.113549.1.7.2, as it is encoded."""
ELEMENTS = 10_000
PIECES = 200_000
"""Strings that the content may come in; writers that stream use pieces of a kilobyte or more."""

_SEQUENCE, _EXPLICIT, _STRING, _STRINGS, _CONSTRUCTED, _END = 0x30, 0xA0, 0x04, 0x24, 0x20, 0x00


class _Broken(Exception):
    """It is not what it says it is."""


@frozen
class Signed:
    """A signed message.

    Args:
        pieces: where its content lies; none when it has only certificates, or is a signature without content.
    """

    pieces: tuple[tuple[int, int], ...]

    def content(self, data: bytes) -> bytes:
        """The content itself, from the same bytes."""
        return b"".join(data[start:end] for start, end in self.pieces)


def read(data: bytes) -> Signed | None:
    """A signed message; None for anything else, as what is encrypted."""
    try:
        at = _into(data, 0, _SEQUENCE)
        if not data.startswith(SIGNED, at):
            return None
        at = _into(data, _into(data, _behind(data, at), _EXPLICIT), _SEQUENCE)
        at = _behind(data, _behind(data, at))  # the version and the digests
        at = _behind(data, _into(data, at, _SEQUENCE))  # the type of the content
    except _Broken:
        return None
    try:
        return Signed(tuple(_strings(data, _into(data, at, _EXPLICIT))))
    except _Broken:
        return Signed(())


def _strings(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    tag, start, stop = _head(data, at)
    if tag == _STRING:
        yield start, stop
        return
    if tag != _STRINGS:
        raise _Broken
    at, end = start, len(data) if stop < 0 else stop
    for _ in range(PIECES):
        if at + 2 > end:
            return
        tag, start, stop = _head(data, at)
        if tag != _STRING:  # the end of them, or strings in strings, which nobody writes
            return
        yield start, stop
        at = stop
    raise _Broken


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag of the element here and where its content lies; an end of -1 when only a mark ends it."""
    if at + 2 > len(data):
        raise _Broken
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 31 == 31:
        raise _Broken
    if length == 128 and tag & _CONSTRUCTED:
        return tag, start, -1
    if length >= 128:
        size = length & 127
        if not 0 < size <= 8:
            raise _Broken
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    return tag, start, min(start + length, len(data))


def _into(data: bytes, at: int, wanted: int) -> int:
    tag, start, _ = _head(data, at)
    if tag != wanted:
        raise _Broken
    return start


def _behind(data: bytes, at: int) -> int:
    """Just behind the element that begins here."""
    depth = 0
    for _ in range(ELEMENTS):
        tag, start, stop = _head(data, at)
        at = start if stop < 0 else stop
        if stop < 0:
            depth += 1
        elif tag == _END:
            depth -= 1
        if depth <= 0:
            return at
    raise _Broken
