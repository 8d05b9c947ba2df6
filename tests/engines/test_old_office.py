"""Files of the older Office and Outlook's messages say what they say, and what they hide is told."""

from __future__ import annotations

import io
from typing import Any

import pytest

from mediacore.engines.doc.show import words
from mediacore.engines.operation import Unusable
from mediacore.engines.preview import preview
from mediacore.engines.probe import probe
from mediacore.engines.sniff import sniff
from tests.engines import old_builders as o
from tests.engines.doc_builders import zipped
from tests.engines.ole_builders import compound

FILES = {o.DOC: o.word(), o.XLS: o.sheet(), o.PPT: o.slides(), o.MSG: o.message()}


def said(data: bytes, mime: str) -> list[str]:
    """Its words, line by line."""
    return [line for file in words(io.BytesIO(data), {"type": mime}).files for line in file.decode().split("\n")]


def facts(data: bytes, mime: str) -> Any:
    """Its facts."""
    return probe(io.BytesIO(data), {"type": mime}).facts


@pytest.mark.parametrize("mime", FILES)
def test_every_one_is_told_and_shown(mime: str) -> None:
    """Each is known by its content, has nothing wrong with it, and a likeness."""
    file = io.BytesIO(FILES[mime])
    assert sniff(file, {"name": "", "declared": ""}).facts == {"type": mime, "findings": []}
    made = preview(file, {"type": mime, "side": 300})
    assert max(int(made.facts["width"]), int(made.facts["height"])) == 300  # type: ignore[arg-type]


def test_word() -> None:
    """Paragraphs and tables in order, in any script."""
    assert said(o.word(), o.DOC) == ["Complaint", "Dear team, Grüße שלום", "first\tsecond", "a deleted word"]


def test_deleted_words_are_not_shown() -> None:
    """What was deleted while changes were tracked is no longer said, and that there is such a thing is a fact."""
    data = o.word(deleted="deleted ")
    assert said(data, o.DOC)[-1] == "a word"
    assert "revisions" in facts(data, o.DOC)["metadata"]
    assert "revisions" not in facts(o.word(), o.DOC)["metadata"]


def test_fields_show_their_result() -> None:
    """Of a field its result is read; one that starts a program is active."""
    link = 'see \x13 HYPERLINK "http://a" \x14this page\x15.\r'
    assert said(o.word(link), o.DOC) == ["see this page."]
    assert not facts(o.word(link), o.DOC)["active"]
    assert facts(o.word('\x13 DDEAUTO c:\\\\cmd.exe "/k"\x14x\x15\r'), o.DOC)["active"]


def test_sheet() -> None:
    """Texts, numbers, dates, results of formulas; hidden sheets are no pages but a fact."""
    assert said(o.sheet(), o.XLS)[:5] == [
        "Orders",
        "Widget\tGrüße שלום",
        "3.5\t2026-12-01",
        "7\t2.5",
        "from a formula\tTRUE",
    ]
    known = facts(o.sheet(), o.XLS)
    assert (known["pages"], known["metadata"]) == (2, ["author", "hidden"])


@pytest.mark.parametrize("cut", range(8, 50))
def test_strings_over_a_border(cut: int) -> None:
    """A shared string may break off at any letter and go on in the next record."""
    assert said(o.sheet(cut=cut), o.XLS)[1] == "Widget\tGrüße שלום"


def test_slides() -> None:
    """Titles of the outline first, then what stands on the slide itself."""
    assert said(o.slides(), o.PPT) == ["First slide", "words on slide 1", "Grüße שלום", "words on slide 2"]
    assert facts(o.slides(), o.PPT)["pages"] == 2


def test_message() -> None:
    """Who, to whom, when, about what, and what is attached."""
    assert said(o.message(), o.MSG) == [
        "Complaint about order 4711",
        "From\tAda <ada@example.org>",
        "To\tdesk@example.org",
        "Date\t2025-11-21 12:00 UTC",
        "Attached\tphoto.jpg",
        "Dear team,",
        "Grüße שלום",
    ]
    assert facts(o.message(attached="photo.jpg.exe"), o.MSG)["active"]
    assert facts(o.message(), o.MSG)["metadata"] == ["attachments"]


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (o.word(flags=0x0100), o.DOC),
        (o.sheet(more=b"\x2f\x00\x04\x00\x01\x00\x01\x00"), o.XLS),
        (o.slides(token=0xF3D1C4DF), o.PPT),
        (compound({"EncryptedPackage": b"x"}), "application/x-ole-storage"),
    ],
)
def test_locked(data: bytes, mime: str) -> None:
    """A password is a fact, and a reason that it is not shown."""
    assert facts(data, mime)["encrypted"]
    with pytest.raises(Unusable) as caught:
        preview(io.BytesIO(data), {"type": mime})
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (o.word(parts={"Macros/VBA/dir": b"x"}), o.DOC),
        (o.word(parts={"ObjectPool/_1/\x01Ole10Native": b"x"}), o.DOC),
        (o.sheet(parts={"_VBA_PROJECT_CUR/VBA/dir": b"x"}), o.XLS),
        (o.sheet(more=b"\xae\x01\x06\x00\x01\x00\x05\x00\x00x"), o.XLS),
    ],
)
def test_active(data: bytes, mime: str) -> None:
    """Macros, packed programs and links to other workbooks are found."""
    assert facts(data, mime)["active"]


@pytest.mark.parametrize("mime", [o.DOC, o.XLS, o.PPT])
def test_author(mime: str) -> None:
    """That an author is named is told."""
    assert "author" in facts(FILES[mime], mime)["metadata"]


def test_a_chain_that_bites_its_tail() -> None:
    """Sectors that follow one another for ever are read once."""
    data = bytearray(compound({"Workbook": b"\x09\x08\x10\x00\x00\x06" + bytes(9000)}))
    table = data.index(b"\xfd\xff\xff\xff")
    for at in range(table + 4, table + 60, 4):
        data[at : at + 4] = b"\x02\x00\x00\x00"
    with pytest.raises(Unusable):
        preview(io.BytesIO(bytes(data)), {"type": o.XLS})


@pytest.mark.parametrize("name", ["preview.jpg", "QuickLook/Thumbnail.jpg"])
def test_pages_by_the_likeness_they_keep(name: str) -> None:
    """A Pages document is shown by the picture of itself that it holds."""
    from tests.engines import builders as b

    data = zipped({"Index/Document.iwa": b"x", name: b.saved(b.photo(400, 300), "JPEG")})
    made = preview(io.BytesIO(data), {"type": "application/vnd.apple.pages", "side": 200})
    assert (made.facts["width"], made.facts["height"]) == (200, 150)
    with pytest.raises(Unusable, match="keeps no likeness"):
        preview(io.BytesIO(zipped({"Index/Document.iwa": b"x"})), {"type": "application/vnd.apple.pages"})


def test_values_that_start_programs() -> None:
    """A table of values with a formula that calls a program is active; sums and phone numbers are not."""
    assert facts(b"name,value\nx,=cmd|' /C calc'!A0\n", "text/csv")["active"]
    assert facts(b"\"@SUM(1+1)*cmd|' /C calc'!A0\"\n", "text/csv")["active"] is False
    assert not facts(b"a;=SUM(A1:A3)\n+49 30 1234;-5\n", "text/csv")["active"]
