"""Picture formats that few people send, and that an agent should see all the same: what they begin with.

None of them is ever sent as it is; a channel gets a JPEG or PNG. Left out is what Pillow only recognises (GRIB, HDF5),
and EPS and WMF, for which it would start another program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO

from mediacore.engines.containers import size_of, span

TGA, ICON = "image/x-tga", "image/vnd.microsoft.icon"
ANYMAP, BITMAP = "image/x-portable-anymap", "image/x-xbitmap"
PCX, DIB = "image/x-pcx", "image/x-dib"

FORMATS: Mapping[str, tuple[str, ...]] = {
    "image/jp2": ("JPEG2000",),
    "image/vnd.adobe.photoshop": ("PSD",),
    "image/x-icns": ("ICNS",),
    "image/vnd-ms.dds": ("DDS",),
    "image/qoi": ("QOI",),
    "image/x-sgi": ("SGI",),
    "image/x-sun-raster": ("SUN",),
    "image/x-xpixmap": ("XPM",),
    "image/x-blp": ("BLP",),
    "image/x-dcx": ("DCX",),
    "image/x-fli": ("FLI",),
    "image/x-ftex": ("FTEX",),
    "image/x-gimp-gbr": ("GBR",),
    "image/x-im": ("IM",),
    "image/x-mcidas": ("MCIDAS",),
    "image/x-msp": ("MSP",),
    "image/x-photo-cd": ("PCD",),
    "image/x-pixar": ("PIXAR",),
    "image/x-xv-thumbnail": ("XVTHUMB",),
    "image/fits": ("FITS",),
    TGA: ("TGA",),
    ICON: ("ICO", "CUR"),
    ANYMAP: ("PPM",),
    BITMAP: ("XBM",),
    PCX: ("PCX",),
    DIB: ("DIB",),
}
"""Pillow's formats by MIME type, beside those of ``image.FORMATS``."""

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/jp2"),
    (0, b"8BPS\x00\x01", "image/vnd.adobe.photoshop"),
    (0, b"icns", "image/x-icns"),
    (0, b"DDS |\x00\x00\x00", "image/vnd-ms.dds"),
    (0, b"qoif", "image/qoi"),
    *((0, b"\x01\xda" + bytes((packed, depth)), "image/x-sgi") for packed in (0, 1) for depth in (1, 2)),
    (0, b"\x59\xa6\x6a\x95", "image/x-sun-raster"),
    (0, b"/* XPM */", "image/x-xpixmap"),
    (0, b"BLP1", "image/x-blp"),
    (0, b"BLP2", "image/x-blp"),
    (0, b"\xb1\x68\xde\x3a", "image/x-dcx"),
    (4, b"\x11\xaf", "image/x-fli"),
    (4, b"\x12\xaf", "image/x-fli"),
    (0, b"FTEX", "image/x-ftex"),
    (20, b"GIMP", "image/x-gimp-gbr"),
    (0, b"Image type: ", "image/x-im"),
    (0, b"\x00\x00\x00\x00\x00\x00\x00\x04", "image/x-mcidas"),
    (0, b"DanM", "image/x-msp"),
    (0, b"LinS", "image/x-msp"),
    (2048, b"PCD_", "image/x-photo-cd"),
    (0, b"\x80\xe8\x00\x00", "image/x-pixar"),
    (0, b"P7 332", "image/x-xv-thumbnail"),
    (0, b"SIMPLE  =", "image/fits"),
)
_ANYMAP = re.compile(rb"P(?:[1-6fF]|0?CMYK|yRGBA|yCMYK)\s+(?:#[^\n]*\n\s*)*\d")
_BITMAP = re.compile(rb"\s*#define[ \t]+\S*_?width[ \t]+\d+\s+#define[ \t]+\S*_?height[ \t]+\d")
_TGA_END = b"TRUEVISION-XFILE."
_TGA_KINDS = {1: (8, 16), 2: (15, 16, 24, 32), 3: (8, 16), 9: (8, 16), 10: (15, 16, 24, 32), 11: (8, 16)}
"""Bits of a pixel by the sort of picture: palette, colour and grey, plain and packed (Truevision TGA 2.0)."""
_DIB_HEADS = (12, 40, 52, 56, 64, 108, 124)


def rare_type(file: BinaryIO, head: bytes) -> str:
    """The MIME type of a rare picture by its signature; empty when it is none.

    Args:
        file: the untrusted file.
        head: its first bytes, 4096 or all.
    """
    for at, sign, mime in _SIGNS:
        if head[at : at + len(sign)] == sign:
            return mime
    if _ANYMAP.match(head):
        return ANYMAP
    if _BITMAP.match(head):
        return BITMAP
    if len(head) < 22:
        return ""
    if head[:4] in (b"\x00\x00\x01\x00", b"\x00\x00\x02\x00") and _is_icon(head, size_of(file)):
        return ICON
    if head[0] == 10 and head[1] in (0, 2, 3, 4, 5) and head[2] == 1 and head[3] in (1, 2, 4, 8):
        return PCX
    if head[1:3] == b"\0\0" and head[0] in _DIB_HEADS and head[3] == 0 and _is_dib(head):
        return DIB
    return TGA if _is_tga(file, head) else ""


def _is_icon(head: bytes, size: int) -> bool:
    """Whether the first entry of the directory lies within the file ([MS-ICO], ICONDIRENTRY)."""
    count, length, offset = (int.from_bytes(head[a:b], "little") for a, b in ((4, 6), (14, 18), (18, 22)))
    return 0 < count <= 1000 and length > 0 and 6 + 16 * count <= offset < size


def _is_dib(head: bytes) -> bool:
    if head[0] == 12:
        return head[8:10] == b"\x01\x00"
    return head[12:14] == b"\x01\x00" and int.from_bytes(head[14:16], "little") in (1, 4, 8, 16, 24, 32)


def _is_tga(file: BinaryIO, head: bytes) -> bool:
    """A TGA has no signature: its newer sort ends with one, and the older must make sense in every field."""
    if span(file, size_of(file) - 18, 17) == _TGA_END:
        return True
    coloured, kind, entries, entry, depth, flags = head[1], head[2], head[5:7], head[7], head[16], head[17]
    if depth not in _TGA_KINDS.get(kind, ()) or flags & 0xC0 or head[12:14] == b"\0\0" or head[14:16] == b"\0\0":
        return False
    if kind in (1, 9):
        return coloured == 1 and entry in (15, 16, 24, 32) and 0 < int.from_bytes(entries, "little") <= 256
    return coloured == 0 and head[3:8] == b"\0\0\0\0\0" and int.from_bytes(head[8:12], "little") < 1 << 20
