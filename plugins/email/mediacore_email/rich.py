"""The words that Outlook writes as compressed RTF, made into a file that everybody opens.

The format is MS-OXRTFCP: https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxrtfcp/. It is an
LZ77 that looks back 4,096 bytes, at first into words which are common in RTF.
"""

from __future__ import annotations

import struct

MOST = 2 * 1024 * 1024
"""Bytes of RTF that are written out; a letter has a hundredth."""

_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_HEAD = struct.Struct("<III")
_RING, _SHORTEST = 4096, 2
_COMMON = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the ring begins with (2.1.2.1)."""


def is_rich(data: bytes, start: int, end: int) -> bool:
    """Whether compressed RTF lies there, and not too much of it."""
    if end - start <= 16:
        return False
    _, size, kind = _HEAD.unpack_from(data, start)
    return kind in (_PACKED, _PLAIN) and 0 < size <= MOST


def unpacked(data: bytes) -> bytes:
    """The RTF itself, as far as it goes; empty when it is none."""
    if not is_rich(data, 0, len(data)):
        return b""
    _, size, kind = _HEAD.unpack_from(data)
    if kind == _PLAIN:
        return data[16 : 16 + size]
    out, at, end = bytearray(_COMMON), 16, len(_COMMON) + size
    while at < len(data) and len(out) < end:
        flags, at = data[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += data[at : at + 1]
                at += 1
                continue
            token, at = int.from_bytes(data[at : at + 2], "big"), at + 2
            back = (len(out) - (token >> 4)) % _RING
            if not 0 < back <= len(out) or at > len(data):  # its end, or what was never written
                return bytes(out[len(_COMMON) : end])
            for _ in range((token & 15) + _SHORTEST):
                out.append(out[-back])
    return bytes(out[len(_COMMON) : end])
