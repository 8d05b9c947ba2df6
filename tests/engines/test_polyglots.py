"""Files that are two things at once are found; honest files with something behind or inside them are not."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from mediacore.engines.sniff import sniff
from mediacore.testkit import builders
from tests.engines import builders as b
from tests.engines.doc_builders import docx, zipped

JPEG = b.saved(b.photo(64, 48), "JPEG")
PNG = b.saved(b.photo(64, 48), "PNG")
GIF = b.saved(b.photo(16, 16).quantize(), "GIF")
ZIP = zipped({"a.exe": b"MZ" * 50}, stored=True)
RAR = b"Rar!\x1a\x07\x01\x00" + bytes(60)
PDF = builders.pdf(1)
FILM = b.ftyp(b"isom") + struct.pack(">I4s", 70_008, b"mdat") + bytes(70_000) + struct.pack(">I4s", 8, b"moov")


def codes(data: bytes, name: str = "") -> set[str]:
    """The findings' codes."""
    facts: Any = sniff(io.BytesIO(data), {"name": name, "declared": ""}).facts
    return {finding["code"] for finding in facts["findings"]}


def script_gif() -> bytes:
    """A GIF whose width opens a comment that ends behind its pixels."""
    return GIF[:6] + b"/*" + GIF[8:-1] + b";*/=1;alert(1)\x3b"


def attached(data: bytes, kind: bytes = b"/EmbeddedFile") -> bytes:
    """A PDF with a file in a stream."""
    names = b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >> >>"
    pages = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"
    spec = b"<< /Type /Filespec /F (a) /EF << /F 5 0 R >> >>"
    stream = b"<< /Type %s /Length %d >>\nstream\n%s\nendstream" % (kind, len(data), data)
    return builders.pdf_file([names, pages, page, spec, stream])


def first_member(data: bytes, before: bytes = b"") -> bytes:
    """A zip whose first member is stored as it is, perhaps with something between its header and itself."""
    made = zipped({"bill.pdf": data}, stored=True)
    at = made.index(data)
    return made if not before else made[:at] + before + made[at:]


@pytest.mark.parametrize(
    "data",
    [
        JPEG + ZIP,
        PNG + ZIP,
        GIF + ZIP,
        b.ftyp(b"isom") + ZIP,
        PDF + ZIP,
        attached(ZIP, b"/XObject"),
        JPEG + RAR,
        JPEG + bytes(1 << 20) + RAR,
        PNG + b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(40),
        script_gif(),
        GIF[:-1] + b"\x21\xfe\x20<script>alert(document)</script>\x00\x3b",
        JPEG[:2] + b"\xff\xfe\x00\x20<?php system($_GET['c']); ?>  " + JPEG[2:],
        PNG[:8] + PNG[8:33] + struct.pack(">I4s", 13, b"tEXt") + b"a\0<svg onload=" + PNG[33:],
        JPEG[:2] + b"\xff\xfe\x00\x0b%PDF-1.4\n" + JPEG[2:],
        b"\x89PNG\r\n\x1a\n\0\0\n" + PDF,
        b"<html><script>1</script>\n" + PDF,
        first_member(PDF, b"\0\0\n%PDF-1.4\n"),
    ],
)
def test_two_at_once(data: bytes) -> None:
    """Pictures, sounds and PDFs that are archives, pages, scripts or PDFs as well."""
    assert "polyglot" in codes(data)


@pytest.mark.parametrize(
    "data",
    [
        JPEG + FILM,
        JPEG + JPEG,
        JPEG + b"\0\0\x31\x0a\x18\0\0\0Image_UTC_Data1700000000000SEFHk\0\0\0\1\0\0\0SEFT",
        JPEG + bytes(100_000),
        PNG + bytes(100_000),
        FILM + b"SEFHk\0\0\0SEFT",
        attached(ZIP),
        attached(RAR),
        first_member(PDF),
        zipped({"inner.zip": ZIP, "a.txt": "x"}, stored=True),
        docx(parts={"word/embeddings/a.zip": ZIP}),
        zipped({"a.html": b"<html><script>1</script></html>"}, stored=True),
        b"From: a@example.org\r\nTo: b\r\nSubject: c\r\n\r\n%PDF-1.4\r\n",
        b"RIFF\xff\xff\xff\xffWAVEfmt " + bytes(28),
        b"\r\n\r\n" + PDF,
    ],
)
def test_honest(data: bytes) -> None:
    """Motion photos, burst pictures, a phone's marks behind a picture, and attached archives are nothing to fear."""
    assert codes(data) == set()


@pytest.mark.parametrize("data", [JPEG, PNG, FILM, PDF, ZIP])
def test_cut(data: bytes) -> None:
    """What lacks its end is found however long it is."""
    assert codes(data[: len(data) * 2 // 3]) == {"truncated"}


def test_a_thumbnail_has_an_end_of_its_own() -> None:
    """A JPEG cut off behind its EXIF thumbnail is cut off."""
    thumb = b"\xff\xe1" + struct.pack(">H", len(JPEG) + 2) + JPEG
    assert codes((JPEG[:2] + thumb + JPEG[2:])[:-300]) == {"truncated"}
