"""PowerPoint files up to 2003 as blocks ([MS-PPT]): one slide is one page."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from attrs import frozen

from mediacore.engines.doc.blocks import HEADING, ITEM, TEXT, Block, block
from mediacore.engines.ole import Ole
from mediacore.engines.operation import Unusable

RECORDS = 200_000
DEPTH = 30
SLIDES = 2_000
EDITS = 200
"""Savings that a file keeps one behind the other."""
LOCKED = 0xF3D1C4DF
_DOCUMENT, _SLIDE, _LIST, _PERSIST, _EDIT, _DIRECTORY = 0x3E8, 0x3EE, 0xFF0, 0x3F3, 0xFF5, 0x1772
_HEADER, _WIDE, _NARROW, _OUTLINE = 0xF9F, 0xFA0, 0xFA8, 0xF9E
_TITLES = (0, 6)


@frozen
class Record:
    """A record: its type and instance, and where its content stands."""

    kind: int
    instance: int
    holds: bool
    start: int
    end: int


@frozen
class Show:
    """A presentation: the stream, and the texts of the outline and the place of each slide in their order."""

    data: bytes
    slides: tuple[tuple[int, tuple[tuple[int, str], ...]], ...]


def records(data: bytes, start: int, end: int) -> Iterator[Record]:
    """The records between two places, without those within them."""
    at = start
    for _ in range(RECORDS):
        if at + 8 > min(end, len(data)):
            return
        head, kind, length = struct.unpack_from("<HHI", data, at)
        yield Record(kind, head >> 4, head & 0xF == 0xF, at + 8, min(at + 8 + length, end))
        at += 8 + length


def show(ole: Ole) -> Show:
    """The slides of a presentation, as it was saved last.

    Raises:
        Unusable: ``damaged`` or ``encrypted``.
    """
    data, user = ole.content("PowerPoint Document"), ole.content("Current User")
    if len(user) >= 20 and struct.unpack_from("<I", user, 12)[0] == LOCKED:
        raise Unusable("encrypted", "The presentation is locked with a password.")
    edit = struct.unpack_from("<I", user, 16)[0] if len(user) >= 20 else 0
    places, document = _places(data, edit)
    whole = next(records(data, places.get(document, 0), len(data)), None)
    if whole is None or whole.kind != _DOCUMENT:
        whole = next((each for each in records(data, 0, len(data)) if each.kind == _DOCUMENT), None)
    if whole is None:
        raise Unusable("damaged", "The presentation is damaged: it has no beginning.")
    found = []
    for part in records(data, whole.start, whole.end):
        if part.kind == _LIST and part.instance == 0:
            found += list(_listed(data, part, places))
    return Show(data, tuple(found[:SLIDES]))


def kinds(data: bytes) -> set[int]:
    """The types of all records."""
    whole = Record(0, 0, holds=True, start=0, end=len(data))
    return {each.kind for each in _all(data, whole, 0)}


def inside(data: bytes, kind: int) -> Iterator[Record]:
    """The records within every record of a type."""
    whole = Record(0, 0, holds=True, start=0, end=len(data))
    for each in _all(data, whole, 0):
        if each.kind == kind:
            yield from _all(data, each, 0)


def _all(data: bytes, parent: Record, depth: int) -> Iterator[Record]:
    for each in records(data, parent.start, parent.end):
        yield each
        if each.holds and depth < DEPTH:
            yield from _all(data, each, depth + 1)


def _places(data: bytes, edit: int) -> tuple[dict[int, int], int]:
    """Where every object stands, the latest saving first; and the number of the document itself."""
    found: dict[int, int] = {}
    document = 1
    for number in range(EDITS):
        if edit + 36 > len(data) or struct.unpack_from("<H", data, edit + 2)[0] != _EDIT:
            break
        before, directory, own = struct.unpack_from("<III", data, edit + 16)
        document = document if number else own
        listed = next(records(data, directory, len(data)), None)
        if listed is not None and listed.kind == _DIRECTORY:
            at = listed.start
            while at + 4 <= listed.end:
                (head,) = struct.unpack_from("<I", data, at)
                count = min(head >> 20, (listed.end - at - 4) // 4)
                for step, place in enumerate(struct.unpack_from(f"<{count}I", data, at + 4)):
                    found.setdefault((head & 0xFFFFF) + step, place)
                at += 4 + 4 * max(count, 1)
        if not before or before >= edit:
            break
        edit = before
    return found, document


def _listed(data: bytes, part: Record, places: dict[int, int]) -> Iterator[tuple[int, tuple[tuple[int, str], ...]]]:
    """Each slide's place, and the texts of its outline."""
    place, texts, kind = -1, list[tuple[int, str]](), 4
    for each in records(data, part.start, part.end):
        if each.kind == _PERSIST and each.end - each.start >= 4:
            if place >= 0:
                yield place, tuple(texts)
            place, texts = places.get(struct.unpack_from("<I", data, each.start)[0], len(data)), []
        elif each.kind == _HEADER and each.end - each.start >= 4:
            kind = struct.unpack_from("<I", data, each.start)[0]
        elif each.kind in (_WIDE, _NARROW):
            texts.append((kind, _words(data, each)))
    if place >= 0:
        yield place, tuple(texts)


def _words(data: bytes, atom: Record) -> str:
    raw = data[atom.start : atom.end]
    return raw.decode("utf-16-le", "replace") if atom.kind == _WIDE else raw.decode("latin-1")


def blocks(ole: Ole, page: int) -> Iterator[Block]:
    """What one slide says, its title first.

    Raises:
        Unusable: ``no-such-page``, and as ``show``.
    """
    known = show(ole)
    if not 0 <= page < len(known.slides):
        raise Unusable("no-such-page", f"The presentation has no slide {page + 1}.")
    place, outline = known.slides[page]
    slide = next(records(known.data, place, len(known.data)), None)
    texts = list(_texts(known.data, slide, outline)) if slide and slide.kind == _SLIDE else list(outline)
    told = [
        block(HEADING if kind in _TITLES else ITEM if kind == 1 else TEXT, line)
        for kind, words in texts
        for line in words.replace("\x0b", "\r").split("\r")
        if line.strip()
    ]
    yield from (each for each in told if each.kind == HEADING)
    yield from (each for each in told if each.kind != HEADING)


def _texts(data: bytes, slide: Record, outline: tuple[tuple[int, str], ...]) -> Iterator[tuple[int, str]]:
    """The texts on a slide: those that stand there, and those that stand in the outline, each by its number."""
    kind, used = 4, set[int]()
    for atom in _atoms(data, slide, 0):
        if atom.kind == _HEADER and atom.end - atom.start >= 4:
            kind = struct.unpack_from("<I", data, atom.start)[0]
        elif atom.kind in (_WIDE, _NARROW):
            yield kind, _words(data, atom)
        elif atom.kind == _OUTLINE and atom.end - atom.start >= 4:
            number = struct.unpack_from("<I", data, atom.start)[0]
            if number < len(outline) and number not in used:
                used.add(number)
                yield outline[number]
    yield from (text for number, text in enumerate(outline) if number not in used)


def _atoms(data: bytes, parent: Record, depth: int) -> Iterator[Record]:
    for each in records(data, parent.start, parent.end):
        # a text box holds records of PowerPoint's own in a record of the drawing layer
        if (each.holds or each.kind == 0xF00D) and depth < DEPTH:
            yield from _atoms(data, each, depth + 1)
        else:
            yield each
