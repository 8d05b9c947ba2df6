"""The proof that a redaction holds: nothing can be read any more where a box was painted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from attrs import evolve

from mediacore.redaction.regions import union
from mediacore.redaction.words import Box, Word
from mediacore.values import Region

SHARE = 0.6  # of a word inside a box: a leak; reading machines place a word by less than half a letter
LETTERS = 2.0  # so many whole letters inside a box: a leak, however long the word is
_RUN = re.compile("[^\N{FULL BLOCK}]+")
MIDDLE = 0.3  # cut off above and below: boxes of neighbouring lines overlap by their ascenders and descenders


def leaks(words_after: Iterable[Word], regions: Iterable[Region]) -> list[Region]:
    """The regions in which words can still be read.

    The secrets themselves are not needed and not kept: whatever is readable under a painted box should not be.

    Args:
        words_after: the words of the painted file, from its text layer and from reading its picture.
        regions: what was painted, in the same coordinates.

    Returns:
        Those that leak; empty when the redaction holds.
    """
    pages: dict[int, list[Region]] = defaultdict(list)
    for region in regions:
        pages[region.page].append(region)
    return union(
        region
        for whole in words_after
        for word in _uncovered(whole)
        if any(letter.isalnum() for letter in word.text)
        for region in pages[word.page]
        if is_readable(word, region.box)
    )


def _uncovered(word: Word) -> Iterator[Word]:
    """What is left of a word of a plain text, whose covered letters are full blocks."""
    left, top, _, bottom = word.box
    wide = (word.box[2] - left) / len(word.text) if word.text else 0.0
    for piece in _RUN.finditer(word.text):
        yield evolve(
            word, text=piece.group(), box=(left + piece.start() * wide, top, left + piece.end() * wide, bottom)
        )


def is_readable(word: Word, box: Box) -> bool:
    """Whether most of the word, or two letters of it, stand inside the box."""
    left, top, right, bottom = word.box
    cut = (bottom - top) * MIDDLE
    high = min(bottom - cut, box[3]) - max(top + cut, box[1])
    wide = min(right, box[2]) - max(left, box[0])
    if right <= left:
        return high > 0 and box[0] <= left <= box[2]
    share = wide / (right - left)
    return high > 0 and (share >= SHARE or share * len(word.text) >= LETTERS)
