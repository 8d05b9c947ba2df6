"""A colour profile that says what colours are, and nothing of who made it, when and with what (ICC.1:2022, 7 to 10)."""

from __future__ import annotations

import re

_COLOUR = re.compile(
    rb"[rgbk]TRC|[rgb]XYZ|[wb]kpt|wtpt|lumi|chad|chrm|cicp|A2B\d|B2A\d|D2B\d|B2D\d|gamt|pre\d|view|meas|tech"
)
"""Tags that colour needs; every other one is emptied."""
_SAYING = ((24, 36), (48, 64), (80, 100))
"""Places in the head: date, maker with model and attributes, creator with digest."""


def anonymous(profile: bytes) -> bytes:
    """The profile with as many bytes, whose words are blank; as it is where its table of tags makes no sense.

    Args:
        profile: a whole ICC profile.
    """
    count = int.from_bytes(profile[128:132], "big")
    if len(profile) < 132 or not 0 < count <= 200 or 132 + 12 * count > len(profile):
        return profile
    out = bytearray(profile)
    for start, end in _SAYING:
        out[start:end] = bytes(end - start)
    entries = [profile[at : at + 12] for at in range(132, 132 + 12 * count, 12)]
    spans = [(entry[:4], int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:], "big")) for entry in entries]
    needed = {(start, size) for name, start, size in spans if _COLOUR.fullmatch(name)}
    for _, start, size in spans:
        if (start, size) not in needed and 132 + 12 * count <= start and start + size <= len(out):
            out[start : start + size] = _blank(bytes(out[start : start + size]))
    return bytes(out)


def _blank(element: bytes) -> bytes:
    """A tag of the same sort and size without its words."""
    kind, size = element[:8], len(element)
    if kind[:4] == b"mluc" and size >= 16:
        words = min(size, 16 + 12 * int.from_bytes(element[8:12], "big"))
        return element[:words] + (b"\0 " * size)[: size - words]
    if kind[:4] == b"desc" and size >= 12:
        # one letter and its end; the other two ways to say the same have none
        return (kind + (2).to_bytes(4, "big") + b"-").ljust(size, b"\0")[:size]
    if kind[:4] == b"text" and size > 8:
        return kind + b" " * (size - 9) + b"\0"
    return kind.ljust(size, b"\0")[:size]
