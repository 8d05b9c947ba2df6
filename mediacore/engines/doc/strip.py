"""Office files without what they say of their authors: properties, thumbnails, the names beside comments and changes.

Only the members that say it are written again; all others keep the bytes they were packed as. Dates, comments and
extra fields of the zip are left out, so that the same file always becomes the same bytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from attrs import evolve

from mediacore.engines.containers import span
from mediacore.engines.doc.zip import DEFLATED, STORED, Entry, content, entries
from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import MACRO_OFFICE, OFFICE

TYPES = (*OFFICE.values(), *MACRO_OFFICE.values())
_ODF = "application/vnd.oasis.opendocument."
PART_BYTES = 64_000_000
"""Bytes of a member that is written again."""
NOBODY = "Author"
"""What Office itself puts where a name was taken out."""
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
_EXTENDED = "http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"
_CUSTOM = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_EMPTY: Mapping[str, bytes] = {
    "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_CORE}"/>'.encode(),
    "docProps/app.xml": f'{_HEAD}<Properties xmlns="{_EXTENDED}"/>'.encode(),
    "docProps/custom.xml": f'{_HEAD}<Properties xmlns="{_CUSTOM}"/>'.encode(),
    "meta.xml": (
        f'{_HEAD}<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'office:version="1.3"><office:meta/></office:document-meta>'
    ).encode(),
}
_REMOVED = re.compile(r"^docprops/thumbnail\.[a-z]+$|^thumbnails/.", re.IGNORECASE)
_NAMES = rb"(?:w\d*:author|w\d*:initials|w\d*:userId|(?:\w+:)?displayName)"
_PEOPLE = rb"(?:cmAuthor|\w+:author|\w+:cmAuthor|person|\w+:person)"
_NAMING = re.compile(rb"<[^<>]*\b" + _NAMES + rb"\s*=[^<>]*>|<" + _PEOPLE + rb"\b[^<>]*>")
_NAME = re.compile(rb"""(\b(?:""" + _NAMES + rb"""|name|initials|userId)\s*=\s*)(?:"[^"]*"|'[^']*')""")
_SHEET_AUTHOR = re.compile(rb"(<author>)([^<]*)(?=</author>)")
_ODF_AUTHOR = re.compile(rb"(<(?:dc:creator|meta:initial-creator|meta:creator-initials)>)([^<]*)(?=</)")
_REFERENCE = re.compile(
    rb"""<Relationship\b[^<>]*(?:docProps/thumbnail\.)[^<>]*/>|<manifest:file-entry\b[^<>]*"Thumbnails/[^<>]*/>"""
)


def clean_office(file: BinaryIO, mime: str) -> bytes | None:
    """An office file without private properties; None for another type.

    Raises:
        Unusable: ``damaged``, ``encrypted``, ``bomb``, ``too-large``.
    """
    if mime not in TYPES and not mime.startswith(_ODF):
        return None
    found = sorted(entries(file), key=lambda entry: entry.offset)
    if any(entry.locked for entry in found) or _enciphered(file, found):
        raise Unusable("encrypted", "The document is locked with a password.")
    written, directory = bytearray(), bytearray()
    kept = [entry for entry in found if not _REMOVED.match(entry.name)]
    for entry in kept:
        changed, data = _member(file, entry)
        head = _fields(changed) + struct.pack("<HH", len(entry.raw), 0)
        directory += b"PK\x01\x02\x14\x00" + head + bytes(10) + struct.pack("<I", len(written)) + entry.raw
        written += b"PK\x03\x04" + head + entry.raw + data
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(kept), len(kept), len(directory), len(written), 0)
    return bytes(written + directory) + end


def _enciphered(file: BinaryIO, found: Sequence[Entry]) -> bool:
    """OpenDocument locks each member by itself and tells so in its manifest."""
    manifest = next((entry for entry in found if entry.name == "META-INF/manifest.xml"), None)
    return manifest is not None and b"encryption-data" in content(file, manifest)


def _fields(entry: Entry) -> bytes:
    """What a local header and the directory have in common; every date is the first that a zip can tell."""
    flags = entry.flags & 0x800
    return struct.pack("<HHHHHIII", 20, flags, entry.method, 0, 0x21, entry.crc, entry.packed, entry.size)


def _member(file: BinaryIO, entry: Entry) -> tuple[Entry, bytes]:
    """A member as it will stand: as it was packed, or written again where it says too much."""
    rule = _rule(entry.name)
    if rule is not None:
        if entry.size > PART_BYTES:
            raise Unusable("too-large", "A part of the document is too large to be cleaned.")
        before = content(file, entry, PART_BYTES)
        after = rule(before)
        if after != before:
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            data = packer.compress(after) + packer.flush()
            crc = zlib.crc32(after)
            return evolve(entry, method=DEFLATED, crc=crc, packed=len(data), size=len(after)), data
    return entry, _packed(file, entry)


def _packed(file: BinaryIO, entry: Entry) -> bytes:
    head = span(file, entry.offset, 30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04" or entry.method not in (STORED, DEFLATED):
        raise Unusable("damaged", "A part of the document is damaged or packed in an unknown way.")
    name, extra = struct.unpack("<HH", head[26:30])
    data = span(file, entry.offset + 30 + name + extra, entry.packed)
    if len(data) < entry.packed:
        raise Unusable("damaged", "A part of the document is missing.")
    return data


def _rule(name: str) -> Callable[[bytes], bytes] | None:
    """What becomes of a member's content; None where it stays as it is."""
    if name in _EMPTY:
        return lambda _: _EMPTY[name]
    if name in ("_rels/.rels", "META-INF/manifest.xml"):
        return lambda data: _REFERENCE.sub(b"", data)
    if name in ("content.xml", "styles.xml"):
        return lambda data: _ODF_AUTHOR.sub(rb"\g<1>" + NOBODY.encode(), data)
    if name.endswith(".xml") and name.startswith(("word/", "ppt/", "xl/persons/", "xl/comments", "xl/threaded")):
        return _without_names
    return None


def _without_names(data: bytes) -> bytes:
    nobody = NOBODY.encode()
    if any(word in data for word in (b"uthor", b"initials", b"userId", b"displayName", b"person")):
        data = _NAMING.sub(lambda tag: _NAME.sub(rb'\g<1>"' + nobody + b'"', tag.group()), data)
    return _SHEET_AUTHOR.sub(rb"\g<1>" + nobody, data)
