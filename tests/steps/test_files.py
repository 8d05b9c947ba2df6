"""From a path to media: what is told of a file before anybody opens it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mediacore.sandbox import Bench, InProcess
from mediacore.steps.files import examine
from mediacore.values import Severity
from tests.engines import av_builders


def test_a_protected_recording_says_so_in_plain_words(tmp_path: Path) -> None:
    """Nobody but its owner can play it, so the agent asks for another copy; the file itself is kept."""
    house: Any = SimpleNamespace(bench=Bench(InProcess(), tmp_path))
    path = tmp_path / "song.mp4"
    path.write_bytes(av_builders.clip().replace(b"avc1\x00\x00\x00\x00", b"encv\x00\x00\x00\x00"))
    media, findings = examine(house, path, path.name)
    assert media.facts.encrypted
    (told,) = [f for f in findings if f.code == "protected"]
    assert told.severity is Severity.NOTE
    assert "copying" in told.message
    path.write_bytes(av_builders.clip())
    assert "protected" not in [f.code for f in examine(house, path, path.name)[1]]
