"""Places of a PDF page where something can hide that no removal reaches, so that the page must become a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mediacore.engines.reading.words import Document

MAX_OBJECTS = 20_000  # more than this behind one page is not looked through: the page is taken as risky

_REFERENCE = re.compile(r"(\d+) 0 R\b")
_PAGE_NODE = re.compile(r"/Type\s*/Pages?\b")
_LAYER = re.compile(r"/OC\b|/OCGs?\b|/OCMD\b")
_PATTERN = re.compile(r"/PatternType\s+1\b")
_SOFT_MASK_GROUP = re.compile(r"/S\s*/(?:Alpha|Luminosity)\b")


def has_hidden_layers(document: Document, number: int) -> bool:
    """Whether parts of the page can be switched off (optional content), or the document is an XFA form.

    Dropping the switches would show what is hidden, and keeping them would keep it.
    """
    form = document.xref_get_key(document.pdf_catalog(), "AcroForm/XFA")
    if form[0] != "null":
        return True
    if document.xref_get_key(document.pdf_catalog(), "OCProperties")[0] == "null":
        return False
    return any(_LAYER.search(text) for text in _objects(document, number))


def has_unreachable_places(document: Document, number: int) -> bool:
    """Whether the page draws with tiling patterns or soft-mask groups: their content outlives a redaction."""
    return any(_PATTERN.search(text) or _SOFT_MASK_GROUP.search(text) for text in _objects(document, number))


def _objects(document: Document, number: int) -> Iterator[str]:
    """The source of every object that the page reaches, its own and inherited ones, without other pages."""
    first = document.page_xref(number)
    waiting, seen = [first, *_inherited(document, first)], set[int]()
    while waiting:
        xref = waiting.pop()
        if xref in seen or not 0 < xref < document.xref_length():
            continue
        seen.add(xref)
        if len(seen) > MAX_OBJECTS:
            yield "/PatternType 1 /OC"
            return
        text = document.xref_object(xref, compressed=True)
        if xref != first and _PAGE_NODE.search(text):
            continue
        yield text
        waiting += [int(found) for found in _REFERENCE.findall(text)]


def _inherited(document: Document, page: int) -> Iterator[int]:
    """Objects named by the resources of the page's ancestors."""
    node, seen = page, set[int]()
    while node not in seen:
        seen.add(node)
        kind, value = document.xref_get_key(node, "Resources")
        if kind != "null":
            yield from (int(found) for found in _REFERENCE.findall(value))
        kind, value = document.xref_get_key(node, "Parent")
        if kind != "xref":
            return
        node = int(value.split()[0])
