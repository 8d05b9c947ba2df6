"""What helpdesks see every week is told by its content, whatever it is called."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from typing import Any

import pytest

from mediacore.engines.signatures import ASF, ASF_FILM, ASF_LOCKED, BINARY_SHEET, KEYNOTE, NUMBERS, PAGES, PROGRAMS
from mediacore.engines.sniff import sniff
from tests.engines import builders as b
from tests.engines.doc_builders import zipped
from tests.engines.ole_builders import INSTALLER, compound


def look(data: bytes, name: str = "", declared: str = "") -> tuple[str, dict[str, str]]:
    """The type and the findings' words by code."""
    facts: Any = sniff(io.BytesIO(data), {"name": name, "declared": declared}).facts
    return facts["type"], {f["code"]: f["message"] for f in facts["findings"]}


def tar() -> bytes:
    """A tar with one file."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("a.pdf")
        info.size = 9
        archive.addfile(info, io.BytesIO(b"%PDF-1.4\n"))
    return target.getvalue()


def dng(order: str) -> bytes:
    """The directory of a DNG: a width and the version tag."""
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    tags = struct.pack(f"{order}HHII", 256, 4, 1, 10) + struct.pack(f"{order}HHI4s", 50706, 1, 4, b"\1\4\0\0")
    return head + struct.pack(f"{order}H", 2) + tags + bytes(4)


OPEN = "application/vnd.oasis.opendocument."
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
KINDS: dict[str, tuple[str, bytes]] = {
    "webm": ("video/webm", b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm"),
    "matroska": ("video/x-matroska", b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x88matroska"),
    "caf": ("audio/x-caf", b"caff\0\1\0\0desc"),
    "aiff": ("audio/x-aiff", b"FORM\0\0\0\x04AIFF"),
    "wma": ("audio/x-ms-wma", ASF + bytes(100)),
    "wmv": ("video/x-ms-asf", ASF + bytes(5000) + ASF_FILM),
    "heif burst": ("image/heic", b.ftyp(b"msf1", b"hevc", b"mp41")),
    "avif film": ("image/avif", b.ftyp(b"avis", b"msf1")),
    "jxl": ("image/jxl", b"\xff\x0a\xfa\x7f"),
    "jxl in boxes": ("image/jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + b.ftyp(b"jxl ")),
    "jp2": ("image/jp2", b"\0\0\0\x0cjP  \r\n\x87\n" + b.ftyp(b"jp2 ")),
    "psd": ("image/vnd.adobe.photoshop", b"8BPS\0\1" + bytes(40)),
    "ico": ("image/vnd.microsoft.icon", b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0" + bytes(20)),
    "dng": ("image/x-adobe-dng", dng("<")),
    "big-endian dng": ("image/x-adobe-dng", dng(">")),
    "cr2": ("image/x-canon-cr2", b"II*\0\x10\0\0\0CR\2\0" + bytes(20)),
    "cr3": ("image/x-canon-cr3", b.ftyp(b"crx ", b"isom")),
    "svgz": ("image/svg+xml-compressed", gzip.compress(SVG)),
    "eps": ("application/postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    "eps with a preview": ("application/postscript", b"\xc5\xd0\xd3\xc6" + bytes(26)),
    "epub": ("application/epub+zip", zipped({"mimetype": "application/epub+zip", "META-INF/container.xml": "x"})),
    "odg": (OPEN + "graphics", zipped({"mimetype": OPEN + "graphics", "content.xml": "x"})),
    "pages": (PAGES, zipped({"Index/Document.iwa": b"x", "preview.jpg": b"x"})),
    "keynote": (KEYNOTE, zipped({"Index/Document.iwa": b"x", "Index/Slide-1.iwa": b"x"})),
    "xlsb": (BINARY_SHEET, zipped({"[Content_Types].xml": b"x", "xl/workbook.bin": b"x"})),
    "pass": ("application/vnd.apple.pkpass", zipped({"pass.json": "{}", "manifest.json": "{}", "signature": "x"})),
    "jar": ("application/java-archive", zipped({"META-INF/MANIFEST.MF": "x", "A.class": "x"})),
    "apk": ("application/vnd.android.package-archive", zipped({"AndroidManifest.xml": b"x", "classes.dex": b"x"})),
    "ipa": ("application/x-ios-app", zipped({"Payload/A.app/Info.plist": "x"})),
    "doc": ("application/msword", compound({"WordDocument": b"x", "1Table": b"x"})),
    "xls": ("application/vnd.ms-excel", compound({"Workbook": b"x"})),
    "ppt": ("application/vnd.ms-powerpoint", compound({"PowerPoint Document": b"x"})),
    "msg": ("application/vnd.ms-outlook", compound({"__properties_version1.0": b"x"})),
    "pub": ("application/vnd.ms-publisher", compound({"Quill/QuillSub/CONTENTS": b"x"})),
    "vsd": ("application/vnd.visio", compound({"VisioDocument": b"x"})),
    "msi": ("application/x-msi", compound({"x": b"x"}, INSTALLER)),
    "doc with a table in it": (
        "application/msword",
        compound({"ObjectPool/_1/Workbook": b"x", "WordDocument": b"x"}),
    ),
    "rtf": ("application/rtf", b"{\\rtf1 a}"),
    "csv": ("text/csv", b"order;date;sum\n1;2026-01-02;3,50\n2;2026-01-03;4,50\n"),
    "tsv": ("text/tab-separated-values", b"a\tb\n1\t2\n3\t4\n"),
    "json": ("application/json", b"\xef\xbb\xbf[1, 2]"),
    "xml": ("text/xml", b"<?xml version='1.0'?><order/>"),
    "html without a head": ("text/html", b"<p>hello</p>"),
    "html after a remark": ("text/html", b"<!-- x --><html><body></body></html>"),
    "mbox": ("application/mbox", (b"From a@b Mon Nov 23 10:00:00 2026\nFrom: a\nTo: b\nSubject: c\n\nx\n\n") * 2),
    "pem": ("application/x-pem-file", b"-----BEGIN CERTIFICATE-----\nMIIB\n"),
    "key": ("application/x-pem-file", b"-----BEGIN OPENSSH PRIVATE KEY-----\nMIIB\n"),
    "pgp": ("application/pgp-encrypted", b"-----BEGIN PGP MESSAGE-----\n\nhQ"),
    "p7m": ("application/pkcs7-mime", b"\x30\x82\x05\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(20)),
    "p12": ("application/x-pkcs12", b"\x30\x82\x05\x00\x02\x01\x03\x30" + bytes(20)),
    "7z": ("application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(24)),
    "rar": ("application/vnd.rar", b"Rar!\x1a\x07\x01\0" + bytes(20)),
    "tar": ("application/x-tar", tar()),
    "gz": ("application/gzip", gzip.compress(b"hello")),
    "bz2": ("application/x-bzip2", b"BZh91AY&SY" + bytes(20)),
    "xz": ("application/x-xz", b"\xfd7zXZ\0\0\4" + bytes(20)),
    "zst": ("application/zstd", b"\x28\xb5\x2f\xfd\x04\0" + bytes(20)),
    "exe": ("application/x-dosexec", b"MZ\x90\0\3" + bytes(200)),
    "elf": ("application/x-executable", b"\x7fELF\2\1\1" + bytes(60)),
    "mach-o": ("application/x-mach-binary", b"\xcf\xfa\xed\xfe\7\0\0\1" + bytes(30)),
    "for two processors": ("application/x-mach-binary", b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(30)),
    "class": ("application/java-vm", b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(30)),
    "lnk": ("application/x-ms-shortcut", b"\x4c\0\0\0\1\x14\2\0" + bytes(70)),
    "url": ("application/x-mswinurl", b"[InternetShortcut]\r\nURL=http://a\r\n"),
    "bat": ("text/x-msdos-batch", b"@echo off\r\ndel *\r\n"),
    "sh": ("text/plain", b"#!/bin/sh\nls\n"),
    "py": ("text/plain", b"#!/usr/bin/env python3\n"),
    "swf": ("application/x-shockwave-flash", b"CWS\x09" + bytes(range(200))),
    "ttf": ("font/ttf", b"\0\1\0\0\0\x0c\0\x80" + bytes(30)),
    "woff2": ("font/woff2", b"wOF2\0\1\0\0" + bytes(30)),
    "sqlite": ("application/x-sqlite3", b"SQLite format 3\0\x10\0" + bytes(80)),
    "torrent": ("application/x-bittorrent", b"d8:announce19:http://tracker.examplee"),
    "iso": ("application/x-iso9660-image", bytes(0x8001) + b"CD001\1" + bytes(2048)),
}


@pytest.mark.parametrize("what", KINDS)
def test_kind(what: str) -> None:
    """Each is told by content alone, and has nothing wrong with it."""
    mime, data = KINDS[what]
    assert look(data) == (mime, {})


@pytest.mark.parametrize(
    ("name", "data", "mime"),
    [
        ("budget.numbers", zipped({"Index/Document.iwa": b"x"}), NUMBERS),
        ("run.ps1", b"Get-ChildItem\n", "text/x-powershell"),
        ("run.vbs", b"MsgBox 1\n", "text/vbscript"),
        ("run.js", b"var a = 1;\n", "text/javascript"),
        ("app.hta", b"<html><script>1</script></html>", "application/hta"),
        ("mails.mbox", b"From a@b Mon Nov 23 10:00:00 2026\nFrom: a\nTo: b\nSubject: c\n\nx\n", "application/mbox"),
        ("mail.eml", b"From a@b Mon Nov 23 10:00:00 2026\nFrom: a\nTo: b\nSubject: c\n\nx\n", "message/rfc822"),
        ("notes.txt", b"a;b\n1;2\n3;4\n", "text/plain"),
    ],
)
def test_names_tell_likes_apart(name: str, data: bytes, mime: str) -> None:
    """Where the content leaves it open, the name decides."""
    assert look(data, name)[0] == mime


@pytest.mark.parametrize("words", [b"CWS is our shop\n", b"ID3 tags, and more\n", b"BZh, said he\n", b"MZ is short\n"])
def test_words_are_no_signatures(words: bytes) -> None:
    """A text that begins with the letters of a format is a text."""
    assert look(words) == ("text/plain", {})


@pytest.mark.parametrize("what", ["exe", "elf", "lnk", "msi", "apk", "jar", "bat", "swf", "url"])
def test_programs(what: str) -> None:
    """What runs by a double click is on the list of what no desk is handed."""
    mime, data = KINDS[what]
    assert mime in PROGRAMS
    assert "a program" in look(data, "bill.pdf")[1]["mislabelled"] or mime.startswith("text/")


def test_without_its_end() -> None:
    """An office file whose end is missing is still told from a zip, and said to be cut off."""
    mime, found = look(b.docx()[:150], "letter.docx")
    assert mime.endswith("wordprocessingml.document")
    assert set(found) == {"truncated"}


def test_locked_and_sold() -> None:
    """Passwords and sellers' rights are findings of their own."""
    assert set(look(compound({"EncryptedPackage": b"x", "EncryptionInfo": b"x"}), "a.docx")[1]) == {"encrypted"}
    locked = bytearray(zipped({"a.txt": "x"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert set(look(bytes(locked))[1]) == {"encrypted"}
    assert set(look(b.ftyp(b"M4P "), "song.m4a")[1]) == {"drm"}
    assert set(look(ASF + ASF_LOCKED + bytes(30), "song.wma")[1]) == {"drm"}
    assert set(look(zipped({"mimetype": "application/epub+zip", "META-INF/rights.xml": "x"}))[1]) == {"drm"}


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (KINDS["exe"][1], "holiday.jpg", "This is really a program, but its name ends in .jpg."),
        (b"<p>hi</p>", "invoice.pdf", "This is really a web page, but its name ends in .pdf."),
        (KINDS["doc"][1], "photo.png", "This is really a Word document, but its name ends in .png."),
        (b.saved(b.photo(9, 9), "JPEG"), "a.png", "This is really a JPEG picture, but its name ends in .png."),
    ],
)
def test_plain_words(data: bytes, name: str, words: str) -> None:
    """A lie is told in words that need no knowledge of MIME types."""
    assert look(data, name)[1]["mislabelled"] == words
