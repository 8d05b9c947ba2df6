"""Office files without what they say of their authors and of what they were before.

Properties, thumbnails, names beside comments, deleted words, printers, paths, logs and former versions go, in documents
within documents and in their photos too; what a reader sees stays, hidden sheets and speaker notes included, since
formulas and talks rest on them (the facts tell that they are there).

Only the members that say it are written again; all others keep the bytes they were packed as. Dates, comments and
extra fields of the zip are left out, so that the same file always becomes the same bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import BinaryIO

from attrs import evolve

from mediacore.engines.containers import span
from mediacore.engines.doc.cleaning.members import REMOVED, Rule, rule
from mediacore.engines.doc.zip import DEFLATED, STORED, Entry, content, entries, weigh
from mediacore.engines.insides import zip_type
from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import MACRO_OFFICE, OFFICE

TYPES = (*OFFICE.values(), *MACRO_OFFICE.values())
_ODF = "application/vnd.oasis.opendocument."
PART_BYTES = 64_000_000
"""Bytes of a member that is written again."""
DEPTH = 2
"""Documents within documents that are cleaned as well."""


def clean_office(file: BinaryIO, mime: str, depth: int = 0) -> bytes | None:
    """An office file without private properties and former versions of its words; None for another type.

    Args:
        file: the untrusted file.
        mime: its sniffed type.
        depth: in how many others it is embedded.

    Raises:
        Unusable: ``damaged``, ``encrypted``, ``bomb``, ``too-large``.
    """
    if mime not in TYPES and not mime.startswith(_ODF):
        return None
    found = sorted(entries(file), key=lambda entry: entry.offset)
    weigh(found)
    if any(entry.locked for entry in found) or _enciphered(file, found):
        raise Unusable("encrypted", "The document is locked with a password.")
    written, directory = bytearray(), bytearray()
    gone = {entry.name for entry in found if REMOVED.search(entry.name)}
    kept = [entry for entry in found if entry.name not in gone]
    for entry in kept:
        changed, data = _member(file, entry, rule(entry.name, gone, lambda inner: _inner(inner, depth)))
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


def _inner(file: BinaryIO, depth: int) -> bytes | None:
    return clean_office(file, zip_type(file), depth + 1) if depth < DEPTH else None


def _member(file: BinaryIO, entry: Entry, clean: Rule | None) -> tuple[Entry, bytes]:
    """A member as it will stand: as it was packed, or written again where it says too much."""
    if clean is not None:
        if entry.size > PART_BYTES:
            raise Unusable("too-large", "A part of the document is too large to be cleaned.")
        before = content(file, entry, PART_BYTES)
        after = clean(before)
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
