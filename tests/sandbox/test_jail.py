"""The jail: what a child may not do, how it is stopped, and that its zygote comes back."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mediacore.engines.operation import Unusable
from mediacore.sandbox import Budget, Level, Sandbox
from mediacore.testkit.builders_bombs_pdf import tiling_bomb
from tests.engines import builders as b


def stored(folder: Path, data: bytes) -> Path:
    """A file with these bytes."""
    path = folder / f"in-{len(list(folder.iterdir()))}"
    path.write_bytes(data)
    return path


def test_no_door_is_open(sandbox: Sandbox) -> None:
    """From inside, no file, socket, process, signal or limit can be reached."""
    if sandbox.level < Level.CALLS:
        pytest.skip(sandbox.level.description)
    assert sandbox.self_test() == ()


@pytest.mark.parametrize("most", [Level.LIMITS, Level.CALLS])
def test_lower_levels_work_and_say_so(most: Level, tmp_path: Path) -> None:
    """Where parts of the jail are missing, files are still worked on, and the level tells."""
    with Sandbox(workers=1, most=most) as lower:
        assert lower.level <= most
        assert lower.level.description
        outcome = lower.run("sniff", stored(tmp_path, b"hello"), {}, tmp_path)
        assert outcome.facts["type"] == "text/plain"
        assert (lower.self_test() == ()) is (lower.level >= Level.CALLS)


def test_nothing_of_ours_is_inherited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The zygote has none of the application's environment and one thread."""
    monkeypatch.setenv("APP_SECRET", "hush")
    with Sandbox(workers=1) as other:
        assert other.level >= Level.LIMITS
        pid = other._handles["media"].pid
        if Path("/proc").exists():
            assert b"hush" not in Path(f"/proc/{pid}/environ").read_bytes()
            assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1


def test_wall_time(sandbox: Sandbox, tmp_path: Path) -> None:
    """A child is stopped by the clock as well as by its processor time."""
    path = stored(tmp_path, tiling_bomb().data)
    with pytest.raises(Unusable) as caught:
        sandbox.run("preview", path, {"type": "application/pdf"}, tmp_path, Budget(cpu=60, wall=0.5))
    assert caught.value.code == "timeout"


def test_memory(sandbox: Sandbox, tmp_path: Path) -> None:
    """A child that wants more memory than it may have says so, or is stopped."""
    path = stored(tmp_path, b.saved(b.photo(3000, 3000), "PNG"))
    with pytest.raises(Unusable) as caught:
        sandbox.run("preview", path, {"type": "image/png"}, tmp_path, Budget(memory=20 << 20))
    assert caught.value.code in ("too-much-memory", "damaged", "crashed")


def test_a_files_own_bytes_do_not_count(sandbox: Sandbox, tmp_path: Path) -> None:
    """A large scan needs its own size in memory before anything is drawn, and gets it beside what the job may use."""
    junk = b"<</Length 60000000>>\nstream\n" + bytes(60_000_000) + b"\nendstream"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 90]>>"
    tree = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    path = stored(tmp_path, b.pdf_file([*tree, page, junk]))
    outcome = sandbox.run("probe", path, {"type": "application/pdf"}, tmp_path, Budget(memory=48 << 20))
    assert outcome.facts["pages"] == 1


def test_output_is_bounded(sandbox: Sandbox, tmp_path: Path) -> None:
    """What comes out cannot fill the disk."""
    path = stored(tmp_path, os.urandom(300_000))
    with pytest.raises(Unusable) as caught:
        sandbox.run("strip", path, {"type": "text/plain"}, tmp_path / "out", Budget(output=100_000))
    assert caught.value.code == "too-large"
    assert not (tmp_path / "out").exists()


def test_killed_zygote_comes_back(sandbox: Sandbox, tmp_path: Path) -> None:
    """A zygote killed between two files is started again by the next one."""
    path = stored(tmp_path, b"hello")
    before = sandbox._handles["media"].pid
    os.kill(before, signal.SIGKILL)
    while sandbox._handles["media"].pid == before:
        # a child that waited may still serve a file before the death of its zygote takes it along
        assert sandbox.run("sniff", path, {}, tmp_path).facts["type"] == "text/plain"
    assert sandbox.run("sniff", path, {}, tmp_path).facts["type"] == "text/plain"


def test_zygote_killed_at_work(tmp_path: Path) -> None:
    """A zygote killed while a file is in work takes nobody along: its child dies and the file is tried again."""
    path = stored(tmp_path, tiling_bomb().data)
    with Sandbox(workers=1) as sandbox:
        pid = sandbox._handles["media"].pid
        killer = threading.Timer(0.2, os.kill, (pid, signal.SIGKILL))
        killer.start()
        with pytest.raises(Unusable) as caught:
            sandbox.run("preview", path, {"type": "application/pdf"}, tmp_path, Budget(cpu=1, wall=4.0))
        killer.join()
        assert caught.value.code == "timeout"
        assert sandbox._handles["media"].pid != pid
        assert sandbox.run("sniff", path, {}, tmp_path).facts["type"] == "application/pdf"


def test_many_threads(sandbox: Sandbox, tmp_path: Path) -> None:
    """Threads share one sandbox, each gets its own answer, and the files are all different."""
    paths = [stored(tmp_path, b.saved(b.photo(60 + n, 40), "JPEG")) for n in range(24)]

    def work(path: Path) -> tuple[int, Path]:
        outcome = sandbox.run("preview", path, {"type": "image/jpeg", "side": 512}, tmp_path / "out")
        return int(outcome.facts["width"]), outcome.files[0]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, paths))
    assert [width for width, _ in results] == [60 + n for n in range(24)]
    assert len({path for _, path in results}) == 24


def test_callers_faults_are_theirs(sandbox: Sandbox, tmp_path: Path) -> None:
    """A missing file and an unknown operation are not blamed on the file."""
    with pytest.raises(FileNotFoundError):
        sandbox.run("sniff", tmp_path / "missing", {}, tmp_path)
    with pytest.raises(ValueError, match="no operation"):
        sandbox.run("explode", tmp_path, {}, tmp_path)


def test_closed(tmp_path: Path) -> None:
    """A closed sandbox says that it is closed."""
    sandbox = Sandbox()
    sandbox.close()
    with pytest.raises(ValueError, match="closed"):
        sandbox.run("sniff", stored(tmp_path, b"a"), {}, tmp_path)
