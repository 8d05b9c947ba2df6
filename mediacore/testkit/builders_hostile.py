"""Files that break things: bombs, liars, torsos.

Each is built from its format's own structure, so that it is wrong in exactly one way and gets as deep into a reader as
it can.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from PIL import Image

from mediacore.testkit import builders
from mediacore.testkit.builders import File, png_chunk

_PAD = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
"""The padding of passwords, from the PDF reference."""


def truncated(seed: int = 0) -> File:
    """A JPEG that ends in the middle of its picture."""
    data = builders.photo(seed=seed)
    return File("cut.jpg", "image/jpeg", data[: len(data) // 2])


def empty() -> File:
    """A file without a byte."""
    return File("nothing.png", "image/png", b"")


def mislabelled() -> File:
    """A program for Windows that calls itself a photo."""
    header = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HH", 0x14C, 1)
    return File("holiday.jpg", "image/jpeg", header + bytes(512))


def polyglot(seed: int = 0) -> File:
    """A GIF that is an HTML page with a script as well."""
    data = bytearray(builders.gif(8, 8, 1, seed))
    script = b"<html><script>alert(1)</script></html>"
    comment = b"\x21\xfe" + bytes([len(script)]) + script + b"\0"
    return File("cat.gif", "image/gif", bytes(data[:-1]) + comment + b"\x3b")


def zipped_picture(seed: int = 0) -> File:
    """A JPEG with a whole zip file behind its end."""
    return File("cat.jpg", "image/jpeg", builders.photo(64, 64, seed=seed) + builders.archive({"a.exe": b"MZ"}))


def locked_pdf(seed: int = 0) -> File:
    """A PDF that nobody reads without the password ``sesame`` (RC4, 40 bits, as old scanners write them)."""
    place, permissions = hashlib.md5(bytes([seed % 256]), usedforsecurity=False).digest(), -4
    password = (b"sesame" + _PAD)[:32]
    owner = _rc4(hashlib.md5(password, usedforsecurity=False).digest()[:5], password)
    secret = password + owner + struct.pack("<i", permissions) + place
    key = hashlib.md5(secret, usedforsecurity=False).digest()[:5]
    own = hashlib.md5(key + b"\x05\0\0\0\0", usedforsecurity=False).digest()[:10]
    content = _rc4(own, b"BT /F1 14 Tf 72 770 Td (secret) Tj ET")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources <</Font <</F1 3 0 R>>>> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P %d >>"
        % (owner.hex().encode(), _rc4(key, _PAD).hex().encode(), permissions),
    ]
    trailer = b"/Encrypt 6 0 R /ID [<%s> <%s>]" % (place.hex().encode(), place.hex().encode())
    return File("locked.pdf", "application/pdf", builders.pdf_file(objects, trailer))


def active_pdf() -> File:
    """A PDF that runs a script when it is opened."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    ]
    return File("active.pdf", "application/pdf", builders.pdf_file(objects))


def vast_pdf() -> File:
    """A small PDF that says it has a hundred million pages, each as large as a field."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 100000000 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 14400000 14400000] >>",
    ]
    return File("vast.pdf", "application/pdf", builders.pdf_file(objects))


def looped_pdf() -> File:
    """A PDF whose page tree is its own child."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 2 /Kids [2 0 R 2 0 R] >>"]
    return File("loop.pdf", "application/pdf", builders.pdf_file(objects))


def png_bomb() -> File:
    """A PNG of a few hundred bytes that says it is 60 000 pixels wide and high."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(4096))) + png_chunk(b"IEND", b"")
    return File("bomb.png", "image/png", b"\x89PNG\r\n\x1a\n" + body)


def png_text_bomb() -> File:
    """A PNG whose compressed comment unfolds to 64 MB."""
    data = builders.saved(Image.new("L", (8, 8)), "PNG")
    packed = zlib.compress(bytes(64 * 1024 * 1024), 9)
    comment = png_chunk(b"zTXt", b"Comment\0\0" + packed)
    return File("comment.png", "image/png", data[:33] + comment + data[33:])


def jpeg_bomb(seed: int = 0) -> File:
    """A JPEG whose frame header says 65 000 by 65 000."""
    data = bytearray(builders.photo(32, 32, seed=seed))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    return File("bomb.jpg", "image/jpeg", bytes(data))


def gif_bomb(seed: int = 0) -> File:
    """A GIF whose screen is 65 535 by 65 535."""
    data = bytearray(builders.gif(8, 8, 2, seed))
    data[6:10] = struct.pack("<HH", 65_535, 65_535)
    return File("bomb.gif", "image/gif", bytes(data))


def zip_bomb() -> File:
    """A zip of 60 KB that unfolds to 60 MB."""
    return File("bomb.zip", "application/zip", builders.archive({"zero.bin": bytes(60 * 1024 * 1024)}))


def docx_bomb() -> File:
    """A Word document whose text is 30 MB of one letter, in 30 KB."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return File("bomb.docx", kind, builders.docx(("a" * (30 * 1024 * 1024),)))


def laughing_svg() -> File:
    """An SVG whose entities unfold a billion times."""
    steps = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    page = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">{steps}]>'
    svg = f'{page}<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text>&l9;</text></svg>'
    return File("laugh.svg", "image/svg+xml", svg.encode())


def reaching_svg() -> File:
    """An SVG that reads a local file, calls a server and carries a script."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10" height="10">'
        '<image xlink:href="file:///etc/passwd" width="9" height="9"/>'
        '<image xlink:href="http://127.0.0.1:9/x.png" width="9" height="9"/><script>alert(1)</script></svg>'
    )
    return File("reach.svg", "image/svg+xml", svg.encode())


def climbing_zip() -> File:
    """A zip whose member wants to be written outside."""
    return File("climb.zip", "application/zip", builders.archive({"../../etc/cron.d/job": b"x", "/abs": b"y"}))


HOSTILE: Mapping[str, Callable[[], File]] = MappingProxyType(
    {
        each.__name__: each
        for each in (
            *(truncated, empty, mislabelled, polyglot, zipped_picture),
            *(locked_pdf, active_pdf, vast_pdf, looped_pdf),
            *(png_bomb, png_text_bomb, jpeg_bomb, gif_bomb, zip_bomb, docx_bomb),
            *(laughing_svg, reaching_svg, climbing_zip),
        )
    }
)
"""Every hostile builder by name."""


def _rc4(key: bytes, data: bytes) -> bytes:
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
