"""Covering parts of a plain text: every letter of a region becomes a full block."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]

BLOCK = "\N{FULL BLOCK}"


def paint_text(text: str, boxes: Iterable[Box]) -> bytes:
    """The text as UTF-8 with these boxes covered.

    Args:
        text: the whole text; its lines end with line feeds.
        boxes: first column, first line, column after the last, line after the last.
    """
    lines = text.split("\n")
    for x0, y0, x1, y1 in boxes:
        for number in range(max(0, int(y0)), min(len(lines), max(int(y1), int(y0) + 1))):
            lines[number] = _covered(lines[number], max(0, int(x0)), int(-(-x1 // 1)))
    return "\n".join(lines).encode()


def _covered(line: str, start: int, end: int) -> str:
    middle = "".join(letter if letter.isspace() else BLOCK for letter in line[start:end])
    return line[:start] + middle + line[end:]
