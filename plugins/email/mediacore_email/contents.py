"""What stands in a mail: its text, and its files with their names.

The rules: a text part without a name that is not marked as an attachment is text; of alternatives the plain one counts,
the HTML one only when that is empty; a file is inline only when the HTML refers to it, whatever its disposition says
(Apple Mail marks real attachments inline, Outlook gives every file a Content-ID); a nested mail or an encrypted part is
one file; winmail.dat is opened, and so is what is uuencoded in the text and what a signature encloses; a signature is a
file of a sort of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from attrs import Factory, define, evolve, frozen

from mediacore import Remote
from mediacore_email import bodies, headers, plain, sealed, uuencoded, winmail
from mediacore_email.mime import Part, TooMuch, parse, read_headers, readable_head
from mediacore_email.names import EXTENSIONS, NAMES, made_up

_TEXTS = ("text/plain", "text/html", "")
_MARKUP = ("text/html", "text/enriched", "text/richtext")
_MAILS = ("message/rfc822", "message/global", "message/news")
"""Mails in mails: as they have been, with addresses beyond ASCII (RFC 6532), and what once went to newsgroups."""
_INVITES = ("text/calendar", "application/ics")
INVITES, INVITE = 10, 256 * 1024
"""How many invitations, and up to how many bytes, are looked at for the same one twice."""
_ARMOUR = "-----BEGIN PGP MESSAGE-----"
"""How encrypted text begins: https://www.rfc-editor.org/rfc/rfc9580#section-6.2.1"""
_ELSEWHERE = "message/external-body"
"""A file that lies elsewhere: its headers say where (RFC 2046 5.2.3)."""
_UNSEEN = ("text/x-amp-html", "text/watch-html", "application/applefile")
"""Other renderings of the text, and the Macintosh's notes on a file; they bring nothing that a person could open."""
SEALED = "encrypted or sealed mail"


@frozen
class Contents:
    """What stands in a mail.

    Args:
        text: the words.
        remotes: the files, in order.
        unsupported: what cannot be shown, in a few words; empty when all can.
    """

    text: str
    remotes: tuple[Remote, ...]
    unsupported: str = ""


@define
class _Found:
    texts: list[str] = Factory(list)
    markup: bool = False
    files: list[Part] = Factory(list)
    sorts: dict[Part, str] = Factory(dict)
    sealed: list[Part] = Factory(list)
    written: list[Remote] = Factory(list)
    unsupported: str = ""


def contents(raw: bytes, root: Part, depth: int = 0) -> Contents:
    """Look through a mail's parts.

    Args:
        raw: the mail.
        root: its structure.
        depth: in how many signatures it was enclosed.
    """
    found = _Found()
    markup: list[str] = []
    _visit(raw, root, found, markup, depth=depth)
    repeated = _repeated(raw, found.files)
    found.files = [part for part in found.files if part not in repeated]
    letters = winmail.letters(raw, [part for part in found.files if winmail.is_one(part.type, _name(part))])
    markup += [letter.markup for letter in letters.values()]
    referred = plain.references("\n".join(markup)) if markup else frozenset()
    text = "\n\n".join(t.strip("\n") for t in found.texts if t.strip()).strip()
    enclosed = "" if text else next((w for w in map(winmail.words, letters.values()) if w), "")
    remotes: list[Remote] = []
    for index, part in enumerate(found.files, 1):
        letter = letters.get(part)
        remotes += winmail.remotes(part.number or "1", letter, referred, {r.name for r in remotes}) if letter else []
        if letter and winmail.hides(letter, text or enclosed) and (document := winmail.told(raw, part, letter)):
            remotes.append(document)
        elif not letter or winmail.hides(letter, text or enclosed):
            remotes.append(evolve(_remote(raw, part, index, referred), sort=found.sorts.get(part, "")))
    remotes += found.written
    remotes += [
        Remote(f"{p.number}/whole" if p.number else "raw", "encrypted.eml", "message/rfc822", sort=sealed.ENCRYPTED)
        for p in found.sealed
    ]
    if len(text) > bodies.TEXT:  # the rest of it stands in the mail itself
        text = text[: bodies.TEXT]
        remotes.append(Remote("raw", "message.eml", "message/rfc822", len(raw)))
    unread = found.sealed or sealed.ENCRYPTED in found.sorts.values() or _ARMOUR in text
    return Contents(text or enclosed, tuple(remotes), SEALED if unread else found.unsupported)


def _visit(raw: bytes, part: Part, found: _Found, markup: list[str], body: bool = False, depth: int = 0) -> None:
    """Sort a part and all in it; ``body`` says that it stands where a body does, whatever it is called."""
    if part.type == "multipart/encrypted":
        found.sealed.append(part)
    elif part.type == "multipart/alternative":
        _alternative(raw, part.children, found, markup, depth)
    elif part.children:
        for index, child in enumerate(part.children):
            _visit(raw, child, found, markup, part.type == "multipart/related" and not index, depth)
    elif part.type in _UNSEEN:
        return
    elif sealed.is_around(part, _name(part)):
        _open(raw, part, found, depth)
    elif sealed.is_signature(part, _name(part)):
        found.files.append(part)
        found.sorts[part] = sealed.SIGNATURE
    elif _is_text(part, body or not part.number):
        _read(raw, part, found, markup)
    else:
        found.files.append(part)


def _open(raw: bytes, part: Part, found: _Found, depth: int) -> None:
    """What a part says and brings that S/MIME signed; itself it is the proof of that."""
    found.files.append(part)
    inner, name = sealed.enclosed(raw, part) if depth < sealed.DEPTH else b"", _name(part)
    if inner is None and sealed.is_mail(part, name):
        found.sorts[part] = sealed.ENCRYPTED
    if not inner:  # or only certificates
        return
    begin = f"{part.number or '1'}{sealed.MARK}"
    if not (sealed.is_mail(part, name) or readable_head(inner).has("content-type")):  # a signed document (RFC 5126)
        found.written.append(Remote(f"{begin}raw", sealed.inner_name(name), size=len(inner)))
        return
    found.sorts[part] = sealed.SIGNATURE
    try:
        inside = contents(inner, parse(inner), depth + 1)
    except TooMuch as reason:
        found.unsupported = f"a signed mail that is kept whole: {reason}"
        return
    found.texts.append(inside.text)
    found.written += [evolve(r, ref=f"{begin}{r.ref}") for r in inside.remotes]
    found.unsupported = inside.unsupported


def _alternative(raw: bytes, children: Sequence[Part], found: _Found, markup: list[str], depth: int) -> None:
    """Of the texts only the plain one, if it says anything; of the files all."""
    each = [_Found() for _ in children]
    for child, own in zip(children, each, strict=True):
        _visit(raw, child, own, markup, body=True, depth=depth)
    written = [own for own in each if any(t.strip() for t in own.texts)]
    chosen = min(written, key=lambda own: own.markup, default=_Found())
    found.texts += chosen.texts
    found.markup = found.markup or chosen.markup
    for own in each:
        found.files += own.files
        found.sorts |= own.sorts
        found.sealed += own.sealed
        found.written += own.written
        found.unsupported = found.unsupported or own.unsupported


def _is_text(part: Part, body: bool) -> bool:
    """Whether it is read, not opened.

    The default type is text (RFC 2045 5.2), and so is an unknown kind of text (RFC 2046
    4.1.4), unless it is marked or named as a file.
    """
    if _disposition(part)[0] == "attachment" or (not part.type and _name(part)):
        return False
    if part.type in _TEXTS:
        return body or not _name(part)
    return part.type.startswith("text/") and not (part.type in EXTENSIONS or part.type in NAMES or _name(part))


def _read(raw: bytes, part: Part, found: _Found, markup: list[str]) -> None:
    if markup and sum(map(len, markup)) + part.end - part.start > bodies.TEXT:  # one more page than any letter has
        found.files.append(part)
        return
    text, whole = bodies.text(raw, part)
    if part.type in _MARKUP or (not part.type and plain.is_page(text)):
        markup.append(text)
        found.markup = True
        text = plain.words(text)
    else:
        if enclosed := uuencoded.blocks(text):
            found.written += uuencoded.remotes(part.number or "1", enclosed)
            text = uuencoded.without(text, enclosed)
        if headers.parameter(part.params, "format").lower() == "flowed":
            text = plain.unflowed(text, headers.parameter(part.params, "delsp").lower() == "yes")
    found.texts.append(text)
    if not whole:
        found.files.append(part)


def _repeated(raw: bytes, files: Sequence[Part]) -> Sequence[Part]:
    """Invitations without a name that are also there as files with one: one of them is enough."""
    invites = [f for f in files if f.type in _INVITES and f.end - f.start <= INVITE]
    if not 1 < len(invites) <= INVITES:
        return ()
    content = {f: b"".join(bodies.chunks(raw, f)).split() for f in invites}
    named = [content[f] for f in invites if _name(f)]
    return [f for f in invites if not _name(f) and content[f] in named]


def _disposition(part: Part) -> tuple[str, dict[str, str]]:
    kind, params = headers.parameters(part.headers.first("content-disposition"))
    return kind, params or {}


def _name(part: Part) -> str:
    """Its name: where it should stand first, then where some programs write it."""
    named = headers.parameter(_disposition(part)[1], "filename")
    named = named or next((n for key in ("name", "filename", "file") if (n := headers.parameter(part.params, key))), "")
    return named if named.strip(" ./\\") else ""


def _remote(raw: bytes, part: Part, index: int, referred: frozenset[str]) -> Remote:
    kind, params = _disposition(part)
    size = params.get("size", "")
    cid = headers.one_line(headers.raw_text(part.headers.first("content-id"))).strip("<> ")
    location = headers.one_line(headers.raw_text(part.headers.first("content-location")))
    shown = next((i for i in (cid, unquote(cid), location) if i and i in referred), "")
    name, described = _name(part), part.headers.text("content-description")[:500]
    declared = part.type or ("application/octet-stream" if kind == "attachment" or name else "text/plain")
    elsewhere = part.type == _ELSEWHERE
    return Remote(
        ref=f"{part.number}/whole" if elsewhere and part.number else part.number or "1",
        name=name or _made_up(raw, part, declared, index),
        type="text/plain" if elsewhere else declared,
        size=int(size) if re.fullmatch(r"[0-9]{1,12}", size) else 0,
        caption="" if described == name else described,
        inline_id=shown,
    )


def _made_up(raw: bytes, part: Part, declared: str, index: int) -> str:
    if declared in _MAILS:
        return _subject(raw, part)
    location = part.headers.text("content-location").rpartition("/")[2]
    if re.fullmatch(r"[\w. -]{1,100}\.[A-Za-z0-9]{1,5}", location):
        return location
    return made_up(declared, index)


def _subject(raw: bytes, part: Part) -> str:
    """A nested mail is called by its subject."""
    head = b"".join(chunk for chunk, _ in zip(bodies.chunks(raw, part), range(1), strict=False))[:65536]
    try:
        subject = read_headers(head, 0, len(head))[0].text("subject")
    except TooMuch:
        subject = ""
    return f"{subject[:100].strip() or 'message'}.eml"
