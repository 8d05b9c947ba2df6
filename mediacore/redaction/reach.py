"""How far the built-in detectors see: what of a file they do not look into, so that nobody takes it for searched."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mediacore.kinds import Kind
from mediacore.values import Media

AS_TEXT = frozenset({Kind.TEXT, Kind.CONTACT, Kind.CALENDAR})
"""Kinds that are searched, and painted over, letter by letter."""
BY_WORDS = frozenset({Kind.DOCUMENT, Kind.MAIL})
"""Kinds whose words can be searched and not painted over: what must be hidden in them keeps them back."""
NAMES: Mapping[str, str] = {
    "card": "card numbers",
    "iban": "account numbers",
    "email": "e-mail addresses",
    "phone": "phone numbers",
}
_UNSEEN: Mapping[Kind, str] = {
    Kind.AUDIO: "what is said in it",
    Kind.VIDEO: "what is shown and said in it",
    Kind.ARCHIVE: "what is packed in it",
    Kind.OTHER: "anything in it",
    Kind.DOCUMENT: "the pictures in it, and its words after the first 64 KB",
    Kind.MAIL: "its own files, and its words after the first 64 KB",
}


def unseen(media: Media, kinds: Collection[str], reads: bool) -> str:
    """What of a file was not looked into, in words for a person; empty when all of it was.

    Args:
        media: the file.
        kinds: what was to be hidden; empty when nothing was.
        reads: whether pictures are read by machine.
    """
    if not kinds:
        return ""
    part = _UNSEEN.get(media.kind, "")
    if media.facts.encrypted:
        part = "anything in it, since it is locked,"
    elif not reads and media.kind in (Kind.IMAGE, Kind.PDF):
        part = "what is written in pictures"
    if not part:
        return ""
    sorts = " and ".join(NAMES.get(kind, kind) for kind in sorted(kinds))
    return f"{part} was not searched for {sorts}"
