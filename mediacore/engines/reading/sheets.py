"""The words of a picture that moves: every frame is read, and what stands still is read once.

Of each frame only the band of lines is read in which something changed since the last one, many bands together on one
sheet; the words beside the band are those of the frame before. So a recorded screen costs little more than one picture.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from attrs import field, frozen
from PIL import Image, ImageChops

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.frames import Shot
from mediacore.engines.reading.words import MAX_WORDS, Row

Placed: TypeAlias = tuple[str, float, float, float, float, int]
"""A word, its left, top, right and bottom, and a number for its line."""
ReadLines: TypeAlias = Callable[[Image.Image], Iterator[Sequence[Placed]]]
"""What reads a picture, line by line."""

SHEET = 1_600
"""Pixels of both sides of a sheet; a larger picture is read alone."""
GUTTER = 32
GROUND = (128, 128, 128)
"""Pixels between two bands, so that no word reaches over, and their colour."""
REACH = 64
"""Rows above and below a change that are read again: letters that changed only in part begin there."""
EDGE = 12
"""Rows by which the same line may be seen higher or lower when it is read again."""
NEAR = 200
"""Rows above and below a change that are told again with it, for a number may go on in the next line."""
MOST_PIXELS = 24_000_000
"""Pixels of all bands together: about 40 seconds of reading."""


@frozen
class Band:
    """A part of a frame, as wide as the frame.

    Args:
        number: the frame's index.
        top: its first row.
        picture: its pixels.
        own: the rows whose lines are to be taken from this band.
    """

    number: int
    top: int
    picture: Image.Image = field(repr=False)
    own: tuple[float, float]


def read_frames(shots: Iterable[Shot], read: ReadLines) -> list[Row]:
    """The words of all frames, as :func:`mediacore.engines.reading.words.words` has them.

    Args:
        shots: the frames.
        read: reads one picture.

    Returns:
        For each frame in which something changed, the words there and near it.

    Raises:
        Unusable: ``too-long`` or ``too-many-words``, and whatever reading a frame or a picture raises.
    """
    rows: list[Row] = []
    standing: list[Placed] = []
    for band, found in _read(_bands(shots), read):
        low, high = band.own
        kept = [word for word in standing if not low + EDGE <= _middle(word) <= high - EDGE]
        fresh = [word for word in found if low <= _middle(word) <= high]
        standing = _numbered([kept, fresh])
        near = [word for word in standing if low - NEAR <= _middle(word) <= high + NEAR]
        rows += [[*word[:5], band.number, word[5]] for word in near]
        if len(rows) > MAX_WORDS:
            raise Unusable("too-many-words", f"Its frames have more than {MAX_WORDS:,} words, too many to read.")
    return rows


def _bands(shots: Iterable[Shot]) -> Iterator[Band]:
    """What is new in each frame; nothing of one that has been seen before."""
    last: Image.Image | None = None
    seen = set[bytes]()
    room = MOST_PIXELS
    for shot in shots:
        picture = shot.picture.convert("RGB")
        same = last is not None and last.size == picture.size
        changed = ImageChops.difference(picture, last).getbbox() if same and last is not None else (0, 0, *picture.size)
        known = hashlib.sha256(picture.tobytes()).digest()
        if changed is None or known in seen:
            continue
        seen.add(known)
        band = _band(shot.number, picture, changed[1], changed[3])
        room -= band.picture.width * band.picture.height
        if room < 0:
            raise Unusable("too-long", "It moves too long, and too much in it, to be read frame by frame.")
        last = picture
        yield band


def _band(number: int, picture: Image.Image, first: int, end: int) -> Band:
    top, bottom = max(0, first - REACH), min(picture.height, end + REACH)
    own = (top + REACH / 2 if top else float("-inf"), bottom - REACH / 2 if bottom < picture.height else float("inf"))
    return Band(number, top, picture.crop((0, top, picture.width, bottom)), own)


def _read(bands: Iterable[Band], read: ReadLines) -> Iterator[tuple[Band, list[Placed]]]:
    """Each band with its words, in the places of its frame; bands are put on sheets from left to right, row by row."""
    sheet: list[tuple[Band, int, int]] = []
    left, top, tall = 0, 0, 0
    for band in bands:
        width, height = band.picture.size
        if sheet and left + width > SHEET:
            left, top, tall = 0, top + tall + GUTTER, 0
        if sheet and (top + height > SHEET or width > SHEET):
            yield from _words(sheet, read)
            sheet, left, top, tall = [], 0, 0, 0
        sheet.append((band, left, top))
        left, tall = left + width + GUTTER, max(tall, height)
    if sheet:
        yield from _words(sheet, read)


def _words(sheet: Sequence[tuple[Band, int, int]], read: ReadLines) -> Iterator[tuple[Band, list[Placed]]]:
    width = max(left + band.picture.width for band, left, _ in sheet)
    height = max(top + band.picture.height for band, _, top in sheet)
    whole = Image.new("RGB", (width, height), GROUND)
    for band, left, top in sheet:
        whole.paste(band.picture, (left, top))
    found: dict[int, list[Placed]] = defaultdict(list)
    for number, line in enumerate(read(whole)):
        for text, x0, y0, x1, y1, _ in line:
            place = next((n for n, cell in enumerate(sheet) if _holds(cell, (x0 + x1) / 2, (y0 + y1) / 2)), None)
            if place is not None:
                band, left, top = sheet[place]
                down = band.top - top
                found[place].append((text, x0 - left, y0 + down, x1 - left, y1 + down, number))
    for number, (band, _, _) in enumerate(sheet):
        yield band, found[number]


def _holds(cell: tuple[Band, int, int], x: float, y: float) -> bool:
    band, left, top = cell
    return left <= x < left + band.picture.width and top <= y < top + band.picture.height


def _middle(word: Placed) -> float:
    return (word[2] + word[4]) / 2


def _numbered(groups: Sequence[Sequence[Placed]]) -> list[Placed]:
    """The words with their lines numbered anew, from the top."""
    lines: dict[tuple[int, int], list[Placed]] = defaultdict(list)
    for group, words in enumerate(groups):
        for word in words:
            lines[group, word[5]].append(word)
    ordered = sorted(lines.values(), key=lambda line: min(word[2] for word in line))
    return [(*word[:5], number) for number, line in enumerate(ordered) for word in line]
