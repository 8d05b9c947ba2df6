"""A PDF without what stands beside its pages: metadata, scripts, embedded files, former revisions."""

from __future__ import annotations

import re
from typing import BinaryIO

from mediacore.engines import bounds
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.pdf.drawn import drawn
from mediacore.engines.picture.chunks import clean_jpeg

_SUSPECT = re.compile(r"/(?:JavaScript|Launch|ImportData|SubmitForm|AA|Metadata|PieceInfo|LastModified)\b")
_NOTE = re.compile(r"/(?:OCG|Annot|Rect)\b")
_BY_WHOM = ("T", "M", "NM", "Subj", "CreationDate")
"""Of a note: its author, when it was changed, its name and subject, and when it was made; a form's field is called by
its ``T`` and does not work without."""
_PHOTO = re.compile(r"/Filter\s*(?:/DCTDecode|\[\s*/DCTDecode\s*\])")
_ACTIONS = ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm")
_BESIDE = ("AA", "Metadata", "PieceInfo", "LastModified")
"""Keys of any object that only serve other programs (ISO 32000-1: 12.6.3, 14.3.2, 14.5)."""
_SWEPT, _MERGED, _MANY = 1, 4, 1_500
"""MuPDF's words for dropping what nothing refers to, and for merging equal streams too, for which each object is
compared with every other: with four thousand of them that took longer than all the rest."""
_CATALOG = ("OpenAction", "Info", "Collection", "PageMode", *_BESIDE)


def clean_pdf(document: pdf.Document, file: BinaryIO) -> bytes:
    """The document written anew; whatever nothing refers to any more is dropped with its bytes.

    One that is too damaged for that becomes a PDF of pictures of its pages.

    Args:
        document: the opened file; it is used up.
        file: the same file, to be opened once more.

    Raises:
        Unusable: it can be neither written nor drawn.
    """
    broken = (RuntimeError, ValueError, pdf.library().mupdf.FzErrorBase)
    try:
        try:
            return _cleaned(document)
        except broken:
            # objects that are named and not there stop the cleaning; once written anew none is
            return _cleaned(pdf.reopened(document.tobytes(garbage=_SWEPT)))
    except broken:
        return drawn(pdf.open_pdf(file))


def _cleaned(document: pdf.Document) -> bytes:
    document.scrub(
        clean_pages=False,
        hidden_text=False,
        redactions=False,
        remove_links=False,
        reset_fields=False,
        reset_responses=False,
    )
    _clean_catalog(document)
    for xref in range(1, min(document.xref_length(), bounds.PDF_OBJECTS)):
        _clean_object(document, xref)
    for key in ("Info", "ID"):
        document.xref_set_key(-1, key, "null")
    merged = _MERGED if document.xref_length() < _MANY else _SWEPT
    cleaned: bytes = document.tobytes(garbage=merged, deflate=True, no_new_id=True)
    return cleaned


def _clean_catalog(document: pdf.Document) -> None:
    catalog = document.pdf_catalog()
    for key in _CATALOG:
        _forget(document, catalog, key)
    # of the name trees only the targets of links are kept; scripts and files are in the others
    kind, targets = document.xref_get_key(catalog, "Names/Dests")
    document.xref_set_key(catalog, "Names", f"<</Dests {targets}>>" if kind in ("xref", "dict") else "null")


def _clean_object(document: pdf.Document, xref: int) -> None:
    try:
        source = document.xref_object(xref, compressed=True)
    except (RuntimeError, ValueError):
        return
    if _PHOTO.search(source):
        _clean_photo(document, xref)
    if _NOTE.search(source):
        _clean_note(document, xref)
    if not _SUSPECT.search(source):
        return
    if document.xref_get_key(xref, "S")[1] in _ACTIONS:
        document.update_object(xref, "<<>>")
        return
    for key in _BESIDE:
        _forget(document, xref, key)
    for key in ("A", "PA"):
        if document.xref_get_key(xref, f"{key}/S")[1] in _ACTIONS:
            _forget(document, xref, key)


def _clean_note(document: pdf.Document, xref: int) -> None:
    """Take out who wrote a note and what a layer is called; what is written stays (ISO 32000-1, 12.5 and 8.11)."""
    if document.xref_get_key(xref, "Type")[1] == "/OCG":
        document.xref_set_key(xref, "Name", "(Layer)")
        _forget(document, xref, "Usage")
    elif document.xref_get_key(xref, "Subtype")[1] != "/Widget" and document.xref_get_key(xref, "Rect")[0] != "null":
        for key in _BY_WHOM:
            _forget(document, xref, key)


def _clean_photo(document: pdf.Document, xref: int) -> None:
    """A JPEG brings its place and its camera along into a PDF."""
    raw = document.xref_stream_raw(xref)
    clean = clean_jpeg(raw) if raw and raw[:2] == b"\xff\xd8" else None
    if clean is None or len(clean) >= len(raw):
        return
    mupdf = pdf.library().mupdf
    file = mupdf.pdf_document_from_fz_document(document.this)
    held = mupdf.fz_new_buffer_from_copied_data(clean)
    mupdf.pdf_update_stream(file, mupdf.pdf_new_indirect(file, xref, 0), held, 1)


def _forget(document: pdf.Document, xref: int, key: str) -> None:
    if document.xref_get_key(xref, key)[0] != "null":
        document.xref_set_key(xref, key, "null")
