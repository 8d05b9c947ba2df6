"""Documents are shown as a page, and told as plain words."""

from __future__ import annotations

import io

import pymupdf
import pytest
from PIL import Image

from mediacore.engines.doc import blocks as doc_blocks
from mediacore.engines.doc import page as doc_page
from mediacore.engines.doc.show import words
from mediacore.engines.operation import Unusable
from mediacore.engines.preview import preview
from tests.engines import doc_builders as b


def shown(data: bytes, mime: str, side: int = 400, page: int = 0) -> Image.Image:
    """The preview."""
    made = preview(io.BytesIO(data), {"type": mime, "side": side, "page": page})
    picture = Image.open(io.BytesIO(made.files[0]))
    assert max(picture.size) == side
    assert not {"exif", "xmp", "comment", "icc_profile"} & set(picture.info)
    return picture.convert("L")


def told(data: bytes, mime: str) -> str:
    """The plain words."""
    made = words(io.BytesIO(data), {"type": mime})
    return made.files[0].decode() if made.files else ""


def ink(picture: Image.Image) -> int:
    """Dark pixels."""
    return sum(picture.histogram()[:128])


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b.docx(), b.DOCX),
        (b.xlsx(), b.XLSX),
        (b.pptx(), b.PPTX),
        (b.odf(b.ODT), b.ODT),
        (b.odf(b.ODS), b.ODS),
        (b.odf(b.ODP), b.ODP),
        (b.RICH, "application/rtf"),
        (b.CARD, "text/vcard"),
        (b.CALENDAR, "text/calendar"),
        (b.MAIL, "message/rfc822"),
        (b"a,b\n1,2\n", "text/csv"),
        (b"# Title\n- item\n", "text/markdown"),
        (b"<html><script>x</script><p>words</p></html>", "text/html"),
        ("Grüße שלום مرحبا 你好".encode(), "text/plain"),
        (b.zipped({"a.txt": "a"}), "application/zip"),
    ],
)
def test_every_sort_is_shown(data: bytes, mime: str) -> None:
    """Every sort of document has a page with something on it."""
    assert ink(shown(data, mime)) > 10


def test_word() -> None:
    """A Word file says what stands in it after all changes, table and scripts included, and shows its picture."""
    text = told(b.docx(), b.DOCX)
    assert text.splitlines()[0] == b.WORD
    assert "Dear team, Grüße, Привет, 你好, שלום, مرحبا" in text
    assert "first cell\tsecond cell" in text
    assert "inserted" in text
    assert "deleted" not in text
    plain = b.docx(parts={"word/media/image1.png": b"none"})
    assert shown(b.docx(), b.DOCX).tobytes() != shown(plain, b.DOCX).tobytes()


def test_nothing_turns_the_words_around() -> None:
    """Marks that reverse or hide what follows are not shown; text from right to left stands at the right."""
    assert "\u202e" not in told(b.docx(), b.DOCX)
    assert doc_blocks.tidy("invoice\u202egnp.exe\x00\u200b") == "invoicegnp.exe"
    left = shown(b"abc", "text/plain").point(lambda value: 255 - value).getbbox()
    right = shown("שלום".encode(), "text/plain").point(lambda value: 255 - value).getbbox()
    assert left is not None
    assert right is not None
    assert left[0] < 30 < 200 < right[0]


def test_sheets_are_pages() -> None:
    """Shared and inline strings, numbers and dates of each visible sheet are read; one too many is said to be so."""
    text = told(b.xlsx(), b.XLSX)
    assert text.splitlines()[:3] == ["Orders", "Gadget\t3.5\tinline 1\t2026-12-01", "Widget\t7\tinline 2\t2026-12-01"]
    assert "Totals" in text
    assert "Hidden" not in text
    assert shown(b.xlsx(), b.XLSX, page=1)
    with pytest.raises(Unusable, match="no sheet 3"):
        shown(b.xlsx(), b.XLSX, page=2)


def test_slides_are_pages() -> None:
    """Each slide is a page, its title first."""
    lines = told(b.pptx(), b.PPTX).splitlines()
    assert lines == ["First slide", "point of First slide", "Second slide", "point of Second slide"]
    assert shown(b.pptx(), b.PPTX).tobytes() != shown(b.pptx(), b.PPTX, page=1).tobytes()
    with pytest.raises(Unusable) as caught:
        shown(b.pptx(), b.PPTX, page=2)
    assert caught.value.code == "no-such-page"


def test_open_document() -> None:
    """Texts, sheets and slides of OpenDocument say what is seen; a million repeated empty rows cost nothing."""
    assert told(b.odf(b.ODT), b.ODT) == f"{b.WORD}\nsome words"
    assert told(b.odf(b.ODS), b.ODS) == "One\nOne words\nTwo\nTwo words"
    assert told(b.odf(b.ODP), b.ODP) == "slide 1\nslide 2\nslide 3"


def test_long_texts_have_more_pages() -> None:
    """A later page of a long text can be asked for; there is an end to it."""
    text = "".join(f"line number {n}\n" for n in range(3_000)).encode()
    assert shown(text, "text/plain").tobytes() != shown(text, "text/plain", page=1).tobytes()
    for page in (1, 49, 50, -1):
        with pytest.raises(Unusable) as caught:
            shown(b"short", "text/plain", page=page)
        assert caught.value.code == "no-such-page"


def test_mail() -> None:
    """A mail says who wrote, about what, what hangs from it, and its text; names that it encodes are decoded."""
    lines = told(b.MAIL, "message/rfc822").splitlines()
    assert lines[:2] == ["Broken parcel", "From\tJürgen <j@example.org>"]
    assert "Attached\tphoto.jpg" in lines
    assert lines[-2:] == ["Hello,", "my parcel is bröken."]
    html = b"From: a\r\nTo: b\r\nSubject: c\r\nContent-Type: text/html; charset=utf-16le-odd\r\n\r\n<p>one<br>two</p>"
    assert told(html, "message/rfc822").splitlines()[-2:] == ["one", "two"]


def test_cards() -> None:
    """Contacts and events are read in all their spellings."""
    lines = told(b.CARD, "text/vcard").splitlines()
    assert lines[:3] == ["Ada Lovelace", "Organisation\tAnalytical, Engines", "Phone\t+44 20 7946 0000"]
    assert lines[3:] == ["Note\ta long note, folded", "Eva Müller"]
    event = told(b.CALENDAR, "text/calendar")
    assert "Begins\t2026-12-03 09:30 (Europe/Berlin)\nEnds\t2026-12-03 10:30 UTC" in event
    assert "alarm" not in event


def test_rich_text() -> None:
    """Rich text says its words without what stands in its tables of fonts and authors."""
    assert told(b.RICH, "application/rtf") == "Hello bold wörld € euro.\none\ttwo\nLast"


def test_tables_of_values() -> None:
    """The mark between values is found out, and quotes are read."""
    assert told(b'a;"b;c"\n1,5;2\n', "text/csv") == "a\tb;c\n1,5\t2"
    assert told(b"a\tb\n1\t2\n", "text/csv") == "a\tb\n1\t2"


def test_pdf_words() -> None:
    """The words of all pages of a PDF are told."""
    document = pymupdf.open()
    for word in ("first", "second"):
        document.new_page().insert_text((50, 50), word)
    assert told(document.tobytes(), "application/pdf") == "first\nsecond"


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"", "text/plain"),
        (b.docx("<w:p/>"), b.DOCX),
        (
            b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Rome\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n",
            "text/calendar",
        ),
    ],
)
def test_nothing_to_show(data: bytes, mime: str) -> None:
    """An empty document has no preview and no words."""
    with pytest.raises(Unusable) as caught:
        shown(data, mime)
    assert caught.value.code == "no-preview"
    assert told(data, mime) == ""


def test_no_words() -> None:
    """A picture says that it has no words."""
    with pytest.raises(Unusable) as caught:
        told(b"x", "image/png")
    assert caught.value.code == "no-text"


def test_markup_is_not_obeyed() -> None:
    """Markup in a document's words is shown as words."""
    evil = '<img src="file:///etc/passwd"/><h1>big</h1>&amp;'
    blocks = [doc_blocks.block(kind, evil) for kind in ("heading", "text", "item", "mono", "row", "note")]
    assert doc_page.draw(blocks, 300)
    assert doc_blocks.plain(blocks, 10_000).splitlines()[0] == evil
