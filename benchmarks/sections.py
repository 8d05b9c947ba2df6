"""What came of one job, as plain figures that can be kept, so that jobs may be run one by one and on different days."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from attrs import asdict, frozen


@frozen
class Row:
    """One arm.

    Args:
        name: as the table shows it.
        ours: whether it is mediacore.
        cpu, wall, best: milliseconds: median processor time, median and shortest wall time.
        size: bytes of what it made; 0 where nothing is made.
        score, native: how alike it looks, at the size shown and at the source's own pixels; None where not scored.
        note: what else there is to say.
        failed: why it could not do the job; empty when it could.
    """

    name: str
    ours: bool
    cpu: float = 0.0
    wall: float = 0.0
    best: float = 0.0
    size: int = 0
    score: float | None = None
    native: float | None = None
    note: str = ""
    failed: str = ""


@frozen
class Section:
    """One job.

    Args:
        key: the job's short name.
        name: the job and its file.
        measured: the day, and how busy the machine was.
        budget: the most bytes; 0 for none.
        rows: the arms.
        verdicts: what was promised and what came of it.
        by_wall: whether wall time is what counts, as where work waits on another process.
    """

    key: str
    name: str
    measured: str
    budget: int
    rows: tuple[Row, ...]
    verdicts: tuple[str, ...]
    by_wall: bool = False

    def counted(self, row: Row) -> float:
        """The figure of an arm that counts, in milliseconds."""
        return row.wall if self.by_wall else row.cpu

    @property
    def missed(self) -> bool:
        """Whether a promise was."""
        return any("**missed**" in line for line in self.verdicts)


def keep(folder: Path, key: str, sections: Sequence[Section]) -> None:
    """Put what came of a job in place of what came of it before."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{key}.new"
    fresh.write_text(json.dumps([asdict(section) for section in sections], indent=1), encoding="utf-8")
    fresh.replace(folder / f"{key}.json")


def kept(folder: Path, keys: Iterable[str]) -> list[Section]:
    """What came of these jobs when they were last run, in their order; nothing of those that never were."""
    found = [folder / f"{key}.json" for key in keys]
    raw = [section for path in found if path.exists() for section in json.loads(path.read_text(encoding="utf-8"))]
    return [
        Section(**{**each, "rows": tuple(Row(**r) for r in each["rows"]), "verdicts": tuple(each["verdicts"])})
        for each in raw
    ]
