"""The table in Markdown, and the plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks import score
from benchmarks.sections import Row, Section


def table(section: Section) -> str:
    """One job as Markdown."""
    rows, first = section.rows, section.rows[0]
    scored = any(row.score is not None for row in rows)
    natives = any(row.native is not None for row in rows)
    head = ["", "cpu ms", f"/ {first.name}", "wall ms", "best", "bytes"]
    head += ["of budget", f"{score.scorer()} at {score.VIEW} px"] if scored else []
    head += ["at own pixels"] if natives else []
    lines = [f"### {section.name}", "", f"{section.measured}.", ""]
    lines += [_line([*head, "note"]), _line(["---"] + ["---:"] * (len(head) - 1) + ["---"])]
    for row in rows:
        name = f"**{row.name}**" if row.ours else row.name
        if row.failed:
            lines.append(_line([name, *[""] * (len(head) - 1), row.failed]))
            continue
        ratio = f"{row.cpu / first.cpu:.2f}" if first.cpu else ""
        cells = [
            name,
            f"{row.cpu:.1f}",
            ratio,
            f"{row.wall:.1f}",
            f"{row.best:.1f}",
            f"{row.size:,}" if row.size else "",
        ]
        cells += [f"{row.size / section.budget:.1%}", _figure(row.score)] if scored else []
        cells += [_figure(row.native)] if natives else []
        lines.append(_line([*cells, row.note]))
    return "\n".join([*lines, "", *(f"- {line}" for line in section.verdicts), ""])


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


ROW, LEFT, WIDTH, GAP = 26, 470, 1180, 46
INK, OURS, PEER = (30, 34, 42), (18, 102, 180), (172, 180, 192)


def plot(sections: Sequence[Section], path: Path) -> None:
    """Bars of the time that counts against the first arm of each job that could do it; the shorter the better."""
    timed = [section for section in sections if len(section.rows) > 1]
    height = GAP + sum(GAP + ROW * len(section.rows) for section in timed)
    picture = Image.new("RGB", (WIDTH, max(height, GAP)), "white")
    draw = ImageDraw.Draw(picture)
    top = GAP // 2
    for section in timed:
        name = f"{section.name} (wall time)" if section.by_wall else section.name
        draw.text((20, top), name, fill=INK, font_size=19)
        top += 30
        first = section.counted(section.rows[0]) or max(map(section.counted, section.rows)) or 1.0
        for row in section.rows:
            _bar(draw, row, section.counted(row), first, top)
            top += ROW
        top += GAP - 30
    picture.save(path)


def _bar(draw: ImageDraw.ImageDraw, row: Row, counted: float, first: float, top: int) -> None:
    ratio = 0.0 if row.failed else counted / first
    length = min(1.0, ratio / 2) * (WIDTH - LEFT - 150)
    draw.text((40, top), row.name, fill=INK, font_size=16)
    draw.rectangle((LEFT, top + 2, LEFT + length, top + ROW - 6), fill=OURS if row.ours else PEER)
    told = "cannot" if row.failed else f"{ratio:.2f}   {counted:.0f} ms"
    draw.text((LEFT + length + 8, top), told, fill=INK, font_size=16)
