"""A PDF of pictures of its pages: what is left to do for one that can be shown and not be written again."""

from __future__ import annotations

import io

from mediacore.engines.operation import Unusable
from mediacore.engines.pdf import pages as pdf

SIDE = 1_654
"""Pixels of the longer side of a page: 140 dpi on A4, at which print stays readable."""
QUALITY = 85
MOST_PAGES = 40
"""Pages that are drawn: each takes a fifth of a second and 200 KB."""


def drawn(document: pdf.Document) -> bytes:
    """A new PDF with pictures of all pages, and nothing else of the old one.

    Raises:
        Unusable: ``too-many-pages``, or ``damaged`` when a page cannot be drawn.
    """
    pages = document.page_count
    if pages > MOST_PAGES:
        raise Unusable("too-many-pages", "The PDF is damaged, and has too many pages to be drawn anew.")
    library = pdf.library()
    made = library.open()
    for number in range(pages):
        width, height = pdf.page_size(document, number)
        target = io.BytesIO()
        pdf.draw_page(document, number, SIDE).save(target, "JPEG", quality=QUALITY)
        rect = library.Rect(0, 0, width, height)
        made.new_page(width=width, height=height).insert_image(rect, stream=target.getvalue())
    written: bytes = made.tobytes(garbage=1, deflate=True, no_new_id=True)
    return written
