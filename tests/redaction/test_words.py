"""The words of text layers and plain texts, and where they stand."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from mediacore.engines.operation import Unusable
from mediacore.engines.reading.words import FACTS_BYTES, words
from mediacore.testkit.builders import pdf_file
from tests.redaction.orders import words_from

pymupdf: Any = pytest.importorskip("pymupdf")

PDF = "application/pdf"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_words_stand_where_they_are_seen(turn: int) -> None:
    """Boxes are those of the page as shown, cropped and turned: the ink is inside them."""
    document = pymupdf.open()
    page = document.new_page(width=300, height=400)
    page.insert_text((60, 90), "MMMM")
    page.insert_text((2, 10), "outside")
    page.set_cropbox(pymupdf.Rect(30, 50, 280, 390))
    page.set_rotation(turn)
    (word,) = words_from(words(io.BytesIO(document.tobytes()), {"type": PDF}).facts)
    assert word.text == "MMMM"
    pixels = page.get_pixmap(colorspace="gray")
    seen = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    box: Any = tuple(round(value) for value in word.box)
    assert min(seen.crop(box).tobytes()) < 100
    seen.paste(255, box)
    assert seen.getextrema() == (255, 255)


def test_one_page_or_all() -> None:
    """Without a page all are read, with one only that; a page that is not there is an error."""
    document = pymupdf.open()
    for number in range(3):
        document.new_page().insert_text((50, 50), f"page{number}")
    data = document.tobytes()
    every: Any = words(io.BytesIO(data), {"type": PDF}).facts
    assert [(row[0], row[5]) for row in every["words"]] == [("page0", 0), ("page1", 1), ("page2", 2)]
    one: Any = words(io.BytesIO(data), {"type": PDF, "page": 1}).facts
    assert ([row[0] for row in one["words"]], one["pages"], one["read"]) == (["page1"], 3, 1)
    with pytest.raises(Unusable):
        words(io.BytesIO(data), {"type": PDF, "page": 3})


def test_a_lost_page_tree() -> None:
    """What is shown of a broken PDF is looked through as well."""
    content = b"BT /F 20 Tf 20 40 Td (4111) Tj ET"
    font = b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 9 0 R>>",
        b"<</Type/Page/MediaBox[0 0 200 100]/Contents 3 0 R%s>>" % font,
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
    ]
    (word,) = words_from(words(io.BytesIO(pdf_file(objects)), {"type": PDF}).facts)
    assert word.text == "4111"


def test_many_words_go_into_a_file() -> None:
    """What does not fit into the facts is in the first file."""
    text = "word " * (FACTS_BYTES // 20)
    made = words(io.BytesIO(text.encode()), {"type": "text/plain"})
    assert made.facts == {"pages": 1, "read": 1, "in_file": True}
    assert len(words_from(made.facts, made.files)) == FACTS_BYTES // 20


def test_plain_text() -> None:
    """The boxes of a plain text count columns and lines, whatever its encoding."""
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        made = words(io.BytesIO("für\n  zwei drei".encode(encoding)), {"type": "text/csv"})
        assert made.facts["words"] == [
            ["für", 0, 0, 3, 1, 0, 0],
            ["zwei", 2, 1, 6, 2, 0, 1],
            ["drei", 7, 1, 11, 2, 0, 1],
        ]


def test_other_types_have_none() -> None:
    """An image has no words of its own, and is said not to have been read."""
    assert words(io.BytesIO(b"x"), {"type": "image/png"}).facts == {"words": [], "pages": 1, "read": 0}


def test_form_values_are_words() -> None:
    """What stands in a form field can be found like any other word."""
    document = pymupdf.open()
    page = document.new_page()
    field = pymupdf.Widget()
    field.field_name, field.field_type, field.field_value = "n", pymupdf.PDF_WIDGET_TYPE_TEXT, "4111"
    field.rect = pymupdf.Rect(50, 50, 150, 70)
    page.add_widget(field)
    (word,) = words_from(words(io.BytesIO(document.tobytes()), {"type": PDF}).facts)
    assert word.text == "4111"
