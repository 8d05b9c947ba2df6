"""What came of a race: scores, and whether each promise was kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from benchmarks import ours, score
from benchmarks.clock import Timing
from benchmarks.jobs import Job
from benchmarks.peers import opened
from benchmarks.sections import Row, Section

JAIL_MOST = 10.0
"""Milliseconds that the jail may add."""


def judged(job: Job, timings: dict[str, Timing]) -> Section:
    """A job's figures, scored after the race."""
    encodes = job.encodes() if job.encodes else 0
    original = opened(job.source) if job.source is not None and job.budget else None
    rows = []
    for arm in job.arms:
        timing = timings[arm.name]
        made = timing.last.data
        seen = original is not None and made and not timing.failed
        rows.append(
            Row(
                arm.name, arm.ours, timing.cpu_ms, timing.wall_ms, timing.best_ms, len(made),
                score.likeness(original, made) if seen else None,
                score.likeness(original, made, native=True) if seen and job.native else None,
                f"{encodes} encodes" if arm.ours and encodes else timing.last.note, timing.failed,
            )
        )  # fmt: skip
    measured = f"{datetime.now(UTC):%Y-%m-%d}{_circumstances()}"
    verdicts = tuple(_verdicts(job, rows, encodes))
    by_wall = job.key == "jail" or any(promise.wall for promise in job.promises)
    return Section(job.key, job.name, measured, job.budget, tuple(rows), verdicts, by_wall)


def _circumstances() -> str:
    """How busy the machine was, and whether this was run ahead of what else there was, as ``chrt -r 1`` does."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    ahead = hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER
    return load + (", run ahead of everything else" if ahead else "")


def _verdicts(job: Job, rows: list[Row], encodes: int) -> list[str]:
    lines: list[str] = []
    done = {row.name: row for row in rows if not row.failed}
    ours_in = done.get(ours.IN_PROCESS)
    mine = ours_in or next((row for row in rows if row.ours and not row.failed), None)
    if mine is None:
        return [_told("ours could not do it", reached=False)] if done else []
    for promise in job.promises:
        peer, own = done.get(promise.reference), done.get(promise.arm, mine)
        if peer is None:
            continue
        ratio = own.wall / peer.wall if promise.wall else own.cpu / peer.cpu
        told = f"{ratio:.2f} of {promise.reference}, at most {promise.most}"
        lines.append(_told(told, reached=ratio <= promise.most))
    if mine.score is not None:
        lines += _seen(job, done, mine, encodes)
    if job.key == "jail" and ours_in and ours.IN_JAIL in done:
        more, best = done[ours.IN_JAIL].wall - ours_in.wall, done[ours.IN_JAIL].best - ours_in.best
        told = f"{more:.1f} ms more in the jail by the median, {best:.1f} by the shortest, at most {JAIL_MOST:.0f}"
        lines.append(_told(told, reached=more <= JAIL_MOST))
    if job.key == "hooks":
        each = mine.wall / 100
        lines.append(_told(f"{each:.3f} ms a file through five verbs, at most 0.5", reached=each <= 0.5))
    return lines


def _seen(job: Job, done: dict[str, Row], mine: Row, encodes: int) -> list[str]:
    def look(row: Row) -> float:
        return float((row.native if job.native else row.score) or 0.0)

    lines = []
    peers = [row for row in done.values() if not row.ours and 0 < row.size <= job.budget]
    if peers:
        best = max(peers, key=look)
        ahead = look(mine) - look(best)
        told = f"score {ahead:+.1f} against the best peer ({best.name}), at least -0.5"
        lines.append(_told(told, reached=ahead >= -0.5))
    used = mine.size / job.budget
    lines.append(_told(f"{used:.1%} of the bytes used, never more than all", reached=used <= 1))
    if job.key.startswith("fit"):
        lines.append(_told(f"{used:.1%} of the bytes used, at least 97 %", reached=used >= 0.97))
        lines.append(_told(f"{encodes} encodes, at most 2", reached=encodes <= 2))
    return lines


def _told(words: str, *, reached: bool) -> str:
    return f"{'reached' if reached else '**missed**'}: {words}"
