"""Covering parts of a PDF so that nothing under the boxes, and nothing hidden elsewhere in the file, is left.

The way of one file: notes and form fields become page content; the letters, pixels and lines under the boxes are
taken out; what lies outside the visible page is taken out; the bare pages are carried over into a new document, which
leaves catalog, names, metadata, attachments, scripts and older revisions behind. A page with a hiding place that this
cannot empty (see ``paint_pdf_risks``), or that fails the look at the result, becomes a picture of itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from PIL import Image, ImageDraw

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.pdf_pictures import clean_pictures
from mediacore.engines.painting.pdf_risks import has_hidden_layers, has_unreachable_places
from mediacore.engines.painting.pdf_text import draw_empty_fields, erase_letters, letters_beside, letters_under
from mediacore.engines.reading.words import Document, load_pymupdf, open_pdf

Box: TypeAlias = tuple[float, float, float, float]
Boxes: TypeAlias = Mapping[int, Sequence[Box]]

MAX_PAGES = 500
DPI = 150  # of a page that becomes a picture: text stays readable, a letter page is about 200 KB
CHECK_DPI = 72
MAX_PICTURE = 16_000_000  # pixels of such a page; larger paper gets fewer dots per inch
QUALITY = 90
FURNITURE_ITEMS = 8  # straight pieces of one frame
FURNITURE_SIZE = 2.0  # times the height of the box: longer than the strokes of a plotted letter
PRIVATE_KEYS = (
    "Metadata",
    "PieceInfo",
    "Properties",
    "StructParent",
    "StructParents",
    "LastModified",
    "Alternates",
    "OPI",
)
"""Keys of any object that carry a producer's private data, marked-content texts or another version of a picture."""
FAR = 14_400.0  # points: the largest page a PDF may have (ISO 32000-1, annex C)


def paint_pdf(data: bytes, boxes: Boxes) -> tuple[bytes, list[int]]:
    """A clean copy with black boxes.

    Args:
        data: the PDF.
        boxes: for each page index, boxes in points of the page as shown (turned, origin at the crop box's top left).

    Returns:
        The new PDF, and the pages that became pictures.

    Raises:
        Unusable: ``encrypted``, ``damaged``, ``too-many-pages`` or ``library-missing``.
    """
    with open_pdf(data) as untouched:
        pages = untouched.page_count
        if pages > MAX_PAGES:
            raise Unusable("too-many-pages", f"This PDF has more than {MAX_PAGES} pages.")
        if pages == 0:
            raise Unusable("damaged", "This PDF has no pages.")
        clipped = {n: clip(untouched[n], boxes.get(n, ())) for n in range(pages)}
        risky = {n for n in range(pages) if has_hidden_layers(untouched, n)}
        try:
            return _route(data, untouched, clipped, risky)
        except Unusable:
            with _new_pdf() as made:  # too odd to be taken apart: if it can be shown, pictures of it can be sent
                for number in range(pages):
                    _add_picture(made, untouched, number, clipped[number])
                return _save(made), list(range(pages))


def _route(data: bytes, untouched: Document, boxes: Boxes, risky: set[int]) -> tuple[bytes, list[int]]:
    with open_pdf(data) as work, _new_pdf() as made:
        draw_empty_fields(work)
        work.bake(annots=True, widgets=True)
        for number in range(work.page_count):
            if number not in risky and not _empty(work, untouched, number, boxes[number]):
                risky.add(number)
        for number in range(work.page_count):
            if number in risky:
                _add_picture(made, untouched, number, boxes[number])
            else:
                made.insert_pdf(work, from_page=number, to_page=number, links=False, annots=False, final=0)
        made.subset_fonts()  # the shapes of letters that stood only under a box
        return _save(made), sorted(risky)


def _empty(work: Document, untouched: Document, number: int, boxes: Sequence[Box]) -> bool:
    """Take out what is under the boxes and outside the page; False when the page cannot be trusted afterwards."""
    page = work[number]
    turned, back = page.rotation, page.derotation_matrix
    rect = load_pymupdf().Rect
    plain = [tuple((rect(box) * back).normalize()) for box in boxes]
    page.set_rotation(0)
    if plain:
        lines = _line_rule(page, plain)
        if lines is None or has_unreachable_places(work, number) or not erase_letters(page, plain):
            return False
        _erase_pixels_and_lines(page, plain, lines)
    _erase_outside(page)
    page = work[number]
    if plain and (letters_under(page, plain) or not _is_black(page, plain)):
        return False
    if letters_beside(untouched[number], plain) - letters_beside(page, plain):
        return False  # something that is seen was lost on the way
    page.set_rotation(turned)
    return True


def _line_rule(page: Document, boxes: Sequence[Box]) -> int | None:
    """How MuPDF shall treat drawn lines and areas that reach out of a box; None when no one rule does for the page.

    Frames, rules and backgrounds say nothing and stay; whatever else touches a box may be the outline of a letter.
    """
    mupdf = load_pymupdf()
    reaching = [
        (drawing, box)
        for drawing in page.get_drawings()
        for box in boxes
        if _inked(drawing).intersects(box) and not mupdf.Rect(box).contains(drawing["rect"])
    ]
    plain = [_is_furniture(drawing, box) for drawing, box in reaching]
    if any(plain) and not all(plain):
        return None
    touched, covered = mupdf.PDF_REDACT_LINE_ART_REMOVE_IF_TOUCHED, mupdf.PDF_REDACT_LINE_ART_REMOVE_IF_COVERED
    return int(covered if any(plain) else touched)


def _inked(drawing: Mapping[str, Any]) -> Document:
    """The rectangle that a drawing covers with its stroke; a line alone has no height."""
    half = max(0.5, (drawing.get("width") or 0.0) / 2)
    return drawing["rect"] + (-half, -half, half, half)


def _is_furniture(drawing: Mapping[str, Any], box: Box) -> bool:
    """Whether it is a few straight lines or rectangles, much larger than what is written in the box."""
    longest = max(drawing["rect"].width, drawing["rect"].height)
    simple = len(drawing["items"]) <= FURNITURE_ITEMS and all(item[0] in {"l", "re", "qu"} for item in drawing["items"])
    return simple and longest >= FURNITURE_SIZE * min(box[2] - box[0], box[3] - box[1])


def _erase_pixels_and_lines(page: Document, boxes: Iterable[Box], lines: int) -> None:
    mupdf = load_pymupdf()
    for box in boxes:
        page.add_redact_annot(mupdf.Rect(box), fill=(0, 0, 0), cross_out=False)
    page.apply_redactions(
        images=mupdf.PDF_REDACT_IMAGE_PIXELS,
        graphics=lines,
        text=mupdf.PDF_REDACT_TEXT_NONE,
    )


def _erase_outside(page: Document) -> None:
    """Empty the four margins between the visible page and the end of the world."""
    mupdf = load_pymupdf()
    width, height = page.rect.width, page.rect.height
    margins = (
        (-FAR, -FAR, FAR, 0.0),
        (-FAR, height, FAR, FAR),
        (-FAR, 0.0, 0.0, height),
        (width, 0.0, FAR, height),
    )
    for margin in margins:
        page.add_redact_annot(mupdf.Rect(margin), fill=False, cross_out=False)
    page.apply_redactions(
        images=mupdf.PDF_REDACT_IMAGE_PIXELS,
        graphics=mupdf.PDF_REDACT_LINE_ART_REMOVE_IF_COVERED,
        text=mupdf.PDF_REDACT_TEXT_REMOVE,
    )


def _is_black(page: Document, boxes: Iterable[Box]) -> bool:
    """Whether the boxes are solid black in the rendering; a broken page can move or clip what is drawn on it."""
    pixels = page.get_pixmap(dpi=CHECK_DPI, colorspace="gray", alpha=False)
    picture = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    scale = CHECK_DPI / 72
    for x0, y0, x1, y1 in boxes:
        inner = (int(x0 * scale) + 1, int(y0 * scale) + 1, int(x1 * scale) - 1, int(y1 * scale) - 1)
        if inner[0] < inner[2] and inner[1] < inner[3]:
            _, lightest = picture.crop(inner).getextrema()
            if lightest != 0:
                return False
    return True


def _add_picture(made: Document, untouched: Document, number: int, boxes: Sequence[Box]) -> None:
    """Add the page as a picture of what is seen of it, the boxes drawn into its pixels."""
    page = untouched[number]
    width, height = page.rect.width, page.rect.height
    scale = min(DPI / 72, (MAX_PICTURE / max(width * height, 1.0)) ** 0.5)
    mupdf = load_pymupdf()
    pixels = page.get_pixmap(matrix=mupdf.Matrix(scale, scale), alpha=False, colorspace="rgb")
    picture = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
    draw = ImageDraw.Draw(picture)
    for x0, y0, x1, y1 in boxes:
        draw.rectangle(
            (int(x0 * scale) - 1, int(y0 * scale) - 1, int(x1 * scale) + 1, int(y1 * scale) + 1), fill="black"
        )
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY)
    made.new_page(width=width, height=height).insert_image(mupdf.Rect(0, 0, width, height), stream=out.getvalue())


def clip(page: Document, boxes: Iterable[Box]) -> list[Box]:
    """The boxes inside the page as shown; those that lie outside or have no area are left out."""
    whole = page.rect
    rect = load_pymupdf().Rect
    inside = [(rect(box).normalize() & whole) for box in boxes]
    return [(box.x0, box.y0, box.x1, box.y1) for box in inside if box.width > 0 and box.height > 0]


def _save(made: Document) -> bytes:
    """The document's bytes: unused objects left out, page programs rewritten, no metadata, no identifier."""
    made.set_metadata({})
    made.del_xml_metadata()
    for xref in range(1, made.xref_length()):
        inner = "Resources/" if made.xref_get_key(xref, "Resources")[0] == "dict" else ""
        for key in {*PRIVATE_KEYS, *(inner + key for key in PRIVATE_KEYS)}:
            if made.xref_get_key(xref, key)[0] != "null":
                made.xref_set_key(xref, key, "null")
    clean_pictures(made)
    written: bytes = made.tobytes(garbage=4, clean=True, deflate=True, deflate_fonts=True, no_new_id=True)
    return written


@contextmanager
def _new_pdf() -> Iterator[Document]:
    document = load_pymupdf().open()
    try:
        yield document
    finally:
        document.close()
