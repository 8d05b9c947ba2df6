"""The README's ways to sign an identity, run as they stand there; PHP and Node only where they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from mediacore_webchat.identity import identified
from mediacore_webchat.passes import Pass

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
KEY = "the key that the shop's backend and the chat share"


def snippet(language: str) -> str:
    """The README's only code of that language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return str(found)


def run(program: str, *arguments: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def check(token: str) -> None:
    now = time.time()
    found = identified(token, [KEY], now)
    assert found == Pass("user:42", "Zoë", found.until)
    assert now + 500 < found.until < now + 700


def test_python() -> None:
    """The Python function's token is accepted."""
    names: dict[str, Any] = {}
    exec(snippet("python"), names)
    check(names["chat_identity"](KEY, "42", "Zoë"))


def test_node() -> None:
    """The JavaScript function's token is accepted."""
    check(run("node", "-e", f"{snippet('js')}\nprocess.stdout.write(chatIdentity({KEY!r}, '42', 'Zoë'))"))


def test_php() -> None:
    """The PHP function's token is accepted."""
    key = KEY.replace("'", "\\'")
    check(run("php", "-r", f"{snippet('php')}\necho chat_identity('{key}', '42', 'Zoë');"))
