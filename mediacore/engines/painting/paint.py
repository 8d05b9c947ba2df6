"""The operation ``paint``: cover regions of a file with solid black, in a new file that carries nothing else along."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from mediacore.engines.operation import Made, Unusable
from mediacore.engines.painting.frames import paint_frames
from mediacore.engines.painting.image import load_formats, paint_image
from mediacore.engines.painting.pdf import paint_pdf
from mediacore.engines.painting.text import paint_text
from mediacore.engines.reading import words

if TYPE_CHECKING:
    from mediacore.values import Json

Box: TypeAlias = tuple[float, float, float, float]

MAX_REGIONS = 10_000
_COORDINATES = 4


def paint(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """A copy of an image, a PDF or a plain text in which the regions are black and no metadata is left.

    Args:
        file: the file's bytes.
        params: ``type``, its MIME type; ``regions``, rows ``[page, x0, y0, x1, y1, kind]`` in the coordinates of
            :class:`mediacore.redaction.words.Word`. Parts beyond the page are ignored; without any region the copy is
            only cleaned. A moving picture has all boxes on all of its frames, a TIFF each page its own.

    Returns:
        One file; facts ``type``, ``painted`` (the regions taken up) and ``rasterised``, the pages of a PDF that had to
        become pictures.

    Raises:
        Unusable: ``unsupported`` for other types, ``regions`` for rows that are not regions, and what the painters of
            the kinds raise: ``encrypted``, ``damaged``, ``truncated``, ``too-many-pixels``, ``too-many-frames``,
            ``too-many-pages``, ``too-large``, ``library-missing``.
    """
    mime = str(params.get("type", ""))
    boxes = _boxes(params.get("regions", ()))
    painted = sum(map(len, boxes.values()))
    if mime == "application/pdf":
        done, rasterised = paint_pdf(file.read(), boxes)
        return Made({"type": mime, "painted": painted, "rasterised": rasterised}, (done,))
    if mime.startswith("image/"):
        # of pictures that do not move only the first is kept, with the boxes of all: too much is better than too little
        result, done = paint_frames(file, boxes) or paint_image(file, (box for row in boxes.values() for box in row))
        return Made({"type": result, "painted": painted, "rasterised": []}, (done,))
    if mime in words.TEXT_TYPES or mime.startswith("text/"):
        done = paint_text(words.read_text(file), boxes.get(0, ()))
        return Made({"type": mime, "painted": len(boxes.get(0, ())), "rasterised": []}, (done,))
    raise Unusable("unsupported", "Only images, PDF files and plain texts can be redacted.")


def _boxes(rows: Json) -> dict[int, list[Box]]:
    """The boxes by page; a row that cannot be understood must not be skipped, since it should have been hidden."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) > MAX_REGIONS:
        raise Unusable("regions", "The list of regions is not a list or is too long.")
    boxes: dict[int, list[Box]] = defaultdict(list)
    for row in rows:
        page, box = _region(row)
        boxes[page].append(box)
    return dict(boxes)


def _region(row: Json) -> tuple[int, Box]:
    if isinstance(row, Sequence) and not isinstance(row, str) and len(row) > _COORDINATES:
        page, *corners = row[: _COORDINATES + 1]
        numbers = [float(n) for n in corners if isinstance(n, (int, float)) and math.isfinite(n)]
        if isinstance(page, int) and len(numbers) == _COORDINATES:
            x0, y0, x1, y1 = numbers
            return page, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    raise Unusable("regions", "One of the regions is not a page and a box.")


def warm() -> None:
    """Load what a jailed child cannot: the image formats and PyMuPDF."""
    load_formats()
    try:
        words.warm()
    except Unusable:
        return  # without PyMuPDF a PDF is refused where it comes
