"""PowerPoint files as blocks (ECMA-376 part 1, chapter 19): one slide is one page."""

from __future__ import annotations

from collections.abc import Iterator

from mediacore.engines.doc.blocks import HEADING, ITEM, ROW, TEXT, Block, block
from mediacore.engines.doc.package import Package
from mediacore.engines.doc.xml import END, START
from mediacore.engines.doc.xml import TEXT as WORDS
from mediacore.engines.operation import Unusable

SLIDES = 5_000
_TITLES = ("title", "ctrTitle")


def slides(package: Package) -> list[str]:
    """The parts of the slides, in order."""
    main = package.main("ppt/presentation.xml")
    relations = package.relations(main)
    found = []
    for kind, tag, attributes in package.events(main):
        if kind == START and tag == "sldId" and (relation := relations.get(attributes.get("id", ""))):
            found.append(relation.target)
    return found[:SLIDES]


def blocks(package: Package, page: int) -> Iterator[Block]:
    """What one slide says, its title first.

    Raises:
        Unusable: ``no-such-page``, and as ``Package.events``.
    """
    known = slides(package)
    if not known and not page:
        return
    if not 0 <= page < len(known):
        raise Unusable("no-such-page", f"The presentation has no slide {page + 1}.")
    said = list(_said(package, known[page]))
    yield from (each for each in said if each.kind == HEADING)
    yield from (each for each in said if each.kind != HEADING)


def _said(package: Package, part: str) -> Iterator[Block]:
    relations = package.relations(part)
    style, words, cells, reading = TEXT, list[str](), list[str](), False
    in_table = False
    for kind, tag, attributes in package.events(part):
        if kind == WORDS:
            words += [tag] if reading else []
        elif kind == START:
            reading = tag == "t"
            if tag == "sp":
                style = TEXT
            elif tag == "ph":
                style = HEADING if attributes.get("type") in _TITLES else ITEM
            elif tag == "tbl":
                in_table = True
            elif tag == "br":
                words.append(" ")
            elif tag == "blip" and (relation := relations.get(attributes.get("embed", ""))):
                picture = package.picture(relation.target)
                yield from [picture] if picture else []
        elif kind == END:
            reading = False
            if tag == "p" and in_table:
                words.append(" ")
            elif tag == "p" and (line := "".join(words)).strip():
                yield block(style, line)
            if tag == "tc":
                cells.append("".join(words))
            elif tag == "tr":
                yield block(ROW, *cells)
                cells.clear()
            elif tag == "tbl":
                in_table = False
            if (tag == "p" and not in_table) or tag in ("tc", "tbl"):
                words.clear()
