"""Between values and engines: what the engines answer as words, and regions as the order that ``paint`` takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from mediacore.redaction.regions import union
from mediacore.redaction.words import Word
from mediacore.values import Json, Region

_ROW = 7


def paint_order(mime: str, regions: Iterable[Region]) -> dict[str, Json]:
    """The arguments of the engine operation ``paint`` for the union of these regions."""
    return {"type": mime, "regions": [[r.page, *r.box, r.kind] for r in union(regions)]}


def words_from(facts: Mapping[str, Json], files: Sequence[bytes] = ()) -> list[Word]:
    """The words that the engine operations ``words`` and ``ocr`` answered, from their facts or their first file.

    Raises:
        ValueError: the answer has another form; it comes from where untrusted bytes were read.
    """
    rows: Json = json.loads(files[0]) if facts.get("in_file") is True and files else facts.get("words", ())
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError("the words are not a list")  # noqa: TRY004 - wrong data, not a wrong call
    return [_word(row) for row in rows]


def _word(row: Json) -> Word:
    if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != _ROW:
        raise ValueError("a word is not a row of seven")
    text, x0, y0, x1, y1, page, line = row
    if not isinstance(text, str) or not isinstance(page, int) or not isinstance(line, int):
        raise ValueError("a word has the wrong kind of text, page or line")  # noqa: TRY004 - as above
    corners = [float(n) for n in (x0, y0, x1, y1) if isinstance(n, (int, float))]
    if len(corners) != 4 or not all(abs(n) < float("inf") for n in corners):
        raise ValueError("a word has no box")
    return Word(text, (corners[0], corners[1], corners[2], corners[3]), page, line)
