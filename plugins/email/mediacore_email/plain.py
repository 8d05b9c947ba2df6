"""HTML and flowed text as words: what a person would read, in one pass over the text, whatever the markup is worth."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

_PAGE = re.compile(r"\s{0,200}(?:<\?xml[^>]{0,200}>\s{0,200})?<(?:!doctype\s{1,20}html|html)\b", re.IGNORECASE)
_TAG_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9]{0,20})")
_CLOSERS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style", "head", "title")}
_BREAKS = re.compile(r"p|div|br|tr|li|ul|ol|table|h[1-6]|blockquote|pre|hr|section|article")
_APART = re.compile(r"p|h[1-6]|ul|ol|table|blockquote")
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]{1,200})"|'([^']{1,200})')""", re.IGNORECASE)
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_CID = re.compile(r"""cid:([^\s"'<>)]{1,500})""", re.IGNORECASE)
_SOURCE = re.compile(r"""\b(?:src|background)\s*=\s*["']?([^\s"'<>]{1,1000})""", re.IGNORECASE)
_SIGNATURE = "-- "
QUOTES = 4
"""How many times a tag may go on behind a ``>`` that stands inside quotes."""


def references(markup: str) -> frozenset[str]:
    """The Content-IDs and locations of the pictures that the markup shows, percent-decoded, without brackets."""
    cids = {unquote(match[1]).strip("<>") for match in _CID.finditer(markup)}
    return frozenset(cids | {match[1] for match in _SOURCE.finditer(markup)})


def is_page(text: str) -> bool:
    """Whether a text of no declared type is HTML: it begins as a page does."""
    return bool(_PAGE.match(text))


def words(markup: str) -> str:
    """The text of the markup: blocks on lines of their own, pictures by their alternative text."""
    page = _Page()
    at = 0
    while (opening := markup.find("<", at)) >= 0:
        page.write(_text(markup[at:opening]))
        at = _end_of_tag(markup, opening)
        if at < 0:
            at = opening
            break
        tag = markup[opening + 1 : at - 1]
        name = _TAG_NAME.match(tag)
        if name is None:
            page.write("" if tag[:1] in ("!", "?", "/") else _text(markup[opening:at]))
            continue
        word = name[1].lower()
        page.mark(word, tag)
        if word in _CLOSERS and not tag.startswith("/"):
            closer = _CLOSERS[word].search(markup, at)
            at = closer.start() if closer else len(markup)
    page.write(_text(markup[at:]))
    return page.text()


def unflowed(text: str, delsp: bool) -> str:
    """Text of ``format=flowed`` with its paragraphs on one line each (RFC 3676 4).

    Args:
        text: the words, with line feeds.
        delsp: the space that says that a line goes on is not part of it.
    """
    lines: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        rest = line.lstrip(">")
        depth = len(line) - len(rest)
        rest = rest.removeprefix(" ")
        if depth != open_depth or rest == _SIGNATURE:
            lines.append([">" * depth + " " if depth and rest else ">" * depth])
        goes_on = rest.endswith(" ") and rest != _SIGNATURE
        lines[-1].append(rest[:-1] if goes_on and delsp else rest)
        open_depth = depth if goes_on else -1
    return "\n".join(map("".join, lines))


class _Page:
    """Words as they are written down, line by line."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._fresh = True

    def write(self, text: str) -> None:
        if text and not (self._fresh and not text.strip()):
            self._out.append(text.lstrip() if self._fresh else text)
            self._fresh = False

    def mark(self, word: str, tag: str) -> None:
        if word == "br":
            self._out.append("\n")
            self._fresh = True
        elif _BREAKS.fullmatch(word):
            self._out.append("" if self._fresh else "\n")
            self._out.append("\n" if tag.startswith("/") and _APART.fullmatch(word) else "")
            self._fresh = True
        elif word in ("td", "th"):
            self.write(" ")
        elif word == "img" and (alt := _ALT.search(tag)):
            self.write(f"[{html.unescape(_LONG_REFERENCE.sub('', alt[1] or alt[2]))}]")

    def text(self) -> str:
        kept: list[str] = []
        for line in "".join(self._out).split("\n"):
            stripped = line.strip()
            if stripped or (kept and kept[-1]):
                kept.append(stripped)
        return "\n".join(kept).strip()


def _end_of_tag(markup: str, opening: int) -> int:
    """Just behind the tag or the comment; -1 when it has no end."""
    if markup.startswith("<!--", opening):
        close = markup.find("-->", opening + 4)
        return close + 3 if close >= 0 else -1
    end = opening
    for _ in range(QUOTES):
        end = markup.find(">", end + 1)
        if end < 0:
            return -1
        tag = markup[opening:end]
        if tag.count('"') % 2 == 0:
            break
    return end + 1


def _text(raw: str) -> str:
    return _SPACE.sub(" ", html.unescape(_LONG_REFERENCE.sub("", raw)))
