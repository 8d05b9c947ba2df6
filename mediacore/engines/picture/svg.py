"""Drawing SVG files; nothing outside the file is ever loaded."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable

_FETCHED = re.compile(rb"<\s*(?:\w+:)?(?:image|feImage)\b", re.IGNORECASE)


def warm() -> None:
    """Load the renderer if it is installed."""
    draw_svg(io.BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><path d="M0 0h4v4z"/></svg>'), 4)


def draw_svg(file: BinaryIO, side: int) -> Image.Image:
    """Draw an SVG.

    Args:
        file: the drawing; pictures that it embeds or refers to are left out.
        side: pixels of the longer side.

    Raises:
        Unusable: ``too-large``, ``damaged``, ``library-missing``.
    """
    try:
        import resvg_py as renderer
    except ImportError:
        raise Unusable("library-missing", "SVG drawings need the package resvg-py.") from None
    data = file.read(bounds.SVG_BYTES + 1)
    if len(data) > bounds.SVG_BYTES:
        raise Unusable("too-large", "The drawing is too large to be opened safely.")
    # renamed elements are unknown ones, which the renderer skips
    markup = _FETCHED.sub(b"<g-left-out", data).decode("utf-8", "replace")
    try:
        # both sides given: it is drawn inside them in its own shape, whatever size it claims to have
        drawn = renderer.svg_to_bytes(svg_string=markup, width=side, height=side, skip_system_fonts=True)
    except ValueError:
        raise Unusable("damaged", "The drawing is damaged and cannot be shown.") from None
    picture = Image.open(io.BytesIO(bytes(drawn)), formats=("PNG",))
    picture.load()
    return picture
