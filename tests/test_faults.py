"""The runner is killed again and again in the middle of the main job, and everything arrives once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("channels", [("sms", "instagram")], ids="-".join)
def test_killed_meanwhile(tmp_path: Path, channels: tuple[str, ...]) -> None:
    """With kill -9 at random moments every promise of the demo holds: each message once, each file as planned."""
    wanted = [word for name in channels for word in ("--channel", name)]
    command = [sys.executable, "-m", "mediacore.runner", "demo", *wanted, "--kills", "3", "--out", "out", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=800, check=False)
    log = tmp_path / "out" / "runner.log"
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{log.read_text()[-3000:] if log.exists() else ''}"
    told = json.loads(done.stdout)
    assert told["broken"] == []
    assert told["restarts"] >= 1
    assert (tmp_path / "out" / "contact-sheet.png").exists()
