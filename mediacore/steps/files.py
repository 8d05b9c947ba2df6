"""From a path to media and renditions: sniffed, probed, stored, and previewed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from attrs import evolve

from mediacore.engines.insides import riff_type
from mediacore.engines.operation import Unusable
from mediacore.engines.signatures import PREFIXES
from mediacore.errors import MediacoreError, Retry
from mediacore.house import House
from mediacore.inbox import Inbox
from mediacore.kinds import Kind, kind_of
from mediacore.names import EXTENSIONS
from mediacore.stores import conversation
from mediacore.stores.blobs import digesting
from mediacore.values import Facts, Finding, Media, Rendition, Severity

UNKNOWN = "application/octet-stream"
THUMBNAIL = 512
PREVIEW = 1600
WORDS = 300
"""Characters of a document's words that stand beside its preview."""
STOPPING = frozenset({"crashed", "timeout", "too-much-memory"})
"""Codes of files whose reader had to be stopped, or stopped by itself."""
_WORDED = (Kind.PDF, Kind.DOCUMENT, Kind.TEXT, Kind.MAIL, Kind.CONTACT, Kind.CALENDAR)


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
    with digesting(path) as digest:
        mime, facts, findings = _looked_at(house, path, name, declared)
        return Media(path, mime, path.stat().st_size, digest(), facts), findings


def _looked_at(house: House, path: Path, name: str, declared: str) -> tuple[str, Facts, list[Finding]]:
    """A file's type, its facts, and what is wrong with it."""
    try:
        sniffed = house.bench.sniff(path, name, declared)
    except Unusable as error:
        return UNKNOWN, Facts(), [Finding(error.code, Severity.REFUSE, error.message)]
    findings, facts = list(sniffed.findings), Facts()
    try:
        facts = house.bench.probe(path, sniffed.type)
        findings += locked(sniffed.type, facts, findings)
    except Unusable as error:
        severity = Severity.REFUSE if error.code == "bomb" else Severity.NOTE
        findings.append(Finding(error.code, severity, error.message))
    return sniffed.type, facts, findings


def locked(mime: str, facts: Facts, known: Sequence[Finding]) -> list[Finding]:
    """What the probe's word that a file is locked means to a person; nothing when the sniff has said so already."""
    if not facts.encrypted or any(f.code in ("encrypted", "drm") for f in known):
        return []
    if kind_of(mime) in (Kind.AUDIO, Kind.VIDEO):
        told = "The recording is protected against copying: only its owner can play it."
        return [Finding("protected", Severity.NOTE, told, "Ask for a copy without protection.")]
    return [Finding("encrypted", Severity.NOTE, "It is locked with a password.", "Ask for it without a password.")]


def store(house: House, path: Path, media: Media) -> Media:
    """Move a derived file into the blob store."""
    sha256 = house.blobs.keep(path, media.sha256)
    return Media(house.blobs.path(sha256), media.type, media.size, sha256, media.facts)


def likenesses(
    house: House, inbox: Inbox, media: Media, out: Path, known: Sequence[Finding] = ()
) -> tuple[list[Rendition], list[Finding]]:
    """Thumbnail and large preview, or a placeholder for a file that has no likeness; and why it has none.

    The thumbnail is made from the preview, which proves that this is a picture, and whoever drew it.

    Args:
        house: the parts to work with.
        inbox: whose plugins are asked.
        media: the file.
        out: a folder for the pictures.
        known: what is wrong with the file as it is; one that stopped its reader is not opened again.

    Raises:
        Retry: too many files are being worked on.
    """
    said = {finding.code for finding in known}
    if said & STOPPING:
        return _placeholder(house, media, out), []
    try:
        path = inbox.preview(media, PREVIEW, 0, out)
    except Retry:
        raise
    except MediacoreError as error:
        why = Finding(error.code or "no-preview", Severity.NOTE, error.message)
        return _placeholder(house, media, out), [] if why.code in said else [why]
    if path is None:
        return _placeholder(house, media, out), []
    large = Media(path, _picture_type(path), path.stat().st_size, "")
    try:
        small = house.bench.preview(large, THUMBNAIL, out=out, placeholder=True)
    except Unusable:
        return _placeholder(house, media, out), []
    facts = Facts(width=small.of[0], height=small.of[1], words=_words(house, media))
    shown = store(house, path, evolve(large, facts=facts))
    facts = Facts(width=small.width, height=small.height, placeholder=small.placeholder)
    tiny = store(house, small.path, Media(small.path, small.type, small.path.stat().st_size, "", facts))
    return [
        Rendition(tiny, "thumbnail", media.sha256, f"at most {THUMBNAIL} px"),
        Rendition(shown, "preview", media.sha256, f"at most {PREVIEW} px"),
    ], []


def _placeholder(house: House, media: Media, out: Path) -> list[Rendition]:
    """A sheet with the word for the file; nothing where even that cannot be drawn."""
    note = "locked" if media.facts.encrypted else ""
    try:
        card = house.bench.card(media, _word(media), note, out)
    except Unusable:
        return []
    facts = Facts(width=card.width, height=card.height)
    drawn = store(house, card.path, Media(card.path, card.type, card.path.stat().st_size, "", facts))
    return [Rendition(drawn, "placeholder", media.sha256, "it has no likeness")]


def _picture_type(path: Path) -> str:
    """The type of a preview by its first bytes; it is opened as nothing else."""
    with path.open("rb") as file:
        head = file.read(16)
    return next((mime for sign, mime in PREFIXES if head.startswith(sign)), riff_type(head) or UNKNOWN)


def _word(media: Media) -> str:
    """What a file is, as short as its extension."""
    extension = EXTENSIONS.get(media.type, "").strip(".")
    return (extension or str(media.kind)).upper()


def _words(house: House, media: Media) -> str:
    """The first words of a document; most kinds have none, and of most that have some the probe has told them."""
    if media.facts.excerpt:
        return media.facts.excerpt
    if media.kind not in _WORDED:
        return ""
    try:
        return " ".join(house.bench.text(media).split())[:WORDS]
    except Unusable:
        return ""


def keep_renditions(connection: sa.Connection, attachment: str, made: Iterable[Rendition]) -> None:
    """Write renditions down."""
    for rendition in made:
        conversation.add_rendition(connection, attachment, rendition, rendition.page)
