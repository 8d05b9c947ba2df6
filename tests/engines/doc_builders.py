"""Documents made for these tests: honest ones as small as can be, lying ones and bombs; nothing is stored."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from tests.engines import builders as b

SECRET = "Ada Secretname"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/{}/2006/main"
DOCX, XLSX, PPTX = (
    f"application/vnd.openxmlformats-officedocument.{name}"
    for name in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")
)
ODT, ODS, ODP = (f"application/vnd.oasis.opendocument.{name}" for name in ("text", "spreadsheet", "presentation"))
WORD = "Complaint about order 4711"


def zipped(members: Mapping[str, str | bytes], *, stored: bool = False) -> bytes:
    """A zip with these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            packing = zipfile.ZIP_STORED if name == "mimetype" else None
            archive.writestr(name, data, packing)
    return target.getvalue()


def relations(*rows: tuple[str, str], external: bool = False) -> str:
    """A part that says what another refers to: kinds and targets."""
    mode = ' TargetMode="External"' if external else ""
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{to}"{mode}/>'
        for n, (kind, to) in enumerate(rows, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def package(parts: Mapping[str, str | bytes], main: str, **more: str | bytes) -> bytes:
    """An office file with an author and a thumbnail in its properties."""
    types = (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    core = (
        f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{SECRET}</dc:creator></cp:coreProperties>'
    )
    known: dict[str, str | bytes] = {
        "[Content_Types].xml": types,
        "_rels/.rels": relations(("officeDocument", main), ("metadata/thumbnail", "docProps/thumbnail.jpeg")),
        "docProps/core.xml": core,
        "docProps/app.xml": f'{HEAD}<Properties xmlns="x"><Pages>3</Pages><Company>{SECRET}</Company></Properties>',
        "docProps/thumbnail.jpeg": b.saved(b.photo(16, 16), "JPEG", comment=SECRET.encode()),
    }
    return zipped({**known, **parts, **more})


def run(text: str) -> str:
    """A paragraph of Word's."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def docx(body: str = "", parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A Word file with a heading, scripts of several kinds, a table, a picture and changes by somebody."""
    cells = "".join(f"<w:tc>{run(word)}</w:tc>" for word in ("first cell", "second cell"))
    usual = (
        f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{WORD}</w:t></w:r></w:p>'
        + run("Dear team, Grüße, Привет, 你好, שלום, مرحبا")
        + run("\u05e9\u05dc\u05d5\u05dd \u202eevil\u202c")
        + f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
        + f'<w:p><w:ins w:id="1" w:author="{SECRET}"><w:r><w:t>inserted</w:t></w:r></w:ins>'
        f'<w:del w:id="2" w:author="{SECRET}"><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p>'
        '<w:p><w:r><w:drawing><a:blip r:embed="rId1"/></w:drawing></w:r></w:p>'
    )
    spaces = f'xmlns:w="{MAIN.format("wordprocessingml")}" xmlns:r="{OFFICE}" xmlns:a="{MAIN.format("drawingml")}"'
    document = f"{HEAD}<w:document {spaces}><w:body>{body or usual}</w:body></w:document>"
    own: dict[str, str | bytes] = {
        "word/document.xml": document,
        "word/_rels/document.xml.rels": relations(("image", "media/image1.png")),
        "word/media/image1.png": b.saved(b.photo(80, 60), "PNG"),
        "word/comments.xml": f'{HEAD}<w:comments xmlns:w="x"><w:comment w:author="{SECRET}" w:initials="AS"/>'
        "</w:comments>",
    }
    return package({**own, **(parts or {})}, "word/document.xml")


def xlsx(rows: int = 8, parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """An Excel file: shared and inline strings, numbers, a date, a hidden sheet."""
    spaces = f'xmlns="{MAIN.format("spreadsheetml")}" xmlns:r="{OFFICE}"'
    lines = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>{n % 2}</v></c><c r="B{n}"><v>{n * 3.5}</v></c>'
        f'<c r="C{n}" t="inlineStr"><is><t>inline {n}</t></is></c><c r="D{n}" s="1"><v>46357</v></c></row>'
        for n in range(1, rows + 1)
    )
    sheets = (("Orders", ""), ("Hidden", ' state="hidden"'), ("Totals", ""))
    book = "".join(
        f'<sheet name="{name}" sheetId="{n}"{state} r:id="rId{n}"/>' for n, (name, state) in enumerate(sheets, 1)
    )
    own: dict[str, str | bytes] = {
        "xl/workbook.xml": f"{HEAD}<workbook {spaces}><sheets>{book}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(*(("worksheet", f"worksheets/sheet{n}.xml") for n in (1, 2, 3))),
        "xl/sharedStrings.xml": f"{HEAD}<sst {spaces}><si><t>Widget</t></si><si><r><t>Gad</t></r><r><t>get</t></r></si>"
        "</sst>",
        "xl/styles.xml": f'{HEAD}<styleSheet {spaces}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
        "</styleSheet>",
        **{
            f"xl/worksheets/sheet{n}.xml": f"{HEAD}<worksheet {spaces}><sheetData>{lines}</sheetData></worksheet>"
            for n in (1, 2, 3)
        },
    }
    return package({**own, **(parts or {})}, "xl/workbook.xml")


def pptx(parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A PowerPoint file with two slides."""
    spaces = f'xmlns:p="{MAIN.format("presentationml")}" xmlns:r="{OFFICE}" xmlns:a="{MAIN.format("drawingml")}"'

    def slide(title: str) -> str:
        texts = "".join(
            f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r>'
            f"<a:t>{text}</a:t></a:r>"
            "</a:p></p:txBody></p:sp>"
            for kind, text in (("body", f"point of {title}"), ("title", title))
        )
        return f"{HEAD}<p:sld {spaces}><p:cSld><p:spTree>{texts}</p:spTree></p:cSld></p:sld>"

    order = '<p:sldId r:id="rId1" id="256"/><p:sldId id="257" r:id="rId2"/>'
    own: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"{HEAD}<p:presentation {spaces}><p:sldIdLst>{order}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(("slide", "slides/slide1.xml"), ("slide", "slides/slide2.xml")),
        "ppt/slides/slide1.xml": slide("First slide"),
        "ppt/slides/slide2.xml": slide("Second slide"),
    }
    return package({**own, **(parts or {})}, "ppt/presentation.xml")


def odf(mime: str, body: str = "", parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """An OpenDocument file."""
    spaces = " ".join(
        f'xmlns:{name}="urn:{name}"' for name in ("office", "text", "table", "draw", "dc", "meta", "xlink")
    )
    usual = {
        ODT: f"<office:text><text:tracked-changes><text:changed-region><dc:creator>{SECRET}</dc:creator><text:p>gone"
        f"</text:p></text:changed-region></text:tracked-changes><text:h>{WORD}</text:h><text:p>some<text:s/>words</text:p>"
        "</office:text>",
        ODS: "".join(
            f'<table:table table:name="{name}"><table:table-row><table:table-cell><text:p>{name} words</text:p>'
            '</table:table-cell><table:table-cell table:number-columns-repeated="16380"/></table:table-row>'
            '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row></table:table>'
            for name in ("One", "Two")
        ),
        ODP: "".join(f'<draw:page draw:name="p{n}"><text:p>slide {n}</text:p></draw:page>' for n in (1, 2, 3)),
    }[mime]
    own: dict[str, str | bytes] = {
        "mimetype": mime,
        "content.xml": f"{HEAD}<office:document-content {spaces}><office:body>{body or usual}</office:body>"
        "</office:document-content>",
        "meta.xml": f"{HEAD}<office:document-meta {spaces}><office:meta><meta:initial-creator>{SECRET}"
        '</meta:initial-creator><meta:document-statistic meta:page-count="2"/></office:meta></office:document-meta>',
        "Thumbnails/thumbnail.png": b.saved(b.photo(16, 16), "PNG"),
        "META-INF/manifest.xml": f'{HEAD}<manifest:manifest xmlns:manifest="m"><manifest:file-entry '
        'manifest:full-path="Thumbnails/thumbnail.png" manifest:media-type="image/png"/></manifest:manifest>',
    }
    return zipped({**own, **(parts or {})})


MAIL = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: help@example.com\r\nSubject: Broken parcel\r\n"
    b"Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b1"\r\n\r\nnothing here\r\n--b1\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Hello,\r\nmy parcel is br=C3=B6ken.\r\n--b1\r\n"
    b'Content-Type: image/jpeg; name="photo.jpg"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b1--\r\n'
)
CARD = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada Lovelace\r\nORG:Analytical;Engines\r\n"
    b"item1.TEL;TYPE=cell:+44 20 7946 0000\r\nNOTE:a long \r\n note\\, folded\r\nEND:VCARD\r\n"
    b"BEGIN:VCARD\r\nVERSION:2.1\r\n"
    b"N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=\r\nller;Eva\r\nEND:VCARD\r\n"
)
CALENDAR = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Technician visit\r\nDTSTART;TZID=Europe/Berlin:20261203T093000\r\n"
    b"DTEND:20261203T103000Z\r\nLOCATION:Main St 5\\, Berlin\r\nBEGIN:VALARM\r\nDESCRIPTION:alarm\r\nEND:VALARM\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)
RICH = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\author Bob}\nofpages4}\f0 Hello \b bold\b0  w\'f6rld "
    rb"\u8364? euro.\par {\*\generator no}\trowd one\cell two\cell\row Last\par}"
)


def overlapping(count: int = 5_000, size: int = 1 << 20) -> bytes:
    """A zip whose many entries are all the same packed bytes."""
    single = zipped({"a": bytes(size)})
    place = single.index(b"PK\x01\x02")
    entry = single[place : single.index(b"PK\x05\x06")]
    directory = b"".join(entry[:-1] + bytes([97 + n % 26]) for n in range(count))
    return (
        single[:place]
        + directory
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), place, 0)
    )


def lying(data: bytes, size: int = 100) -> bytes:
    """A zip whose directory says that everything in it is small."""
    made = bytearray(data)
    at = made.find(b"PK\x01\x02")
    while at >= 0:
        made[at + 24 : at + 28] = struct.pack("<I", size)
        at = made.find(b"PK\x01\x02", at + 4)
    return bytes(made)


def bombs() -> dict[str, tuple[bytes, str]]:
    """Files that want more than they may have, and their types."""
    many = zipped({f"{n}": b"" for n in range(10_001)})
    entities = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    tags = "<w:p/>" * 5_000_000
    attributes = " ".join(f'a{n}=""' for n in range(1_500_000))
    big_mail = b"From: a\r\nTo: b\r\nSubject: " + b"=?utf-8?q?a?= " * 50_000 + b"\r\n\r\n"
    nested = b"From: a\r\nTo: b\r\nSubject: c\r\n"
    for n in range(10_000):
        nested += b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
    parts = (
        b'From: a\r\nTo: b\r\nSubject: c\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
        + b"--x\r\n\r\na\r\n" * 300_000
    )
    return {
        "ratio": (zipped({"zero.bin": bytes(60 << 20)}), "application/zip"),
        "overlap": (overlapping(), "application/zip"),
        "many": (many, "application/zip"),
        "docx text": (docx(run("a" * (30 << 20))), DOCX),
        "docx tags": (docx(tags), DOCX),
        "docx attributes": (docx(f"<w:p {attributes}/>"), DOCX),
        "docx depth": (docx("<w:p>" * 1_000_000), DOCX),
        "docx entities": (docx(parts={"word/document.xml": HEAD + entities + "<d>&b;</d>"}), DOCX),
        "docx lying": (lying(docx(run("a" * (30 << 20)))), DOCX),
        "xlsx rows": (xlsx(100_000), XLSX),
        "ods repeats": (odf(ODS), ODS),
        "odt tags": (odf(ODT, "<text:p/>" * 3_000_000), ODT),
        "mail words": (big_mail, "message/rfc822"),
        "mail nested": (nested, "message/rfc822"),
        "mail parts": (parts, "message/rfc822"),
        "rtf groups": (b"{\\rtf1" + b"{" * 4_000_000, "application/rtf"),
        "rtf words": (b"{\\rtf1" + b"\\u1?" * 1_000_000, "application/rtf"),
        "csv quotes": (b'"' + b'a""' * 1_000_000, "text/csv"),
        "csv cells": (b"," * 2_000_000, "text/csv"),
        "html tags": (b"<script" * 300_000, "text/html"),
        "text": (b"a" * 3_000_000, "text/plain"),
        "cards": (b"BEGIN:VCARD\r\nEND:VCARD\r\n" * 80_000, "text/vcard"),
        "folds": (b"BEGIN:VCARD\r\nNOTE:a\r\n" + b" a\r\n" * 400_000, "text/vcard"),
        "marks": ("\u0301".encode() * 1_000_000, "text/plain"),
        "tibetan": (("\u0f40\u0fb2\u0f71" * 300_000).encode(), "text/plain"),
    }
