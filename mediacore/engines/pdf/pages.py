"""Opening PDF files as PDF and nothing else, and drawing their pages.

``pymupdf.open(stream, filetype="pdf")`` still looks at the content and opens an SVG or HTML body as such, and an SVG
of nested ``<use>`` hangs in there; so the document is opened by MuPDF's own PDF reader.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, BinaryIO, TypeAlias

from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable
from mediacore.engines.pdf import rescue

Document: TypeAlias = Any
"""A ``pymupdf.Document``, whose package has no type information."""
Page: TypeAlias = Any

_LEFT_OUT = "exceeds system limits"
"""What OpenJPEG says of a picture that it has no memory for; MuPDF would go on and leave its place empty."""


def warm() -> None:
    """Import MuPDF and draw one page, since a locked process can import nothing more."""
    pymupdf = library()
    document = pymupdf.open()
    document.new_page(width=20, height=20).insert_text((2, 12), "a")
    draw_page(document, 0, 20)
    document.tobytes(garbage=4, deflate=True)
    document.close()


def library() -> ModuleType:
    """PyMuPDF, quiet.

    Raises:
        Unusable: ``library-missing``.
    """
    try:
        import pymupdf
    except ImportError:
        raise Unusable("library-missing", "PDF files need the package pymupdf (extra: pdf).") from None
    module: Any = pymupdf
    module.TOOLS.mupdf_display_errors(False)
    module.TOOLS.mupdf_display_warnings(False)
    loaded: ModuleType = module
    return loaded


def open_pdf(file: BinaryIO, *, locked: bool = False) -> Document:
    """A ``pymupdf.Document`` that is a PDF for certain.

    Args:
        file: the untrusted file.
        locked: accept one that needs a password; its pages cannot be read.

    Raises:
        Unusable: ``too-large``, ``damaged``, ``encrypted``, ``too-many-pages``, ``library-missing``.
    """
    file.seek(0)
    data = file.read(bounds.PDF_BYTES + 1)
    if len(data) > bounds.PDF_BYTES:
        raise Unusable("too-large", "The PDF is too large to be opened safely.")
    return reopened(data, locked=locked)


def reopened(data: bytes, *, locked: bool = False) -> Document:
    """The same for bytes in memory.

    Raises:
        Unusable: as ``open_pdf``.
    """
    pymupdf = library()
    mupdf = pymupdf.mupdf
    document = pymupdf.open()
    try:
        stream = mupdf.fz_open_memory(mupdf.python_buffer_data(data), len(data))
        document.stream = data  # MuPDF reads from this memory as long as the document lives
        document.this = mupdf.pdf_open_document_with_stream(stream).super()
        if document.needs_pass:
            if locked:
                document.is_encrypted = True
                return document
            raise Unusable("encrypted", "The PDF is locked with a password.")
        document.init_doc()
        pages = rescue.count_pages(document)
    except (RuntimeError, ValueError, mupdf.FzErrorBase) as error:
        if "encryption" in str(error):
            raise Unusable("encrypted", "The PDF is locked with a key or in a way that is not known here.") from error
        raise Unusable("damaged", "The PDF is damaged and cannot be opened.") from error
    if not 0 < pages <= bounds.PDF_PAGES:
        code, words = ("too-many-pages", "too many pages") if pages else ("damaged", "no pages")
        raise Unusable(code, f"The PDF has {words}.")
    return document


def page_size(document: Document, page: int) -> tuple[float, float]:
    """Width and height of a page in points, as shown.

    Raises:
        Unusable: ``no-such-page`` or ``damaged``.
    """
    try:
        rect = _page(document, page).rect
    except (RuntimeError, ValueError, library().mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "This page of the PDF cannot be read.") from error
    return float(rect.width), float(rect.height)


def draw_page(document: Document, page: int, side: int) -> Image.Image:
    """Draw one page on white at its final size.

    Args:
        document: from ``open_pdf``.
        page: the index from 0.
        side: pixels of the longer side.

    Raises:
        Unusable: ``no-such-page``, ``damaged`` or ``too-much-memory``.
    """
    pymupdf = library()
    loaded = _page(document, page)
    longer = max(loaded.rect.width, loaded.rect.height)
    scale = min(side, bounds.PAGE_SIDE) / max(longer, 1.0)
    try:
        pymupdf.TOOLS.reset_mupdf_warnings()
        pixmap = loaded.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False)
    except pymupdf.mupdf.FzErrorSystem as error:  # no memory was left
        raise _too_much() from error
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "This page of the PDF cannot be drawn.") from error
    if _LEFT_OUT in pymupdf.TOOLS.mupdf_warnings():
        raise _too_much()
    return Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples)


def _too_much() -> Unusable:
    return Unusable("too-much-memory", "Drawing this page would take too much memory; it may be made to do harm.")


def _page(document: Document, page: int) -> Page:
    if not 0 <= page < document.page_count:
        raise Unusable("no-such-page", f"The PDF has no page {page + 1}.")
    try:
        return document.load_page(page)
    except (RuntimeError, ValueError, library().mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "This page of the PDF cannot be read.") from error
