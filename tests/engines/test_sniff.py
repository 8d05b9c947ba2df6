"""The type is what the content says, and lies are named."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mediacore.engines.signatures import MACRO_OFFICE, OFFICE
from mediacore.engines.sniff import sniff
from tests.engines import builders as b

PDF = b.pdf_file([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"])
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n"
MAIL = (
    b"From: a@example.org\r\nTo: b@example.org\r\nSubject: hello\r\n\r\n%PDF-1.4 and <script> are only words here\r\n"
)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'


def look(data: bytes, name: str = "", declared: str = "") -> tuple[str, dict[str, str]]:
    """The type and the findings' severities by code."""
    facts: Any = sniff(io.BytesIO(data), {"name": name, "declared": declared}).facts
    return facts["type"], {f["code"]: f["severity"] for f in facts["findings"]}


TYPES = {
    "image/jpeg": b.saved(b.photo(16, 16), "JPEG"),
    "image/png": b.saved(b.photo(16, 16), "PNG"),
    "image/webp": b.saved(b.photo(16, 16), "WEBP"),
    "image/gif": b.saved(b.photo(16, 16), "GIF"),
    "image/tiff": b.saved(b.photo(16, 16), "TIFF"),
    "image/bmp": b.saved(b.photo(16, 16), "BMP"),
    "image/avif": b.saved(b.photo(16, 16), "AVIF"),
    "image/heic": b.ftyp(b"mif1", b"mif1", b"heic"),
    "image/svg+xml": SVG,
    "application/pdf": PDF,
    "video/mp4": b.ftyp(b"isom", b"iso2", b"mp41"),
    "video/quicktime": b.ftyp(b"qt  "),
    "video/3gpp": b.ftyp(b"3gp4", b"isom"),
    "audio/mp4": b.ftyp(b"M4A ", b"isom"),
    "audio/amr": b"#!AMR\n\x3c" + bytes(31),
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(28),
    "audio/ogg": b"OggS" + bytes(22) + b"\x01\x13OpusHead" + bytes(11),
    "audio/mpeg": b"\xff\xfb\x90\x00" + bytes(413),
    "text/vcard": VCARD,
    "text/calendar": b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
    "message/rfc822": MAIL,
    "application/json": b'{"a": [1, 2]}',
    "text/html": b"<!DOCTYPE html><html></html>",
    "text/plain": "Grüße, %PDF- ist nur ein Wort".encode(),
    OFFICE["word/"]: b.docx(),
    MACRO_OFFICE["word/"]: b.docx(macros=True),
}


@pytest.mark.parametrize("mime", TYPES)
def test_type_by_content(mime: str) -> None:
    """Every type is told by its content alone, and an honest file has nothing wrong with it."""
    assert look(TYPES[mime]) == (mime, {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_in_any_encoding(encoding: str) -> None:
    """Text is text in each encoding that customers' machines write."""
    assert look("Größe: 10 cm, Preis: 5 Pfund\n".encode(encoding))[0] == "text/plain"


def test_text_cut_inside_a_letter() -> None:
    """A long text whose first 64 KiB end inside a letter is still UTF-8."""
    assert look(b"x" + "ä".encode() * 40_000)[0] == "text/plain"


@pytest.mark.parametrize(
    ("data", "name", "declared", "severity"),
    [
        (TYPES["image/jpeg"], "cat.png", "", "note"),
        (TYPES["image/jpeg"], "cat.jpg", "image/png", "note"),
        (TYPES["image/jpeg"], "cat.pdf", "", "fix"),
        (PDF, "bill.pdf", "image/jpeg", "fix"),
        (TYPES["audio/ogg"], "voice.ogg", "audio/mpeg", "note"),
    ],
)
def test_mislabelled(data: bytes, name: str, declared: str, severity: str) -> None:
    """A wrong name or declared type is named, lightly where the file stays of its kind."""
    assert look(data, name, declared)[1] == {"mislabelled": severity}


@pytest.mark.parametrize(
    ("mime", "name", "declared"),
    [
        ("image/jpeg", "A.JPEG", "image/jpg"),
        ("audio/mpeg", "a.mp3", "audio/mp3"),
        ("audio/ogg", "a.opus", "audio/ogg; codecs=opus"),
        ("audio/mp4", "a.m4a", "audio/x-m4a"),
        ("image/heic", "IMG_1.HEIC", "image/heif"),
        ("text/vcard", "a.vcf", "text/x-vcard"),
        ("video/mp4", "a.mp4", "application/octet-stream"),
        (OFFICE["word/"], "a.docx", "application/zip"),
        ("application/json", "a.json", "text/plain"),
    ],
)
def test_lenient_about_names(mime: str, name: str, declared: str) -> None:
    """Other names of the same type are not held against the sender."""
    assert look(TYPES[mime], name, declared) == (mime, {})


@pytest.mark.parametrize(
    ("data", "mime", "name", "declared"),
    [
        (
            b"0\x82\x05\xbf\x06\t*\x86H\x86\xf7\r\x01\x07\x02",
            "pkcs7-mime",
            "smime.p7s",
            "application/x-pkcs7-signature",
        ),
        (b"-----BEGIN PGP SIGNATURE-----\n\niQ==\n", "pgp-signature", "signature.asc", "application/pgp-signature"),
    ],
)
def test_signatures_are_called_what_they_are(data: bytes, mime: str, name: str, declared: str) -> None:
    """A mail's signature under its usual name is no lie."""
    assert look(data + bytes(40), name, declared) == (f"application/{mime}", {})


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/avif", "application/pdf"])
def test_truncated(mime: str) -> None:
    """A file without its end is told, whatever its type."""
    data = b.saved(b.photo(200, 200), {"application/pdf": "PDF"}.get(mime, mime[6:].upper()))
    assert look(data[: len(data) * 2 // 3]) == (mime, {"truncated": "fix"})


@pytest.mark.parametrize(
    "data",
    [
        TYPES["image/jpeg"] + b.docx(),
        b"GIF89a" + bytes(10) + PDF + b"\x3b",
        b.saved(b.photo(16, 16), "JPEG", comment=b"<script>alert(1)</script>"),
        PDF + b.docx(),
    ],
)
def test_polyglot(data: bytes) -> None:
    """A file that is two things at once is refused."""
    assert look(data)[1]["polyglot"] == "refuse"


def test_empty_and_unknown() -> None:
    """An empty file is refused and an unknown one only noted."""
    assert look(b"")[1] == {"empty": "refuse"}
    assert look(b"\x01\x00\x9c\x02\x00" + bytes(range(255, 127, -1)))[1] == {"unknown": "note"}
