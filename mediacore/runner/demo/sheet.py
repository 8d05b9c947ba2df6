"""A contact sheet: one picture of everything that arrived."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from mediacore.runner.demo.checks import Seen
from mediacore.runner.demo.samples import font

CELL, GAP, LINE = 300, 24, 24


def draw(path: Path, rows: Sequence[tuple[str, Sequence[Seen]]], likeness: Callable[[Seen], Path | None]) -> Path:
    """Draw the sheet.

    Args:
        path: where to write it; a PNG.
        rows: a heading and the files of each channel.
        likeness: a picture of a file that is none itself.
    """
    columns = max((len(files) for _, files in rows), default=1)
    width = GAP + max(columns, 3) * (CELL + GAP)
    height = GAP + len(rows) * (CELL + 4 * LINE + GAP)
    sheet = Image.new("RGB", (width, height), (250, 250, 252))
    pen = ImageDraw.Draw(sheet)
    for number, (heading, files) in enumerate(rows):
        top = GAP + number * (CELL + 4 * LINE + GAP)
        pen.text((GAP, top), heading, fill=(20, 40, 80), font=font(22))
        for column, seen in enumerate(files):
            left = GAP + column * (CELL + GAP)
            _cell(sheet, pen, (left, top + LINE + 12), seen, likeness)
    sheet.save(path, "PNG", optimize=True)
    return path


def _cell(
    sheet: Image.Image,
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    seen: Seen,
    likeness: Callable[[Seen], Path | None],
) -> None:
    left, top = at
    pen.rectangle([at, (left + CELL, top + CELL)], fill=(232, 234, 240))
    if seen.type.startswith("image/"):
        picture = Image.open(io.BytesIO(seen.data)).convert("RGB")
    else:
        path = likeness(seen)
        picture = Image.open(path).convert("RGB") if path else Image.new("RGB", (200, 260), "white")
    picture.thumbnail((CELL, CELL))
    sheet.paste(picture, (left + (CELL - picture.width) // 2, top + (CELL - picture.height) // 2))
    pixels = f", {seen.width} x {seen.height}" if seen.width else ""
    pen.text((left, top + CELL + 6), seen.name[:34], fill=(30, 30, 30), font=font(15))
    pen.text(
        (left, top + CELL + 26), f"{seen.type}, {seen.size / 1000:,.0f} KB{pixels}", fill=(90, 90, 90), font=font(14)
    )
