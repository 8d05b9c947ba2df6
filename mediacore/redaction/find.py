"""From words to regions: what must be hidden on the pages of a file, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mediacore.redaction.detectors import WRAPPED, Detector, detectors
from mediacore.redaction.lines import Line, lines_of, wrapped
from mediacore.redaction.regions import union
from mediacore.redaction.words import Box, Word
from mediacore.values import Region


def find(words: Sequence[Word], kinds: Collection[str], region: str = "US") -> list[Region]:
    """The regions of a file that hold one of these kinds.

    Args:
        words: the words of all its pages, in any order; doubles do no harm.
        kinds: some of :data:`mediacore.redaction.detectors.KINDS`.
        region: ISO 3166 code of the country whose phone notation is understood.

    Returns:
        One region for each line that a found value touches, in reading order; never the value itself.

    Raises:
        ValueError: a kind is unknown.
    """
    chosen = detectors(kinds, region)
    lines = lines_of(word for word in set(words) if word.text)
    found = [place for line in lines for place in _regions(line, chosen)]
    across = {kind: detector for kind, detector in chosen.items() if kind in WRAPPED}
    if across:
        found += [place for line in wrapped(lines) for place in _regions(line, across)]
    return union(found)


def _regions(line: Line, chosen: dict[str, Detector]) -> Iterator[Region]:
    for detector in chosen.values():
        for hit in detector(line.text):
            for page, box in _rows(line.boxes(hit.start, hit.end)):
                yield Region(page, box, hit.kind, hit.score)


def _rows(boxes: Iterator[tuple[int, Box]]) -> Iterator[tuple[int, Box]]:
    """Boxes of words that follow each other on one line as one box; a new one where the next line begins."""
    current: tuple[int, Box] | None = None
    for page, box in boxes:
        if current is None:
            current = page, box
        elif box[0] >= current[1][0] and box[1] < current[1][3] and current[1][1] < box[3]:
            left, top, right, bottom = current[1]
            current = page, (left, min(top, box[1]), max(right, box[2]), max(bottom, box[3]))
        else:
            yield current
            current = page, box
    if current is not None:
        yield current
