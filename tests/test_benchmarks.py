"""The benchmarks' own machinery: fair turns, faults told, figures kept job by job, and a table of them."""

from __future__ import annotations

from pathlib import Path

from benchmarks import report
from benchmarks.clock import Arm, Output, race
from benchmarks.jobs import KEYS, Job, Promise
from benchmarks.judge import judged
from benchmarks.sections import keep, kept


def job(key: str, ours: float, peer: float) -> Job:
    """Two arms that say themselves how long they took, in seconds, and one that cannot."""

    def fail() -> Output:
        raise ValueError("no such codec")

    arms = (
        Arm("peer", lambda: Output(b"1234", cpu=peer, wall=peer)),
        Arm("mediacore", lambda: Output(b"123", cpu=ours, wall=ours), ours=True),
        Arm("other", fail),
    )
    return Job("a job", key, arms, (Promise(0.5, "peer"), Promise(0.5, "other")), 3)


def test_every_arm_runs_once_in_each_round() -> None:
    """No arm is measured in a row, and each is warmed up once."""
    seen: list[str] = []
    arms = [Arm(name, lambda name=name: seen.append(name) or Output()) for name in "abc"]  # type: ignore[misc]
    timings = race(arms, 5)
    assert [sorted(seen[at : at + 3]) for at in range(0, len(seen), 3)] == [["a", "b", "c"]] * 6
    assert [len(t.wall) for t in timings.values()] == [5, 5, 5]


def test_promises_are_judged_and_figures_kept(tmp_path: Path) -> None:
    """A promise is reached or missed by the ratio; a peer that fails is told; a later run replaces its own job only."""
    one, other = KEYS[0], KEYS[1]
    for key, ours in ((one, 0.9), (other, 0.4), (one, 0.3)):
        made = job(key, ours, 1.0)
        keep(tmp_path, key, [judged(made, race(made.arms, 3))])
    sections = kept(tmp_path, KEYS)
    assert [s.key for s in sections] == [one, other]
    assert [s.verdicts for s in sections] == [
        ("reached: 0.30 of peer, at most 0.5",),
        ("reached: 0.40 of peer, at most 0.5",),
    ]
    slow = job(one, 0.9, 1.0)
    assert judged(slow, race(slow.arms, 3)).missed
    told = report.table(sections[0])
    assert "| **mediacore** | 300.0 | 0.30 | 300.0 | 300.0 | 3 |  |" in told
    assert "| other |  |  |  |  |  | ValueError: no such codec |" in told
    report.plot(sections, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000
