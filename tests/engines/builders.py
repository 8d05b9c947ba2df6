"""Files made for these tests: honest ones, lying ones and bombs. Everything is built here, nothing is stored."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageDraw

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
"""Public samples, where they are at hand."""
SECRET = b"SECRETPLACE"


def photo(width: int, height: int, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Something with the statistics of a photo: soft shapes and some noise."""
    small = Image.new("RGB", (16, 12))
    rng = random.Random(seed)
    small.putdata([tuple(rng.randrange(256) for _ in range(3)) for _ in range(16 * 12)])
    soft = small.resize((width, height), Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", (width, height), rng.randbytes(width * height)).convert("RGB")
    picture = Image.blend(soft, noise, 0.08)
    return picture.convert(mode)


def screen(width: int, height: int) -> Image.Image:
    """Something like a screenshot: flat areas and small text."""
    picture = Image.new("RGB", (width, height), (250, 250, 250))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height // 12), fill=(30, 60, 120))
    for line in range(height // 12 + 10, height - 12, 14):
        draw.text((12, line), f"order {line * 7919 % 10007} was sent to the customer on day {line}", fill=(20, 20, 20))
    return picture


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file."""
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def exif(orientation: int = 1) -> bytes:
    """EXIF with an orientation, a description and a place."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010E] = SECRET.decode()
    block.get_ifd(0x8825)[1] = "N"
    block.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return block.tobytes()


def loud_jpeg(orientation: int = 1) -> bytes:
    """A JPEG that says everything: EXIF, GPS, XMP, comment, profile-free, a second picture after its end."""
    data = saved(photo(320, 240), "JPEG", exif=exif(orientation), comment=SECRET, xmp=b"<x:xmpmeta>" + SECRET)
    return data + saved(photo(64, 48, 2), "JPEG", comment=SECRET)


@cache
def film(frames: int = 24, side: int = 320, *, holes: bool = False) -> bytes:
    """An animated GIF of a moving photo, or of one seen through a moving hole."""
    ground = photo(side, side * 3 // 4).quantize(255)
    pictures = []
    for number in range(frames):
        page = ImageChops.offset(ground, number * 3, 0)
        page.putpalette(ground.getpalette() or [])
        if holes:
            mask = Image.new("L", page.size, 255)
            left = number * side // frames // 2
            ImageDraw.Draw(mask).ellipse((left + 8, 8, left + side // 2, side // 2), fill=0)
            page.paste(255, mask=mask)
        pictures.append(page)
    options = {"transparency": 255, "disposal": 2} if holes else {}
    return saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=50, loop=0, **options)


@cache
def thumbed_heic() -> bytes:
    """A HEIC of 800 x 600 whose thumbnail of 160 is whole and its picture not, so that one sees which was decoded."""
    import_module("pillow_heif").register_heif_opener()
    data = bytearray(saved(photo(800, 600), "HEIF", quality=70, thumbnails=[160]))
    start = data.index(b"mdat") + 64  # the picture comes first and is much the larger
    data[start : start + 4096] = bytes(4096)
    return bytes(data)


def docx(*, macros: bool = False) -> bytes:
    """The bones of a Word file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", b"<w:document/>")
        archive.writestr("[Content_Types].xml", b"<Types/>")
        if macros:
            archive.writestr("word/vbaProject.bin", b"\x00")
    return target.getvalue()


def ftyp(brand: bytes, *others: bytes) -> bytes:
    """The head of an ISO base media file, and an empty body."""
    body = brand + b"\x00\x00\x00\x00" + b"".join(others)
    return struct.pack(">I4s", len(body) + 8, b"ftyp") + body + struct.pack(">I4s", 8, b"mdat")


def pdf_file(objects: list[bytes]) -> bytes:
    """A PDF of numbered objects; the first is the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def plain_png(bits: int) -> bytes:
    """A black PNG of two pixels by two, in colour, with 8 or 16 bits a channel; Pillow writes none of 16."""
    head = struct.pack(">IIBBBBB", 2, 2, bits, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(2 * 3 * bits // 8)) * 2)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(name: bytes, body: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
