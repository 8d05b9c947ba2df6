"""Rewriting XML tag by tag: whole elements, single tags or attributes go, every other byte stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import define, field, frozen

from mediacore.engines.operation import Unusable

# "<" cannot stand in an attribute's value (XML 1.0, 3.1), and nothing is tried twice, so that no byte is read again
_TOKEN = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    rb"|<(?P<close>/?)(?P<name>[^\s<>/\"'!?]++)(?P<rest>(?:\"[^\"<]*+\"|'[^'<]*+'|[^<>\"']++)*+)>|[^<]++|<",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"([^\s=\"'<>/]++)\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
TOKENS = 2_000_000
"""Tags and texts that are read where a document must be rewritten; more are not cleaned."""


@frozen
class Token:
    """A piece of XML.

    Args:
        raw: its bytes.
        name: the tag's name; empty for what is no tag.
        opens, closes: a start tag, an end tag; an empty element is both.
    """

    raw: bytes
    name: bytes = b""
    opens: bool = False
    closes: bool = False

    def value(self, name: bytes) -> bytes:
        """An attribute's value; empty when it has none."""
        found = (match for match in _ATTRIBUTE.finditer(self.raw) if match.group(1) == name)
        return next((match.group(2) or match.group(3) or b"" for match in found), b"")


def tokens(data: bytes) -> Iterator[Token]:
    """Every piece, in order; together they are the data.

    Raises:
        Unusable: ``too-large`` for more pieces than are read.
    """
    for number, match in enumerate(_TOKEN.finditer(data)):
        if number >= TOKENS:
            raise Unusable("too-large", "A part of the document is too large to be cleaned.")
        name = match.group("name")
        if name is None:
            yield Token(match.group())
        else:
            closing = bool(match.group("close"))
            yield Token(match.group(), name, not closing, closing or match.group("rest").endswith(b"/"))


@define
class Rewriting:
    """What is kept so far, and what is being left out.

    Args:
        dropped: elements that go with all that is in them.
        unwrapped: elements whose content stays.
        attributes: attributes that go, wherever they stand.
    """

    dropped: frozenset[bytes] = frozenset()
    unwrapped: frozenset[bytes] = frozenset()
    attributes: re.Pattern[bytes] | None = None
    out: list[bytes] = field(factory=list)
    _inside: bytes = b""
    _depth: int = 0

    def rewritten(self, data: bytes) -> bytes:
        """The data without what goes."""
        for token in tokens(data):
            self._take(token)
        return b"".join(self.out)

    def drops(self, token: Token) -> bool:
        """Whether an element goes; rules that look at more than its name go here."""
        return token.name in self.dropped

    def note(self, token: Token) -> None:
        """A tag that is about to stay."""

    def noted(self, token: Token) -> None:
        """A tag that stayed."""

    def _take(self, token: Token) -> None:
        if self._inside:
            if token.name == self._inside and token.opens is not token.closes:
                self._depth += 1 if token.opens else -1
            if not self._depth:
                self._inside = b""
            return
        if token.opens and self.drops(token):
            if not token.closes:
                self._inside, self._depth = token.name, 1
            return
        if token.name in self.unwrapped:
            return
        if token.name:
            self.note(token)
        raw = token.raw
        if self.attributes is not None and token.opens:
            raw = self.attributes.sub(b"", raw)
        self.out.append(raw)
        if token.name:
            self.noted(token)


def in_utf8(data: bytes) -> bytes:
    """XML in UTF-8, whatever it came in; office programs write nothing else."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
        return re.sub(r"encoding=[\"'][^\"']*[\"']", 'encoding="UTF-8"', text, count=1).encode()
    return data
