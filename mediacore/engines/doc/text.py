"""Texts as blocks: plain text, tables of values, Markdown and web pages, as they would be read."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from mediacore.engines.containers import size_of, span
from mediacore.engines.doc.blocks import HEADING, ITEM, MONO, NOTE, ROW, TEXT, Block, block

READ_BYTES = 2_000_000
"""Bytes of a text that are read to show it."""
_DELIMITERS = ",;\t|"
_TAG = re.compile(r"<[^<>]*>")
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_BREAKS = frozenset(
    ("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "hr")
)
_UNREAD = frozenset(("script", "style", "head", "template", "noscript"))


def read(file: BinaryIO, most: int = READ_BYTES) -> tuple[str, str]:
    """The beginning of a text, and its encoding: by its mark, else UTF-8, else Windows-1252."""
    raw = span(file, 0, most)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace"), "utf-16"
    text = raw.decode("utf-8-sig", "replace")
    cut = size_of(file) > len(raw)
    if "\ufffd" not in (text[:-1] if cut else text) or b"\xef\xbf\xbd" in raw:
        return text, "ascii" if raw.isascii() else "utf-8"
    return raw.decode("cp1252", "replace"), "windows-1252"


def lines(text: str) -> Iterator[str]:
    """Lines, however they end."""
    yield from io.StringIO(text, newline=None)


def text_blocks(file: BinaryIO) -> Iterator[Block]:
    """A plain text, line by line."""
    for line in lines(read(file)[0]):
        yield block(MONO, line)


def markdown_blocks(file: BinaryIO) -> Iterator[Block]:
    """A Markdown text, its headings and lists as such."""
    for line in lines(read(file)[0]):
        words = line.strip()
        if words.startswith("#"):
            yield block(HEADING, words.lstrip("# "))
        elif words.startswith(("- ", "* ", "+ ")):
            yield block(ITEM, words[2:])
        elif words:
            yield block(TEXT, words)


def csv_blocks(file: BinaryIO) -> Iterator[Block]:
    """A table of values, row by row."""
    text = read(file)[0]
    try:
        for row in csv.reader(lines(text), delimiter=delimiter(text)):
            if any(row):
                yield block(ROW, *row)
    except csv.Error:
        yield block(NOTE, "The rest of the table is damaged.")


def delimiter(text: str) -> str:
    """What stands between the values of a table: what its first lines have most evenly."""
    first = [line for _, line in zip(range(20), lines(text[:20_000]), strict=False) if line.strip()]
    return max(_DELIMITERS, key=lambda mark: (min((line.count(mark) for line in first), default=0), text.count(mark)))


def html_blocks(text: str) -> Iterator[Block]:
    """The words of a web page, without anything that a browser would do with them."""
    words: list[str] = []
    at, unread = 0, ""
    for tag in _TAG.finditer(text):
        if not unread:
            words.append(text[at : tag.start()])
        at = tag.end()
        known = _TAG_NAME.match(tag.group())
        name = known.group(1).lower() if known else ""
        closing = tag.group().startswith("</")
        if unread:
            unread = "" if closing and name == unread else unread
        elif name in _UNREAD and not closing:
            unread = name
        elif name in _BREAKS and words:
            yield from _told(words)
            words = []
    if not unread:
        words.append(text[at:])
    yield from _told(words)


def page_blocks(file: BinaryIO) -> Iterator[Block]:
    """The words of a web page."""
    return html_blocks(read(file)[0])


def _told(words: list[str]) -> Iterator[Block]:
    line = html.unescape("".join(words)[:20_000])
    if line.strip():
        yield block(TEXT, line)
