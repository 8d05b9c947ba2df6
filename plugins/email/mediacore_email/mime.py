"""The structure of a mail as spans of its raw bytes: nothing copied, nothing re-serialised, everything bounded.

The standard library's parsers either decode hostile headers into gigabytes or recurse without end, so the structure is
found here by the delimiter lines alone (RFC 2046 5.1). Beyond any bound ``TooMuch`` is raised, and the caller keeps the
raw mail as one attachment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

from attrs import evolve, field, frozen

from mediacore_email.headers import Headers, parameter, parameters

HEADER_BLOCK = 256 * 1024
HEADER_LINES = 1000
HEADER = 64 * 1024
BOUNDARY = 200
DEPTH = 20
PARTS = 1000
NEAR_MISSES = 10_000
"""Lines that begin like a delimiter and are none; more of them are an attack on the search."""
STRIDE = 64 * 1024
"""Bytes behind a dash that are searched for a delimiter at once."""

_EOL = re.compile(rb"\r\n|\n|\r")
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
# a closing delimiter may have rubbish behind it as long as that cannot belong to another boundary (RFC 2046 5.1.1)
_DELIMITER_END = re.compile(rb"(?:(--)(?:[^\w\'()+,./:=?\r\n-][^\r\n]*)?|[ \t]*)(?:\r\n|\n|\r|\Z)")
_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_LOOKS_LIKE_ONE = re.compile(rb"--(?<=[\r\n]--)([^\r\n]{0,199}[^\r\n \t])[ \t]*(?:\r\n|\r|\n)Content-", re.IGNORECASE)
_EMPTY = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_MIME = re.compile(rb"(?<=[\r\n])Content-Type[ \t]*:[ \t]*[\w-]+/", re.IGNORECASE)
GUESSES, GUESSED = 20, 64 * 1024
"""How often in a mail, and how far, a delimiter is looked for in a multipart whose own boundary divides nothing."""


class TooMuch(Exception):
    """The mail goes beyond what is taken apart; the message says which bound it broke."""


@frozen(eq=False)
class Part:
    """One entity of a mail.

    Args:
        number: as IMAP counts (``1.2``); empty for the mail itself.
        headers: its header lines.
        type: its MIME type in lower case; empty when none or no sound one is declared.
        params: the parameters of its Content-Type, undecoded.
        begin: where its headers begin in the raw mail.
        start, end: its body in the raw mail, still encoded for transfer.
        children: the entities in it, when it is a multipart.
    """

    number: str
    headers: Headers
    type: str
    params: Mapping[str, str]
    begin: int
    start: int
    end: int
    children: tuple[Part, ...] = field(default=(), repr=False)

    def walk(self) -> Iterator[Part]:
        """This part and everything in it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(raw: bytes) -> Part:
    """Take a mail apart.

    Raises:
        TooMuch: it goes beyond one of the bounds of this module.
    """
    return _Parser(raw).part(0, len(raw), "", 0, "")


def read_headers(raw: bytes, begin: int, end: int) -> tuple[Headers, int]:
    """The header lines from a place on, and where the body begins.

    A line that is no header ends them, as if the empty line had been forgotten: what it says is kept as body.

    Raises:
        TooMuch: more lines or bytes than a mail needs.
    """
    found: list[tuple[str, bytes]] = []
    start = _lines(raw, begin, end, found)
    return Headers(tuple(found)), start


def readable_head(raw: bytes) -> Headers:
    """As many of a mail's header lines as can be read within the bounds; never raises."""
    found: list[tuple[str, bytes]] = []
    with suppress(TooMuch):
        _lines(raw, 0, len(raw), found)
    return Headers(tuple((name, value) for name, value in found if len(value) <= HEADER))


def _lines(raw: bytes, begin: int, end: int, found: list[tuple[str, bytes]]) -> int:
    limit = min(end, begin + HEADER_BLOCK)
    at = begin
    for _ in range(HEADER_LINES):
        if at >= end:
            return end
        eol = _EOL.search(raw, at, limit)
        if eol is None and limit < end:
            raise TooMuch("its header block has no end")
        stop, after = (eol.start(), eol.end()) if eol else (end, end)
        if stop == at:
            return after
        line = raw[at:stop]
        name = _NAME.match(line if found else line.lstrip())
        if line[:1] in b" \t" and (found or not name):
            _continue(found, line)
        elif name:
            line = line if found else line.lstrip()
            found.append((name[1].decode("ascii").lower(), line[name.end() :]))
        elif found and b"=" in line and found[-1][1].rstrip().endswith(b";"):
            _continue(found, b" " + line)  # a parameter on a line of its own that was not indented
        elif not (
            (at == 0 and line.startswith((b"From ", b">From ")))  # the envelope line of an mbox
            or ((found or not begin) and _goes_on(raw, after, limit, found))
        ):
            return at
        at = after
    raise TooMuch(f"it has more than {HEADER_LINES} header lines")


def _goes_on(raw: bytes, at: int, end: int, found: list[tuple[str, bytes]]) -> bool:
    """Whether a line among the headers that is none is only rubbish: what the body is made of still follows it."""
    empty = _EMPTY.search(raw, at, min(end, at + GUESSED))
    known = any(name == "content-type" for name, _ in found)
    return bool(not known and empty and _MIME.search(raw, at, empty.start() + 1))


def _continue(found: list[tuple[str, bytes]], line: bytes) -> None:
    if found:
        name, value = found[-1]
        if len(value) + len(line) > HEADER:
            raise TooMuch(f"its header {name[:40]} is longer than {HEADER} bytes")
        found[-1] = (name, value + line)


class _Parser:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._count = 0
        self._misses = 0
        self._guesses = 0

    def part(self, begin: int, end: int, number: str, depth: int, default: str) -> Part:
        self._count += 1
        if self._count > PARTS:
            raise TooMuch(f"it has more than {PARTS} parts")
        if depth > DEPTH:
            raise TooMuch(f"its parts are nested more than {DEPTH} deep")
        headers, start = read_headers(self._raw, begin, end)
        if any(len(value) > HEADER for _, value in headers.lines):
            raise TooMuch(f"one of its headers is longer than {HEADER} bytes")
        declared, params = parameters(headers.first("content-type"))
        if params is None:
            raise TooMuch("one of its headers has too many parameters")
        sound = _TYPE.match(declared)
        kind = sound[0] if sound else "text/html" if "html" in declared else default
        children = self._children(kind, params, start, end, number, depth)
        if kind.startswith("multipart/") and not children:
            kind = ""  # nothing divides it: what is there is shown as it stands
        return Part(number, headers, kind, params, begin, start, end, children)

    def _children(
        self, kind: str, params: Mapping[str, str], start: int, end: int, number: str, depth: int
    ) -> tuple[Part, ...]:
        if not kind.startswith("multipart/"):
            return ()
        boundary = _boundary(params)
        if len(boundary) > BOUNDARY:
            raise TooMuch(f"a boundary is longer than {BOUNDARY} bytes")
        spans, closed = self._spans(start, end, b"--" + boundary) if boundary else ([], Counter[int]())
        if not spans and self._guesses < GUESSES:
            self._guesses += 1
            guessed = _LOOKS_LIKE_ONE.search(self._raw, start, min(end, start + GUESSED))
            spans, closed = self._spans(start, end, b"--" + guessed[1]) if guessed else (spans, closed)
        default = "message/rfc822" if kind == "multipart/digest" else ""
        prefix = f"{number}." if number else ""
        parts = tuple(self.part(b, e, f"{prefix}{i}", depth + 1, default) for i, (b, e) in enumerate(spans, 1))
        return _regrouped(parts, closed, boundary, DEPTH - depth)

    def _spans(self, start: int, end: int, delimiter: bytes) -> tuple[list[tuple[int, int]], Counter[int]]:
        """Where the pieces between the delimiter lines lie, and behind how many of them closing delimiters stand.

        One that is never closed reaches to the end. What follows a closing delimiter counts as well when it has
        delimiters of its own: a multipart inside may have used our boundary, and closed itself alone.
        """
        raw, spans, closed, opened, position = self._raw, list[tuple[int, int]](), Counter[int](), -1, start
        while (at := _find(raw, delimiter, position, end)) >= 0:
            position = at + len(delimiter)
            tail = _DELIMITER_END.match(raw, position, end)
            if tail is None or (at > start and raw[at - 1] not in b"\r\n"):
                self._miss()
                continue
            if opened >= 0:
                spans.append((opened, max(opened, _before_eol(raw, at))))
            elif closed:
                self._miss()
            if tail[1]:
                closed[len(spans)] += 1
                opened = -1
                continue
            if len(spans) > PARTS:
                raise TooMuch(f"it has more than {PARTS} parts")
            opened = position = tail.end()
        if 0 <= opened < end:
            spans.append((opened, end))
        return spans, closed

    def _miss(self) -> None:
        self._misses += 1
        if self._misses > NEAR_MISSES:
            raise TooMuch("too many of its lines look like delimiters")


def _find(raw: bytes, delimiter: bytes, start: int, end: int) -> int:
    """As ``bytes.find``, faster: a single byte is found at the speed of memory, and no dash stands in base64."""
    while (start := raw.find(b"-", start, end)) >= 0:
        if (at := raw.find(delimiter, start, min(end, start + STRIDE + len(delimiter)))) >= 0:
            return at
        start += STRIDE
    return -1


def _before_eol(raw: bytes, at: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1)."""
    return at - 2 if raw[at - 2 : at] == b"\r\n" else at - 1


def _boundary(params: Mapping[str, str]) -> bytes:
    coded = parameter(params, "boundary") if "boundary*" in params or "boundary*0*" in params else ""  # RFC 2231
    return (coded or params.get("boundary", "")).rstrip().encode("latin-1", "replace")


def _regrouped(parts: tuple[Part, ...], closed: Counter[int], boundary: bytes, most: int) -> tuple[Part, ...]:
    """The parts, each behind a multipart that shares our boundary put into it, up to the delimiter that closes it.

    Args:
        parts: the pieces between all the delimiters.
        closed: behind how many of them how many closing delimiters stand.
        boundary: ours.
        most: how deep they may be nested.

    Raises:
        TooMuch: they are nested deeper.
    """
    owners: list[Part] = []
    levels: list[list[Part]] = [[]]

    def leave() -> None:
        owner, own = owners.pop(), tuple(levels.pop())
        kind = parameters(owner.headers.first("content-type"))[0]
        levels[-1].append(evolve(owner, type=kind, children=own) if own else owner)

    for count, part in enumerate(parts, 1):
        if _shares(part, boundary):
            owners.append(part)
            levels.append([])
            if len(owners) > most:
                raise TooMuch(f"its parts are nested more than {DEPTH} deep")
        else:
            levels[-1].append(part)
        for _ in range(min(closed[count], len(owners))):
            leave()
    while owners:
        leave()
    return tuple(levels[0])


def _shares(part: Part, boundary: bytes) -> bool:
    """Whether it is a multipart that nothing divided because our own delimiters are its own."""
    declared = parameters(part.headers.first("content-type"))[0]
    return bool(boundary and not part.type and declared.startswith("multipart/") and _boundary(part.params) == boundary)
