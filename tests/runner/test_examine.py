"""``examine``: what any file is and carries, told for people and for programs, without changing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mediacore.runner.cli import cli
from mediacore.testkit import builders, builders_hostile
from mediacore.testkit.builders import File


def run(*arguments: object) -> Result:
    """The command, on a wide screen."""
    return CliRunner(env={"COLUMNS": "300"}).invoke(cli, ["examine", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with good files and bad ones, some in a folder within."""
    inner = tmp_path / "files" / "inner"
    inner.mkdir(parents=True)
    letter = builders.docx(("Complaint about order 4711",))
    for place, file in (
        (inner.parent, File("letter.docx", "", letter)),
        (inner.parent, builders_hostile.mislabelled()),
        (inner, builders_hostile.empty()),
        (inner, builders_hostile.zip_bomb()),
        (inner, builders_hostile.locked_pdf()),
    ):
        (place / file.name).write_bytes(file.data)
    return inner.parent


def test_for_programs(folder: Path) -> None:
    """Every file of a folder has its type, facts, findings, and whether it can be shown; a summary counts them."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = run(folder, "--jobs", 2, "--json")
    assert result.exception is None, result.output
    told: Any = json.loads(result.stdout)
    files = {Path(each["file"]).name: each for each in told["files"]}
    letter = files["letter.docx"]
    assert letter["type"].endswith("wordprocessingml.document")
    assert letter["facts"]["metadata"] == ["author"]
    assert (letter["preview"], letter["strip"], letter["text"]) == ("yes", "yes", "yes")
    assert letter["facts"]["excerpt"] == "Complaint about order 4711"
    assert [f["code"] for f in files["holiday.jpg"]["findings"]] == ["mislabelled"]
    assert files["bomb.zip"]["preview"] == "bomb"
    assert files["locked.pdf"]["facts"]["encrypted"]
    summary = told["summary"]
    assert summary["files"] == len(before) == 5
    assert summary["findings"] == {"empty": 1, "bomb": 1, "mislabelled": 1, "encrypted": 1}
    assert summary["kills"] == {}
    assert len(summary["slowest"]) == 5
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_for_people(folder: Path) -> None:
    """The same as a table and a few lines."""
    result = run(folder / "letter.docx", folder / "inner" / "bomb.zip")
    assert result.exit_code == 0
    assert "letter.docx" in result.stdout
    assert "metadata author" in result.stdout
    assert "preview: 1 yes, 1 bomb" in result.stdout
    assert "ended by force: none" in result.stdout


def test_an_empty_folder(tmp_path: Path) -> None:
    """Nothing to look at is said."""
    result = run(tmp_path)
    assert "no file" in str(result.exception)
