"""The documentation cannot drift: signatures, tables and examples are held to the code."""

from __future__ import annotations

import inspect
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from mediacore import HOOKS, Hooks

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(p for p in (ROOT / "README.md", *DOCS.rglob("*.md")) if p.exists())
FENCE = re.compile(r"^```(\w+)(?: ([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """Language, mark and content of each fenced block."""
    return [(m[1], m[2] or "", m[3]) for m in FENCE.finditer(page.read_text(encoding="utf-8"))]


def signature(hook: str) -> str:
    """A hook's exact signature, as one writes it."""
    spec = inspect.signature(getattr(Hooks, hook))
    arguments = [p.name if p.name == "self" else f"{p.name}: {p.annotation}" for p in spec.parameters.values()]
    return f"def {hook}({', '.join(arguments)}) -> {spec.return_annotation}: ..."


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_s_exact_signature_is_documented(hook: str) -> None:
    """Its section has the signature in a Python block, the question, the rule, who implements it and what it raises."""
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {hook}\n")[2].partition("\n## ")[0]
    assert f"```python\n{signature(hook)}\n```" in section
    assert all(word in section for word in ("- Rule: ", "- Implemented by: ", "- Raises: "))
    question = (inspect.getdoc(getattr(Hooks, hook)) or "").splitlines()[0]
    assert f"**{question}**" in section


def test_hooks_stand_in_the_contract_s_order() -> None:
    """The page has a section for each hook and for nothing else."""
    sections = re.findall(r"^## (\w+)$", (DOCS / "hooks.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections == list(HOOKS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_marked_python_blocks_run(page: Path, tmp_path: Path) -> None:
    """Blocks that name a file are written there; blocks that say ``run`` are run, and tests are tested."""
    marked = [(language, mark, code) for language, mark, code in blocks(page) if mark]
    for _, mark, code in marked:
        if mark != "run":
            (tmp_path / mark).write_text(code, encoding="utf-8")
    scripts = [code for language, mark, code in marked if language == "python" and mark == "run"]
    (tmp_path / "example.py").write_text("\n".join(scripts), encoding="utf-8")
    tests = [mark for _, mark, _ in marked if mark.startswith("test_")]
    commands = [["-W", "error", "example.py"]] if scripts else []
    commands += [["-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]] if tests else []
    for command in commands:
        found = f"{tmp_path}:{ROOT}"
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={"PYTHONPATH": found, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """A file that a page points to is there."""
    broken = [to for to in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / to).exists()]
    assert not broken


def test_the_channels_pages_are_what_the_limits_say() -> None:
    """The committed pages equal the generator's output: run ``python docs/generate.py``."""
    made: dict[str, str] = runpy.run_path(str(DOCS / "generate.py"))["pages"]()
    stand = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "channels").glob("*.md")}
    assert stand == made


def test_the_tutorial_s_channel_is_short() -> None:
    """The promise to whoever adds a channel: one module, on a few screens, and the class on one."""
    (module,) = [code for _, mark, code in blocks(DOCS / "tutorial.md") if mark == "mediacore_courier.py"]
    assert len(module.splitlines()) < 150
