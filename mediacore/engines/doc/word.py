"""Word files as blocks (ECMA-376 part 1, chapter 17): paragraphs, lists, tables and pictures, as after all changes."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from mediacore.engines.doc.blocks import HEADING, ITEM, ROW, TEXT, Block, block
from mediacore.engines.doc.package import Package, Relation
from mediacore.engines.doc.xml import END, START, Event

_GONE = ("del", "moveFrom", "instrText", "Fallback", "delText")
"""Elements whose words a reader does not see; ``Fallback`` repeats what stands before it for old programs."""
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_HEADINGS = ("heading", "title", "berschrift", "titre", "titel", "rubrik", "otsikko")


@define
class _Reading:
    package: Package
    relations: dict[str, Relation]
    words: list[str] = field(factory=list)
    cells: list[str] = field(factory=list)
    style: str = TEXT
    hidden: int = 0
    tables: int = 0
    in_text: bool = False
    pictures: list[Block] = field(factory=list)

    def take(self, event: Event) -> Iterator[Block]:
        kind, name, attributes = event
        if kind == START:
            self._start(name, attributes.get("val", ""), attributes)
        elif kind == END:
            yield from self._end(name)
        elif self.in_text and not self.hidden:
            self.words.append(name)

    def _start(self, name: str, value: str, attributes: object) -> None:
        if name in _GONE:
            self.hidden += 1
        elif name == "t":
            self.in_text = True
        elif name in _SPACES and not self.hidden:
            self.words.append(_SPACES[name])
        elif name == "pStyle" and value.lower().startswith(_HEADINGS):
            self.style = HEADING
        elif name == "numPr" and self.style == TEXT:
            self.style = ITEM
        elif name == "tbl":
            self.tables += 1
        elif name in ("blip", "imagedata") and isinstance(attributes, dict) and not self.hidden:
            relation = self.relations.get(attributes.get("embed") or attributes.get("id") or "")
            if relation and not relation.external and (shown := self.package.picture(relation.target)):
                self.pictures.append(shown)

    def _end(self, name: str) -> Iterator[Block]:
        if name in _GONE:
            self.hidden -= 1
        elif name == "t":
            self.in_text = False
        elif name == "p":
            yield from self._paragraph()
        elif name == "tc" and self.tables == 1:
            self.cells.append("".join(self.words))
            self.words.clear()
        elif name == "tr" and self.tables == 1:
            yield block(ROW, *self.cells)
            yield from self.pictures
            self.cells.clear()
            self.pictures.clear()
        elif name == "tbl":
            self.tables -= 1

    def _paragraph(self) -> Iterator[Block]:
        style, self.style = self.style, TEXT
        if self.tables:
            self.words.append(" ")
            return
        for line in "".join(self.words).split("\n"):
            if line.strip():
                yield block(style, line)
        yield from self.pictures
        self.words.clear()
        self.pictures.clear()


def blocks(package: Package) -> Iterator[Block]:
    """What a Word file says.

    Raises:
        Unusable: as ``Package.events``.
    """
    main = package.main("word/document.xml")
    reading = _Reading(package, package.relations(main))
    for event in package.events(main):
        yield from reading.take(event)
