"""Rich Text Format as blocks (RTF 1.9.1): its words, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from attrs import define, field

from mediacore.engines.containers import span
from mediacore.engines.doc.blocks import ROW, TEXT, Block, block

READ_BYTES = 8_000_000
TOKENS = 400_000
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n\\]"
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr ftnsep listtable "
    b"listoverridetable rsidtbl generator themedata datastore latentstyles fldinst xmlnstbl filetbl revtbl".split()
)
_WORDS = {
    b"tab": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
    b"line": " ",
}
_ACTIVE = re.compile(rb"\\(?:objdata|objocx|objupdate|objautlink|objemb|object)\b|\\\*\\template\b")
_AUTHOR = re.compile(rb"\{\\(?:\*\\)?(?:author|operator|company|manager) [^{}\\]")
_PAGES = re.compile(rb"\\nofpages(\d{1,5})")


@define
class _Reading:
    codepage: str = "cp1252"
    words: list[str] = field(factory=list)
    cells: list[str] = field(factory=list)
    groups: list[tuple[bool, int]] = field(factory=list)
    skipped: bool = False
    after: int = 1
    to_skip: int = 0

    def take(self, token: re.Match[bytes]) -> Iterator[Block]:
        word, number, code, sign, brace, plain = token.groups()
        if brace == b"{":
            self.groups.append((self.skipped, self.after))
        elif brace == b"}":
            self.skipped, self.after = self.groups.pop() if self.groups else (False, 1)
        elif word:
            yield from self._control(word, int(number or 0))
        elif sign == b"*":
            self.skipped = True
        elif code:
            self._say(bytes([int(code, 16)]).decode(self.codepage, "replace"))
        elif plain:
            self._say(plain.decode(self.codepage, "replace"))
        elif sign in (b"\\", b"{", b"}"):
            self._say(sign.decode())
        elif sign == b"~":
            self._say(" ")

    def _control(self, word: bytes, number: int) -> Iterator[Block]:
        if word in _SKIPPED:
            self.skipped = True
        elif word == b"ansicpg" and number in (*range(1250, 1259), 874):
            self.codepage = f"cp{number}"
        elif word == b"uc":
            self.after = min(max(number, 0), 10)
        elif word == b"u" and not self.skipped:
            self.words.append(chr(number % 65_536))
            self.to_skip = self.after
        elif word in (b"par", b"sect", b"page") and not self.skipped:
            yield from self.end()
        elif word == b"cell" and not self.skipped:
            self.cells.append("".join(self.words))
            self.words.clear()
        elif word == b"row" and not self.skipped:
            yield block(ROW, *self.cells)
            self.cells.clear()
        elif word in _WORDS:
            self._say(_WORDS[word])

    def _say(self, text: str) -> None:
        if not self.skipped:
            self.words.append(text[self.to_skip :])
            self.to_skip = max(0, self.to_skip - len(text))

    def end(self) -> Iterator[Block]:
        """The paragraph that has come to its end."""
        if (line := "".join(self.words)).strip():
            yield block(TEXT, line)
        self.words.clear()


def blocks(file: BinaryIO) -> Iterator[Block]:
    """What a rich text says."""
    reading = _Reading()
    for _, token in zip(range(TOKENS), _TOKEN.finditer(span(file, 0, READ_BYTES)), strict=False):
        yield from reading.take(token)
    yield from reading.end()


def told(file: BinaryIO) -> tuple[bool, bool, int]:
    """Whether it holds objects, whether it names its author, and its pages by its own count."""
    data = span(file, 0, READ_BYTES)
    pages = _PAGES.search(data)
    return bool(_ACTIVE.search(data)), bool(_AUTHOR.search(data)), int(pages.group(1)) if pages else 0
