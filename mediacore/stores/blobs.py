"""Files by the digest of their content: written beside, forced to disk, then linked to their name.

A name is the SHA-256 of the bytes, so storing twice is storing once and a half-written file never has a name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

STALE = 3600.0


class Blobs:
    """A content-addressed folder.

    Args:
        root: the folder; made when missing. Everything in it belongs to this store.
        reserve: bytes that must stay free on the disk; below it ``OSError`` (ENOSPC) is raised before writing.
    """

    def __init__(self, root: Path, reserve: int = 16 * 1024 * 1024) -> None:
        self._root = root
        self._tmp = root / "tmp"
        self._reserve = reserve
        self._known: set[str] = set()
        self._tmp.mkdir(parents=True, exist_ok=True)

    def scratch(self) -> Path:
        """A new empty folder on the same disk, for files on their way in; the caller removes it."""
        return Path(tempfile.mkdtemp(dir=self._tmp))

    def path(self, sha256: str) -> Path:
        """Where the file of this digest is.

        Raises:
            KeyError: it is not stored.
        """
        path = self._place(sha256)
        if not path.is_file():
            raise KeyError(sha256)
        return path

    def put(self, chunks: Iterable[bytes]) -> str:
        """Store bytes; durable on return. Returns their SHA-256."""
        self._room()
        digest = hashlib.sha256()
        handle, name = tempfile.mkstemp(dir=self._tmp)
        try:
            with os.fdopen(handle, "wb") as sink:
                for chunk in chunks:
                    digest.update(chunk)
                    sink.write(chunk)
            return self._name(Path(name), digest.hexdigest())
        finally:
            Path(name).unlink(missing_ok=True)

    def keep(self, path: Path, sha256: str = "") -> str:
        """Store a finished file, which is taken away from where it was; durable on return. Returns its SHA-256.

        Args:
            path: the file.
            sha256: its digest, where the caller has computed it from these bytes itself and nobody has written to the
                file since; never one that somebody told us. Computed here when it is empty.
        """
        self._room()
        sha256 = sha256 or digest_of(path)
        if path.stat().st_dev == self._root.stat().st_dev:
            name = self._name(path, sha256)
        else:
            handle, copy = tempfile.mkstemp(dir=self._tmp)
            os.close(handle)
            shutil.copyfile(path, copy)
            name = self._name(Path(copy), sha256)
            Path(copy).unlink(missing_ok=True)
        if path.resolve() != self._place(sha256).resolve():
            path.unlink(missing_ok=True)
        return name

    def delete(self, sha256: str) -> None:
        """Forget a file; nothing happens when it is not there."""
        self._place(sha256).unlink(missing_ok=True)

    def sweep(self, older: float = STALE) -> int:
        """Remove what writers that died left behind, when it is older than that many seconds; returns how much."""
        swept = 0
        for path in self._tmp.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process has finished with it
                if time.time() - path.stat().st_mtime > older:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    swept += 1
        return swept

    def _room(self) -> None:
        free = shutil.disk_usage(self._root).free
        if free < self._reserve:
            raise OSError(28, f"only {free} bytes are free, and {self._reserve} must stay free", str(self._root))

    def _place(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise KeyError(sha256)
        return self._root / sha256[:2] / sha256

    def _name(self, path: Path, sha256: str) -> str:
        with path.open("rb") as file:
            os.fsync(file.fileno())
        place = self._place(sha256)
        if place.parent.name not in self._known:  # another process may have made it without forcing it to disk yet
            place.parent.mkdir(exist_ok=True)
            _sync(self._root)
            self._known.add(place.parent.name)
        with contextlib.suppress(FileExistsError):
            os.link(path, place)
            place.chmod(0o444)
        _sync(place.parent)
        return sha256


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with path.open("rb", buffering=0) as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextlib.contextmanager
def digesting(path: Path) -> Iterator[Callable[[], str]]:
    """The SHA-256 of a file, computed beside what the caller does meanwhile, such as waiting for an engine.

    Args:
        path: the file; nobody may write to it before the end.

    Yields:
        What waits for the digest and gives it; it raises ``OSError`` when the file cannot be read.
    """
    with ThreadPoolExecutor(1, "digest") as pool:
        yield pool.submit(digest_of, path).result


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
