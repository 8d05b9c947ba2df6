"""A mail as events: who wrote, what they wrote, and which files to fetch; and each file's bytes out of the mail.

Pure and total: any bytes give events. A mail that goes beyond the bounds of ``mime`` is one message with the raw mail
as its one attachment, so nothing is lost and no mail stops the mailbox.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from mediacore import Contact, Event, InboundMessage, Permanent, Remote, Request, Unsupported
from mediacore_email import bodies, headers, machines, reports, sealed, uuencoded, winmail
from mediacore_email.contents import Contents, contents
from mediacore_email.headers import Headers
from mediacore_email.ids import domain_of
from mediacore_email.mime import Part, TooMuch, parse, readable_head

RAW = "raw"
"""The ref of the mail itself as a file."""
SERVER = "server"
"""The ref of a mail too large to be polled whole: it is fetched from the mail server, straight into a file."""
WHOLE = "/whole"
"""Ends the ref of a part that is kept with its own headers."""


def events(request: Request, address: str) -> list[Event]:
    """Everything that one mail says.

    Args:
        request: the mail, raw.
        address: this inbox's own address.
    """
    raw = request.body
    announced = size_of(request)
    empty = not raw or raw.isspace()
    if empty and not announced:
        return [Unsupported(digest(request.url.encode()), "empty mail", "the mail server gave an empty mail")]
    if announced:
        kept = Remote(SERVER, "message.eml", "message/rfc822", announced)
        if empty:  # the server fails on it, and its address is all that is known
            raw = b"Message-ID: <%s@mail.invalid>\r\n\r\n" % digest(request.url.encode()).encode().replace(b":", b".")
            return [_kept_whole(raw, address, kept, "a mail that the mail server could not hand over yet")]
        told = f"{announced / 1e6:,.0f} MB" if announced > 1e6 else f"{announced / 1e3:,.0f} kB"
        return [_kept_whole(raw, address, kept, f"a mail of {told}")]
    kept = Remote(RAW, "message.eml", "message/rfc822", len(raw))
    try:
        root = parse(raw)
    except TooMuch as reason:
        return [_kept_whole(raw, address, kept, f"a mail that is kept whole: {reason}")]
    domain = domain_of(address)
    return reports.events(raw, root, domain) or [message(raw, root.headers, address, contents(raw, root))]


def unread(request: Request, address: str, why: str) -> InboundMessage:
    """The message of a mail that could not be taken apart: the mail itself as a file, and not one word believed."""
    known = digest(request.body)
    raw = f"Message-ID: <{known.replace(':', '.')}@mail.invalid>\r\n\r\n".encode()
    kept = Remote(RAW, "message.eml", "message/rfc822", len(request.body))
    return _kept_whole(raw, address, kept, f"a mail that is kept whole: {why}")


def message(raw: bytes, head: Headers, address: str, inside: Contents) -> InboundMessage:
    """The message of a mail whose contents are known."""
    source_id = source(raw, head)
    references = headers.message_ids(head.every("references"))
    reply_to = next(iter(headers.message_ids(head.first("in-reply-to"))), "") or next(reversed(references), "")
    sender = headers.address(head.first("from")) or headers.address(head.first("sender"))
    echo = sender is not None and sender.address == address.lower()
    contact = _customer(head, sender, echo)
    return InboundMessage(
        source_id=source_id,
        contact=contact,
        text=inside.text,
        remotes=inside.remotes,
        sent_at=headers.date(head.first("date")),
        conversation=next(iter(references), "") or reply_to or source_id,
        subject=head.text("subject")[:1000],
        reply_to=reply_to,
        references=references,
        echo=echo and contact.address != address.lower(),
        unsupported=inside.unsupported,
        automatic=machines.automatic(head),
    )


def _customer(head: Headers, sender: Contact | None, echo: bool) -> Contact:
    """To whom an answer goes (RFC 5322 3.6.2): Reply-To before From; for a mail of our own, to whom it went."""
    if echo:
        found = headers.address(head.first("to")) or sender
    else:
        found = headers.address(head.first("reply-to")) or sender or headers.address(head.first("return-path"))
        if found and sender and not found.name:
            found = Contact(found.address, sender.name)
    return found or Contact("unknown@sender.invalid", head.text("from")[:200])


def source(raw: bytes, head: Headers) -> str:
    """The Message-ID with its brackets, or a digest of the raw mail when it has no sound one."""
    return next(iter(headers.message_ids(head.first("message-id"))), "") or digest(raw)


def digest(data: bytes) -> str:
    """An id for what has none of its own."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def size_of(request: Request) -> int:
    """The size that the poller wrote into the URL when it brought only the header of a large mail; else 0."""
    try:
        value = parse_qs(urlsplit(request.url).query).get("size", ["0"])[0]
    except ValueError:
        return 0
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else 0


def _kept_whole(raw: bytes, address: str, remote: Remote, why: str) -> InboundMessage:
    head = readable_head(raw)
    return message(raw, head, address, Contents("", (remote,), why))


def file(raw: bytes, ref: str) -> Iterator[bytes]:
    """The bytes of one file of a mail.

    Args:
        raw: the mail.
        ref: the file's, as its ``Remote`` has it.

    Raises:
        Permanent: the mail has no such part.
    """
    if ref == RAW:
        return bodies.span(raw, 0, len(raw))
    outer, signed, within = ref.partition(sealed.MARK)
    if signed:
        around = _part(raw, outer)
        return file((around and sealed.enclosed(raw, around)) or b"", within)
    number, inside, place = _taken_apart(ref)
    part = _part(raw, number)
    if inside and part:
        index = int(place) if place.isdecimal() else 0
        found = winmail.file(raw, part, index) if inside == winmail.MARK else uuencoded.file(raw, part, index)
        if found:
            return found
    if part is None or inside:
        raise Permanent("the mail has no such part any more", code="part")
    return bodies.span(raw, part.begin, part.end) if ref.endswith(WHOLE) else bodies.chunks(raw, part)


def _taken_apart(ref: str) -> tuple[str, str, str]:
    """A ref as the part's number, what kind of file in it is meant, and which of them."""
    for mark in (winmail.MARK, uuencoded.MARK):
        if mark in ref:
            return ref.partition(mark)
    return ref.removesuffix(WHOLE), "", ""


def _part(raw: bytes, number: str) -> Part | None:
    try:
        root = parse(raw)
    except TooMuch:
        return None
    if not root.children:
        return root if number == "1" else None
    return next((p for p in root.walk() if p.number == number and number), None)
