"""Documents, texts, contacts, calendars, mails and archives: a likeness, and their words as plain text."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import BinaryIO, TypeAlias

from attrs import frozen
from PIL import Image

from mediacore.engines import bounds, ole
from mediacore.engines.arguments import text
from mediacore.engines.doc import archive as doc_archive
from mediacore.engines.doc import cards as doc_cards
from mediacore.engines.doc import mail as doc_mail
from mediacore.engines.doc import odf as doc_odf
from mediacore.engines.doc import page as doc_page
from mediacore.engines.doc import quicklook
from mediacore.engines.doc import rtf as doc_rtf
from mediacore.engines.doc import sheet as doc_sheet
from mediacore.engines.doc import slides as doc_slides
from mediacore.engines.doc import text as doc_text
from mediacore.engines.doc import word as doc_word
from mediacore.engines.doc.blocks import NOTE, PICTURE, Block, plain
from mediacore.engines.doc.old import outlook, sheet, slides, word
from mediacore.engines.doc.package import opened
from mediacore.engines.operation import Made, Unusable
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.signatures import MACRO_OFFICE, OFFICE
from mediacore.kinds import Kind, kind_of
from mediacore.values import Json

WORDS_BYTES = 65_536
"""Bytes of the plain words of a file."""
EXCERPT = 280
"""Characters of the first words of a file."""
EXCERPT_BLOCKS = 1_000
"""Paragraphs and rows in which they are looked for."""
Reader: TypeAlias = Callable[[BinaryIO, int], Iterator[Block]]
_ODF = "application/vnd.oasis.opendocument."


@frozen
class Sort:
    """How a sort of document is read.

    Args:
        reader: its blocks; the page counts only where the document has pages of its own.
        size: points of a page.
        paged: sheets, slides or entries are pages; else the words flow over as many as they need.
        whole: all pages at once, where asking for one by one would read the file again and again.
    """

    reader: Reader
    size: tuple[int, int] = doc_page.PORTRAIT
    paged: bool = False
    whole: Callable[[BinaryIO], Iterator[Block]] | None = None


def _flowing(reader: Callable[[BinaryIO], Iterator[Block]]) -> Sort:
    return Sort(lambda file, _page: reader(file))


def _locked(file: BinaryIO) -> Iterator[Block]:
    """An OLE file that nobody knows: one that a password keeps shut says so."""
    if "EncryptedPackage" in ole.opened(file).root:
        raise Unusable("encrypted", "The document is locked with a password.")
    raise Unusable("no-preview", "It is not known what kind of document this is.")


_WORD = _flowing(lambda file: doc_word.blocks(opened(file)))
_SHEET = Sort(lambda file, page: doc_sheet.blocks(opened(file), page), doc_page.LANDSCAPE, paged=True)
_SLIDES = Sort(lambda file, page: doc_slides.blocks(opened(file), page), doc_page.SLIDE, paged=True)
_ODF_TEXT = _flowing(lambda file: doc_odf.text_blocks(opened(file)))
_ODF_SHEET = Sort(lambda file, page: doc_odf.unit_blocks(opened(file), page, "table"), doc_page.LANDSCAPE, paged=True)
_ODF_SLIDES = Sort(lambda file, page: doc_odf.unit_blocks(opened(file), page, "page"), doc_page.SLIDE, paged=True)
SORTS: Mapping[str, Sort] = {
    **dict.fromkeys((OFFICE["word/"], MACRO_OFFICE["word/"]), _WORD),
    **dict.fromkeys((OFFICE["xl/"], MACRO_OFFICE["xl/"]), _SHEET),
    **dict.fromkeys((OFFICE["ppt/"], MACRO_OFFICE["ppt/"]), _SLIDES),
    **dict.fromkeys((f"{_ODF}text", f"{_ODF}text-template"), _ODF_TEXT),
    **dict.fromkeys((f"{_ODF}spreadsheet", f"{_ODF}spreadsheet-template"), _ODF_SHEET),
    **dict.fromkeys((f"{_ODF}presentation", f"{_ODF}presentation-template"), _ODF_SLIDES),
    **dict.fromkeys(("application/rtf", "text/rtf"), _flowing(doc_rtf.blocks)),
    **dict.fromkeys(("text/plain", "application/json"), _flowing(doc_text.text_blocks)),
    **dict.fromkeys(
        ("text/csv", "text/tab-separated-values"),
        Sort(lambda file, _page: doc_text.csv_blocks(file), doc_page.LANDSCAPE),
    ),
    "text/markdown": _flowing(doc_text.markdown_blocks),
    "text/html": _flowing(doc_text.page_blocks),
    "text/vcard": Sort(doc_cards.contact_blocks, (360, 257), paged=True, whole=doc_cards.every_contact),
    "text/calendar": Sort(doc_cards.event_blocks, (360, 257), paged=True, whole=doc_cards.every_event),
    **dict.fromkeys(("message/rfc822", "application/mbox"), _flowing(doc_mail.blocks)),
    "application/vnd.ms-outlook": _flowing(lambda file: outlook.blocks(ole.opened(file))),
    "application/msword": _flowing(lambda file: word.blocks(ole.opened(file))),
    "application/vnd.ms-excel": Sort(
        lambda file, page: sheet.blocks(ole.opened(file), page), doc_page.LANDSCAPE, paged=True
    ),
    "application/vnd.ms-powerpoint": Sort(
        lambda file, page: slides.blocks(ole.opened(file), page), doc_page.SLIDE, paged=True
    ),
    "application/zip": _flowing(doc_archive.blocks),
    "application/x-ole-storage": _flowing(_locked),
}
"""Types that are shown by their words; ``sort_of`` knows more."""


def sort_of(mime: str) -> Sort | None:
    """How a type is read; a text of any kind at least line by line, None for what has no words."""
    return SORTS.get(mime) or (SORTS["text/plain"] if mime.startswith("text/") else None)


def warm() -> None:
    """Draw a page and decode a picture, since a locked process can import nothing more."""
    doc_page.warm()
    doc_mail.readable("=?utf-8?q?a?=")
    list(doc_text.csv_blocks(io.BytesIO(b"a,b\n")))


def likeness(file: BinaryIO, mime: str, side: int, page: int) -> Image.Image | None:
    """One page of a document; None for a type that is not shown by its words.

    Raises:
        Unusable: ``no-preview`` for an empty one, ``no-such-page``, ``damaged``, ``encrypted``, ``bomb``.
    """
    if mime in quicklook.TYPES:
        return quicklook.likeness(file, side, page)
    sort = sort_of(mime)
    if sort is None:
        return None
    return doc_page.draw(sort.reader(file, page), side, 0 if sort.paged else page, sort.size)


def words(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """The plain words of a document, up to 64 KiB of them.

    Args:
        file: the untrusted file.
        params: ``type`` its sniffed MIME type.

    Returns:
        One file of UTF-8 text, or none where the file has no words.

    Raises:
        Unusable: ``no-text`` for a type that has no words, and as ``likeness``.
    """
    mime = text(params, "type")
    if mime == "application/pdf":
        found = plain(_pdf_blocks(file), WORDS_BYTES)
    elif (sort := sort_of(mime)) is not None:
        found = plain(_every_page(file, sort), WORDS_BYTES)
    else:
        raise Unusable("no-text", f"Files of the type {mime} have no words of their own.")
    return Made({"chars": len(found)}, (found.encode("utf-8", "replace"),) if found else ())


def excerpt(file: BinaryIO, mime: str) -> str:
    """The first words of a document, in one line; empty where it has none or they cannot be read.

    The words of an archive are our own, so it has none.
    """
    sort = sort_of(mime)
    if sort is None or kind_of(mime) is Kind.ARCHIVE:
        return ""
    found: list[str] = []
    room = EXCERPT
    try:
        for each in islice(_every_page(file, sort), EXCERPT_BLOCKS):
            if each.kind not in (PICTURE, NOTE) and (line := " ".join(" ".join(each.cells).split())):
                found.append(line[:EXCERPT])
                room -= len(found[-1]) + 1
            if room <= 0:
                break
    except Unusable:
        pass  # what was read before the damage is an excerpt too
    return " ".join(found)[:EXCERPT].rstrip()


def _every_page(file: BinaryIO, sort: Sort) -> Iterator[Block]:
    if sort.whole is not None:
        yield from sort.whole(file)
        return
    for page in range(doc_page.PAGES if sort.paged else 1):
        try:
            yield from sort.reader(file, page)
        except Unusable as error:
            if error.code == "no-such-page":
                return
            raise


def _pdf_blocks(file: BinaryIO) -> Iterator[Block]:
    document = pdf.open_pdf(file)
    for number in range(min(document.page_count, bounds.PDF_PAGES)):
        try:
            page = document.load_page(number).get_text("text", sort=True)
        except (RuntimeError, ValueError):
            continue
        for line in page.splitlines():
            yield Block("text", (" ".join(line.split()),))
