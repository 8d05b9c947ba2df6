"""Words put together to the lines that a person reads, and places in their text put back to boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TypeAlias

from attrs import field, frozen

from mediacore.redaction.words import Box, Word

SAME_HEIGHT = 0.5  # share of the lower word's height that must lie beside the other
NEXT_LINE = 1.6  # heights between the middles of two lines that can carry one wrapped number
UPRIGHT = 1.5  # times as high as wide: a word that runs up or down, whose letters cannot be told apart by width
NARROW, WIDE = frozenset("iljtfrI1.,:;'|!()[]/-"), frozenset("mwMWQOGD@%&")

Placed: TypeAlias = tuple[int, float, float, float, float, int]
"""Page, left, top, right, bottom, and which line it is."""


@frozen
class Line:
    """Words in reading order with the text that the detectors see.

    Args:
        words: from left to right, or from line to line where one is wrapped.
        text: the words with one blank or line feed between them.
        starts: where each word begins in the text.
    """

    words: tuple[Word, ...]
    text: str = field(repr=False)
    starts: tuple[int, ...]

    def boxes(self, start: int, end: int) -> Iterator[tuple[int, Box]]:
        """The page and box of each word that this part of the text touches, cut to the letters inside."""
        for word, at in zip(self.words, self.starts, strict=True):
            first, last = max(start, at) - at, min(end, at + len(word.text)) - at
            if first < last:
                yield word.page, part(word, first, last)


def line_of(words: Iterable[Word], glue: str = " ") -> Line:
    """One line of these words, in the order given."""
    row = tuple(words)
    starts, at = [], 0
    for word in row:
        starts.append(at)
        at += len(word.text) + len(glue)
    return Line(row, glue.join(word.text for word in row), tuple(starts))


def lines_of(words: Iterable[Word]) -> list[Line]:
    """The lines by their numbers and, where words of several stand side by side, also by what the eye joins."""
    numbered: dict[tuple[int, int], list[Word]] = defaultdict(list)
    for word in words:
        numbered[word.page, word.line].append(word)
    rows = [sorted(row, key=_place) for _, row in sorted(numbered.items())]
    seen = {tuple(row) for row in rows}
    rows += [row for row in _beside(rows) if tuple(row) not in seen]
    return [line_of(row) for row in rows]


def wrapped(lines: Sequence[Line]) -> list[Line]:
    """Each line together with the one below it, and with the one below that."""
    placed = sorted(((line.words[0].page, *_extent(line), index) for index, line in enumerate(lines)), key=_by_middle)
    below = {here[-1]: _below(placed, at) for at, here in enumerate(placed)}
    pairs = [(line, after) for line in below for after in below[line]]
    triples = [(line, after, third) for line, after in pairs for third in below[after]]
    return [line_of(word for index in group for word in lines[index].words) for group in (*pairs, *triples)]


def part(word: Word, first: int, last: int) -> Box:
    """The box of some letters of a word: its width shared out by how wide letters usually are, and half a letter more.

    A word that runs up or down is taken whole, and one of a plain text to the letter.
    """
    left, top, right, bottom = word.box
    if (first <= 0 and last >= len(word.text)) or (bottom - top) >= UPRIGHT * (right - left) > 0:
        return word.box
    if (right - left, bottom - top) == (len(word.text), 1):  # plain text: one column for each letter
        return left + first, top, left + last, bottom
    widths = [_width(letter) for letter in word.text]
    total = sum(widths)
    spare = 0.5 * total / len(widths)
    start = max(0.0, sum(widths[:first]) - spare) if first > 0 else 0.0
    end = min(total, sum(widths[:last]) + spare) if last < len(widths) else total
    return left + (right - left) * start / total, top, left + (right - left) * end / total, bottom


def _width(letter: str) -> float:
    if letter in NARROW:
        return 0.6 if letter != "1" else 1.0
    return 1.5 if letter in WIDE else 1.0


def _place(word: Word) -> tuple[float, float, float, float, str]:
    return word.box[0], word.box[2], word.box[1], word.box[3], word.text


def _beside(rows: Sequence[Sequence[Word]]) -> Iterator[list[Word]]:
    """Rows whose words stand on one height, as one row: a reading machine splits a line at wide gaps."""
    ordered = sorted(rows, key=lambda row: (row[0].page, (row[0].box[1] + row[0].box[3]) / 2, _place(row[0])))
    current: list[Word] = []
    for before, row in pairwise([ordered[0], *ordered] if ordered else []):
        if not current:
            current = list(row)
        elif _same_height(before[0], row[0]):
            current += row
        else:
            yield sorted(current, key=_place)
            current = list(row)
    if current:
        yield sorted(current, key=_place)


def _same_height(one: Word, other: Word) -> bool:
    shared = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1])
    lower = min(one.box[3] - one.box[1], other.box[3] - other.box[1])
    return one.page == other.page and lower > 0 and shared >= SAME_HEIGHT * lower


def _by_middle(placed: Placed) -> tuple[int, float]:
    return placed[0], (placed[2] + placed[4]) / 2


def _below(placed: Sequence[Placed], at: int) -> list[int]:
    """Lines that stand right under this one, in the same column; the lines given are sorted by their middles."""
    page, left, top, right, bottom, _ = placed[at]
    height, middle = bottom - top, (top + bottom) / 2
    found = []
    for other in islice(placed, at + 1, None):
        step = _by_middle(other)[1] - middle
        if other[0] != page or step > NEXT_LINE * height:
            break
        if step > height / 2 and other[1] < right and left < other[3]:
            found.append(other[-1])
    return found


def _extent(line: Line) -> Box:
    boxes = [word.box for word in line.words]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
