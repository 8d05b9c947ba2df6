"""Documents in the jail: bombs end soon, and the jail changes nothing."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediacore.engines.doc.show import words
from mediacore.engines.operation import Unusable, load
from mediacore.sandbox import Bench, InProcess, Runner, Sandbox
from mediacore.values import Media
from tests.engines import doc_builders as b

BOMBS = b.bombs()
REFUSED = ("ratio", "overlap", "many", "docx text", "docx tags")
SECONDS = 3.0
HONEST = {
    "docx": (b.docx(), b.DOCX),
    "xlsx": (b.xlsx(), b.XLSX),
    "pptx": (b.pptx(), b.PPTX),
    "odt": (b.odf(b.ODT), b.ODT),
    "ods": (b.odf(b.ODS), b.ODS),
    "mail": (b.MAIL, "message/rfc822"),
    "card": (b.CARD, "text/vcard"),
    "calendar": (b.CALENDAR, "text/calendar"),
    "rtf": (b.RICH, "application/rtf"),
    "text": ("Grüße שלום مرحبا 你好 \U0001f600\n".encode(), "text/plain"),
    "latin": ("Grüße".encode("cp1252"), "text/plain"),
    "csv": (b"a;b\n1;2\n", "text/csv"),
    "zip": (b.zipped({"a.txt": "a", "b/c.txt": "b"}), "application/zip"),
}
PARAMS: dict[str, dict[str, int]] = {"probe": {}, "preview": {"side": 300}, "strip": {}, "text": {}}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for these tests."""
    with Sandbox(workers=2) as made:
        yield made


def verdicts(runner: Runner, path: Path, mime: str, out: Path) -> dict[str, object]:
    """What every operation says of a document."""
    seen: dict[str, object] = {}
    for operation, params in PARAMS.items():
        try:
            outcome = runner.run(operation, path, {"type": mime, **params}, out)
            seen[operation] = (outcome.facts, [file.read_bytes() for file in outcome.files])
        except Unusable as error:
            seen[operation] = (error.code, error.message)
    return seen


@pytest.mark.parametrize("name", HONEST)
def test_the_jail_changes_nothing(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    """Every sort of document, whole and cut, is judged alike inside and outside, to the byte."""
    data, mime = HONEST[name]
    for number, content in enumerate((data, data[: len(data) // 2], data[:40], data[:100] + data[200:])):
        path = tmp_path / str(number)
        path.write_bytes(content)
        inside = verdicts(sandbox, path, mime, tmp_path / "in")
        assert inside == verdicts(InProcess(), path, mime, tmp_path / "out")
        assert not {"crashed", "timeout"} & {str(said[0]) for said in inside.values()}  # type: ignore[index]
        assert number or all(isinstance(said[0], dict) for said in inside.values())  # type: ignore[index]


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("operation", PARAMS)
def test_bombs_end_soon(name: str, operation: str) -> None:
    """Every operation on every bomb ends within seconds of processor time, with an answer or a reason."""
    data, mime = BOMBS[name]
    begin = time.process_time()
    try:
        load(operation)(io.BytesIO(data), {"type": mime, **PARAMS[operation]})
        refused = ""
    except Unusable as error:
        refused = error.code
    except RecursionError:
        pytest.fail("nested too deeply")
    assert time.process_time() - begin < SECONDS
    if name in REFUSED and operation in ("probe", "preview", "text"):
        assert refused == "bomb"


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_in_the_jail(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    """No bomb runs into the walls of the jail: each is known before."""
    data, mime = BOMBS[name]
    path = tmp_path / "bomb"
    path.write_bytes(data)
    said = verdicts(sandbox, path, mime, tmp_path)
    assert not {"crashed", "timeout", "too-much-memory"} & {str(answer[0]) for answer in said.values()}  # type: ignore[index]


def test_all_the_way(sandbox: Sandbox, tmp_path: Path) -> None:
    """A Word file is sniffed, probed, shown, read and stripped by the typed front."""
    bench = Bench(sandbox, tmp_path / "scratch")
    path = tmp_path / "letter"
    path.write_bytes(b.docx())
    mime = bench.sniff(path, "letter.docx").type
    media = Media(path, mime, path.stat().st_size, "", bench.probe(path, mime))
    assert mime == b.DOCX
    assert media.facts.pages == 3
    assert "author" in media.facts.metadata
    picture = bench.preview(media, 200)
    assert max(picture.width, picture.height) == 200
    assert bench.text(media).startswith(b.WORD)
    clean = bench.strip(media)
    assert bench.probe(clean, mime).metadata == ("comments",)
    assert not list((tmp_path / "scratch").glob("*.txt"))


def test_words_are_bounded() -> None:
    """Of a long text the first 64 KiB are answered, never half a letter."""
    made = words(io.BytesIO(("ä" * 99 + "\n").encode() * 2_000), {"type": "text/plain"})
    assert 65_000 < len(made.files[0]) <= 65_536
    assert set(made.files[0].decode()) == {"ä", "\n"}
