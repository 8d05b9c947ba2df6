"""Derived files: out of one nameless file, into a folder, without passing through memory."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_PIECE = 1 << 20


def cut(output: int, sizes: Sequence[int], out: Path) -> tuple[Path, ...]:
    """Copy the pieces of a file to files of their own under fresh names.

    Args:
        output: descriptor of the file that holds them one after the other.
        sizes: bytes of each.
        out: the folder; made when it is missing.

    Raises:
        OSError: the folder cannot be written; nothing is left behind in it.
    """
    if sizes:
        out.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    offset = 0
    try:
        for size in sizes:
            descriptor, name = tempfile.mkstemp(prefix="made-", dir=out)
            made.append(Path(name))
            with os.fdopen(descriptor, "wb", buffering=0) as target:
                _copy(output, offset, size, target.fileno())
            offset += size
    except OSError:
        for path in made:
            path.unlink()
        raise
    return tuple(made)


def _copy(source: int, offset: int, size: int, target: int) -> None:
    end = offset + size
    while offset < end:
        if sys.platform == "linux":
            offset += os.sendfile(target, source, offset, min(_PIECE, end - offset))
        else:
            offset += os.write(target, os.pread(source, min(_PIECE, end - offset), offset))
