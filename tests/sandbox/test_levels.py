"""What is left of the jail where the kernel or the platform has less: shown, refused where asked, and still working."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mediacore.engines.operation import Unusable
from mediacore.sandbox import Budget, InProcess, Level, Sandbox, handle, wire
from mediacore.testkit.builders_bombs_pdf import form_bomb
from tests.engines import builders as b

AGAIN = "from mediacore.sandbox.zygote import"
NO_LANDLOCK = "import mediacore.sandbox.lock as lock; lock._CREATE_RULESET = 99999"
STRANGE_PROCESSOR = "import platform; platform.machine = lambda: 'riscv64'"
NO_LINUX = (
    "import os, socket, mediacore.sandbox.lock as lock, mediacore.sandbox.wire as wire; lock._LINUX = False; "
    "wire.SOCKET_KIND = socket.SOCK_STREAM; del os.pidfd_open, os.pipe2, os.memfd_create"
)


@pytest.mark.parametrize(
    ("missing", "level"),
    [(NO_LANDLOCK, Level.CALLS), (STRANGE_PROCESSOR, Level.LIMITS), (NO_LINUX, Level.LIMITS)],
    ids=["no Landlock", "unknown processor", "no Linux"],
)
def test_with_less(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str, level: Level) -> None:
    """Where a part is missing the level falls and says so; files are worked on, bombs stopped, and doors tried."""
    monkeypatch.setattr(handle, "_BOOT", handle._BOOT.replace(AGAIN, f"{missing}; {AGAIN}"))
    if missing is NO_LINUX:
        monkeypatch.setattr(handle, "SOCKET_KIND", socket.SOCK_STREAM)
        monkeypatch.delattr(os, "memfd_create", raising=False)
    photo, bomb = tmp_path / "photo", tmp_path / "bomb"
    photo.write_bytes(b.loud_jpeg())
    bomb.write_bytes(form_bomb().data)
    with Sandbox(workers=2) as sandbox:
        assert sandbox.level == level
        outcome = sandbox.run("preview", photo, {"type": "image/jpeg", "side": 64}, tmp_path / "out")
        assert outcome.files[0].read_bytes()[:2] == b"\xff\xd8"
        for budget in (Budget(cpu=1, wall=30), Budget(cpu=30, wall=1)):
            with pytest.raises(Unusable) as caught:
                sandbox.run("preview", bomb, {"type": "application/pdf"}, tmp_path / "out", budget)
            assert caught.value.code == "timeout"
        assert sandbox.self_test() == (() if level >= Level.CALLS else (level.description,))


def test_without_any(tmp_path: Path) -> None:
    """In process there is no jail, and the level says so."""
    assert InProcess().level is Level.NONE
    assert InProcess().self_test() == (Level.NONE.description,)


def test_notes_without_memfd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nameless files are had without ``memfd_create`` as well."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    descriptor = wire.blank()
    wire.write_answer(descriptor, b"{}")
    assert wire.answer_in(descriptor, 10) == b"{}"
    assert wire.read_share(descriptor) == wire.COMPLETE
    os.close(descriptor)


@pytest.mark.parametrize("raw", [b"", b"short", b"\xff" * 8, b"\0\0\0\0\0\0\xf0\xbf", b"\0\0\0\0\0\0\xf8\x7f"])
def test_shares_that_make_no_sense(raw: bytes) -> None:
    """Whatever a child writes in place of the share done is one from 0 to 1; all else counts as nothing done."""
    descriptor = wire.blank()
    os.write(descriptor, raw)
    assert wire.read_share(descriptor) == 0
    os.close(descriptor)
