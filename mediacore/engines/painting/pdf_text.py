"""Taking the letters under a box out of a PDF page, and only those.

MuPDF removes every letter whose bounding box touches a redaction, and those of neighbouring lines overlap. So the
redactions are thin bands through the middle of exactly the letters that go.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from mediacore.engines.reading.words import Document, load_pymupdf

Box: TypeAlias = tuple[float, float, float, float]

BAND = 0.1  # of the height, on both sides of the middle
CORE = 0.25  # a letter is under a box when the middle half of its height meets it
TOUCH = 0.08  # and when more than this share of its width does
_WRITTEN_FIELDS = frozenset({3, 4, 7})  # combination box, list box and text, as MuPDF numbers them
_SHOWS_TEXT = re.compile(rb"T[jJ]\b")
_REPLACEMENT, _PRIVATE_FIRST, _PRIVATE_LAST = 0xFFFD, 0xE000, 0xF8FF


def letters_under(page: Document, boxes: Sequence[Box]) -> list[tuple[str, Box]]:
    """The letters (without white space) whose middle lies under one of the boxes; the page must not be turned."""
    return [(text, box) for text, box in _letters(page) if text.strip() and any(_is_under(box, b) for b in boxes)]


def letters_beside(page: Document, boxes: Sequence[Box]) -> Counter[str]:
    """How often each letter that lies under none of the boxes is seen on the page."""
    return Counter(text for text, box in _letters(page) if text.strip() and not any(_is_under(box, b) for b in boxes))


def draw_empty_fields(document: Document) -> None:
    """Draw the values of form fields whose stored appearance has no text: viewers do so, baking does not."""
    for page in document:
        for field in page.widgets():
            kind, drawn = document.xref_get_key(field.xref, "AP/N")
            source = document.xref_stream(int(drawn.split()[0])) if kind == "xref" else b""
            if field.field_type in _WRITTEN_FIELDS and field.field_value and not _SHOWS_TEXT.search(source or b""):
                field.update()


def erase_letters(page: Document, boxes: Sequence[Box]) -> bool:
    """Remove the letters under the boxes; False when their encoding is broken, so that the page needs another way."""
    mupdf = load_pymupdf()
    under = [(text, box) for text, box in _letters(page) if any(_is_under(box, b) for b in boxes)]
    if any(_is_broken(text) for text, _ in under):
        return False
    for band in _bands(box for _, box in under):
        page.add_redact_annot(mupdf.Rect(band), fill=False, cross_out=False)
    page.apply_redactions(
        images=mupdf.PDF_REDACT_IMAGE_NONE,
        graphics=mupdf.PDF_REDACT_LINE_ART_NONE,
        text=mupdf.PDF_REDACT_TEXT_REMOVE,
    )
    return True


def _letters(page: Document) -> Iterator[tuple[str, Box]]:
    mupdf = load_pymupdf()
    flags = mupdf.TEXT_PRESERVE_LIGATURES | mupdf.TEXT_PRESERVE_WHITESPACE
    for block in page.get_text("rawdict", flags=flags)["blocks"]:
        for line in block.get("lines", ()):
            upright = abs(line["dir"][0]) < abs(line["dir"][1])
            for span in line["spans"]:
                for letter in span["chars"]:
                    yield letter["c"], _core(letter["bbox"], sideways=upright)


def _core(box: Box, *, sideways: bool) -> Box:
    """The middle half of a letter's height; of its width for a line that runs up or down."""
    x0, y0, x1, y1 = box
    if sideways:
        cut = (x1 - x0) * CORE
        return x0 + cut, y0, x1 - cut, y1
    cut = (y1 - y0) * CORE
    return x0, y0 + cut, x1, y1 - cut


def _is_under(core: Box, box: Box) -> bool:
    width, height = core[2] - core[0], core[3] - core[1]
    wide = min(core[2], box[2]) - max(core[0], box[0])
    high = min(core[3], box[3]) - max(core[1], box[1])
    return wide >= width * TOUCH and high >= height * TOUCH and (wide > 0 or width <= 0) and (high > 0 or height <= 0)


def _bands(cores: Iterator[Box]) -> Iterator[Box]:
    """One thin band for each letter, well inside it, so that no neighbour is touched."""
    for x0, y0, x1, y1 in cores:
        across, along = (x1 - x0) * 0.3, (y1 - y0) * 0.3
        middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
        yield (
            middle_x - max(across, 0.01),
            middle_y - max(along * BAND, 0.01),
            middle_x + max(across, 0.01),
            middle_y + max(along * BAND, 0.01),
        )


def _is_broken(text: str) -> bool:
    code = ord(text[:1] or "\0")
    return code == _REPLACEMENT or _PRIVATE_FIRST <= code <= _PRIVATE_LAST or not (text.isprintable() or text.isspace())
