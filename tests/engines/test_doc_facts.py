"""What documents carry beside their words is known before anybody opens them."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from mediacore.engines.doc.zip import content, entries, weigh
from mediacore.engines.operation import Unusable
from mediacore.engines.probe import probe
from mediacore.engines.sniff import type_of
from tests.engines import doc_builders as b


def facts(data: bytes, mime: str) -> dict[str, Any]:
    """The facts of a document."""
    return dict(probe(io.BytesIO(data), {"type": mime}).facts)


def test_word() -> None:
    """Pages by Word's own count, author, company, comments, changes and thumbnail are told."""
    found = facts(b.docx(), b.DOCX)
    assert (found["pages"], found["active"], found["encrypted"]) == (3, False, False)
    assert found["metadata"] == ["author", "comments", "company", "revisions", "thumbnail"]


@pytest.mark.parametrize(
    ("data", "mime", "pages"),
    [
        (b.xlsx(), b.XLSX, 2),
        (b.pptx(), b.PPTX, 2),
        (b.odf(b.ODT), b.ODT, 2),
        (b.odf(b.ODS), b.ODS, 2),
        (b.odf(b.ODP), b.ODP, 3),
        (b.RICH, "application/rtf", 4),
        (b.CARD, "text/vcard", 2),
        (b.CALENDAR, "text/calendar", 1),
    ],
)
def test_pages(data: bytes, mime: str, pages: int) -> None:
    """Visible sheets, slides, pages, contacts and events are counted; each file is sniffed as what it is."""
    assert type_of(io.BytesIO(data)) == mime
    assert facts(data, mime)["pages"] == pages


@pytest.mark.parametrize(
    ("parts", "active"),
    [
        ({"word/vbaProject.bin": b"x"}, True),
        ({"word/activeX/activeX1.xml": b"x"}, True),
        ({"word/embeddings/oleObject1.bin": b"x"}, True),
        ({"word/embeddings/Workbook1.xlsx": b"x"}, False),
        ({"word/_rels/settings.xml.rels": b.relations(("attachedTemplate", "http://a/b.dotm"), external=True)}, True),
        ({"word/_rels/document.xml.rels": b.relations(("oleObject", "http://a/b"), external=True)}, True),
        ({"word/_rels/document.xml.rels": b.relations(("hyperlink", "http://a/b"), external=True)}, False),
    ],
)
def test_active(parts: dict[str, str | bytes], active: bool) -> None:
    """Macros, controls, objects and templates from elsewhere are active; links and charts' tables are not."""
    assert facts(b.docx(parts=parts), b.DOCX)["active"] is active
    assert ("embedded" in facts(b.docx(parts=parts), b.DOCX)["metadata"]) == any("embeddings" in p for p in parts)


def test_fields_that_start_programs() -> None:
    """A DDE field is active, the word in a sentence is not."""
    field = (
        '<w:p><w:r><w:instrText xml:space="preserve"> DDEAUTO c:\\\\windows\\\\cmd.exe "/k"</w:instrText></w:r></w:p>'
    )
    assert facts(b.docx(field), b.DOCX)["active"]
    assert not facts(b.docx(b.run("DDEAUTO is a field")), b.DOCX)["active"]


def test_active_elsewhere() -> None:
    """Macros of OpenDocument, links of workbooks and objects of rich text are found."""
    assert facts(b.odf(b.ODT, parts={"Basic/Standard/Module1.xml": b"x"}), b.ODT)["active"]
    assert facts(b.xlsx(parts={"xl/externalLinks/externalLink1.xml": b"x"}), b.XLSX)["active"]
    assert facts(rb"{\rtf1 {\object\objemb{\*\objdata 01}}}", "application/rtf")["active"]
    rich = facts(b.RICH, "application/rtf")
    assert (rich["active"], rich["metadata"]) == (False, ["author"])


def test_open_document() -> None:
    """Author, changes and thumbnail of a text; one that is locked says so."""
    assert facts(b.odf(b.ODT), b.ODT)["metadata"] == ["author", "revisions", "thumbnail"]
    locked = b.odf(b.ODT, parts={"META-INF/manifest.xml": '<manifest:encryption-data manifest:checksum="x"/>'})
    assert facts(locked, b.ODT)["encrypted"]


def test_locked_office() -> None:
    """An Office file behind a password is an OLE file with an encrypted package in it."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[30:32] = struct.pack("<H", 9)
    name = "EncryptedPackage".encode("utf-16-le")
    directory = name.ljust(64, b"\x00") + struct.pack("<H", len(name) + 2) + bytes(62)
    data = bytes(head) + directory.ljust(512, b"\x00")
    found = facts(data, type_of(io.BytesIO(data)))
    assert (found["encrypted"], found["active"]) == (True, False)


def test_archive() -> None:
    """Programs, archives in archives, names that lead outside and passwords are told from the list alone."""
    data = b.zipped({"a/b.txt": "x", "setup.EXE": "y", "in.zip": "z", "..\\up.txt": "w"})
    found = facts(data, "application/zip")
    assert (found["active"], found["metadata"]) == (True, ["climbing-names", "nested-archive"])
    assert facts(b.zipped({"a.txt": "x"}), "application/zip")["metadata"] == []
    locked = bytearray(b.zipped({"a.txt": "x"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert facts(bytes(locked), "application/zip")["encrypted"]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"plain", "ascii"),
        ("Grüße".encode(), "utf-8"),
        ("Grüße".encode("utf-16"), "utf-16"),
        ("Grüße".encode("cp1252"), "windows-1252"),
    ],
)
def test_encoding(data: bytes, encoding: str) -> None:
    """The encoding of a text is told."""
    assert facts(data, "text/plain")["codecs"] == [encoding]


def test_mail() -> None:
    """A mail tells of its attachments, and of programs among them."""
    found = facts(b.MAIL, "message/rfc822")
    assert (found["metadata"], found["active"]) == (["attachments"], False)
    assert facts(b.MAIL.replace(b"photo.jpg", b"photo.jpg.exe"), "message/rfc822")["active"]


def test_zip64() -> None:
    """A small zip with the directory of a large one is read as well."""
    data = b.zipped({"a.txt": "hello", "b.txt": "there"})
    end = data.rindex(b"PK\x05\x06")
    count, length, offset = struct.unpack("<HII", data[end + 10 : end + 20])
    large = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset)
    where = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    file = io.BytesIO(data[:end] + large + where + last)
    assert [content(file, entry) for entry in entries(file)] == [b"hello", b"there"]


@pytest.mark.parametrize("stored", [True, False])
def test_members_come_whole(stored: bool) -> None:
    """A member larger than a piece comes as it was; of one that is too large the beginning."""
    data = bytes(range(256)) * 20_000
    file = io.BytesIO(b.zipped({"a": data}, stored=stored))
    (entry,) = entries(file)
    assert content(file, entry) == data
    assert content(file, entry, 70_000) == data[:70_000]


@pytest.mark.parametrize(("sizes", "bomb"), [([10 << 20], False), ([30 << 20], True), ([1 << 20] * 30, True)])
def test_ratio(sizes: list[int], bomb: bool) -> None:
    """Small files of one letter are honest; many bytes from few are not."""
    file = io.BytesIO(b.zipped({str(n): bytes(size) for n, size in enumerate(sizes)}))
    if not bomb:
        return weigh(entries(file))
    with pytest.raises(Unusable, match="was not opened") as caught:
        weigh(entries(file))
    assert caught.value.code == "bomb"
    return None


def test_damaged_zip() -> None:
    """A zip without its end, or with a broken list, is damaged."""
    data = b.zipped({"a.txt": "hello"})
    for broken in (data[:-30], data.replace(b"PK\x01\x02", b"PK\x01\x03"), b"PK\x03\x04rubbish"):
        with pytest.raises(Unusable) as caught:
            facts(broken, "application/zip")
        assert caught.value.code == "damaged"


@pytest.mark.parametrize(
    ("data", "mime", "excerpt"),
    [
        (b.docx(b.run("Dear team,") + b.run("it broke.")), b.DOCX, "Dear team, it broke."),
        (b.docx(b.run("long " * 200)), b.DOCX, ("long " * 56).strip()),
        (b.CARD, "text/vcard", "Ada"),
        ("Gr\u00fc\u00dfe\n\n  und  mehr".encode(), "text/plain", "Gr\u00fc\u00dfe und mehr"),
        (b.zipped({"a.txt": "x"}), "application/zip", ""),
    ],
)
def test_excerpt(data: bytes, mime: str, excerpt: str) -> None:
    """The first words of a file stand among its facts, within bounds; an archive has no words of its own."""
    found = facts(data, mime)["excerpt"]
    assert found.startswith(excerpt)
    assert len(found) <= 280


def test_a_member_that_ends_before_it_says() -> None:
    """Of a packed member that is cut off its beginning is answered, and the reading ends."""
    data = b.zipped({"a": bytes(range(256)) * 400})
    (entry,) = entries(io.BytesIO(data))
    assert len(content(io.BytesIO(data[: entry.packed // 2]), entry)) < 102_400
