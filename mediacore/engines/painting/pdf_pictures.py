"""Pictures inside a PDF: the private blocks of their JPEG streams taken out, their pixels untouched."""

from __future__ import annotations

from collections.abc import Iterator

from mediacore.engines.reading.words import Document, load_pymupdf

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_KEPT_APPLICATION = {0xE0, 0xEE}  # JFIF, and Adobe's colour transform, without which the colours are wrong
_PRIVATE = (set(range(0xE0, 0xF0)) - _KEPT_APPLICATION) | {0xFE}  # EXIF, XMP, profiles, thumbnails, comments
_MAX_JFIF = 16  # bytes of a JFIF header without a thumbnail
MIN_SEGMENT = 2


def clean_pictures(document: Document) -> None:
    """Take EXIF, XMP, comments and what follows the end out of every JPEG stream of the document."""
    mupdf = load_pymupdf().mupdf
    pdf = load_pymupdf()._as_pdf_document(document)  # noqa: SLF001 - PyMuPDF has no public way to the inner document
    for xref in range(1, document.xref_length()):
        kind, value = document.xref_get_key(xref, "Filter")
        if kind == "null" or value.strip("[] ") != "/DCTDecode":
            continue
        stored = document.xref_stream_raw(xref)
        cleaned = clean_jpeg(stored)
        if cleaned is not None and cleaned != stored:
            place = mupdf.pdf_new_indirect(pdf, xref, 0)
            mupdf.pdf_update_stream(pdf, place, mupdf.fz_new_buffer_from_copied_data(cleaned), 1)


def clean_jpeg(data: bytes) -> bytes | None:
    """The same picture without private blocks; None when its structure is not understood."""
    try:
        return b"".join(_pieces(data))
    except (IndexError, ValueError):
        return None


def _pieces(data: bytes) -> Iterator[bytes]:
    """The segments that draw (ITU T.81, annex B); the coded picture is taken whole up to its end marker."""
    if data[:2] != bytes((0xFF, _START)):
        raise ValueError("no JPEG")
    yield data[:2]
    at = 2
    while at < len(data):
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            yield data[at : at + 2]
            return
        if marker in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if length < MIN_SEGMENT:
            raise ValueError("no segment")
        after = at + 2 + length
        if marker == _SCAN:
            after = _scan_end(data, after)
        is_long = marker == 0xE0 and length > _MAX_JFIF
        if marker not in _PRIVATE and not is_long:
            yield data[at:after]
        at = after


def _scan_end(data: bytes, at: int) -> int:
    """Where the next marker stands that is neither a stuffed byte nor a restart; the end of a cut-off picture."""
    while True:
        at = data.find(b"\xff", at)
        if not 0 <= at < len(data) - 1:
            return len(data)
        following = data[at + 1]
        if following == 0 or following in _ALONE:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at
