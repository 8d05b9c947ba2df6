"""What documents, texts and archives carry beside their words: macros, objects, links, authors, revisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from mediacore.engines import ole
from mediacore.engines.containers import span
from mediacore.engines.doc import archive as doc_archive
from mediacore.engines.doc import cards as doc_cards
from mediacore.engines.doc import mail as doc_mail
from mediacore.engines.doc import rtf as doc_rtf
from mediacore.engines.doc import sheet as doc_sheet
from mediacore.engines.doc import slides as doc_slides
from mediacore.engines.doc import text as doc_text
from mediacore.engines.doc.old import facts as old_facts
from mediacore.engines.doc.package import SMALL, Package, opened
from mediacore.engines.doc.zip import chunks, entries, weigh
from mediacore.kinds import Kind, kind_of
from mediacore.values import Facts

_RELATIONS = 500
_MACROS = re.compile(
    r"vbaproject\.bin$|/macrosheets/|/activex/|/embeddings/[^/]*\.bin$|/externallinks/|/customui/.*\.dll$|\.(?:vbs|jse?)$"
)
_EMBEDDED = re.compile(r"/embeddings/[^/]+$")
_COMMENTS = re.compile(r"(?:^|/)(?:comments|threadedcomment|moderncomment|commentauthors)[^/]*\.xml$|/comments/")
_ODF_ACTIVE = re.compile(r"^(?:basic|scripts)/.|^object [^/]*$|\.(?:class|jar)$")
_ODF_OBJECT = re.compile(r"^objectreplacements/|^object \d+/content\.xml$")
_DANGEROUS_TARGETS = ("attachedtemplate", "oleobject", "frame", "subdocument", "externallinkpath", "package", "control")
_DDE = re.compile(rb"instrText[^>]*>\s*\"?DDE(?:AUTO)?\b")
_REVISED = re.compile(
    rb"<(?:w:(?:ins|del|moveFrom|moveTo|rPrChange|pPrChange) |text:(?:changed-region|tracked-changes)\b)"
)
_AUTHOR = re.compile(rb"<(?:dc:creator|cp:lastModifiedBy|meta:initial-creator)>[^<\s]")
_COMPANY = re.compile(rb"<(?:Company|Manager)>[^<\s]")
_ANNOTATED = re.compile(rb"<office:annotation[ >]")
_HIDDEN = re.compile(rb"<(?:\w+:)?sheet\b[^<>]*\bstate\s*=\s*.(?:hidden|veryHidden)\b")
_PATH = re.compile(r"file:|[a-z]:[\\/]|\\\\", re.IGNORECASE)
_FORMULA = re.compile(r"(?:^|[\s,;|])[\"']?[=+@-][\"' ]*[\w.]{1,40}\|[^\n]{0,200}!", re.MULTILINE)
"""A value that asks a table program to start another: ``=cmd|' /C calc'!A0``."""
_COUNTS = {"Pages": re.compile(rb"<Pages>(\d{1,6})<"), "odf": re.compile(rb'meta:page-count="(\d{1,6})"')}


def facts_of(file: BinaryIO, mime: str) -> Facts | None:
    """The facts of a document, a text, a contact, a calendar, a mail or an archive; None for other kinds.

    ``pages`` are those a preview can be asked for by number, where the file tells them: pages, sheets, slides,
    contacts, events. ``codecs`` holds the encoding of a text.

    Raises:
        Unusable: ``bomb`` or ``damaged`` for a zip that is not opened.
    """
    if span(file, 0, 8) == ole.MAGIC:
        return old_facts.facts_of(ole.opened(file), mime)
    if mime == "application/zip":
        return _archive(file)
    if span(file, 0, 4) == b"PK\x03\x04" and kind_of(mime) in (Kind.DOCUMENT, Kind.OTHER):
        package = opened(file)
        return _odf(package, mime) if "opendocument" in mime else _office(package)
    if mime in ("application/rtf", "text/rtf"):
        active, author, pages = doc_rtf.told(file)
        return Facts(pages=pages, active=active, metadata=("author",) if author else ())
    counter = _COUNTERS.get(kind_of(mime))
    return counter(file) if counter else None


def _archive(file: BinaryIO) -> Facts:
    found = entries(file)
    weigh(found)
    files = doc_archive.held(found)
    names = [entry.name.lower() for entry in files]
    noted = {
        "climbing-names": any(doc_archive.climbs(entry) for entry in files),
        "nested-archive": any(name.endswith(doc_archive.NESTED) for name in names),
    }
    return Facts(
        encrypted=any(entry.locked for entry in files),
        active=any(name.endswith(doc_archive.PROGRAMS) for name in names),
        metadata=_named(noted),
    )


def _office(package: Package) -> Facts:
    names = [name.lower() for name in package.parts]
    properties = package.small("docProps/core.xml") + package.small("docProps/app.xml")
    main = package.main("word/document.xml")
    revised, exchanging = _searched(package, main, _REVISED, _DDE)
    noted = {
        "author": bool(_AUTHOR.search(properties)),
        "comments": any(_COMMENTS.search(name) for name in names),
        "company": bool(_COMPANY.search(properties)),
        "custom": b"<property" in package.small("docProps/custom.xml"),
        "embedded": any(_EMBEDDED.search(name) for name in names),
        "hidden": bool(_HIDDEN.search(package.small("xl/workbook.xml"))),
        "links": any(link for _, link in _reaching(package)),
        "notes": any(name.startswith("ppt/notesslides/") for name in names),
        "revisions": revised or any("/revisions/" in name for name in names),
        "thumbnail": any(name.startswith("docprops/thumbnail") for name in names),
    }
    return Facts(
        pages=_pages(package, properties),
        encrypted=any(entry.locked for entry in package.parts.values()),
        active=exchanging
        or any(_MACROS.search(f"/{name}") for name in names)
        or any(danger for danger, _ in _reaching(package)),
        metadata=_named(noted),
    )


def _pages(package: Package, properties: bytes) -> int:
    if any(name.startswith("xl/") for name in package.parts):
        return len(doc_sheet.sheets(package))
    if any(name.startswith("ppt/") for name in package.parts):
        return len(doc_slides.slides(package))
    found = _COUNTS["Pages"].search(properties)
    return int(found.group(1)) if found else 0


def _reaching(package: Package) -> Iterator[tuple[bool, bool]]:
    """For each relationship whether opening the file would fetch or run something, and whether it names a file."""
    relations = [name for name in package.parts if name.endswith(".rels")]
    for name in relations[:_RELATIONS]:
        folder, _, base = name.rpartition("_rels/")
        for relation in package.relations(folder + base.removesuffix(".rels")).values():
            danger = relation.external and relation.kind.lower() in _DANGEROUS_TARGETS
            yield danger, relation.external and bool(_PATH.match(relation.target))


def _odf(package: Package, mime: str) -> Facts:
    names = [name.lower() for name in package.parts]
    meta, manifest = package.small("meta.xml"), package.small("META-INF/manifest.xml")
    found = _COUNTS["odf"].search(meta)
    unit = {"spreadsheet": rb"<table:table ", "presentation": rb"<draw:page "}
    mark = next((re.compile(tag) for word, tag in unit.items() if word in mime), None)
    counted = _counted(package, mark) if mark else int(found.group(1)) if found else 0
    revised, annotated = _searched(package, "content.xml", _REVISED, _ANNOTATED)
    noted = {
        "author": bool(_AUTHOR.search(meta)),
        "comments": annotated,
        "embedded": any(_ODF_OBJECT.search(name) for name in names),
        "revisions": revised,
        "thumbnail": any(name.startswith("thumbnails/") for name in names),
    }
    active = any(_ODF_ACTIVE.search(name) for name in names)
    return Facts(pages=counted, encrypted=b"encryption-data" in manifest, active=active, metadata=_named(noted))


def _searched(package: Package, name: str, *patterns: re.Pattern[bytes]) -> tuple[bool, ...]:
    """Which patterns occur in a part; what lies across the border of two pieces counts too."""
    entry, held = package.parts.get(name), b""
    found = [False] * len(patterns)
    for piece in chunks(package.file, entry) if entry else ():
        held = held[-200:] + piece
        found = [known or bool(pattern.search(held)) for known, pattern in zip(found, patterns, strict=True)]
        if all(found):
            break
    return tuple(found)


def _counted(package: Package, mark: re.Pattern[bytes]) -> int:
    entry, count, held = package.parts.get("content.xml"), 0, b""
    for piece in chunks(package.file, entry) if entry else ():
        held += piece
        count += len(mark.findall(held))
        held = held[held.rfind(b"<") :] if held.rfind(b"<") > held.rfind(b">") and len(held) < SMALL else b""
    return count


def _text(file: BinaryIO) -> Facts:
    text, encoding = doc_text.read(file)
    return Facts(codecs=(encoding,), active=bool(_FORMULA.search(text)))


def _contacts(file: BinaryIO) -> Facts:
    return Facts(pages=len(doc_cards.contacts(file)), codecs=(doc_text.read(file)[1],))


def _events(file: BinaryIO) -> Facts:
    return Facts(pages=len(doc_cards.events(file)), codecs=(doc_text.read(file)[1],))


def _mail(file: BinaryIO) -> Facts:
    _, parts = doc_mail.counted(file)
    names = [part.name.lower() for part in parts if part.name]
    active = any(name.endswith(doc_archive.PROGRAMS) for name in names)
    return Facts(active=active, metadata=("attachments",) if names else ())


_COUNTERS: Mapping[Kind, Callable[[BinaryIO], Facts]] = {
    Kind.TEXT: _text,
    Kind.CONTACT: _contacts,
    Kind.CALENDAR: _events,
    Kind.MAIL: _mail,
}


def _named(noted: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(name for name, found in noted.items() if found)
