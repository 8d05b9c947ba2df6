"""The table in Markdown, and the plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import frozen
from PIL import Image, ImageDraw

from benchmarks import ours, score
from benchmarks.clock import Timing
from benchmarks.jobs import Job
from benchmarks.peers import opened


@frozen
class Result:
    """A job and what came of it.

    Args:
        job: the job.
        timings: by arm.
        scores: by arm; empty where nothing was scored.
        natives: the same at the source's own pixels.
        encodes: ours; 0 where none were counted.
    """

    job: Job
    timings: dict[str, Timing]
    scores: dict[str, float]
    natives: dict[str, float]
    encodes: int = 0


def scored(job: Job, timings: dict[str, Timing]) -> Result:
    """Judge what the arms made, after the race."""
    encodes = job.encodes() if job.encodes else 0
    if job.source is None or not job.budget:
        return Result(job, timings, {}, {}, encodes)
    original = opened(job.source)
    made = {name: timing.last.data for name, timing in timings.items() if timing.last.data and not timing.failed}
    scores = {name: score.likeness(original, data) for name, data in made.items()}
    natives = {name: score.likeness(original, data, native=True) for name, data in made.items() if job.native}
    return Result(job, timings, scores, natives, encodes)


def table(result: Result) -> str:
    """One job as Markdown."""
    job, first = result.job, result.timings[result.job.arms[0].name]
    head = ["", "cpu ms", f"/ {job.arms[0].name}", "wall ms", "best", "bytes"]
    head += (["of budget", f"{score.scorer()} at {score.VIEW} px"] if result.scores else []) + (
        ["at own pixels"] if result.natives else []
    )
    lines = [f"### {job.name}", "", _row([*head, "note"]), _row(["---"] + ["---:"] * (len(head) - 1) + ["---"])]
    for arm in job.arms:
        timing = result.timings[arm.name]
        name = f"**{arm.name}**" if arm.ours else arm.name
        if timing.failed:
            lines.append(_row([name, *[""] * (len(head) - 1), timing.failed]))
            continue
        ratio = f"{timing.cpu_ms / first.cpu_ms:.2f}" if first.cpu_ms else ""
        size = len(timing.last.data)
        cells = [name, f"{timing.cpu_ms:.1f}", ratio, f"{timing.wall_ms:.1f}", f"{timing.best_ms:.1f}"]
        cells.append(f"{size:,}" if size else "")
        if result.scores:
            cells += [f"{size / job.budget:.1%}", f"{result.scores[arm.name]:.1f}"]
        if result.natives:
            cells.append(f"{result.natives[arm.name]:.1f}")
        encodes = f"{result.encodes} encodes" if arm.ours and result.encodes else ""
        lines.append(_row([*cells, encodes or timing.last.note]))
    return "\n".join([*lines, "", *(f"- {line}" for line in verdicts(result)), ""])


def verdicts(result: Result) -> list[str]:
    """What was promised and what came of it."""
    job, lines = result.job, []
    ours_in = result.timings.get(ours.IN_PROCESS)
    mine = ours_in or next(result.timings[arm.name] for arm in job.arms if arm.ours)
    for promise in job.promises:
        peer = result.timings.get(promise.reference)
        if peer is None or peer.failed or mine.failed:
            continue
        ratio = mine.wall_ms / peer.wall_ms if promise.wall else mine.cpu_ms / peer.cpu_ms
        lines.append(
            _told(f"{ratio:.2f} of {promise.reference}, at most {promise.most}", reached=ratio <= promise.most)
        )
    if result.scores and ours.IN_PROCESS in result.scores:
        lines += _seen(result, mine)
    jailed = result.timings.get(ours.IN_JAIL)
    if jailed is not None and ours_in is not None:
        more = jailed.wall_ms - ours_in.wall_ms
        best = jailed.best_ms - ours_in.best_ms
        told = f"{more:.1f} ms more in the jail by the median, {best:.1f} by the shortest, at most 10"
        lines.append(_told(told, reached=more <= 10))
    if job.key == "hooks":
        each = mine.wall_ms / 100
        lines.append(_told(f"{each:.3f} ms a file through five verbs, at most 0.5", reached=each <= 0.5))
    return lines


def _seen(result: Result, mine: Timing) -> list[str]:
    job = result.job
    looks = result.natives or result.scores
    peers = {n: s for n, s in looks.items() if n != ours.IN_PROCESS and len(result.timings[n].last.data) <= job.budget}
    lines = []
    if peers:
        best = max(peers, key=lambda name: peers[name])
        ahead = looks[ours.IN_PROCESS] - peers[best]
        lines.append(_told(f"score {ahead:+.1f} against the best peer ({best}), at least -0.5", reached=ahead >= -0.5))
    used = len(mine.last.data) / job.budget
    lines.append(_told(f"{used:.1%} of the bytes used, never more than all", reached=used <= 1))
    if job.key.startswith("fit"):
        lines.append(_told(f"{used:.1%} of the bytes used, at least 97 %", reached=used >= 0.97))
        lines.append(_told(f"{result.encodes} encodes, at most 2", reached=result.encodes <= 2))
    return lines


def _told(words: str, *, reached: bool) -> str:
    return f"{'reached' if reached else '**missed**'}: {words}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


ROW, LEFT, WIDTH, GAP = 26, 470, 1180, 46
INK, OURS, PEER = (30, 34, 42), (18, 102, 180), (172, 180, 192)


def plot(results: Sequence[Result], path: Path) -> None:
    """Bars of processor time against the first peer of each job that could do it; the shorter the better."""
    timed = [result for result in results if len(result.timings) > 1]
    height = GAP + sum(GAP + ROW * len(result.job.arms) for result in timed)
    picture = Image.new("RGB", (WIDTH, max(height, GAP)), "white")
    draw = ImageDraw.Draw(picture)
    top = GAP // 2
    for result in timed:
        draw.text((20, top), result.job.name, fill=INK, font_size=19)
        top += 30
        done = [timing for timing in result.timings.values() if not timing.failed]
        first = result.timings[result.job.arms[0].name].cpu_ms or max((t.cpu_ms for t in done), default=1.0)
        for arm in result.job.arms:
            timing = result.timings[arm.name]
            ratio = 0.0 if timing.failed else timing.cpu_ms / first
            length = min(1.0, ratio / 2) * (WIDTH - LEFT - 150)
            draw.text((40, top), arm.name, fill=INK, font_size=16)
            draw.rectangle((LEFT, top + 2, LEFT + length, top + ROW - 6), fill=OURS if arm.ours else PEER)
            told = "cannot" if timing.failed else f"{ratio:.2f}   {timing.cpu_ms:.0f} ms"
            draw.text((LEFT + length + 8, top), told, fill=INK, font_size=16)
            top += ROW
        top += GAP - 30
    picture.save(path)
