"""A PDF without what stands beside its pages: metadata, scripts, embedded files, former revisions."""

from __future__ import annotations

import re

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable
from mediacore.engines.pdf import pages as pdf

_SUSPECT = re.compile(r"/(?:JavaScript|Launch|ImportData|SubmitForm|AA|Metadata|PieceInfo|LastModified)\b")
_ACTIONS = ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm")
_BESIDE = ("AA", "Metadata", "PieceInfo", "LastModified")
"""Keys of any object that only serve other programs (ISO 32000-1: 12.6.3, 14.3.2, 14.5)."""
_CATALOG = ("OpenAction", "Info", "Collection", "PageMode", *_BESIDE)


def clean_pdf(document: pdf.Document) -> bytes:
    """The document written anew; whatever nothing refers to any more is dropped with its bytes.

    Raises:
        Unusable: it cannot be written.
    """
    try:
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
        cleaned: bytes = document.tobytes(garbage=4, deflate=True, no_new_id=True)
    except (RuntimeError, ValueError, pdf.library().mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "The PDF is damaged and cannot be written again.") from error
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


def _forget(document: pdf.Document, xref: int, key: str) -> None:
    if document.xref_get_key(xref, key)[0] != "null":
        document.xref_set_key(xref, key, "null")
