"""Shared contacts as vCards, which every address book opens.

Fields of a contact: https://github.com/david-lev/pywa/blob/master/pywa/types/others.py (``Contact``); the form of the
file: RFC 2426, the version that phones write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mediacore import Permanent, Remote
from mediacore_whatsapp.fields import rows, table, words

TYPE = "text/vcard"
KIND = "contact"
WIDTH = 75
"""Bytes of a line before it is folded (RFC 2426, section 2.6)."""


def remotes(message: Mapping[str, Any]) -> tuple[Remote, ...]:
    """One file for each contact in a message; ``fetch`` makes it from the delivery, which is kept."""
    source = words(message.get("id"))
    return tuple(
        Remote(str(number), f"{name}.vcf", TYPE, extra={"kind": KIND, "message": source})
        for number, each in enumerate(rows(message.get("contacts")))
        if (name := shown_name(table(each)))
    )


def fetched(remote: Remote, body: bytes) -> bytes:
    """The vCard of a contact.

    Args:
        remote: as ``remotes`` named it.
        body: the delivery that it stands in.

    Raises:
        Permanent: the delivery does not hold it (``expired``).
    """
    for message in _messages(body):
        people = rows(message.get("contacts"))
        number = int(remote.ref) if remote.ref.isdecimal() else len(people)
        if words(message.get("id")) == remote.extra.get("message") and number < len(people):
            return card(table(people[number]))
    raise Permanent("the delivery with this contact is no longer kept: ask for it again", code="expired")


def shown_name(person: Mapping[str, Any]) -> str:
    """What a contact is called; else its number, address or firm; empty when it says nothing at all."""
    name = table(person.get("name"))
    plain = " ".join(filter(None, (words(name.get("first_name")), words(name.get("last_name")))))
    first = (words(name.get("formatted_name")), plain, *numbers(person), *mails(person), firm(person))
    return next(filter(None, first), "")


def numbers(person: Mapping[str, Any]) -> list[str]:
    """The phone numbers of a contact."""
    found = (words(table(p).get("phone")) or words(table(p).get("wa_id")) for p in rows(person.get("phones")))
    return [number for number in found if number]


def mails(person: Mapping[str, Any]) -> list[str]:
    """The mail addresses of a contact."""
    return [mail for m in rows(person.get("emails")) if (mail := words(table(m).get("email")))]


def firm(person: Mapping[str, Any]) -> str:
    """The company of a contact."""
    return words(table(person.get("org")).get("company"))


def card(person: Mapping[str, Any]) -> bytes:
    """A contact's own vCard where WhatsApp sent one, else one made from its fields."""
    own = words(person.get("vcard"))
    if own.lstrip().upper().startswith("BEGIN:VCARD"):
        return own.encode()
    lines = ["BEGIN:VCARD", "VERSION:3.0", *_lines(person), "END:VCARD"]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _lines(person: Mapping[str, Any]) -> Iterator[str]:
    name, org = table(person.get("name")), table(person.get("org"))
    parts = ("last_name", "first_name", "middle_name", "prefix", "suffix")
    yield f"N:{_joined(name, parts)}"
    yield f"FN:{_escaped(shown_name(person))}"
    for phone in map(table, rows(person.get("phones"))):
        yield from _typed("TEL", phone, words(phone.get("phone")) or words(phone.get("wa_id")))
    for mail in map(table, rows(person.get("emails"))):
        yield from _typed("EMAIL", mail, words(mail.get("email")))
    for page in map(table, rows(person.get("urls"))):
        yield from _typed("URL", page, "".join(words(page.get("url")).split()), escape=False)
    for place in map(table, rows(person.get("addresses"))):
        whole = _joined(place, ("street", "city", "state", "zip", "country"))
        yield from _typed("ADR", place, f";;{whole}" if whole.strip(";") else "", escape=False)
    if any(words(org.get(key)) for key in ("company", "department")):
        yield f"ORG:{_joined(org, ('company', 'department'))}"
    if words(org.get("title")):
        yield f"TITLE:{_escaped(words(org.get('title')))}"
    if words(person.get("birthday")):
        yield f"BDAY:{_escaped(words(person.get('birthday')))}"


def _typed(field: str, entry: Mapping[str, Any], value: str, *, escape: bool = True) -> Iterator[str]:
    kind = "".join(c for c in words(entry.get("type")) if c.isascii() and c.isalnum())
    if value:
        yield f"{field}{f';TYPE={kind}' if kind else ''}:{_escaped(value) if escape else value}"


def _joined(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return ";".join(_escaped(words(entry.get(key))) for key in keys)


def _escaped(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, f"\\{character}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """Lines of at most 75 bytes, never cut within a character."""
    pieces, room = [b""], WIDTH
    for character in line:
        encoded = character.encode()
        if len(pieces[-1]) + len(encoded) > room:
            pieces.append(b"")
            room = WIDTH - 1  # the space that marks a continuation
        pieces[-1] += encoded
    return b"\r\n ".join(pieces)


def _messages(body: bytes) -> Iterator[Mapping[str, Any]]:
    try:
        delivery = json.loads(body)
    except (ValueError, RecursionError):
        return
    for entry in rows(table(delivery).get("entry")):
        for change in rows(table(entry).get("changes")):
            value = table(table(change).get("value"))
            for listed in ("messages", "message_echoes"):
                yield from map(table, rows(value.get(listed)))
