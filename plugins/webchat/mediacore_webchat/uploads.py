"""Uploads under way, as folders on disk: what a visitor sent so far survives a restart of everything."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import attrs
from attrs import frozen

from mediacore import Refused

UPLOAD_SECONDS = 24 * 3600
"""How long an upload waits for its next bytes."""
OPEN_PER_VISITOR = 30
"""Uploads that one visitor may have waiting: two full messages."""
OPEN_IN_ALL = 2000
"""Uploads that may wait in one inbox; sessions are free, so the bound per visitor alone holds nobody back."""
SPARE_BYTES = 512 * 1024 * 1024
"""Disk space that uploads leave to the rest of the house."""
_ID = re.compile(r"[0-9a-f]{32}")


@frozen
class Upload:
    """One upload.

    Args:
        id: its name in the address.
        visitor: whose it is.
        length: bytes it will have.
        name, type: what the visitor's browser says of it.
        sha256: its digest once it is in the blob store.
    """

    id: str
    visitor: str
    length: int
    name: str
    type: str
    sha256: str = ""


class Uploads:
    """The uploads of one inbox.

    Args:
        folder: where they lie; on the blob store's disk, so that finishing one is a rename.
        max_bytes: the most one file may have.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def create(self, visitor: str, length: int, name: str, kind: str) -> Upload:
        """Begin an upload.

        Raises:
            Refused: 413 too large, 400 empty, 429 too many waiting, 507 the disk is full.
        """
        if length == 0:
            raise Refused("the file is empty: choose it again", code="empty", status=400)
        if length > self.max_bytes:
            raise Refused(f"the file is larger than {self.max_bytes} bytes", code="too-large", status=413)
        self._folder.mkdir(parents=True, exist_ok=True)
        waiting = self._sweep()
        if len(waiting) >= OPEN_IN_ALL or sum(w == visitor for w in waiting) >= OPEN_PER_VISITOR:
            raise Refused("too many uploads are waiting: send or cancel some first", code="too-many", status=429)
        if shutil.disk_usage(self._folder).free < length + SPARE_BYTES:
            raise Refused("there is no room for this file right now", code="storage", status=507)
        upload = Upload(secrets.token_hex(16), visitor, length, name, kind)
        home = self._folder / upload.id
        home.mkdir()
        (home / "data").touch()
        self._write(upload)
        return upload

    def find(self, upload_id: str, visitor: str) -> Upload:
        """A visitor's own upload.

        Raises:
            Refused: 404: there is none of that name, it has expired, or it is somebody else's.
        """
        try:
            if _ID.fullmatch(upload_id):
                found = Upload(**json.loads((self._folder / upload_id / "about.json").read_bytes()))
                if found.visitor == visitor and self.expires(found) > time.time():
                    return found
        except (FileNotFoundError, NotADirectoryError):
            pass  # swept or cancelled a moment ago, or never there
        raise Refused("no such upload: start it again", code="gone", status=404)

    def offset(self, upload: Upload) -> int:
        """Bytes that are safely here."""
        return upload.length if upload.sha256 else self._data(upload).stat().st_size

    def expires(self, upload: Upload) -> float:
        """When it is thrown away unless more comes, in Unix seconds."""
        return _touched(self._folder / upload.id) + UPLOAD_SECONDS

    @contextmanager
    def appending(self, upload: Upload, offset: int) -> Iterator[BinaryIO]:
        """The file to append to, locked against a second writer and made durable in the end.

        Raises:
            Refused: 409 when the offset is not where the file ends, 423 when another request is writing.
        """
        if upload.sha256:
            raise Refused("this upload is complete", code="offset", status=409)
        with self._data(upload).open("ab") as sink:
            try:
                fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused("another request is writing to this upload", code="locked", status=423) from error
            if sink.tell() != offset:
                raise Refused(f"the upload stands at {sink.tell()}", code="offset", status=409)
            try:
                yield sink
            finally:
                sink.flush()
                os.fsync(sink.fileno())

    def finish(self, upload: Upload, keep: Callable[[Path], str]) -> Upload:
        """Move a complete upload into the blob store; a second call finds it there.

        Raises:
            Refused: 409: bytes are missing.
        """
        if upload.sha256:
            return upload
        if self.offset(upload) != upload.length:
            raise Refused(f"{upload.name or 'a file'} is not complete yet", code="incomplete", status=409)
        # keep() takes a second name of the file away, so that a crash before the digest is noted loses nothing
        twin = self._folder / upload.id / f"twin-{secrets.token_hex(4)}"
        os.link(self._data(upload), twin)
        done = attrs.evolve(upload, sha256=keep(twin))
        self._write(done)
        self._data(upload).unlink(missing_ok=True)
        return done

    def drop(self, upload: Upload) -> None:
        """Throw an upload away."""
        shutil.rmtree(self._folder / upload.id, ignore_errors=True)

    def _sweep(self) -> list[str]:
        """Throw away what has expired; the owners of the rest, but for those whose file is stored already."""
        owners = []
        for home in self._folder.iterdir():
            try:
                if _touched(home) + UPLOAD_SECONDS < time.time():
                    shutil.rmtree(home, ignore_errors=True)
                    continue
                upload = Upload(**json.loads((home / "about.json").read_bytes()))
            except FileNotFoundError:
                continue  # it is being begun or was taken away this moment
            if not upload.sha256:
                owners.append(upload.visitor)
        return owners

    def _data(self, upload: Upload) -> Path:
        return self._folder / upload.id / "data"

    def _write(self, upload: Upload) -> None:
        home = self._folder / upload.id
        fresh = home / f"about-{secrets.token_hex(4)}"
        with fresh.open("w", encoding="utf-8") as sink:
            json.dump(attrs.asdict(upload), sink)
            sink.flush()
            os.fsync(sink.fileno())
        fresh.replace(home / "about.json")
        handle = os.open(home, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _touched(home: Path) -> float:
    """When anything in the folder last changed; FileNotFoundError when it is gone."""
    return max(p.stat().st_mtime for p in (home, *home.iterdir()))
