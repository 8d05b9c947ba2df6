"""The words of a picture, read by machine: RapidOCR with the models that its wheel carries.

Nothing is downloaded: the models are named by their path, so that RapidOCR does not look for others.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from PIL import Image, ImageDraw

from mediacore.engines.operation import Made, Unusable
from mediacore.engines.painting.frames import MOVING, Shot, form, shots
from mediacore.engines.painting.image import load_formats
from mediacore.engines.reading.sheets import Placed, read_frames
from mediacore.engines.reading.words import Row, load_pymupdf, made_of, open_pdf, pages_to_read
from mediacore.engines.reading.words import warm as warm_pdf

if TYPE_CHECKING:
    from mediacore.values import Json

Piece: TypeAlias = tuple[str, int, int, int, int]
"""A word and its left, top, right and bottom in the tile."""

Read: TypeAlias = tuple[str, float, float, float, float, int, int]
"""A row of words, as it is read."""

Reader: TypeAlias = Any
"""A ``rapidocr.RapidOCR``, which gives its results without precise types."""

PDF_DPI = 150
MAX_PAGES = 20
SHORT_SIDE = 1_600  # pixels; a photo has more than its writing needs
TILE = 1_600  # pixels of a longer picture that are read at once: shrinking tall screenshots loses a seventh of the text
OVERLAP = 160  # pixels that two tiles share; a line belongs to the tile that has its middle
ON_BLACK = 1_000_000  # is added to the number of a line that was read where holes are black
EDGE = 12  # pixels: two tiles may see the middle of one line a little apart
MAX_TILES = 40
MIN_SCORE = 0.5
GROWTH = 0.9  # of a letter's width
INK = 48  # of 255: the least contrast inside a column of pixels that a stroke runs through
UPRIGHT = 1.5  # times as high as wide: a word that runs up or down


def ocr(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """The words that can be read in all frames of an image or on the pages of a PDF.

    Args:
        file: the file's bytes.
        params: ``type``, its MIME type; ``page``, only this page of a PDF; without it the first 20.

    Returns:
        As :func:`mediacore.engines.reading.words.words` answers; ``read`` is smaller than ``pages`` when not all pages
        of a PDF were read. A word's page is the index of its frame; of a picture that moves, each frame has the words
        of what is new in it, and of what is near.

    Raises:
        Unusable: ``library-missing`` without ``mediacore[ocr]``, ``unsupported`` for other types, ``too-long`` for a
            picture of too many tiles, frames or pages, and what reading images and PDF files raises. An image is read
            to its last frame or not at all, and on white and on black where it has holes.
    """
    reader = _reader()
    mime = str(params.get("type", ""))
    if mime == "application/pdf":
        page = params.get("page")
        return _read_pdf(reader, file.read(), page if isinstance(page, int) else None)
    if mime.startswith("image/"):
        return _read_image(reader, file)
    raise Unusable("unsupported", "Only images and PDF files can be read by machine.")


def available() -> bool:
    """Whether the libraries are installed; they are not loaded for the answer."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime", "cv2", "numpy"))


def warm() -> None:
    """Load the models and read one word, so that a forked child needs no file; starts no thread.

    Raises:
        Unusable: ``library-missing``.
    """
    load_formats()
    picture = Image.new("RGB", (200, 60), "white")
    ImageDraw.Draw(picture).text((20, 20), "word", fill="black")
    list(_rows(_reader(), picture, 1.0, page=0))
    try:
        warm_pdf()
    except Unusable:
        return  # without PyMuPDF a PDF is refused where it comes


@cache
def _reader() -> Reader:
    if not available():
        raise Unusable("library-missing", "Reading text in pictures needs an engine: install mediacore[ocr].")
    # before the first import: telemetry and thread pools start with it, and a process with threads must not fork
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    for pool in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(pool, "1")
    import_module("cv2").setNumThreads(1)
    rapidocr = import_module("rapidocr")
    models = Path(str(rapidocr.__file__)).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": 8_000,
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.text_score": MIN_SCORE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.model_path": str(_model(models, "det")),
            "Rec.model_path": str(_model(models, "rec")),
        }
    )


def _model(folder: Path, task: str) -> Path:
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if not found:
        raise Unusable("library-missing", f"This release of rapidocr brings no {task} model: install rapidocr 3.10.")
    return found[-1]


def _read_image(reader: Reader, file: BinaryIO) -> Made:
    stored, frames = form(file)
    if frames == 1 or stored not in {*MOVING, "AVIF"}:
        if frames > MAX_PAGES:
            raise Unusable("too-long", f"This picture has {frames:,} pages; {MAX_PAGES} is the most that are read.")
        read = partial(_read_stills, reader)
    else:
        read = partial(read_frames, read=partial(_whole_lines, reader))
    on_black: list[Row] = [[*row[:6], ON_BLACK + int(row[6])] for row in read(shots(file, dark=True))]
    return made_of([*read(shots(file)), *on_black], pages=frames, read=frames)


def _read_stills(reader: Reader, pages: Iterable[Shot]) -> list[Row]:
    return [list(row) for shot in pages for row in _rows(reader, shot.picture.convert("RGB"), 1.0, page=shot.number)]


def _whole_lines(reader: Reader, picture: Image.Image) -> Iterator[list[Placed]]:
    """What can be read in a picture of any size, line by line."""
    lines: dict[int, list[Placed]] = defaultdict(list)
    for text, x0, y0, x1, y1, _, line in _rows(reader, picture, 1.0, page=0):
        lines[line].append((text, x0, y0, x1, y1, line))
    yield from lines.values()


def _read_pdf(reader: Reader, data: bytes, page: int | None) -> Made:
    mupdf = load_pymupdf()
    rows: list[Row] = []
    with open_pdf(data) as document:
        numbers = pages_to_read(document, page, MAX_PAGES)
        for number in numbers:
            shown = document[number]
            longest = max(shown.rect.width, shown.rect.height, 1.0)
            scale = min(PDF_DPI / 72, MAX_TILES * TILE / 4 / longest)
            pixels = shown.get_pixmap(matrix=mupdf.Matrix(scale, scale), alpha=False, colorspace="rgb")
            picture = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
            rows += map(list, _rows(reader, picture, 1 / scale, page=number))
        return made_of(rows, pages=document.page_count, read=len(numbers))


def _rows(reader: Reader, picture: Image.Image, factor: float, *, page: int) -> Iterator[Read]:
    """The words of a picture; their places are multiplied by ``factor``."""
    shrink = min(1.0, SHORT_SIDE / min(picture.size))
    if shrink < 1.0:
        picture = picture.resize((max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))))
    lines = 0
    for left, top, tile in _tiles(picture):
        for line in _lines(reader, tile):
            if not _is_owner(line, tile.size, (left, top), picture.size):
                continue
            for text, x0, y0, x1, y1 in line:
                grown = factor / shrink
                left_x, right_x = round((x0 + left) * grown, 2), round((x1 + left) * grown, 2)
                top_y, bottom_y = round((y0 + top) * grown, 2), round((y1 + top) * grown, 2)
                yield text, left_x, top_y, right_x, bottom_y, page, lines
            lines += 1


def _tiles(picture: Image.Image) -> Iterator[tuple[int, int, Image.Image]]:
    """Left, top and picture of each tile along the longer side."""
    longest = max(picture.size)
    step = TILE - OVERLAP
    count = 1 if longest <= TILE * 1.25 else -(-(longest - OVERLAP) // step)
    if count > MAX_TILES:
        raise Unusable("too-long", "This picture is too long to be read.")
    for start in range(0, count * step, step) if count > 1 else (0,):
        if count == 1:
            yield 0, 0, picture
        elif picture.height >= picture.width:
            yield 0, start, picture.crop((0, start, picture.width, min(start + TILE, picture.height)))
        else:
            yield start, 0, picture.crop((start, 0, min(start + TILE, picture.width), picture.height))


def _is_owner(line: list[Piece], tile: tuple[int, int], at: tuple[int, int], whole: tuple[int, int]) -> bool:
    """Whether the middle of the line lies in this tile's own part; at its edge a line may count twice."""
    axis = 1 if whole[1] >= whole[0] else 0
    starts, ends = zip(*((piece[2], piece[4]) if axis else (piece[1], piece[3]) for piece in line), strict=True)
    middle = (min(starts) + max(ends)) / 2
    own = OVERLAP / 2 - EDGE
    after_last = at[axis] > 0 and middle < own
    before_next = at[axis] + tile[axis] < whole[axis] and middle > tile[axis] - own
    return not after_last and not before_next


def _lines(reader: Reader, tile: Image.Image) -> Iterator[list[Piece]]:
    """What the engine reads, line by line from the top, each word with its upright box."""
    numpy = import_module("numpy")
    pixels = numpy.ascontiguousarray(numpy.asarray(tile)[:, :, ::-1])  # the engine takes blue, green, red
    result = reader(pixels)
    lines = []
    for line in result.word_results if result.txts else ():
        pieces = [_to_ink(_piece(text, corners), pixels) for text, _, corners in line if text.strip()]
        if pieces:
            lines.append(pieces)
    yield from sorted(lines, key=lambda line: (min(piece[2] for piece in line), line[0][1]))


def _piece(text: str, corners: list[list[float]]) -> Piece:
    across, down = [int(c[0]) for c in corners], [int(c[1]) for c in corners]
    return text.strip(), max(0, min(across)), max(0, min(down)), max(across), max(down)


def _to_ink(piece: Piece, pixels: Any) -> Piece:  # noqa: ANN401 - a numpy array, and numpy is only there with the extra
    """The word's box grown sideways to the next column without ink, since the engine cuts first and last letters.

    It grows by less than a letter, so that a dirty ground does not let it run away.
    """
    text, left, top, right, bottom = piece
    reach = max(2, round(GROWTH * (right - left) / len(text)))
    start, end = max(0, left - reach), min(pixels.shape[1], right + reach)
    band = pixels[top:bottom, start:end].max(axis=2)
    if band.size == 0 or bottom - top > UPRIGHT * (right - left):
        return piece
    ink = band.max(axis=0).astype(int) - band.min(axis=0) > INK
    while left > start and ink[left - start - 1]:
        left -= 1
    while right < end and ink[right - start]:
        right += 1
    return text, left, top, right, bottom
