"""Excel files as blocks (ECMA-376 part 1, chapter 18): one sheet is one page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from attrs import define, field

from mediacore.engines.doc.blocks import CELL_CHARS, CELLS, HEADING, ROW, Block, block
from mediacore.engines.doc.package import Package
from mediacore.engines.doc.xml import END, START, TEXT
from mediacore.engines.operation import Unusable

ROWS = 2_000
"""Rows of a sheet that are read."""
SHEETS = 1_000
_FIRST_DAY, _LAST_DAY = dt.datetime(1899, 12, 30), 2_958_466  # noqa: DTZ001 - Excel knows no zones
BUILT_IN_DATES = {*range(14, 23), *range(45, 48)}
_DATE = re.compile(r"[dyhs]", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


def sheets(package: Package) -> list[tuple[str, str]]:
    """Every sheet that is not hidden: its name and its part."""
    main = package.main("xl/workbook.xml")
    relations = package.relations(main)
    found = []
    for kind, tag, attributes in package.events(main):
        if kind == START and tag == "sheet" and attributes.get("state", "visible") == "visible":
            relation = relations.get(attributes.get("id", ""))
            found.append((attributes.get("name", ""), relation.target if relation else ""))
    return found[:SHEETS]


@define
class _Row:
    cells: dict[int, str] = field(factory=dict)
    column: int = -1
    kind: str = ""
    style: int = 0
    words: list[str] = field(factory=list)
    reading: bool = False


def blocks(package: Package, page: int) -> Iterator[Block]:
    """What one sheet says.

    Raises:
        Unusable: ``no-such-page``, and as ``Package.events``.
    """
    known = sheets(package)
    if not 0 <= page < len(known):
        raise Unusable("no-such-page", f"The workbook has no sheet {page + 1}.")
    name, part = known[page]
    yield block(HEADING, name)
    rows = list(_rows(package, part))
    shared = _shared(package, {int(w) for row in rows for k, _, w in row.values() if k == "s" and w.isdecimal()})
    dates = _date_styles(package)
    for row in rows:
        last = min(max(row), CELLS - 1)
        yield block(ROW, *(_shown(row.get(at, ("", 0, "")), shared, dates) for at in range(last + 1)))


def _rows(package: Package, part: str) -> Iterator[dict[int, tuple[str, int, str]]]:
    """Kind, style and raw words of each cell by its column; rows without words are left out."""
    row: dict[int, tuple[str, int, str]] = {}
    cell, count = _Row(), 0
    for kind, tag, attributes in package.events(part):
        if kind == START and tag == "c":
            column = _column(attributes.get("r", "")) if attributes.get("r") else cell.column + 1
            cell = _Row(column=column, kind=attributes.get("t", "n"), style=_whole(attributes.get("s", "")))
        elif kind == START and tag in ("v", "t"):
            cell.reading = True
        elif kind == TEXT and cell.reading:
            cell.words.append(tag)
        elif kind == END and tag in ("v", "t"):
            cell.reading = False
        elif kind == END and tag == "c" and cell.words and 0 <= cell.column < CELLS:
            row[cell.column] = (cell.kind, cell.style, "".join(cell.words)[:CELL_CHARS])
        elif kind == END and tag == "row":
            cell = _Row()
            if row:
                yield row
                row, count = {}, count + 1
        if count >= ROWS:
            return


def _shared(package: Package, wanted: set[int]) -> dict[int, str]:
    """Those of the workbook's shared strings that are needed."""
    found: dict[int, str] = {}
    part = next((name for name in package.parts if name.lower().endswith("/sharedstrings.xml")), "")
    number, words, reading, most = 0, list[str](), False, max(wanted, default=-1)
    for kind, tag, _ in package.events(part) if wanted else ():
        if kind == START and tag in ("t", "rPh"):
            reading = tag == "t"  # rPh tells how to pronounce what stands before it
        elif kind == TEXT and reading and number in wanted:
            words.append(tag)
        elif kind == END and tag == "t":
            reading = False
        elif kind == END and tag == "si":
            if number in wanted:
                found[number] = "".join(words)[:CELL_CHARS]
            words.clear()
            number += 1
            if number > most:
                break
    return found


def _date_styles(package: Package) -> set[int]:
    """The cell styles that show a number as a date."""
    formats, styles, inside = set(BUILT_IN_DATES), list[int](), False
    for kind, tag, attributes in package.events("xl/styles.xml"):
        if tag == "cellXfs" and kind != TEXT:
            inside = kind == START
        elif kind == START and tag == "numFmt" and shows_date(attributes.get("formatCode", "")):
            formats.add(_whole(attributes.get("numFmtId", "")))
        elif kind == START and tag == "xf" and inside:
            styles.append(_whole(attributes.get("numFmtId", "")))
    return {number for number, style in enumerate(styles) if style in formats}


def _shown(cell: tuple[str, int, str], shared: dict[int, str], dates: set[int]) -> str:
    kind, style, words = cell
    if kind == "s":
        return shared.get(_whole(words), "")
    if kind == "b":
        return "TRUE" if words == "1" else "FALSE"
    if kind != "n" or not words:
        return words
    try:
        number = float(words)
    except ValueError:
        return words
    return number_words(number, dated=style in dates)


def number_words(number: float, *, dated: bool) -> str:
    """A cell's number as it is read, perhaps as days since the last day of 1899."""
    if dated and 1 <= number < _LAST_DAY:
        moment = _FIRST_DAY + dt.timedelta(days=number)
        return f"{moment:%Y-%m-%d}" if number == int(number) else f"{moment:%Y-%m-%d %H:%M}"
    return f"{number:.10g}"


def shows_date(code: str) -> bool:
    """Whether a number format shows a date or a time."""
    return bool(_DATE.search(_QUOTED.sub("", code)))


def _column(reference: str) -> int:
    """The column of a cell's name from 0: ``A1`` is 0, ``AB7`` is 27."""
    column = 0
    for letter in reference[:4].upper():
        if not "A" <= letter <= "Z":
            break
        column = column * 26 + ord(letter) - 64
    return column - 1


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
