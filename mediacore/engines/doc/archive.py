"""A zip as a list of what it holds, by its central directory; nothing is unfolded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from mediacore.engines.doc.blocks import HEADING, NOTE, ROW, Block, block
from mediacore.engines.doc.zip import Entry, entries, weigh

NESTED = (".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".jar", ".cab", ".iso")
PROGRAMS = (
    *(".exe", ".dll", ".scr", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta"),
    *(".lnk", ".msi", ".msp", ".jar", ".cpl", ".pif", ".reg", ".apk", ".app", ".sh", ".url", ".chm", ".iso"),
    *(".docm", ".xlsm", ".pptm", ".dotm", ".xlam"),
)
"""What the names of files end with that do something when they are opened."""
_LISTED = 1_000
_CLIMBING = re.compile(r"^/|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)|\x00")


def climbs(entry: Entry) -> bool:
    """Whether a name leads out of the folder that it is unfolded into."""
    return bool(_CLIMBING.search(entry.name))


def held(found: Sequence[Entry]) -> list[Entry]:
    """The files, without the folders."""
    return [entry for entry in found if not entry.name.endswith("/")]


def blocks(file: BinaryIO) -> Iterator[Block]:
    """What an archive holds.

    Raises:
        Unusable: ``damaged`` or ``bomb``.
    """
    found = entries(file)
    weigh(found)
    files = held(found)
    yield block(HEADING, f"{len(files):,} file{'' if len(files) == 1 else 's'}")
    if any(entry.locked for entry in files):
        yield block(NOTE, "They are locked with a password.")
    if any(climbs(entry) for entry in files):
        yield block(NOTE, "Some names lead out of the archive's own folder.")
    for entry in files[:_LISTED]:
        yield block(ROW, entry.name, size_words(entry.size))


def size_words(size: int) -> str:
    """A size as a person says it."""
    if size < 1_000:
        return f"{size} B"
    return f"{size / 1_000:.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
