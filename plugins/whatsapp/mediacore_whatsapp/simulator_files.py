"""What simulated Meta keeps of files, and what it can tell of their bytes from a few of them."""

from __future__ import annotations

import hashlib
import secrets
import struct

from attrs import define, field, frozen

from mediacore_whatsapp.simulator_clock import Clock

UPLOADED, RECEIVED = 30 * 86_400.0, 7 * 86_400.0
"""Seconds that an id works: of the business's own upload, and of a customer's file:
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media"""


@frozen
class Kept:
    """One file at Meta.

    Args:
        id: its media id.
        number: the phone number id that it belongs to.
        type: the declared MIME type, without parameters.
        name: the file name of the upload.
        data: the bytes.
        until: when Meta forgets it, by the simulator's clock.
    """

    id: str
    number: str
    type: str
    name: str
    data: bytes = field(repr=False)
    until: float = float("inf")

    @property
    def sha256(self) -> bytes:
        """The digest of the bytes."""
        return hashlib.sha256(self.data).digest()


@define
class Files:
    """All files at Meta, and the addresses that were given out for them.

    Args:
        life: seconds that an address works; Meta's work for 5 minutes.
        clock: its time.
    """

    life: float = 300.0
    clock: Clock = field(factory=Clock)
    _kept: dict[str, Kept] = field(factory=dict, init=False)
    _given: dict[str, tuple[str, float]] = field(factory=dict, init=False)

    def keep(self, number: str, media_type: str, name: str, data: bytes, lasts: float = UPLOADED) -> Kept:
        """Store a file under a fresh id."""
        media_id = str(10**15 + secrets.randbelow(9 * 10**15))
        kept = Kept(media_id, number, media_type, name, data, self.clock.now() + lasts)
        self._kept[kept.id] = kept
        return kept

    def find(self, media_id: str, number: str = "") -> Kept | None:
        """The file of an id, while it is there and when it belongs to the number."""
        kept = self._kept.get(media_id)
        if kept is None or number not in ("", kept.number) or self.clock.now() >= kept.until:
            return None
        return kept

    def forget(self, media_id: str) -> None:
        """Let an id run out."""
        self._kept.pop(media_id, None)

    def address(self, media_id: str) -> str:
        """A fresh, short-lived token under which the bytes can be fetched."""
        token = secrets.token_urlsafe(12)
        self._given[token] = (media_id, self.clock.now())
        return token

    def served(self, token: str) -> Kept | None:
        """The file behind an address, while the address lives."""
        media_id, since = self._given.get(token, ("", float("-inf")))
        return self.find(media_id) if self.clock.now() - since < self.life else None


_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"RIFF", "riff"),
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"\xd0\xcf\x11\xe0", "ole"),
    (b"PK\x03\x04", "zip"),
)


def magic(data: bytes) -> str:
    """The type that the first bytes tell, a family's name (``ole``, ``zip``, ``mp4``), or nothing."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return "mp4"
    return next((kind for start, kind in _MAGIC if data.startswith(start)), "")


_PNG_COLOURS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGBA"}
_JPEG_COLOURS = {1: "grey", 3: "RGB", 4: "CMYK"}


def picture_colours(data: bytes) -> str:
    """Bits and colours of a JPEG or PNG, such as ``8-bit RGB``; empty when the header is broken.

    https://www.w3.org/TR/png-3/#11IHDR and https://www.w3.org/Graphics/JPEG/itu-t81.pdf (B.2.2)
    """
    if magic(data) == "image/png" and len(data) > 26:
        return f"{data[24]}-bit {_PNG_COLOURS.get(data[25], 'unknown')}"
    at = 2
    while magic(data) == "image/jpeg" and at + 10 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return f"{data[at + 4]}-bit {_JPEG_COLOURS.get(data[at + 9], 'unknown')}"
        at += 1 if marker == 0xFF else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return ""


def webp_size(data: bytes) -> tuple[int, int, bool]:
    """Width, height and whether it is animated (https://developers.google.com/speed/webp/docs/riff_container)."""
    form, body = data[12:16], data[20:30]
    if form == b"VP8X" and len(body) == 10:
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"), bool(body[0] & 2)
    if form == b"VP8L" and len(body) == 10:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), False
    if form == b"VP8 " and len(body) == 10:
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF, False
    return 0, 0, False


def opus_channels(data: bytes) -> int:
    """Channels of an Ogg Opus stream (RFC 7845, section 5.1); 0 when it is something else in Ogg."""
    at = data[:512].find(b"OpusHead")
    return data[at + 9] if at >= 0 and len(data) > at + 9 else 0
