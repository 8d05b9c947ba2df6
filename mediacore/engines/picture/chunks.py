"""Taking private blocks out of picture files without touching a pixel: JPEG, PNG, WebP, GIF.

Each function copies what is needed to show the picture and leaves out all else, so that a block nobody has heard of
goes too. ``None`` means that the file's structure is not sound and the pixels must be written afresh.
"""

from __future__ import annotations

import re
import struct
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.picture.profile import anonymous

_SEGMENTS_KEPT = {0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE, 0xCF, 0xDB, 0xDD}
"""Frames, Huffman and arithmetic tables, quantisation, restart interval (ITU T.81, table B.1)."""
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_SOS, _EOI, _APP0, _APP2, _APP14 = 0xDA, 0xD9, 0xE0, 0xE2, 0xEE

_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP"}
_PNG_ANIMATED = {b"acTL", b"fcTL", b"fdAT"}
_PNG_PICTURES = (b"IDAT", b"fcTL", b"fdAT")
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_PRIVATE_FLAGS = 0x0C  # EXIF and XMP (WebP container specification, "Extended File Format")
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def clean_jpeg(data: bytes) -> bytes | None:
    """A JPEG without EXIF, XMP, IPTC, comments, thumbnails, second pictures and anything after its end.

    The colour profile stays unless it is sRGB, which every viewer assumes anyway.
    """
    kept = [b"\xff\xd8"]
    profile: list[bytes] = []
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _EOI:
            return _with_profile([*kept, b"\xff\xd9"], profile)
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at:end]
        if marker == _SOS:
            end = _end_of_scan(data, end)
            kept.append(data[at:end])
        elif marker in _SEGMENTS_KEPT or (marker == _APP14 and segment[4:9] == b"Adobe"):
            kept.append(segment)
        elif marker == _APP0 and segment[4:9] == b"JFIF\x00" and len(kept) == 1:
            kept.append(_JFIF)
        elif marker == _APP2 and segment[4:16] == b"ICC_PROFILE\x00":
            profile.append(segment)
        at = end
    if at + 2 <= len(data) and data[at : at + 2] == b"\xff\xd9":
        return _with_profile([*kept, b"\xff\xd9"], profile)
    return None


def _with_profile(kept: list[bytes], profile: list[bytes]) -> bytes:
    if any(is_srgb(segment) for segment in profile):
        profile = []
    whole, at = anonymous(b"".join(segment[18:] for segment in profile)), 0
    for number, segment in enumerate(profile):
        profile[number] = segment[:18] + whole[at : at + len(segment) - 18]
        at += len(segment) - 18
    place = 2 if len(kept) > 1 and kept[1] is _JFIF else 1
    return b"".join([*kept[:place], *profile, *kept[place:]])


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the entropy-coded data ends: at a marker that is no restart and no stuffed byte."""
    found = _MARKER.search(data, at)
    return found.start() if found else len(data)


def is_srgb(profile: bytes) -> bool:
    """Whether a colour profile calls itself sRGB."""
    return b"sRGB" in profile or b"\x00s\x00R\x00G\x00B" in profile


def clean_png(data: bytes) -> bytes | None:
    """A PNG with nothing but its pixels, palette, transparency, colours and animation."""
    kept = [data[:8]]
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        if end > len(data):
            return None
        if name in _PNG_KEPT or name in _PNG_ANIMATED:
            kept.append(data[at:end])
        elif name == b"iCCP":
            # a foreign colour space must be brought to sRGB, which changes pixels
            return None
        if name == b"IEND":
            return b"".join(kept)
        at = end
    return None


def clean_webp(data: bytes) -> bytes | None:
    """A WebP without EXIF, XMP and unknown chunks."""
    size = struct.unpack("<I", data[4:8])[0]
    body = _webp_chunks(data[12 : 8 + size], nested=False)
    return None if not body else b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def crowded_png(file: BinaryIO) -> bool:
    """Whether a PNG has more chunks than it needs; the reader makes an object of each before it shows a pixel."""
    at, extras = 8, 0
    for _ in range(bounds.PNG_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[4:] == b"IEND":
            break
        extras += head[4:] not in _PNG_PICTURES
        if extras > bounds.PNG_EXTRAS:
            break
        at += 12 + int.from_bytes(head[:4], "big")
    else:
        extras = bounds.PNG_CHUNKS
    file.seek(0)
    return extras > bounds.PNG_EXTRAS


def webp_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height as a WebP's header claims them; 0, 0 when it has none (RFC 9649, 2.5 to 2.7)."""
    file.seek(0)
    head = file.read(30).ljust(30, b"\0")
    file.seek(0)
    if head[12:16] == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if head[12:16] == b"VP8 ":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    return 0, 0


def _webp_chunks(data: bytes, *, nested: bool) -> bytes | None:
    kept = []
    at = 0
    while at + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            return None
        if name == b"VP8X" and body:
            body = bytes([body[0] & ~_WEBP_PRIVATE_FLAGS]) + body[1:]
        if name == b"ANMF" and not nested:
            inner = _webp_chunks(body[16:], nested=True)
            if inner is None:
                return None
            body = body[:16] + inner
        if name == b"ICCP":
            body = anonymous(body)
        if name in _WEBP_KEPT:
            kept.append(name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) & 1))
        at += 8 + length + (length & 1)
    return b"".join(kept)


def clean_gif(data: bytes) -> bytes | None:
    """A GIF without comments, texts, application data (its loop excepted) and anything after its end."""
    if len(data) < 13:
        return None
    at = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    kept = [data[:at]]
    while at < len(data):
        start = at
        if data[at] == 0x3B:
            return b"".join([*kept, b"\x3b"])
        if data[at] == 0x2C and at + 10 < len(data):
            at = _end_of_blocks(data, at + 11 + (3 << (data[at + 9] & 7) + 1 if data[at + 9] & 0x80 else 0))
            wanted = True
        elif data[at] == 0x21 and at + 2 < len(data):
            label, name = data[at + 1], data[at + 3 : at + 14]
            at = _end_of_blocks(data, at + 2)
            wanted = label == 0xF9 or (label == 0xFF and name in _LOOPS)
        else:
            return None
        if at > len(data):
            return None
        if wanted:
            kept.append(data[start:at])
    return None


def _end_of_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1
