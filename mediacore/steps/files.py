"""From a path to media and renditions: sniffed, probed, stored, and previewed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import sqlalchemy as sa

from mediacore.engines.operation import Unusable
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.kinds import Kind, kind_of
from mediacore.stores import conversation
from mediacore.stores.blobs import digest_of
from mediacore.values import Facts, Finding, Media, Rendition, Severity

UNKNOWN = "application/octet-stream"
THUMBNAIL = 512
PREVIEW = 1600


@contextlib.contextmanager
def scratch(house: House) -> Iterator[Path]:
    """A folder for files on their way, gone afterwards."""
    folder = house.blobs.scratch()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def examine(house: House, path: Path, name: str = "", declared: str = "") -> tuple[Media, list[Finding]]:
    """What a file truly is.

    Args:
        house: the parts to work with.
        path: the file.
        name: what it is called; its extension is compared with the content.
        declared: what its sender said that it is.

    Returns:
        The media with its facts, and what is wrong with it in itself.
    """
    size, digest = path.stat().st_size, digest_of(path)
    try:
        sniffed = house.bench.sniff(path, name, declared)
    except Unusable as error:
        return Media(path, UNKNOWN, size, digest), [Finding(error.code, Severity.REFUSE, error.message)]
    findings, facts = list(sniffed.findings), Facts()
    try:
        facts = house.bench.probe(path, sniffed.type)
        if facts.encrypted and kind_of(sniffed.type) in (Kind.AUDIO, Kind.VIDEO):
            told = "The recording is protected against copying: only its owner can play it."
            findings.append(Finding("protected", Severity.NOTE, told, "Ask for a copy without protection."))
    except Unusable as error:
        severity = Severity.REFUSE if error.code == "bomb" else Severity.NOTE
        findings.append(Finding(error.code, severity, error.message))
    return Media(path, sniffed.type, size, digest, facts), findings


def store(house: House, path: Path, media: Media) -> Media:
    """Move a derived file into the blob store."""
    sha256 = house.blobs.keep(path)
    return Media(house.blobs.path(sha256), media.type, media.size, sha256, media.facts)


def likenesses(house: House, inbox: Inbox, media: Media, out: Path) -> list[Rendition]:
    """Thumbnail and large preview; an empty list when the file has no likeness."""
    made: list[Rendition] = []
    for kind, side in (("thumbnail", THUMBNAIL), ("preview", PREVIEW)):
        path = inbox.preview(media, side, 0, out)
        if path is None:
            return made
        small, _ = examine(house, path)
        made.append(Rendition(store(house, path, small), kind, media.sha256, f"at most {side} px"))
    return made


def keep_renditions(connection: sa.Connection, attachment: str, made: Iterable[Rendition]) -> None:
    """Write renditions down."""
    for rendition in made:
        conversation.add_rendition(connection, attachment, rendition, rendition.page)
