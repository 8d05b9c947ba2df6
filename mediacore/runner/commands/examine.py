"""``examine``: what the engines say of any files, whole folders of them too; nothing is stored or changed."""

from __future__ import annotations

import collections
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import rich_click as click
from attrs import asdict, define, field, fields
from rich.progress import track

from mediacore.engines.operation import Unusable
from mediacore.errors import Permanent
from mediacore.obstacles import size_word
from mediacore.runner.output import as_json, console, json_option, table
from mediacore.sandbox import Bench, Sandbox
from mediacore.steps.files import locked
from mediacore.stores.blobs import digest_of
from mediacore.values import Facts, Finding, Media, Severity

KILLS = ("crashed", "timeout", "too-much-memory")
"""What the jail says of a child that it had to end."""
SHOWN, NONE = "yes", "no"
_SLOWEST = 5


@define
class Examined:
    """What was found out about one file.

    Args:
        file: where it is.
        type: what it truly is.
        size: bytes.
        facts: what is known of it, without what is not.
        findings: what is wrong with it.
        preview, strip, text: ``yes``, or why not, as a finding's code.
        seconds: how long all of it took.
    """

    file: Path
    type: str = ""
    size: int = 0
    facts: dict[str, Any] = field(factory=dict)
    findings: list[Finding] = field(factory=list)
    preview: str = NONE
    strip: str = NONE
    text: str = NONE
    seconds: float = 0.0

    @property
    def kills(self) -> list[str]:
        """The steps at which a child had to be ended."""
        told = {"preview": self.preview, "strip": self.strip, "text": self.text}
        own = [finding.code for finding in self.findings if finding.code in KILLS]
        return [*own, *(step for step, code in told.items() if code in KILLS)]


def every_file(paths: Iterable[Path]) -> Iterator[Path]:
    """The files themselves, and those in folders, however deep."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file() and not each.is_symlink())
        else:
            yield path


def examine_one(bench: Bench, path: Path, folder: Path) -> Examined:
    """Sniff, probe, show, clean and read one file; whatever fails is told, nothing is raised."""
    made = Examined(path, size=path.stat().st_size)
    begin = time.monotonic()
    try:
        sniffed = bench.sniff(path, path.name)
    except Unusable as error:
        made.findings = [Finding(error.code, Severity.REFUSE, error.message)]
        return made
    made.type, made.findings = sniffed.type, list(sniffed.findings)
    facts = Facts()
    try:
        facts = bench.probe(path, sniffed.type)
        made.findings += locked(sniffed.type, facts, made.findings)
        made.facts = {f.name: v for f in fields(Facts) if (v := getattr(facts, f.name)) != f.default}
    except Unusable as error:
        made.findings.append(Finding(error.code, Severity.NOTE, error.message))
    media = Media(path, sniffed.type, made.size, digest_of(path), facts)
    made.preview = _tried(lambda: bench.preview(media, 512, 0, folder).path)
    made.strip = _tried(lambda: bench.strip(media, folder))
    made.text = _tried(lambda: _read(bench, media))
    made.seconds = time.monotonic() - begin
    return made


def _read(bench: Bench, media: Media) -> None:
    bench.text(media)


def _tried(step: Callable[[], Path | None]) -> str:
    try:
        path = step()
    except Unusable as error:
        return error.code
    if path is not None:
        path.unlink(missing_ok=True)
    return SHOWN


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--jobs",
    type=click.IntRange(1, 32),
    default=min(os.cpu_count() or 1, 32),
    help="Files worked on at once; as many as there are processors.",
)
@json_option
def examine(paths: tuple[Path, ...], jobs: int, json_: bool) -> None:
    """Tell what each of PATHS truly is, what it carries, what is wrong with it, and whether it can be shown.

    Folders are searched through. Every file is opened in the jail only, and none is changed.
    """
    files = list(every_file(paths))
    if not files:
        raise Permanent("there is no file in there", code="nothing")
    with (
        Sandbox(workers=jobs) as sandbox,
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(jobs) as pool,
    ):
        bench = Bench(sandbox, Path(folder))
        coming = pool.map(lambda path: examine_one(bench, path, Path(folder)), files)
        found = list(track(coming, "examining", len(files), console=console, transient=True, disable=json_))
    if json_:
        as_json({"files": [_told(each) for each in found], "summary": summary(found)})
        return
    table("", ("file", "type", "size", "facts", "findings", "preview", "s"), [_row(each) for each in found])
    for line in _in_words(summary(found)):
        console.print(line, markup=False)


def summary(found: Sequence[Examined]) -> dict[str, Any]:
    """Counts of what was found, and what took longest."""
    slowest = sorted(found, key=lambda each: each.seconds, reverse=True)[:_SLOWEST]
    return {
        "files": len(found),
        "types": _counted(each.type for each in found),
        "findings": _counted(finding.code for each in found for finding in each.findings),
        **{step: _counted(getattr(each, step) for each in found) for step in ("preview", "strip", "text")},
        "kills": {str(each.file): each.kills for each in found if each.kills},
        "slowest": [{"file": str(each.file), "seconds": round(each.seconds, 2)} for each in slowest],
    }


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(collections.Counter(words).most_common())


def _told(each: Examined) -> dict[str, Any]:
    return {**asdict(each), "file": str(each.file), "seconds": round(each.seconds, 3)}


def _row(each: Examined) -> tuple[str, ...]:
    facts = ", ".join(f"{name} {_value(value)}" if value is not True else name for name, value in each.facts.items())
    findings = ", ".join(dict.fromkeys(finding.code for finding in each.findings))
    size, seconds = size_word(each.size), f"{each.seconds:.2f}"
    return str(each.file), each.type, size, facts, findings, each.preview, seconds


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _in_words(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['files']} file(s)"
    for name in ("findings", "preview", "strip", "text"):
        counts = ", ".join(f"{count} {word}" for word, count in told[name].items())
        yield f"{name}: {counts or 'none'}"
    yield f"ended by force: {', '.join(told['kills']) or 'none'}"
