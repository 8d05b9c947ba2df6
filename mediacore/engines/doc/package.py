"""Office files as what they are: zips of XML parts that refer to each other by relationships (ECMA-376 part 2)."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from attrs import define, field, frozen

from mediacore.engines.doc.blocks import PICTURE, Block
from mediacore.engines.doc.xml import START, Event, events
from mediacore.engines.doc.zip import Entry, chunks, content, entries, weigh
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import image

SMALL = 1_000_000
"""Bytes of a part that only lists things."""
PICTURES = 6
"""Pictures of a document that are shown, and the most bytes of one."""
PICTURE_BYTES = 16_000_000
_SIDE = 640
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"GIF8": "image/gif", b"BM": "image/bmp"}


@frozen
class Relation:
    """What a part refers to.

    Args:
        kind: the last word of its type, such as ``image``.
        target: a part's name, or an address outside the file.
        external: it is outside the file.
    """

    kind: str
    target: str
    external: bool


@define
class Package:
    """An office file whose members were held against the bounds.

    Args:
        file: the untrusted file.
        parts: its members by name; of two with one name the last, as office programs have it.
    """

    file: BinaryIO
    parts: Mapping[str, Entry]
    _pictures: int = field(default=0, init=False)

    def events(self, name: str) -> Iterator[Event]:
        """What stands in an XML part; nothing when there is no such part.

        Raises:
            Unusable: ``bomb``, ``encrypted`` or ``damaged``.
        """
        entry = self.parts.get(name)
        return events(chunks(self.file, entry)) if entry else iter(())

    def small(self, name: str) -> bytes:
        """A part's bytes, up to a million; empty when there is no such part."""
        entry = self.parts.get(name)
        return content(self.file, entry, SMALL) if entry else b""

    def relations(self, name: str) -> dict[str, Relation]:
        """What a part refers to, by the ids it uses for it."""
        folder, base = posixpath.split(name)
        found = {}
        for kind, tag, attributes in self.events(f"{folder}/_rels/{base}.rels".lstrip("/")):
            if kind == START and tag == "Relationship":
                external = attributes.get("TargetMode") == "External"
                target = attributes.get("Target", "")
                place = target if external else posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                word = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = Relation(word, place, external)
        return found

    def main(self, default: str) -> str:
        """The part that everything else hangs from."""
        targets = (r.target for r in self.relations("").values() if r.kind == "officeDocument" and not r.external)
        return next((target for target in targets if target in self.parts), default)

    def picture(self, name: str) -> Block | None:
        """A picture of the document as fresh pixels; None when it is none that can be shown."""
        entry = self.parts.get(name)
        if entry is None or entry.size > PICTURE_BYTES or self._pictures >= PICTURES:
            return None
        self._pictures += 1
        try:
            return shown(content(self.file, entry, PICTURE_BYTES))
        except Unusable:
            return None


def shown(data: bytes) -> Block | None:
    """A picture that stands in a document, as fresh pixels; None when it is none that can be shown."""
    mime = next((mime for start, mime in _SIGNATURES.items() if data.startswith(start)), "")
    try:
        pixels = image.opaque(image.upright(image.open_typed(io.BytesIO(data), mime), (_SIDE, _SIDE)))
    except Unusable:
        return None
    target = io.BytesIO()
    pixels.save(target, "JPEG", quality=85)
    return Block(PICTURE, picture=target.getvalue())


def opened(file: BinaryIO) -> Package:
    """An office file.

    Raises:
        Unusable: ``damaged``, ``bomb``, or ``encrypted``.
    """
    found = entries(file)
    weigh(found)
    return Package(file, {entry.name: entry for entry in found})
