"""Bombs: small files that want hours, or more memory than a machine has, each in its own way.

Whatever reads them must end soon, say one thing about it, and leave the files beside them alone. They are built from
their formats' own structure and nothing is stored; no two need the same defence.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from types import MappingProxyType

from PIL import Image

from mediacore.testkit import builders, builders_bombs_pdf, builders_hostile
from mediacore.testkit.builders import File, png_chunk

_PNG = b"\x89PNG\r\n\x1a\n"
_GIF_PIXEL = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"


def vast_webp() -> File:
    """34 bytes that want 2.7 GB: a lossless WebP of 16,383 x 10,900 pixels of one colour."""
    bits = 0x2F | (16382 << 8) | (10899 << 22)
    body = bits.to_bytes(5, "little") + b"\x88\x88\x08\x07\x00\x00\x00\x00\x00"
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return File("vast.webp", "image/webp", b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk)


def vast_png(side: int = 13_377) -> File:
    """179 million pixels of a PNG, all of them there."""
    return File("vast.png", "image/png", _png(side, side, 6, _zeros(side * (1 + side * 4))))


def wide_png(side: int = 65_535) -> File:
    """Four thousand million pixels of one bit, all of them there, in half a megabyte."""
    return File("wide.png", "image/png", _png(side, side, 0, _zeros(side * (1 + (side + 7) // 8)), bits=1))


def profile_png() -> File:
    """A PNG whose colour profile unfolds to a gigabyte."""
    extra = png_chunk(b"iCCP", b"a\0\0" + _zeros(1 << 30))
    return File("profile.png", "image/png", _png(8, 8, 2, _zeros(200), extra))


def comments_png() -> File:
    """A PNG with two hundred comments of a megabyte each."""
    extra = png_chunk(b"zTXt", b"a\0\0" + _zeros(1 << 20)) * 200
    return File("comments.png", "image/png", _png(8, 8, 2, _zeros(200), extra))


def crowded_png() -> File:
    """A PNG with a million chunks that nobody knows."""
    return File("crowded.png", "image/png", _png(8, 8, 2, _zeros(200), png_chunk(b"teSt", b"abc") * 1_000_000))


def long_apng(frames: int = 100_000) -> File:
    """A PNG that moves for a hundred thousand frames of one pixel."""
    return File("long.png", "image/png", _apng(frames, 1))


def large_apng() -> File:
    """A PNG that moves for a thousand frames of four megapixels."""
    return File("large.png", "image/png", _apng(1_000, 2_000))


def long_gif() -> File:
    """A GIF of a hundred thousand one-pixel frames on a screen of 25 megapixels."""
    return File("long.gif", "image/gif", _gif(5_000, _GIF_PIXEL, 100_000))


def large_gif() -> File:
    """A GIF of fifty frames of 81 megapixels."""
    data = builders.saved(Image.new("P", (9_000, 9_000)), "GIF")
    return File("large.gif", "image/gif", _gif(9_000, data[data.index(b"\x2c", 13 + 6) : -1], 50))


def scan_jpeg(scans: int = 2_000) -> File:
    """A progressive JPEG whose last scan is repeated thousands of times."""
    data = builders.saved(builders.scene(320, 240), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return File("scans.jpg", "image/jpeg", data[:last] + data[last:-2] * scans + data[-2:])


def long_tiff(pages: int = 100_000) -> File:
    """A TIFF of a hundred thousand pages, each a directory of its own."""
    size = len(_tiff_page(1, 0))
    places = [8 + (number + 1) * size for number in range(pages - 1)]
    return File("long.tif", "image/tiff", b"II*\0\x08\0\0\0" + b"".join(_tiff_page(1, at) for at in (*places, 0)))


def looped_tiff() -> File:
    """A TIFF whose second page is its first."""
    return File("loop.tif", "image/tiff", b"II*\0\x08\0\0\0" + _tiff_page(1, 8))


def vast_tiff() -> File:
    """A TIFF of 2^31 pixels each way."""
    return File("vast.tif", "image/tiff", b"II*\0\x08\0\0\0" + _tiff_page(2**31 - 1, 0))


def vast_avif() -> File:
    """An AVIF of a few hundred bytes whose size is given as 60,000 by 60,000."""
    data = builders.saved(builders.scene(64, 48), "AVIF")
    return File("vast.avif", "image/avif", data.replace(struct.pack(">II", 64, 48), struct.pack(">II", 60_000, 60_000)))


def use_svg(depth: int = 9, width: int = 10) -> File:
    """An SVG of nested ``<use>``: 10^9 rectangles in two kilobytes."""
    groups = ['<g id="g0"><rect width="9" height="9"/></g>']
    for level in range(1, depth + 1):
        uses = f'<use xlink:href="#g{level - 1}"/>' * width
        groups.append(f'<g id="g{level}">{uses}</g>')
    return _svg("use.svg", f'<defs>{"".join(groups)}</defs><use xlink:href="#g{depth}"/>')


def nested_svg() -> File:
    """An SVG of 200,000 groups inside one another."""
    return _svg("nested.svg", "<g>" * 200_000 + "</g>" * 200_000)


def blurred_svg() -> File:
    """An SVG of two hundred rectangles, each blurred and filled with noise."""
    effects = '<feGaussianBlur stdDeviation="500"/><feTurbulence numOctaves="50" baseFrequency=".1"/>'
    shapes = '<rect width="4000" height="4000" filter="url(#f)"/>' * 200
    return _svg("blur.svg", f'<filter id="f">{effects}</filter>{shapes}', 4_000)


def laughing_docx() -> File:
    """A Word document whose entities unfold a billion times."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    data = builders_hostile.laughing_svg().data
    with zipfile.ZipFile(BytesIO(builders.docx())) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    return File("laugh.docx", kind, builders.archive({**members, "word/document.xml": data}))


def full_zip() -> File:
    """A zip with 65,000 empty members."""
    return File("full.zip", "application/zip", builders.archive({str(number): b"" for number in range(65_000)}))


def overlapping_zip(members: int = 20_000) -> File:
    """A zip whose members are all the same ten megabytes: 200 GB in 1 MB."""
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a", bytes(10_000_000))
    data = sink.getvalue()
    start = data.index(b"PK\x01\x02")
    entry = data[start : data.index(b"PK\x05\x06")]
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, members, members, len(entry) * members, start, 0)
    return File("overlap.zip", "application/zip", data[:start] + entry * members + end)


def long_gzip() -> File:
    """A gzip that unfolds to four gigabytes."""
    packed = zlib.compressobj(9, wbits=31)
    member = packed.compress(bytes(1 << 24)) + packed.flush()
    return File("long.gz", "application/gzip", member * 256)


def nested_rtf() -> File:
    """An RTF of half a million groups inside one another."""
    return File("nested.rtf", "application/rtf", b"{\\rtf1" + b"{" * 500_000 + b"a" + b"}" * 500_001)


def nested_json() -> File:
    """A JSON text of five million arrays inside one another."""
    return File("nested.json", "application/json", b"[" * 5_000_000)


def nested_html() -> File:
    """A web page of 200,000 boxes inside one another."""
    return File("nested.html", "text/html", b"<html><body>" + b"<div>" * 200_000)


def long_table() -> File:
    """A CSV of five million lines."""
    return File("long.csv", "text/csv", b"1,2,3\n" * 5_000_000)


def many_cards() -> File:
    """300,000 contacts in one file."""
    card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:a\r\nEND:VCARD\r\n"
    return File("cards.vcf", "text/vcard", card * 300_000)


def many_events() -> File:
    """A calendar of 200,000 events."""
    event = b"BEGIN:VEVENT\r\nSUMMARY:a\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
    body = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + event * 200_000 + b"END:VCALENDAR\r\n"
    return File("events.ics", "text/calendar", body)


def many_parts() -> File:
    """A mail of half a million parts."""
    head = b'From: a@x.example\r\nTo: b@x.example\r\nSubject: c\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    return File("parts.eml", "message/rfc822", head + b"--x\r\n\r\na\r\n" * 500_000)


def _named(every: Iterable[Callable[[], File]]) -> Mapping[str, Callable[[], File]]:
    return MappingProxyType({each.__name__: each for each in every})


_pdf, _hostile = builders_bombs_pdf, builders_hostile
BOMBS = _named(
    (
        *(vast_webp, vast_png, wide_png, profile_png, comments_png, crowded_png, long_apng, large_apng),
        *(long_gif, large_gif, scan_jpeg, long_tiff, looped_tiff, vast_tiff, vast_avif),
        *(_hostile.png_bomb, _hostile.png_text_bomb, _hostile.jpeg_bomb, _hostile.gif_bomb),
        *(use_svg, nested_svg, blurred_svg, _hostile.laughing_svg),
        *(_pdf.form_bomb, _pdf.packed_bomb, _pdf.path_bomb, _pdf.curve_bomb, _pdf.tiling_bomb, _pdf.mesh_bomb),
        *(_pdf.group_bomb, _pdf.state_bomb, _pdf.nested_bomb, _pdf.wide_page, _pdf.picture_bomb, _pdf.fax_bomb),
        *(_pdf.million_pages, _pdf.branching_pages, _hostile.vast_pdf, _hostile.looped_pdf),
        *(laughing_docx, _hostile.docx_bomb, _hostile.zip_bomb, full_zip, overlapping_zip, long_gzip),
        *(nested_rtf, nested_json, nested_html, long_table, many_cards, many_events, many_parts),
    )
)
"""Every bomb by the name of its builder."""


def _png(width: int, height: int, colour: int, packed: bytes, extra: bytes = b"", *, bits: int = 8) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return _PNG + png_chunk(b"IHDR", head) + extra + png_chunk(b"IDAT", packed) + png_chunk(b"IEND", b"")


def _apng(frames: int, side: int) -> bytes:
    pixels = _zeros(side * (1 + side * 3))
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    pieces = [_PNG, head, png_chunk(b"acTL", struct.pack(">II", frames, 0))]
    for number in range(frames):
        turn = max(0, 2 * number - 1)
        pieces.append(png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", turn, side, side, 0, 0, 1, 10, 0, 0)))
        pieces.append(
            png_chunk(b"fdAT", struct.pack(">I", turn + 1) + pixels) if number else png_chunk(b"IDAT", pixels)
        )
    return b"".join((*pieces, png_chunk(b"IEND", b"")))


def _gif(side: int, frame: bytes, frames: int) -> bytes:
    screen = b"GIF89a" + struct.pack("<HH", side, side) + b"\x80\0\0\0\0\0\xff\xff\xff"
    return screen + (b"\x21\xf9\x04\x04\x01\0\0\0" + frame) * frames + b";"


def _tiff_page(side: int, following: int) -> bytes:
    tags = ((256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (278, side), (279, 1))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)


def _svg(name: str, body: str, side: int = 90) -> File:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return File(name, "image/svg+xml", f'<svg {spaces} width="{side}" height="{side}">{body}</svg>'.encode())


def _zeros(length: int) -> bytes:
    """So many zeros, packed: one flushed piece of a megabyte again and again."""
    end = b"\x03\x00" + struct.pack(">I", (length % 65_521) << 16 | 1)  # an empty last block, and Adler-32 of zeros
    return b"\x78\xda" + _piece(1 << 20) * (length >> 20) + _piece(length % (1 << 20)) + end


def _piece(length: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(length)) + packer.flush(zlib.Z_FULL_FLUSH)
