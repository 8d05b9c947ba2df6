"""Walking through XML of unknown origin: as far as needed, within bounds, and without document type definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NoReturn, TypeAlias
from xml.parsers import expat

from mediacore.engines.operation import Unusable

EVENTS = 300_000
"""Beginnings and ends of elements and runs of text that are looked at; what follows is left out."""
DEPTH = 1_000
"""Elements within elements; what lies deeper is left out, and what follows it."""
START, END, TEXT = "start", "end", "text"
Event: TypeAlias = tuple[str, str, Mapping[str, str]]
"""What it is; the element's name without prefix, or the text; the attributes by their names without prefixes."""


class _Enough(Exception):
    """More events than are looked at, or too deep ones."""


def events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """What stands in an XML document, in order; it ends without a word where the XML is broken or too long.

    Raises:
        Unusable: ``bomb`` when it defines entities of its own, which no office program writes.
    """
    found: list[Event] = []
    parser = _parser(found)
    room = EVENTS
    for chunk in chunks:
        whole = _feed(lambda data=chunk: parser.Parse(data, False))  # type: ignore[misc]
        yield from found[:room]
        room -= len(found)
        found.clear()
        if not whole or room <= 0:
            return


def _parser(found: list[Event]) -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16

    depth = 0

    def note(event: Event) -> None:
        nonlocal depth
        depth += 1 if event[0] == START else -1 if event[0] == END else 0
        found.append(event)
        if len(found) > EVENTS or depth > DEPTH:
            raise _Enough

    def start(name: str, attributes: dict[str, str]) -> None:
        # of ``id`` and ``r:id`` the one with a prefix counts
        ordered = sorted(attributes.items(), key=_prefixed) if len(attributes) > 1 else attributes.items()
        note((START, _bare(name), {_bare(key): value for key, value in ordered}))

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: note((END, _bare(name), {}))
    parser.CharacterDataHandler = lambda text: note((TEXT, text, {}))
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _feed(parse: Callable[[], object]) -> bool:
    try:
        parse()
    except (expat.ExpatError, _Enough):
        return False
    return True


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def _prefixed(attribute: tuple[str, str]) -> bool:
    return ":" in attribute[0]


def _refuse(*_: object) -> NoReturn:
    raise Unusable("bomb", "The document defines entities of its own, as bombs do; it was not opened.")
