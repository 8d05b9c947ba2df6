"""Blobs: a file has its name only when it is whole and safely on the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediacore.stores.blobs import Blobs, digest_of, digesting

DATA = b"some bytes" * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", reserve=0)


def stored(root: Path) -> list[str]:
    return sorted(p.name for p in (root / "blobs").rglob("*") if p.is_file())


def test_put(blobs: Blobs, tmp_path: Path) -> None:
    """What is put in comes out by its digest, alone in the store and for reading only."""
    assert blobs.put([DATA[:7], DATA[7:]]) == DIGEST
    assert blobs.path(DIGEST).read_bytes() == DATA
    assert stored(tmp_path) == [DIGEST]
    assert blobs.path(DIGEST).stat().st_mode & 0o222 == 0


@given(chunks=st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    """Any bytes in any pieces are stored under the digest of the whole."""
    blobs = Blobs(tmp_path_factory.getbasetemp() / "any", reserve=0)
    digest = blobs.put(chunks)
    assert blobs.path(digest).read_bytes() == b"".join(chunks)
    assert digest == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_same_content_once(blobs: Blobs, tmp_path: Path) -> None:
    """The same bytes are stored once, however often and in whatever way they come."""
    source = tmp_path / "copy"
    source.write_bytes(DATA)
    assert {blobs.put([DATA]), blobs.put([DATA]), blobs.keep(source)} == {DIGEST}
    assert stored(tmp_path) == [DIGEST]
    assert not source.exists()


def test_a_digest_is_computed_once(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose digest is known is not read again to be stored."""
    source = tmp_path / "copy"
    source.write_bytes(DATA)
    digest = digest_of(source)
    monkeypatch.delattr("mediacore.stores.blobs.digest_of")
    assert blobs.keep(source, digest) == DIGEST
    assert blobs.path(DIGEST).read_bytes() == DATA


def test_keep_of_a_stored_file(blobs: Blobs) -> None:
    """Handing a stored file back to the store does not take it away."""
    blobs.put([DATA])
    assert blobs.keep(blobs.path(DIGEST)) == DIGEST
    assert blobs.path(DIGEST).read_bytes() == DATA


def test_keep_from_another_disk(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file from another disk is copied, named as a whole, and taken away from where it was."""
    source = tmp_path / "elsewhere"
    source.write_bytes(DATA)
    real = Path.stat

    def elsewhere(path: Path, **arguments: Any) -> Any:
        found = real(path, **arguments)
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:10])) if path == source else found

    monkeypatch.setattr(Path, "stat", elsewhere)
    assert blobs.keep(source) == DIGEST
    monkeypatch.undo()
    assert stored(tmp_path) == [DIGEST]
    assert not source.exists()


def test_order_of_durability(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are forced to disk before they get their name, and the name before the store answers."""
    calls: list[str] = []
    real_fsync, real_link, root = os.fsync, os.link, tmp_path / "blobs"

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        where = "bytes" if path.is_file() else "root" if path == root else "folder"
        calls.append(f"fsync {where}")
        real_fsync(handle)

    def link(source: Any, target: Any) -> None:
        calls.append("link")
        real_link(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    blobs.put([DATA])
    assert calls == ["fsync bytes", "fsync root", "link", "fsync folder"]
    calls.clear()
    blobs.put([DATA])
    assert calls[-1] == "fsync folder", "the same content: its name may not be on disk yet"


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_no_half_file(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """When the disk fails in between, the error is passed on and nothing has a name."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="input/output"):
        blobs.put([DATA])
    monkeypatch.undo()
    assert stored(tmp_path) == []
    with pytest.raises(KeyError):
        blobs.path(DIGEST)
    assert blobs.put([DATA]) == DIGEST


def test_broken_source(blobs: Blobs, tmp_path: Path) -> None:
    """A source that breaks off leaves nothing behind."""

    def source() -> Iterator[bytes]:
        yield DATA
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        blobs.put(source())
    assert stored(tmp_path) == []


def test_full_disk_while_writing(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while writing gives an OSError, and nothing is left of the file."""
    real = os.fdopen

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def write(self, data: bytes) -> int:
            self.file.write(data[:10])
            raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fdopen", lambda *arguments: Full(real(*arguments)))
    with pytest.raises(OSError, match="no space") as error:
        blobs.put([DATA])
    assert error.value.errno == errno.ENOSPC
    assert stored(tmp_path) == []


def test_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the reserve nothing is begun, so that there is room left for the ledger."""
    blobs = Blobs(tmp_path / "blobs", reserve=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10_000, 9_001, 999))
    read: list[bytes] = []

    def source() -> Iterator[bytes]:
        read.append(DATA)
        yield DATA

    with pytest.raises(OSError, match="999 bytes are free") as error:
        blobs.put(source())
    assert error.value.errno == errno.ENOSPC
    assert (stored(tmp_path), read) == ([], [])
    path = tmp_path / "file"
    path.write_bytes(DATA)
    with pytest.raises(OSError, match="999"):
        blobs.keep(path)
    assert path.exists()


def test_sweep(blobs: Blobs, tmp_path: Path) -> None:
    """What writers that died left behind goes after an hour; what is new or stored stays."""
    blobs.put([DATA])
    old_folder, new_folder = blobs.scratch(), blobs.scratch()
    (old_folder / "piece").write_bytes(b"x")
    old_file = tmp_path / "blobs" / "tmp" / "tmpabc"
    old_file.write_bytes(b"x")
    for path in (old_folder, old_file):
        os.utime(path, (time.time() - 7200,) * 2)
    assert blobs.sweep() == 2
    assert new_folder.is_dir()
    assert not old_folder.exists()
    assert blobs.path(DIGEST).read_bytes() == DATA


def test_sweep_beside_another(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another process finishes in the same moment does not stop the sweep."""
    real = Path.iterdir
    ghost = tmp_path / "blobs" / "tmp" / "ghost"
    monkeypatch.setattr(Path, "iterdir", lambda path: iter([ghost, *real(path)]))
    assert blobs.sweep() == 0


@pytest.mark.parametrize("name", ["", "x" * 64, "A" * 64, "../../etc/passwd", "0" * 63, "0" * 65, "0" * 64])
def test_bad_digest(blobs: Blobs, name: str) -> None:
    """A name that is no digest, or none that is stored, is unknown; it never leads out of the store."""
    with pytest.raises(KeyError):
        blobs.path(name)


def test_delete(blobs: Blobs) -> None:
    """Deleting forgets a file; doing it twice is no error; the same bytes can be stored again."""
    blobs.put([DATA])
    blobs.delete(DIGEST)
    blobs.delete(DIGEST)
    with pytest.raises(KeyError):
        blobs.path(DIGEST)
    blobs.put([DATA])
    assert digest_of(blobs.path(DIGEST)) == DIGEST


def test_many_writers(blobs: Blobs, tmp_path: Path) -> None:
    """Writers of the same and of other bytes at once do not disturb each other."""
    found: list[str] = []

    def write(number: int) -> None:
        found.append(blobs.put([DATA, bytes([number % 3])]))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 9
    assert sorted(set(found)) == stored(tmp_path)
    assert all(digest_of(blobs.path(d)) == d for d in found)


def test_a_digest_is_computed_meanwhile(tmp_path: Path) -> None:
    """It is done in another thread, beside what the caller does, and given when it is asked for."""
    path = tmp_path / "a"
    path.write_bytes(DATA)
    with digesting(path) as digest:
        working = [thread.name for thread in threading.enumerate() if thread.name.startswith("digest")]
        assert digest() == DIGEST == digest()
    assert working
    assert not any(thread.name.startswith("digest") for thread in threading.enumerate())


def test_a_digest_of_nothing_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    """A file that cannot be read is the caller's error, not the thread's."""
    with digesting(tmp_path / "none") as digest, pytest.raises(FileNotFoundError):
        digest()
