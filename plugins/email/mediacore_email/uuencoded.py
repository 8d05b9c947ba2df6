"""Files that stand in the text itself, between ``begin`` and ``end``, as mails carried them before MIME.

The form is that of ``uuencode``: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/uuencode.html. A block
counts only when each of its lines has the length that its first character tells, so prose is never taken for a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from mediacore import Remote
from mediacore_email import bodies
from mediacore_email.mime import Part

MARK = "/uu/"
"""Stands in the ref of such a file, between its part and its place there."""
FILES = 20
"""How many beginnings in one text are looked at."""

_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S[^\n]{0,250})\n", re.MULTILINE)
_END = re.compile(r"^end[ \t]*$\n?", re.MULTILINE)
_SPARE = 2
"""Characters by which a line may be longer than its data: a check character and a space."""


@frozen
class Block:
    """One file in a text.

    Args:
        name: what it is called.
        start, end: where the block lies in the text.
        lines: its data, still encoded.
    """

    name: str
    start: int
    end: int
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """The files in a text."""
    found: list[Block] = []
    at = 0
    for _ in range(FILES):
        begin = _BEGIN.search(text, at)
        end = _END.search(text, begin.end()) if begin else None
        if begin is None or end is None:
            break
        lines = tuple(text[begin.end() : end.start()].splitlines())
        sound = bool(lines) and all(map(_sound, lines))
        if sound:
            found.append(Block(begin[1].strip(), begin.start(), end.end(), lines))
        at = end.end() if sound else begin.end()
    return found


def without(text: str, found: list[Block]) -> str:
    """The text without its files."""
    kept, at = [], 0
    for block in found:
        kept.append(text[at : block.start])
        at = block.end
    return "".join((*kept, text[at:]))


def remotes(number: str, found: list[Block]) -> list[Remote]:
    """The files of one part's text."""
    return [Remote(f"{number}{MARK}{i}", b.name, "application/octet-stream") for i, b in enumerate(found, 1)]


def file(raw: bytes, part: Part, index: int) -> Iterator[bytes] | None:
    """The bytes of one of them; None when the text has no such file."""
    found = blocks(bodies.text(raw, part)[0])
    if not 0 < index <= len(found):
        return None
    return (bodies.uu_line(line.encode("latin-1", "replace")) for line in found[index - 1].lines)


def _sound(line: str) -> bool:
    if not " " <= line[:1] <= "`":
        return line == ""
    packed = -(-((ord(line[0]) - 32) & 63) // 3) * 4
    # spaces at the end may have been lost on the way
    return len(line.rstrip()) - 1 <= packed + _SPARE and (packed == 0 or len(line) > 1)
