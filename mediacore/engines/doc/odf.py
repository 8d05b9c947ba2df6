"""OpenDocument files as blocks (OASIS OpenDocument 1.3, part 3): texts flow, a sheet or a slide is a page."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from mediacore.engines.doc.blocks import CELLS, HEADING, ITEM, ROW, TEXT, Block, block
from mediacore.engines.doc.package import Package
from mediacore.engines.doc.xml import START, Event
from mediacore.engines.doc.xml import TEXT as WORDS
from mediacore.engines.operation import Unusable

CONTENT = "content.xml"
_GONE = (
    "tracked-changes",
    "annotation",
    "deletion",
    "forms",
    "notes",
    "scripts",
    "font-face-decls",
    "automatic-styles",
)
"""Elements whose words do not stand on the page."""
_REPEATS = 50
"""How often a repeated row or cell is shown."""


@define
class _Reading:
    package: Package
    unit: str
    words: list[str] = field(factory=list)
    cells: list[str] = field(factory=list)
    hidden: int = 0
    lists: int = 0
    tables: int = 0
    cell_times: int = 1
    row_times: int = 1
    unit_number: int = -1
    pictures: list[Block] = field(factory=list)

    def take(self, event: Event) -> Iterator[Block]:
        kind, name, attributes = event
        if kind == WORDS:
            if not self.hidden:
                self.words.append(name)
        elif kind == START:
            self._start(name, attributes.get("href", ""), _times(attributes))
            if name == "table" and self.unit == "table":
                yield block(HEADING, attributes.get("name", ""))
        elif not self.hidden or name in _GONE:
            yield from self._end(name)

    def _start(self, name: str, link: str, times: int) -> None:
        if name in _GONE:
            self.hidden += 1
        if name == self.unit:
            self.unit_number += 1
        if name == "table":
            self.tables += 1
        elif name == "list":
            self.lists += 1
        elif name in ("table-cell", "covered-table-cell"):
            self.cell_times = times
        elif name == "table-row":
            self.row_times = times
        elif name in ("s", "tab", "line-break"):
            self.words.append(" ")
        elif name == "image" and not self.hidden and (shown := self.package.picture(link)):
            self.pictures.append(shown)

    def _end(self, name: str) -> Iterator[Block]:
        if name in _GONE:
            self.hidden = max(0, self.hidden - 1)
            self.words.clear()
        elif name in ("p", "h"):
            yield from self._paragraph(HEADING if name == "h" else ITEM if self.lists else TEXT)
        elif name in ("table-cell", "covered-table-cell"):
            room = CELLS - len(self.cells)
            self.cells += ["".join(self.words)] * min(self.cell_times, max(room, 0))
            self.words.clear()
        elif name == "table-row":
            if any(cell.strip() for cell in self.cells):
                yield from [block(ROW, *self.cells)] * min(self.row_times, _REPEATS)
            self.cells.clear()
        elif name in ("table", "list"):
            self.tables -= name == "table"
            self.lists -= name == "list"

    def _paragraph(self, style: str) -> Iterator[Block]:
        if self.tables:
            self.words.append(" ")
            return
        if (line := "".join(self.words)).strip():
            yield block(style, line)
        yield from self.pictures
        self.words.clear()
        self.pictures.clear()


def text_blocks(package: Package) -> Iterator[Block]:
    """What a text document says.

    Raises:
        Unusable: as ``Package.events``.
    """
    reading = _Reading(package, "")
    for event in package.events(CONTENT):
        yield from reading.take(event)


def unit_blocks(package: Package, page: int, unit: str) -> Iterator[Block]:
    """What one sheet (``table``) or slide (``page``) says.

    Raises:
        Unusable: ``no-such-page``, and as ``Package.events``.
    """
    reading = _Reading(package, unit)
    for event in package.events(CONTENT):
        said = list(reading.take(event))
        if reading.unit_number == page:
            yield from said
            yield from reading.pictures
            reading.pictures.clear()
        elif reading.unit_number > page:
            return
    if reading.unit_number < page:
        raise Unusable("no-such-page", f"The document has no page {page + 1}.")


def _times(attributes: object) -> int:
    known = attributes if isinstance(attributes, dict) else {}
    said = known.get("number-columns-repeated") or known.get("number-rows-repeated") or "1"
    return int(said) if said.isdecimal() and len(said) < 9 else 1
