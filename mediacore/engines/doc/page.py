"""Drawing blocks as a page: they become HTML that we write, and MuPDF's own HTML reader lays it out.

MuPDF's fonts know nearly every script and set right-to-left text right. It never sees a byte of the document itself:
its readers for office files lose tables and inline strings, and unfold whatever they are given. The reader is named,
not guessed, since guessing follows the content.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator
from typing import Any

from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.doc.blocks import HEADING, ITEM, MONO, NOTE, PICTURE, ROW, TEXT, Block, block, rightward
from mediacore.engines.operation import Unusable
from mediacore.engines.pdf import pages as pdf

PORTRAIT, LANDSCAPE, SLIDE = (450, 636), (636, 450), (480, 360)
"""Points of a page: smaller than paper, so that words can still be read in a small likeness."""
PAGES = 50
"""Pages of a flowing document that can be asked for."""
PAGE_CHARS, PAGE_BLOCKS = 8_000, 150
"""The most that one page can hold."""
_TAGS = {HEADING: "h1", TEXT: "p", ITEM: "li", MONO: "pre", NOTE: "h6"}
_STYLE = """
@page { margin: 28px }
body { font-family: sans-serif; font-size: 11pt }
h1 { font-size: 16pt; margin: 8px 0 8px 0 }
h6 { font-size: 9pt; color: #888; font-weight: normal; margin: 4px 0 8px 0 }
p, li { margin: 0 0 7px 0 }
pre { font-size: 9pt; margin: 0; white-space: pre-wrap }
table { border-collapse: collapse; margin: 4px 0 8px 0 }
td { border: 1px solid #ccc; padding: 2px 5px; font-size: 10pt; vertical-align: top }
img { margin: 4px 0 8px 0 }
"""


def warm() -> None:
    """Draw a page in several scripts, so that the fonts are loaded."""
    rows = (block(ROW, "a", "b"), block(TEXT, "a \u05d0 \u0627 \u4e00 \u0e01 \u0905 \U0001f600"), block(MONO, "a"))
    draw(rows, 32)


def draw(blocks: Iterable[Block], side: int, page: int = 0, size: tuple[int, int] = PORTRAIT) -> Image.Image:
    """One page of blocks, on white.

    Args:
        blocks: what it says; no more are taken than the page needs.
        side: pixels of the longer side.
        page: the index from 0.
        size: points of the page.

    Raises:
        Unusable: ``no-preview`` when there is nothing to show, ``no-such-page``, ``library-missing``.
    """
    if not 0 <= page < PAGES:
        raise Unusable("no-such-page", "This page is too far into the document to be shown.")
    body = "".join(_markup(_enough(blocks, page + 1)))
    if not body:
        raise Unusable("no-preview", "There is nothing in this file that could be shown.")
    whole = f"<html><head><style>{_STYLE}</style></head><body>{body}</body></html>"
    document = _laid_out(whole.encode("utf-8", "replace"), size)
    return pdf.draw_page(document, page, min(side, bounds.PAGE_SIDE))


def _laid_out(markup: bytes, size: tuple[int, int]) -> pdf.Document:
    pymupdf = pdf.library()
    mupdf: Any = pymupdf.mupdf
    stream = mupdf.fz_open_buffer(mupdf.fz_new_buffer_from_copied_data(markup))
    reader = mupdf.ll_fz_recognize_document("text/html")
    document = pymupdf.open()
    try:
        opened = mupdf.ll_fz_document_handler_open(reader, stream.m_internal, None, None, None)
        document.this = mupdf.FzDocument(opened)
        document.init_doc()
        mupdf.fz_layout_document(document.this, *size, 11)
    except (RuntimeError, ValueError, mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "This document cannot be drawn.") from error
    return document


def _enough(blocks: Iterable[Block], pages: int) -> Iterator[Block]:
    chars, count = PAGE_CHARS * pages, PAGE_BLOCKS * pages
    for each in blocks:
        yield each
        count -= 1
        chars -= sum(map(len, each.cells)) + 2_000 * bool(each.picture)
        if count <= 0 or chars <= 0:
            return


def _markup(blocks: Iterable[Block]) -> Iterator[str]:
    table = False
    for each in blocks:
        if table and each.kind != ROW:
            yield "</table>"
        if each.kind == ROW:
            yield "" if table else "<table>"
            yield f"<tr>{''.join(f'<td{_way(cell)}>{html.escape(cell)}</td>' for cell in each.cells)}</tr>"
        elif each.kind == PICTURE:
            yield f'<p><img src="data:image/jpeg;base64,{base64.b64encode(each.picture).decode()}"/></p>'
        else:
            tag, words = _TAGS[each.kind], " ".join(each.cells)
            yield f"<{tag}{_way(words)}>{html.escape(words) or '&#160;'}</{tag}>"
        table = each.kind == ROW
    if table:
        yield "</table>"


def _way(words: str) -> str:
    return ' dir="rtl"' if rightward(words) else ""
