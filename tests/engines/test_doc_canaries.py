"""What was planted where nobody looks is gone from the bytes and from every unfolded member; what is read stays."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

import pytest

from mediacore.engines.doc.cleaning.word import clean_word
from mediacore.engines.doc.show import words
from mediacore.engines.operation import Unusable
from mediacore.engines.strip import strip
from tests.engines import builders as b
from tests.engines import doc_builders as d
from tests.engines import old_builders as o
from tests.engines.ole_builders import compound

TOKEN = "CANARY"
OFFICE = d.OFFICE
W = f'xmlns:w="{d.MAIN.format("wordprocessingml")}" xmlns:r="{OFFICE}"'


def token(number: int) -> str:
    """One of the planted words."""
    return f"{TOKEN}{number:03d}"


def photo(number: int) -> bytes:
    """A JPEG that says where it was taken, and how it must be turned."""
    return b.saved(b.photo(64, 48), "JPEG", exif=b.exif(6), comment=token(number).encode())


def found(data: bytes, depth: int = 0) -> set[str]:
    """Every planted word in the bytes, in the members of a zip, and in UTF-16."""
    seen = set(re.findall(rb"CANARY\d{3}", data)) | set(re.findall(rb"CANARY\d{3}", data.replace(b"\0", b"")))
    if zipfile.is_zipfile(io.BytesIO(data)) and depth < 3:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                seen |= {each.encode() for each in found(archive.read(name), depth + 1)}
    return {each.decode() for each in seen}


def word() -> bytes:
    """A Word file with words planted in every hiding place known."""
    t = token
    row = f'<w:tr><w:trPr><w:del w:id="7" w:author="{t(1)}"/></w:trPr><w:tc>{d.run(t(2))}</w:tc></w:tr>'
    body = (
        f'<w:p w:rsidR="{t(3)}"><w:r><w:t>kept one </w:t></w:r>'
        f'<w:ins w:id="1" w:author="{t(4)}" w:date="2026-01-02T03:04:05Z"><w:r><w:t>kept two</w:t></w:r>'
        f'<w:del w:id="2" w:author="{t(5)}"><w:r><w:delText>{t(6)}</w:delText></w:r></w:del></w:ins></w:p>'
        f'<w:p><w:pPr><w:rPr><w:del w:id="3" w:author="x"/></w:rPr></w:pPr><w:del w:id="4" w:author="x">'
        f"<w:r><w:delText>{t(7)}</w:delText></w:r></w:del></w:p>"
        f'<w:p><w:moveFrom w:id="5" w:author="x"><w:r><w:t>{t(8)}</w:t></w:r></w:moveFrom>'
        f'<w:moveTo w:id="6" w:author="x"><w:r><w:t>kept three</w:t></w:r></w:moveTo></w:p>'
        f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{t(9)}</w:t></w:r><w:r><w:t>kept four</w:t></w:r></w:p>"
        f'<w:p><w:pPr><w:pPrChange w:id="8" w:author="{t(10)}"><w:pPr><w:pStyle w:val="{t(11)}"/></w:pPr>'
        f"</w:pPrChange></w:pPr><w:r><w:t>kept five</w:t></w:r></w:p>"
        f"<w:tbl>{row}<w:tr><w:tc>{d.run('kept six')}</w:tc></w:tr></w:tbl>"
    )
    settings = (
        f'<w:settings {W}><w:attachedTemplate r:id="rId1"/><w:rsids><w:rsid w:val="{t(12)}"/></w:rsids>'
        f'<w:docVars><w:docVar w:name="a" w:val="{t(13)}"/></w:docVars><w:zoom w:percent="100"/></w:settings>'
    )
    inner = d.docx(parts={"docProps/custom.xml": f"<Properties>{t(14)}</Properties>"})
    return d.docx(
        body,
        parts={
            "word/settings.xml": settings,
            "word/_rels/settings.xml.rels": d.relations(("attachedTemplate", f"C:\\{t(15)}\\a.dotx"), external=True),
            "word/_rels/document.xml.rels": d.relations(("image", f"file:///home/{t(16)}/a.png"), external=True),
            "customXml/item1.xml": f"<x>{t(17)}</x>",
            "word/printerSettings/printerSettings1.bin": t(18).encode("utf-16-le"),
            "word/media/image2.jpeg": photo(19),
            "word/embeddings/Letter.docx": inner,
            "word/embeddings/oleObject1.bin": compound({"\x05SummaryInformation": o.summary(t(20)), "x": b"y"}),
            "word/comments.xml": f'<w:comments {W}><w:comment w:author="{t(21)}" w:initials="{t(22)}"/></w:comments>',
            "docProps/core.xml": f"<cp:coreProperties><dc:creator>{t(23)}</dc:creator></cp:coreProperties>",
            "docProps/app.xml": f"<Properties><Company>{t(24)}</Company></Properties>",
            "word/people.xml": f'<w15:people><w15:person w15:author="{t(25)}"/></w15:people>',
        },
    )


def sheet() -> bytes:
    """An Excel file with planted words."""
    t = token
    book = (
        f'<workbook xmlns="{d.MAIN.format("spreadsheetml")}" xmlns:r="{OFFICE}"><fileSharing userName="{t(1)}"/>'
        f'<x15ac:absPath url="C:\\Users\\{t(2)}\\"/><sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>"
    )
    page = (
        '<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>kept</t></is></c></row></sheetData>'
        '<pageSetup paperSize="9" r:id="rId1"/></worksheet>'
    )
    return d.xlsx(
        parts={
            "xl/workbook.xml": book,
            "xl/worksheets/sheet1.xml": page,
            "xl/worksheets/_rels/sheet1.xml.rels": d.relations(("printer", "../printerSettings/printerSettings1.bin")),
            "xl/printerSettings/printerSettings1.bin": t(3).encode("utf-16-le"),
            "xl/connections.xml": f'<connections><connection odcFile="{t(4)}"><dbPr connection="Password={t(5)}"/>'
            "</connection></connections>",
            "xl/externalLinks/_rels/externalLink1.xml.rels": d.relations(
                ("externalLinkPath", f"file:///C:\\Users\\{t(6)}\\prices.xlsx"), external=True
            ),
            "xl/pivotCache/pivotCacheDefinition1.xml": f'<pivotCacheDefinition refreshedBy="{t(7)}"/>',
            "xl/revisions/revisionHeaders.xml": f'<headers userName="{t(8)}"/>',
            "xl/persons/person.xml": f'<personList><person displayName="{t(9)}" userId="{t(10)}"/></personList>',
            "xl/media/image1.jpg": photo(11),
        }
    )


def show() -> bytes:
    """A PowerPoint file with planted words."""
    t = token
    return d.pptx(
        parts={
            "ppt/changesInfos/changesInfo1.xml": f"<x>{t(1)}</x>",
            "ppt/revisionInfo.xml": f"<x>{t(2)}</x>",
            "ppt/commentAuthors.xml": f'<p:cmAuthorLst><p:cmAuthor name="{t(3)}" initials="{t(4)}"/></p:cmAuthorLst>',
            "ppt/media/image1.png": b.saved(b.photo(9, 9), "PNG", exif=b.exif(), pnginfo=None)[:-12]
            + b"\0\0\0\x0etEXta\0CANARY005xyz\x13\x37\x13\x37\0\0\0\0IEND\xaeB\x60\x82",
        }
    )


def odt() -> bytes:
    """A LibreOffice text with planted words."""
    t = token
    body = (
        f"<office:text><text:tracked-changes><text:changed-region><text:deletion><dc:creator>{t(1)}</dc:creator>"
        f"<text:p>{t(2)}</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        f'<text:p officeooo:rsid="{t(3)}">kept<text:change-start text:change-id="1"/> words'
        '<text:change-end text:change-id="1"/></text:p>'
        f'<draw:image xlink:href="file:///home/{t(4)}/a.png"/></office:text>'
    )
    items = (
        f'<config:config-item config:name="PrinterName">{t(5)}</config:config-item>'
        f'<config:config-item config:name="PrinterSetup">{t(6)}</config:config-item>'
        f'<config:config-item config:name="RsidRoot">{t(7)}</config:config-item>'
        '<config:config-item config:name="Zoom">1</config:config-item>'
    )
    manifest = (
        '<manifest:manifest><manifest:file-entry manifest:full-path="Versions/Version1"/>'
        '<manifest:file-entry manifest:full-path="content.xml"/></manifest:manifest>'
    )
    return d.odf(
        d.ODT,
        body,
        parts={
            "settings.xml": f"<office:settings>{items}</office:settings>",
            "VersionList.xml": f"<x>{t(8)}</x>",
            "Versions/Version1": zlib.compress(b"x") + t(9).encode(),
            "META-INF/manifest.xml": manifest,
            "Pictures/a.jpg": photo(10),
            "Object 1/meta.xml": f"<x>{t(11)}</x>",
        },
    )


@pytest.mark.parametrize(
    ("data", "mime", "planted"),
    [(word(), d.DOCX, 25), (sheet(), d.XLSX, 11), (show(), d.PPTX, 5), (odt(), d.ODT, 11)],
)
def test_nothing_planted_is_left(data: bytes, mime: str, planted: int) -> None:
    """All of them are there before, none afterwards; the words that are read are the same."""
    assert len(found(data)) == planted
    (clean,) = strip(io.BytesIO(data), {"type": mime}).files
    assert found(clean) == set()
    before, after = (words(io.BytesIO(each), {"type": mime}).files[0].decode() for each in (data, clean))
    assert before.replace("CANARY009", "").replace("CANARY002\n", "") == after
    assert strip(io.BytesIO(clean), {"type": mime}).files == (clean,)


def test_nothing_points_nowhere() -> None:
    """What named a part that is gone is gone as well, so that no program finds the file damaged."""
    for data, mime in ((word(), d.DOCX), (sheet(), d.XLSX), (show(), d.PPTX), (odt(), d.ODT)):
        (clean,) = strip(io.BytesIO(data), {"type": mime}).files
        with zipfile.ZipFile(io.BytesIO(clean)) as archive:
            lists = [n for n in archive.namelist() if n.endswith(".rels") or n == "META-INF/manifest.xml"]
            said = b"".join(archive.read(name) for name in lists)
            assert b"printerSettings" not in said
            assert b"Versions" not in said
            assert b"attachedTemplate" not in said
            assert not any(b"pageSetup" in archive.read(n) and b"r:id" in archive.read(n) for n in archive.namelist())


def test_photos_stay_upright() -> None:
    """Of a photo in a document everything goes but how it must be turned."""
    (clean,) = strip(io.BytesIO(word()), {"type": d.DOCX}).files
    with zipfile.ZipFile(io.BytesIO(clean)) as archive:
        picture = archive.read("word/media/image2.jpeg")
    from PIL import Image

    assert dict(Image.open(io.BytesIO(picture)).getexif()) == {0x0112: 6}
    assert b.SECRET not in picture


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<w:p><w:r><w:t>a</w:t></w:r></w:p>", None),
        ('<w:p w:rsidR="1" w:rsidRDefault="2"><w:r/></w:p>', "<w:p><w:r/></w:p>"),
        ('<w:ins w:id="1"><w:r/></w:ins>', "<w:r/>"),
        ("<w:del><w:r><w:del/></w:r></w:del><w:r/>", "<w:r/>"),
        ("<w:t>&lt;w:del&gt; and w:rsidR='1'</w:t>", None),
        ("<!-- <w:del> --><w:t>a</w:t>", None),
        ("<w:tc><w:p><w:pPr><w:del/></w:pPr></w:p></w:tc>", "<w:tc><w:p><w:pPr></w:pPr></w:p></w:tc>"),
        ("<w:p></w:p><w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr></w:p><w:p/>", "<w:p></w:p><w:p/>"),
        ("<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc/></w:tr></w:tbl><w:p/>", "<w:p/>"),
        ("<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>a</w:t></w:r>", None),
        ("<w:r><w:rPr><w:vanish/></w:rPr><w:fldChar/></w:r>", None),
        ("<w:del><w:r>never closed", ""),
    ],
)  # fmt: skip
def test_changes_are_accepted(before: str, after: str | None) -> None:
    """Deleted goes, inserted stays, and what only looks like it is left alone."""
    assert clean_word(before.encode()).decode() == (before if after is None else after)


@pytest.mark.parametrize("mime", [o.DOC, o.XLS, o.PPT])
def test_the_older_office(mime: str) -> None:
    """Author, user and what memory left in the sectors are gone; the words stay, and the size."""
    data = {o.DOC: o.word(), o.XLS: o.sheet(), o.PPT: o.slides()}[mime]
    names = (o.SECRET.encode(), o.SECRET.encode("utf-16-le"), b"SLACK")
    assert any(name in data for name in names)
    (clean,) = strip(io.BytesIO(data), {"type": mime}).files
    assert not [name for name in names if name in clean]
    assert len(clean) == len(data)
    assert words(io.BytesIO(clean), {"type": mime}) == words(io.BytesIO(data), {"type": mime})
    assert strip(io.BytesIO(clean), {"type": mime}).files == (clean,)


@pytest.mark.parametrize(
    ("data", "mime", "code"),
    [
        (o.word(deleted="deleted "), o.DOC, "revisions"),
        (o.word(flags=0x0004), o.DOC, "revisions"),
        (o.word(flags=0x0100), o.DOC, "encrypted"),
        (o.word()[:600], o.DOC, "damaged"),
        (compound({"WordDocument": b"\xdc\xa5" + bytes(2000)}), o.DOC, "old-format"),
    ],
)
def test_refused(data: bytes, mime: str, code: str) -> None:
    """What cannot be cleaned for certain is not passed on as clean, and the words tell what to do."""
    with pytest.raises(Unusable) as caught:
        strip(io.BytesIO(data), {"type": mime})
    assert caught.value.code == code
    assert code not in ("revisions", "old-format") or "save it" in caught.value.message.lower()
