"""The house stands as it was drawn: arrows one way, small rooms, public names listed, plugins alike."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mediacore

ROOT = Path(__file__).parent.parent
CORE = ROOT / "mediacore"
PLUGINS = sorted(p.parent for p in (ROOT / "plugins").glob("*/pyproject.toml"))
ARROWS = {
    "kinds": "",
    "errors": "",
    "values": "kinds",
    "messages": "values",
    "events": "messages",
    "limits": "kinds values",
    "limits_file": "errors kinds limits",
    "hosting": "events",
    "names": "limits",
    "packing": "limits",
    "wording": "limits messages",
    "choice": "limits values",
    "obstacles": "limits values",
    "recording": "choice kinds limits obstacles packing values",
    "choosing": "choice kinds limits messages obstacles packing recording values",
    "segments": "",
    "plan": "choice choosing limits messages obstacles packing segments values wording",
    "apart": "errors events values",
    "hookspecs": "apart events hosting limits messages values",
    "inbox": "apart errors events hookspecs hosting limits limits_file messages values",
    "mounting": "apart errors inbox limits limits_file",
    "calls": "errors events",
    "engines": "kinds values",
    "redaction": "kinds values",
    "sandbox": "engines errors kinds redaction values",
    "defaults": "engines errors hookspecs kinds limits obstacles redaction sandbox values",
    "stores": "errors events messages values",
    "reading": "apart engines errors events mounting sandbox stores values",
    "house": "errors inbox sandbox stores",
    "steps": (
        "engines errors events house inbox kinds limits messages names packing plan redaction sandbox stores values"
        " wording"
    ),
    "pipeline": "errors house messages steps stores",
    "jobs": "errors house pipeline",
    "desk": "errors house",
    "testkit": "mediacore",
}
"""What each room may import of ours; ``runner`` wires everything and is imported by nobody."""
PURE = (
    "kinds",
    "errors",
    "values",
    "messages",
    "events",
    "limits",
    "limits_file",
    "names",
    "packing",
    "wording",
    "choice",
    "obstacles",
    "recording",
    "choosing",
    "segments",
    "plan",
)
IO = {"asyncio", "http", "httpx2", "os", "shutil", "socket", "sqlite3", "subprocess", "threading", "time", "urllib"}
LONGEST_MODULE, LONGEST_FUNCTION, MEDIAN = 300, 40, 120


def sources(*folders: Path) -> list[Path]:
    """Python files that ship; tests are left out, and migrations, which are records and stay as they were written."""
    left_out = {"tests", "migrations"}
    return sorted(p for f in folders for p in f.rglob("*.py") if not left_out & set(p.relative_to(ROOT).parts))


def module(path: Path) -> str:
    """The dotted name of one of the core's files."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(p): p for p in sources(CORE)}


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file; of ours down to the module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            base = node.module or ""
            public = mediacore.__all__ if base == "mediacore" else ()
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                yield whole if whole in MODULES and alias.name not in public else base


def room(name: str) -> str:
    """The part of the house a module belongs to: ``mediacore.engines.fit`` is in ``engines``."""
    return name.split(".")[1] if "." in name else name


def ours(path: Path) -> set[str]:
    """The modules of the core that a file imports."""
    return {name for name in imports(path) if name.split(".")[0] == "mediacore"}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_arrows_point_one_way(name: str) -> None:
    """A module imports only the rooms that the drawing allows."""
    here = room(name)
    if here in ("mediacore", "runner"):
        return
    assert here in ARROWS, f"{here} is not in the drawing"
    wrong = {there for there in ours(MODULES[name]) if room(there) not in (here, *ARROWS[here].split())}
    assert not wrong, f"{name} must not import {', '.join(sorted(wrong))}"


def test_the_drawing_has_no_room_that_is_not_there() -> None:
    """An arrow that nobody needs any more is taken out."""
    rooms = {room(name) for name in MODULES}
    assert set(ARROWS) <= rooms
    assert {word for allowed in ARROWS.values() for word in allowed.split()} <= rooms


def test_there_is_no_cycle() -> None:
    """Neither between modules nor between rooms."""
    graph = {name: ours(path) - {name, "mediacore"} for name, path in MODULES.items()}
    list(TopologicalSorter(graph).static_order())
    rooms: dict[str, set[str]] = {}
    for name, wanted in graph.items():
        rooms.setdefault(room(name), set()).update(room(w) for w in wanted if room(w) != room(name))
    list(TopologicalSorter(rooms).static_order())


@pytest.mark.parametrize("name", PURE)
def test_the_pure_core_does_no_io(name: str) -> None:
    """Nothing that decides also reads a clock, a network or a process; limits read one file when they are told to."""
    assert not {n.split(".")[0] for n in imports(CORE / f"{name}.py")} & IO


def test_only_the_inbox_touches_the_relay() -> None:
    """One module asks hooks, so that every answer is checked."""
    relays = [
        name
        for name, path in MODULES.items()
        if any(
            isinstance(n, ast.Attribute) and n.attr == "hook" and ast.unparse(n).endswith("manager.hook")
            for n in ast.walk(tree(path))
        )
    ]
    assert relays == ["mediacore.inbox"]


def test_there_is_no_drawer_for_everything() -> None:
    """A module is named after what it does."""
    assert not [p for p in sources(CORE, *PLUGINS) if p.stem in ("utils", "util", "helpers", "common", "misc")]


@pytest.mark.parametrize("path", sources(CORE, *PLUGINS), ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_are_small(path: Path) -> None:
    """What is longer is two; a function's docstring does not count."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
    long = [f"{n.name} has {lines(n)}" for n in ast.walk(tree(path)) if isinstance(n, FUNCTION)]
    assert not [told for told in long if int(told.split()[-1]) > LONGEST_FUNCTION]


FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    whole = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is None or not isinstance(first, ast.Expr):
        return whole
    return whole - ((first.end_lineno or 0) - first.lineno + 1)


def test_the_median_module_is_short() -> None:
    """The house is made of small rooms, not of a few halls."""
    assert statistics.median(len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES.values()) <= MEDIAN


def test_public_means_listed() -> None:
    """``__all__`` is exactly what the package imports for others, in one order."""
    names = [
        alias.asname or alias.name
        for node in tree(CORE / "__init__.py").body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(names) == sorted(mediacore.__all__)
    assert len(names) == len(set(names))
    assert all(hasattr(mediacore, name) for name in names)


@pytest.mark.parametrize(
    "path", [p for folder in PLUGINS for p in sorted(folder.rglob("*.py"))], ids=lambda p: str(p.relative_to(ROOT))
)
def test_plugins_use_public_names_only(path: Path) -> None:
    """A plugin and its tests stand on ``mediacore`` and ``mediacore.testkit`` alone, so the inside can change."""
    inside = {name for name in ours(path) if name != "mediacore" and not name.startswith("mediacore.testkit")}
    assert not inside, f"{path.name} must not import {', '.join(sorted(inside))}"
    unlisted = {
        alias.name
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "mediacore"
        for alias in node.names
    } - set(mediacore.__all__)
    assert not unlisted, f"{path.name}: {', '.join(sorted(unlisted))} is not public"


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda p: p.name)
def test_plugins_leave_other_plugins_alone(folder: Path) -> None:
    """A channel can be installed without any other."""
    others = {f"mediacore_{p.name}" for p in PLUGINS} - {f"mediacore_{folder.name}"}
    assert not {n.split(".")[0] for p in folder.rglob("*.py") for n in imports(p)} & others


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda p: p.name)
def test_every_plugin_has_the_same_files(folder: Path) -> None:
    """Who knows one channel finds the way in the next: the same word everywhere, the same files in the same places."""
    name = folder.name
    package = folder / f"mediacore_{name}"
    wanted = [
        *(folder / "pyproject.toml", folder / "README.md", package / "__init__.py", package / "limits.toml"),
        *(package / "py.typed", package / "simulator.py", folder / "tests" / f"test_{name}_conformance.py"),
        ROOT / "docs" / "channels" / f"{name}.md",
    ]
    missing = [str(path.relative_to(ROOT)) for path in wanted if not path.exists()]
    if not list(package.glob("wire*.py")):
        missing.append(f"{package.name}/wire*.py")
    assert not missing, f"missing: {', '.join(missing)}"
    assert not (folder / "__init__.py").exists()


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda p: p.name)
def test_every_plugin_is_called_by_its_channel(folder: Path) -> None:
    """Distribution, package, entry point and limits say the same word."""
    name = folder.name
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"mediacore-{name}"
    (point,) = project["entry-points"]["mediacore.channels"].items()
    assert point[0] == name
    assert point[1].startswith(f"mediacore_{name}:")
    table = tomllib.loads((folder / f"mediacore_{name}" / "limits.toml").read_text())
    assert table["channel"] == name


def test_no_file_knows_whose_machine_it_was_written_on() -> None:
    """Home folders of people and machines stay out of what is published."""
    home = re.compile("(?<![\\w.])/(?:" + "|".join(("home/[a-z]+", "Users/[A-Za-z]+", "root", "work")) + ")/")
    kinds = {".py", ".md", ".toml", ".txt", ".js", ".html", ".css", ".json", ".yml", ".mako", ".cfg"}
    told = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for folder in ("mediacore", "plugins", "tests", "docs", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in kinds and path.is_file()
        for match in home.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not told
