"""The words of a file and where they stand, read from its own text: PDF text layers and plain text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from mediacore.engines.operation import Made, Unusable
from mediacore.engines.pdf import pages

if TYPE_CHECKING:
    from mediacore.values import Json

Row: TypeAlias = "list[str | int | float]"
"""``[text, x0, y0, x1, y1, page, line]``, as :class:`mediacore.redaction.words.Word` has them."""

Document: TypeAlias = Any
"""A ``pymupdf.Document``, which comes without type information."""

MAX_PAGES = 1_000
MAX_WORDS = 200_000
MAX_TEXT_BYTES = 32 * 1024 * 1024
FACTS_BYTES = 60 * 1024  # facts may have 64 KiB; the rest is for what stands around the words
TEXT_TYPES = frozenset({"application/json", "application/xml", "text/plain", "text/csv", "text/markdown"})


def words(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """The words of a PDF's text layer or of a plain text; none for other types.

    Args:
        file: the file's bytes.
        params: ``type``, its MIME type; ``page``, only this page (from 0), all pages without it.

    Returns:
        Facts ``words`` (rows), ``pages`` and ``read``, the number of pages looked at; when the rows do not fit into
        facts, ``in_file`` is true and the first file is the JSON list of rows. The box of a plain text's word counts
        in characters and lines: its columns, and its line and the next.

    Raises:
        Unusable: ``encrypted``, ``damaged``, ``too-many-words``, ``too-large`` or ``library-missing``.
    """
    mime = str(params.get("type", ""))
    if mime == "application/pdf":
        return _pdf_words(file, _page_of(params))
    if mime in TEXT_TYPES or mime.startswith("text/"):
        return made_of(list(islice(_text_rows(read_text(file)), MAX_WORDS + 1)), pages=1, read=1)
    return made_of([], pages=1, read=0)


def made_of(rows: Sequence[Row], *, pages: int, read: int) -> Made:
    """The answer for these rows, inside the facts where they fit and else as a file.

    Raises:
        Unusable: ``too-many-words``.
    """
    if len(rows) > MAX_WORDS:
        raise Unusable("too-many-words", f"This file has more than {MAX_WORDS:,} words, too many to look through.")
    encoded = json.dumps(rows, ensure_ascii=True, separators=(",", ":")).encode()
    if len(encoded) <= FACTS_BYTES:
        return Made({"words": rows, "pages": pages, "read": read})
    return Made({"pages": pages, "read": read, "in_file": True}, (encoded,))


def read_text(file: BinaryIO) -> str:
    """The text of a file by its byte order mark, else UTF-8, else Windows-1252 with nothing left out.

    Raises:
        Unusable: ``too-large``.
    """
    raw = file.read(MAX_TEXT_BYTES + 1)
    if len(raw) > MAX_TEXT_BYTES:
        raise Unusable("too-large", "This text is too long to look through.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _text_rows(text: str) -> Iterator[Row]:
    for number, line in enumerate(_lines(text)):
        column = 0
        for word in line.split():
            column = line.index(word, column)
            yield [word, column, number, column + len(word), number + 1, 0, number]
            column += len(word)


def _lines(text: str) -> Iterator[str]:
    """The text cut at its line feeds, one line at a time, since there may be millions."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _page_of(params: Mapping[str, Json]) -> int | None:
    page = params.get("page")
    return page if isinstance(page, int) else None


def _pdf_words(file: BinaryIO, page: int | None) -> Made:
    with open_pdf(file.read()) as document:
        numbers = pages_to_read(document, page, MAX_PAGES)
        rows: list[Row] = []
        for number in numbers:
            rows += _page_rows(document, number)
            if len(rows) > MAX_WORDS:
                break
        return made_of(rows, pages=document.page_count, read=len(numbers))


def _page_rows(document: Document, number: int) -> Iterator[Row]:
    lines: dict[tuple[int, int], int] = {}
    page = document[number]
    # what is seen is what can be marked: annotations and form values are in, text outside the crop box is not
    found = page.get_text("words", sort=False)
    shown = page.rotation_matrix  # MuPDF reads the page before it is turned
    for *box, text, block, line, _ in found:
        place = lines.setdefault((block, line), len(lines))
        x0, y0, x1, y1 = load_pymupdf().Rect(box) * shown
        yield [text, round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2), number, place]


def pages_to_read(document: Document, page: int | None, most: int) -> range:
    """One page, or the first ``most`` pages.

    Raises:
        Unusable: ``no-such-page``.
    """
    if page is None:
        return range(min(document.page_count, most))
    if not 0 <= page < document.page_count:
        raise Unusable("no-such-page", f"This file has no page {page + 1}.")
    return range(page, page + 1)


@contextmanager
def open_pdf(data: bytes) -> Iterator[Document]:
    """A document as ``pages.reopened`` has it; faults inside the block become :class:`Unusable`.

    Raises:
        Unusable: as there.
    """
    load_pymupdf()
    try:
        yield pages.reopened(data)
    except (Unusable, MemoryError):
        raise
    except Exception as fault:  # PyMuPDF raises what it meets, plain Exception among it
        raise Unusable("damaged", "This PDF is damaged and cannot be read.") from fault


def load_pymupdf() -> ModuleType:
    """The ``pymupdf`` module, silenced.

    Raises:
        Unusable: ``library-missing``.
    """
    try:
        pymupdf = import_module("pymupdf")
    except ImportError as missing:
        raise Unusable("library-missing", "PDF files need PyMuPDF: install mediacore[pdf].") from missing
    pymupdf.TOOLS.mupdf_display_errors(False)  # else every damaged file writes to the standard error
    pymupdf.TOOLS.mupdf_display_warnings(False)
    pymupdf.TOOLS.set_small_glyph_heights(True)  # boxes as high as the letters, else they cover the lines around
    return pymupdf


def warm() -> None:
    """Load what a jailed child cannot: PyMuPDF and the parts that it imports on first use."""
    pymupdf = load_pymupdf()
    with open_pdf(_one_word(pymupdf)) as document:
        list(_page_rows(document, 0))


def _one_word(pymupdf: ModuleType) -> bytes:
    document = pymupdf.open()
    document.new_page().insert_text((20, 20), "word")
    data: bytes = document.tobytes()
    return data
