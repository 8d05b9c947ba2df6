"""Pages of a PDF whose page tree is lost: they are found one by one and put into a new tree."""

from __future__ import annotations

from typing import Any

from mediacore.engines import bounds

_MOST = 2_000
"""Pages looked for; each costs a word in the new tree."""


def count_pages(document: Any) -> int:  # noqa: ANN401 - PyMuPDF has no type information
    """How many pages a document has, after it was given those that its tree had lost.

    Args:
        document: a ``pymupdf.Document``; it is changed in place where its tree is lost.
    """
    try:
        count: int = document.page_count
    except (RuntimeError, ValueError):
        count = 0
    return count or _regrown(document)


def _regrown(document: Any) -> int:  # noqa: ANN401 - as above
    catalog = document.pdf_catalog()
    if not catalog:
        return 0
    pages = [x for x in range(1, min(document.xref_length(), bounds.PDF_OBJECTS)) if _is_page(document, x)][:_MOST]
    if not pages:
        return 0
    tree = document.get_new_xref()
    kids = " ".join(f"{page} 0 R" for page in pages)
    document.update_object(tree, f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>")
    for page in pages:
        document.xref_set_key(page, "Parent", f"{tree} 0 R")
    document.xref_set_key(catalog, "Pages", f"{tree} 0 R")
    document.init_doc()
    count: int = document.page_count
    return count


def _is_page(document: Any, xref: int) -> bool:  # noqa: ANN401 - as above
    try:
        return bool(document.xref_get_key(xref, "Type") == ("name", "/Page"))
    except (RuntimeError, ValueError):
        return False
