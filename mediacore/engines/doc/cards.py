"""Contacts (RFC 6350, and the older 2.1 and 3.0) and calendars (RFC 5545) as blocks: one contact or event is a page."""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from attrs import field, frozen

from mediacore.engines.doc.blocks import HEADING, NOTE, ROW, Block, block
from mediacore.engines.doc.package import shown
from mediacore.engines.doc.text import lines, read
from mediacore.engines.operation import Unusable

ENTRIES = 10_000
_PROPERTIES = 200
_CONTACT: Mapping[str, str] = {
    "ORG": "Organisation",
    "TITLE": "Title",
    "TEL": "Phone",
    "EMAIL": "E-mail",
    "ADR": "Address",
    "URL": "Web",
    "BDAY": "Birthday",
    "NOTE": "Note",
}
_EVENT: Mapping[str, str] = {
    "DTSTART": "Begins",
    "DTEND": "Ends",
    "DUE": "Due",
    "DURATION": "Lasts",
    "RRULE": "Repeats",
    "LOCATION": "Place",
    "ORGANIZER": "Organiser",
    "ATTENDEE": "Guest",
    "STATUS": "Status",
    "URL": "Web",
    "DESCRIPTION": "Description",
}
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?$")
_ESCAPED = re.compile(r"\\([\\,;nN])")


@frozen
class Entry:
    """A contact, an event or a task: its properties in order, as name, parameters and value."""

    properties: list[tuple[str, str, str]] = field(factory=list)

    def first(self, name: str) -> str:
        """The words of the first property of a name."""
        return next((words(value) for known, _, value in self.properties if known == name), "")


def entries(file: BinaryIO, kinds: tuple[str, ...]) -> list[Entry]:
    """The entries of a card or calendar file; those within others, such as alarms, are left out."""
    found: list[Entry] = []
    inside: list[str] = []
    for name, parameters, value in _properties(read(file)[0]):
        if name == "BEGIN":
            inside.append(value.strip().upper())
            if inside[-1] in kinds:
                found.append(Entry())
        elif name == "END":
            inside = inside[:-1]
        elif inside and inside[-1] in kinds and len(found[-1].properties) < _PROPERTIES:
            found[-1].properties.append((name, parameters, value))
        if len(found) >= ENTRIES or len(inside) > 10:
            break
    return found


def contacts(file: BinaryIO) -> list[Entry]:
    """The contacts of a vCard file."""
    return entries(file, ("VCARD",))


def events(file: BinaryIO) -> list[Entry]:
    """The events and tasks of a calendar file."""
    return entries(file, ("VEVENT", "VTODO", "VJOURNAL"))


def contact_blocks(file: BinaryIO, page: int) -> Iterator[Block]:
    """One contact as a card.

    Raises:
        Unusable: ``no-such-page``.
    """
    for entry in _chosen(contacts(file), page):
        yield from _card(entry)


def every_contact(file: BinaryIO) -> Iterator[Block]:
    """All contacts, one after the other."""
    for entry in contacts(file):
        yield from _card(entry)


def _card(entry: Entry) -> Iterator[Block]:
    yield block(HEADING, entry.first("FN") or " ".join(reversed(entry.first("N").split(";")[:2])) or "A contact")
    for name, parameters, value in entry.properties:
        if name == "PHOTO" and (picture := _photo(parameters, value)):
            yield picture
    for name, _, value in entry.properties:
        if name in _CONTACT and (told := words(value, structured=name in ("ADR", "ORG"))):
            yield block(ROW, _CONTACT[name], told.removeprefix("tel:").removeprefix("mailto:"))


def event_blocks(file: BinaryIO, page: int) -> Iterator[Block]:
    """One event as an entry of a calendar.

    Raises:
        Unusable: ``no-such-page``.
    """
    for entry in _chosen(events(file), page):
        yield from _appointment(entry)


def every_event(file: BinaryIO) -> Iterator[Block]:
    """All events, one after the other."""
    for entry in events(file):
        yield from _appointment(entry)


def _appointment(entry: Entry) -> Iterator[Block]:
    yield block(HEADING, entry.first("SUMMARY") or "An event")
    if entry.first("STATUS").upper() == "CANCELLED":
        yield block(NOTE, "This event was cancelled.")
    for name, parameters, value in entry.properties:
        if name in _EVENT and (told := words(value)):
            yield block(
                ROW, _EVENT[name], _moment(told, parameters) if name.startswith("D") else told.removeprefix("mailto:")
            )


def words(value: str, *, structured: bool = False) -> str:
    """A property's value as a person reads it."""
    if structured:
        value = ", ".join(part for part in re.split(r"(?<!\\);", value[:10_000]) if part.strip())
    return _ESCAPED.sub(lambda match: " " if match.group(1) in "nN" else match.group(1), value[:10_000]).strip()


def _chosen(found: list[Entry], page: int) -> list[Entry]:
    """The one of a page; of a file without entries the first page is empty."""
    if page and page >= len(found):
        raise Unusable("no-such-page", f"There is no entry {page + 1} in this file.")
    return found[page : page + 1]


def _properties(text: str) -> Iterator[tuple[str, str, str]]:
    """Name, parameters and value of each line; folded lines are put together (RFC 6350, 3.2)."""
    for line in _unfolded(text):
        head, colon, value = line.partition(":")
        if head.count('"') % 2:  # a colon in a quoted parameter
            more, colon, value = value.partition('":')
            head += ":" + more
        name, _, parameters = head.partition(";")
        if colon:
            name = name.strip().upper().rpartition(".")[2]
            parameters = parameters.upper()
            if "QUOTED-PRINTABLE" in parameters:
                value = quopri.decodestring(value.encode("utf-8", "replace")).decode("utf-8", "replace")
            yield name, parameters, value


def _unfolded(text: str) -> Iterator[str]:
    held: list[str] = []
    for line in lines(text):
        bare = line.rstrip("\n")
        if held and bare[:1] in (" ", "\t"):
            held.append(bare[1:])
        elif held and held[-1].endswith("=") and "QUOTED-PRINTABLE" in held[0].upper()[:200]:
            held[-1] = held[-1][:-1]
            held.append(bare)
        else:
            if held:
                yield "".join(held)
            held = [bare]
    yield "".join(held)


def _moment(value: str, parameters: str) -> str:
    found = _MOMENT.match(value.strip())
    if not found:
        return value
    year, month, day, hour, minute, utc = found.groups()
    zone = " UTC" if utc else parameters.rpartition("TZID=")[2].partition(";")[0].title().join((" (", ")"))
    clock = f" {hour}:{minute}{zone if utc or 'TZID=' in parameters else ''}" if hour else ""
    return f"{year}-{month}-{day}{clock}"


def _photo(parameters: str, value: str) -> Block | None:
    data = value.rpartition("base64,")[2] if value.startswith("data:") else value
    if "http" in value[:8].lower() or ("URI" in parameters and not value.startswith("data:")):
        return None
    try:
        return shown(binascii.a2b_base64(data.encode("ascii", "replace")))
    except (binascii.Error, ValueError):
        return None
