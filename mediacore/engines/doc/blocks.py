"""What a document says, in the order it says it: blocks, whatever they were read from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from attrs import field, frozen

HEADING, TEXT, ITEM, MONO, ROW, NOTE, PICTURE = "heading", "text", "item", "mono", "row", "note", "picture"
CELL_CHARS = 3_000
"""Characters of one block or cell that are kept."""
CELLS = 12
"""Cells of a row that are kept."""
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff]")


@frozen
class Block:
    """A piece of a document.

    Args:
        kind: ``heading``, ``text``, ``item`` of a list, ``mono`` (a line as it stands), ``row`` of a table, ``note``
            (said by us, not by the document), ``picture``.
        cells: the words; one but for rows.
        picture: a JPEG of our own making.
    """

    kind: str
    cells: tuple[str, ...] = ()
    picture: bytes = field(default=b"", repr=False)


def block(kind: str, *cells: str) -> Block:
    """A block whose words are bounded, and without characters that turn or hide the others."""
    return Block(kind, tuple(tidy(cell, spaces=kind == MONO) for cell in cells[:CELLS]))


def tidy(text: str, *, spaces: bool = False) -> str:
    """Words without control characters, direction overrides and invisible marks; white space as one space."""
    text = text[: CELL_CHARS * 2]
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _UNSEEN.sub("", text.expandtabs(4) if spaces else text)
    return (text.rstrip() if spaces else " ".join(text.split()))[:CELL_CHARS]


def rightward(text: str) -> bool:
    """Whether a text runs from right to left, told by its first letter (Unicode UAX 9, rules P2 and P3)."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def plain(blocks: Iterable[Block], most: int) -> str:
    """The words of blocks as text, up to so many bytes in UTF-8."""
    lines, room = [], most
    for line in _lines(blocks):
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(line.encode()[: room + len(line.encode())].decode(errors="ignore"))
            break
        lines.append(line)
    return "\n".join(lines).strip("\n")


def _lines(blocks: Iterable[Block]) -> Iterator[str]:
    for each in blocks:
        if each.kind not in (PICTURE, NOTE):
            yield "\t".join(each.cells).rstrip()
