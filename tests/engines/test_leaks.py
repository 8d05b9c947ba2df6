"""Nothing of what a file says beside its pixels comes through: canaries in a dozen places, in every output."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pymupdf
import pytest
from PIL import Image, ImageCms

from mediacore.engines.fit import fit
from mediacore.engines.operation import Unusable
from mediacore.engines.preview import preview
from mediacore.engines.sniff import type_of
from mediacore.engines.strip import strip
from mediacore.values import Json
from tests.engines import builders as b

CANARY = b"CANARY7316"
PHOTO = b.photo(160, 120)
OUTPUTS = ("image/jpeg", "image/png", "image/webp", "image/gif")
HEAD_MARKS = (
    b"Exif\x00\x00",
    b"xmpmeta",
    b"http://ns.adobe.com",
    b"Photoshop 3.0",
    b"GPSLatitude",
    b"MPF\x00",
    b"hdrgm",
)


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def profile() -> bytes:
    """A colour profile whose description is the canary."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made.replace("sRGB built-in".encode("utf-16-be"), CANARY.decode().ljust(13).encode("utf-16-be"))


def loud_exif() -> bytes:
    """EXIF with the canary as description, artist, maker note, comment, place and thumbnail."""
    block = Image.Exif()
    block[0x010E] = block[0x013B] = block[0x8298] = CANARY.decode()
    details = block.get_ifd(0x8769)
    details[0x927C] = b"Maker\x00" + CANARY
    details[0x9286] = b"ASCII\x00\x00\x00" + CANARY
    place = block.get_ifd(0x8825)
    place[1], place[2], place[0x1B] = "N", (52.0, 31.0, 12.0), b"ASCII\x00\x00\x00" + CANARY
    return block.tobytes()


def jpeg(part: bytes) -> bytes:
    """A JPEG with one more segment after its head."""
    data = b.saved(PHOTO, "JPEG", quality=90)
    return data[:20] + part + data[20:]


def png(part: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    data = b.saved(PHOTO, "PNG")
    return data[:33] + part + data[33:]


def riff(name: bytes, flag: int) -> bytes:
    """An extended WebP with one more chunk at its end."""
    data = b.saved(PHOTO, "WEBP", quality=80)
    head = (
        b"VP8X"
        + struct.pack("<I", 10)
        + bytes((flag, 0, 0, 0))
        + struct.pack("<I", 159)[:3]
        + struct.pack("<I", 119)[:3]
    )
    body = b"WEBP" + head + data[12:] + name + struct.pack("<I", len(CANARY)) + CANARY
    return b"RIFF" + struct.pack("<I", len(body)) + body


def places() -> Iterator[tuple[str, bytes]]:
    """Files that each carry the canary in one place."""
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + CANARY + b"</x:xmpmeta>"
    for name, part in {
        "comment": segment(0xFE, CANARY),
        "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + xmp),
        "extended-xmp": segment(0xE1, b"http://ns.adobe.com/xmp/extension/\x00" + CANARY),
        "iptc": segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0a" + CANARY),
        "multi-picture": segment(0xE2, b"MPF\x00" + CANARY),
        "gain-map": segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\x00hdrgm" + CANARY),
        "app-of-a-camera": segment(0xE5, CANARY),
        "jfif-thumbnail": segment(0xE0, b"JFXX\x00\x10" + CANARY),
    }.items():
        yield f"jpeg-{name}", jpeg(part)
    yield "jpeg-after-the-end", jpeg(b"") + CANARY
    yield "jpeg-second-picture", jpeg(b"") + jpeg(segment(0xFE, CANARY))
    for name in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"prVt", b"tIME"):
        bare = name in (b"prVt", b"tIME", b"eXIf")
        packed = b"Comment\x00\x00" + zlib.compress(CANARY) if name == b"zTXt" else b"Comment\x00" + CANARY
        body = CANARY if bare else packed
        yield f"png-{name.decode()}", png(b.png_chunk(name, body))
    yield "png-after-the-end", png(b"") + CANARY
    for name, flag in ((b"XMP ", 4), (b"EXIF", 8), (b"PRIV", 0)):
        yield f"webp-{name.decode().strip()}", riff(name, flag)
    yield "gif-comment", b.saved(PHOTO.quantize(64), "GIF", comment=CANARY)
    yield "gif-after-the-end", b.saved(PHOTO.quantize(64), "GIF") + CANARY
    yield "tiff-tags", b.saved(PHOTO, "TIFF", tiffinfo={270: CANARY.decode(), 315: CANARY.decode(), 700: xmp})
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        yield f"{kind.lower()}-profile", b.saved(PHOTO, kind, icc_profile=profile())
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        yield f"{kind.lower()}-exif", b.saved(PHOTO, kind, exif=loud_exif())
    yield "avif-xmp", b.saved(PHOTO, "AVIF", xmp=xmp)


FILES = dict(places())


def derived(data: bytes, mime: str) -> Iterator[tuple[str, bytes]]:
    """Everything that is made from a file and leaves the house."""
    yield "preview", preview(io.BytesIO(data), {"type": mime, "side": 100}).files[0]
    yield "strip", strip(io.BytesIO(data), {"type": mime}).files[0]
    orders: list[dict[str, Json]] = [{"types": [output]} for output in OUTPUTS]
    orders += [{"types": [output], "max_bytes": 4_000} for output in OUTPUTS[:3]]
    orders += [{"types": [mime]}, {"types": ["image/webp"], "exact_side": 96}]
    for order in orders:
        try:
            made = fit(io.BytesIO(data), {"type": mime, "fit": order})
        except Unusable:
            continue
        yield f"fit {order}", made.files[0]


def everywhere(data: bytes) -> bytes:
    """The bytes as they are, and what is packed inside them."""
    packed = [data]
    for at in range(len(data) - 1):
        if data[at] == 0x78 and data[at + 1] in (0x01, 0x5E, 0x9C, 0xDA):
            try:
                packed.append(zlib.decompressobj().decompress(data[at:], 1 << 20))
            except zlib.error:
                continue
    whole = b"".join(packed)
    # words of two bytes a letter too
    return whole + whole.replace(b"\x00", b"")


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_canary_comes_through(name: str) -> None:
    """A canary planted in one place of a file is in nothing that is made from it."""
    data = FILES[name]
    assert CANARY in everywhere(data)
    for how, made in derived(data, type_of(io.BytesIO(data))):
        found = everywhere(made)
        assert CANARY not in found, how
        assert not [mark for mark in HEAD_MARKS if mark in made], how


@pytest.mark.parametrize("folder", ["gps", "phone"])
def test_no_mark_of_a_phone_comes_through(folder: str) -> None:
    """Of real photos with places no EXIF, XMP, maker note, camera or second picture is left in anything."""
    files = sorted(f for f in (b.CORPUS / folder).glob("*") if f.suffix.lower() in (".jpg", ".heic", ".avif"))[:4]
    if not files:
        pytest.skip("the public samples are not here")
    for file in files:
        data = file.read_bytes()
        mime = type_of(io.BytesIO(data))
        order: dict[str, Json] = {"types": ["image/jpeg"], "max_bytes": 200_000}
        for made in (
            preview(io.BytesIO(data), {"type": mime}).files[0],
            strip(io.BytesIO(data), {"type": mime}).files[0],
            fit(io.BytesIO(data), {"type": mime, "fit": order}).files[0],
        ):
            assert not [mark for mark in (*HEAD_MARKS, b"NIKON", b"Apple", b"HMD Global") if mark in made], file.name
            assert Image.open(io.BytesIO(made)).getexif() == {}


def pdf_places() -> dict[str, Callable[[Any], None]]:
    """Ways to plant the canary in a PDF."""
    word = CANARY.decode()
    return {
        "info": lambda d: d.set_metadata({"author": word, "title": word}),
        "xmp": lambda d: d.set_xml_metadata(f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{word}</x:xmpmeta>"),
        "embedded-file": lambda d: d.embfile_add("a.txt", CANARY, desc=word),
        "script": lambda d: d.xref_set_key(d.pdf_catalog(), "OpenAction", f"<</S/JavaScript/JS(app.alert('{word}'))>>"),
        "piece-info": lambda d: d.xref_set_key(d[0].xref, "PieceInfo", f"<</App<</Private({word})>>>>"),
        "picture": lambda d: d[0].insert_image((0, 0, 90, 90), stream=jpeg(segment(0xFE, CANARY))),
    }


@pytest.mark.parametrize("name", sorted(pdf_places()))
def test_no_canary_comes_through_a_pdf(name: str) -> None:
    """What stands beside the pages of a PDF is not in what leaves the house."""
    document = pymupdf.open()
    document.new_page(width=200, height=200).insert_text((20, 100), "hello")
    pdf_places()[name](document)
    data = document.tobytes()
    assert CANARY in everywhere(data)
    assert CANARY not in everywhere(strip(io.BytesIO(data), {"type": "application/pdf"}).files[0])
    order: dict[str, Json] = {"types": ["application/pdf"]}
    assert CANARY not in everywhere(fit(io.BytesIO(data), {"type": "application/pdf", "fit": order}).files[0])
