"""The letters of a drawing (SVG) as outlines: where it is drawn, no font file can be opened.

MuPDF sets each text with the fonts that are built into it, as it does in PDFs, and hands back every letter's outline;
these take the text's place, so that paint, clipping and what lies above stay as they were drawn. Letter spacing, text
on a path, right-to-left order and fonts of the drawing's own are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from attrs import frozen

from mediacore.engines.operation import Unusable
from mediacore.engines.picture.svgfont import FONT, SVG, Style, length, number, styles_of

LINK = "{http://www.w3.org/1999/xlink}href"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_RUNS = frozenset(SVG + name for name in ("tspan", "a", "textPath"))
_PLACES = ("x", "y", "dx", "dy")
_ANCHORS = {"middle": 0.5, "end": 1.0}
_STEP = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


@frozen
class _Piece:
    """Words that are set in one go.

    Args:
        run: the element that they are painted as.
        words: the text.
        places: where they begin, in user units, as far as that is said: ``x``, ``y``, ``dx``, ``dy``.
    """

    run: ET.Element
    words: str
    places: Mapping[str, float]


@frozen
class _Line:
    """A piece as it was set from nought to the right: its letters' shapes with scale and place, and its width."""

    letters: Sequence[tuple[str, Sequence[float]]]
    width: float


def has_letters(root: ET.Element) -> bool:
    """Whether a drawing has text."""
    return next(root.iter(SVG + "text"), None) is not None


def outline_letters(root: ET.Element) -> None:
    """Replace every text of a drawing by the outlines of its letters.

    Args:
        root: the parsed drawing; it is changed.

    Raises:
        Unusable: ``library-missing`` without PyMuPDF or cssselect2, ``damaged``.
    """
    styles = styles_of(root)
    whole = _viewport(root)
    texts = [[*_pieces(text, styles, whole, first=True)] for text in root.iter(SVG + "text")]
    lines = _set([piece for text in texts for piece in text], styles)
    for text in texts:
        here = [next(lines) for _ in text]
        for piece, line, place in zip(text, here, _places(text, here, styles), strict=True):
            outline = "".join(_moved(shape, matrix, place) for shape, matrix in line.letters)
            ET.SubElement(piece.run, SVG + "path", {"d": outline})
    for element in [*root.iter(SVG + "text")]:
        _become_group(element, styles)


def _become_group(run: ET.Element, styles: Mapping[ET.Element, Style]) -> None:
    """What was text holds outlines now; rules for texts reach it no longer, so it says them itself."""
    run.tag, run.text, run.tail = SVG + "g", None, None
    for name in (*_PLACES, LINK, "href"):
        run.attrib.pop(name, None)
    run.set("style", ";".join(f"{name}:{value}" for name, value in styles[run].items() if name not in FONT))
    for child in run:
        if child.tag in _RUNS:
            _become_group(child, styles)


def _pieces(
    run: ET.Element, styles: Mapping[ET.Element, Style], whole: tuple[float, float], *, first: bool = False
) -> Iterator[_Piece]:
    """What stands in a text, in order; where each letter has a place of its own, each is a piece."""
    keep = run.get(_SPACE) == "preserve"
    em = float(styles[run]["font-size"])
    said = {name: re.split(r"[\s,]+", run.get(name, "").strip()) for name in _PLACES if run.get(name, "").strip()}
    places = {name: [length(each, em, whole["y" in name]) for each in values] for name, values in said.items()}
    words = _spaced(run.text, keep=keep)
    words = words.lstrip() if first and not keep else words
    most = max(map(len, places.values()), default=1)
    for index, letters in enumerate([*words[: most - 1], words[most - 1 :]]):
        yield _Piece(run, letters, {name: values[index] for name, values in places.items() if index < len(values)})
    for child in run:
        if child.tag in _RUNS:
            yield from _pieces(child, styles, whole)
        if child.tail:
            yield _Piece(run, _spaced(child.tail, keep=keep), {})


def _spaced(text: str | None, *, keep: bool) -> str:
    return (text or "") if keep else re.sub(r"\s+", " ", text or "")


def _set(pieces: Sequence[_Piece], styles: Mapping[ET.Element, Style]) -> Iterator[_Line]:
    """The pieces as MuPDF sets them, each painted with its number to be known again, and with a stop at its end."""
    try:
        import pymupdf
    except ImportError:
        raise Unusable("library-missing", "The letters of drawings need the package PyMuPDF.") from None
    sheet = ET.Element(SVG + "svg", {"width": "9", "height": "9"})
    for index, piece in enumerate(pieces):
        font = {name: styles[piece.run][name] for name in FONT if name in styles[piece.run] and name != "text-anchor"}
        text = ET.SubElement(sheet, SVG + "text", {"x": "0", "y": "0", "fill": f"#{index:06x}", **font})
        text.text = re.sub(r"\s", "\N{NO-BREAK SPACE}", piece.words) + "."
    try:
        # nothing in it names a file, which MuPDF would open
        opened: Any = pymupdf.open
        with opened("svg", ET.tostring(sheet)) as document:
            drawn = ET.fromstring(document[0].get_svg_image(text_as_path=True))  # noqa: S314 - MuPDF's own markup
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise Unusable("damaged", "The words of the drawing cannot be shown.") from error
    shapes = {path.get("id", ""): path.get("d", "") for path in drawn.iter(SVG + "path")}
    found: dict[int, list[tuple[str, Sequence[float]]]] = {}
    for letter in drawn.iter(SVG + "use"):
        matrix = [float(value) for value in letter.get("transform", "")[len("matrix(") : -1].split(",")]
        found.setdefault(int(letter.get("fill", "#0")[1:], 16), []).append((shapes[letter.get(LINK, "")[1:]], matrix))
    for index in range(len(pieces)):
        *letters, stop = found.get(index) or [("", (0.0,) * 6)]
        yield _Line(letters, stop[1][4])


def _places(
    text: Sequence[_Piece], lines: Sequence[_Line], styles: Mapping[ET.Element, Style]
) -> list[tuple[float, float]]:
    """Where each piece of a text begins; pieces that follow each other are anchored together."""
    places: list[tuple[float, float]] = []
    begun = [index for index, piece in enumerate(text) if index == 0 or "x" in piece.places]
    left = top = 0.0
    for begin, end in zip(begun, [*begun[1:], len(text)], strict=True):
        start = left = text[begin].places.get("x", left)
        row = []
        for piece, line in zip(text[begin:end], lines[begin:end], strict=True):
            left += piece.places.get("dx", 0.0)
            top = piece.places.get("y", top) + piece.places.get("dy", 0.0)
            row.append((left, top))
            left += line.width
        back = (left - start) * _ANCHORS.get(styles[text[begin].run].get("text-anchor", ""), 0.0)
        places += [(x - back, y) for x, y in row]
        left -= back
    return places


def _moved(shape: str, matrix: Sequence[float], place: tuple[float, float]) -> str:
    """An outline at its place and size: in the text's own measure, so that a line around it is as wide as it says."""
    across, _, _, down, left, top = matrix
    left, top = left + place[0], top + place[1]
    moved: list[str] = []
    order, upright = "M", False
    for step in _STEP.findall(shape):
        if step.isalpha():
            order, upright = step, step == "V"
            moved.append(step)
            continue
        value = float(step)
        moved.append(f"{value * down + top:.3f}" if upright else f"{value * across + left:.3f}")
        upright = order == "V" or (order != "H" and not upright)
    return " ".join(moved)


def _viewport(root: ET.Element) -> tuple[float, float]:
    """The width and height of which the percentages of places are."""
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    width, height = box[2:] if len(box) == 4 else (root.get("width", ""), root.get("height", ""))
    return number(width) or 100.0, number(height) or 100.0
