"""Drawing SVG files; nothing outside the file is ever loaded."""

from __future__ import annotations

import base64
import io
import zlib
from typing import BinaryIO
from xml.etree import ElementTree as ET

from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.operation import Unusable
from mediacore.engines.picture import image, lettering
from mediacore.engines.picture.svgfont import SVG
from mediacore.kinds import DRAWINGS

TYPES = DRAWINGS
SIDE = 2048
"""Pixels of the longer side of a drawing that is sent as a picture."""
DPI = 96
"""Of a centimetre or a point, in CSS; without it the renderer takes a size in them for none."""
_PICTURES = (SVG + "image", SVG + "feImage")
_INSIDE = ("image/jpeg", "image/png", "image/gif", "image/webp")


def warm() -> None:
    """Load the renderer, and what sets letters, if they are installed."""
    draw_svg(
        io.BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg"><style>text{x:y}</style><text y="9">a</text></svg>'), 4
    )


def draw_svg(file: BinaryIO, side: int) -> Image.Image:
    """Draw an SVG.

    Args:
        file: the drawing, packed or not; pictures that it refers to are left out, those inside it are drawn.
        side: pixels of the longer side.

    Raises:
        Unusable: ``too-large``, ``damaged``, ``library-missing``.
    """
    try:
        import resvg_py as renderer
    except ImportError:
        raise Unusable("library-missing", "SVG drawings need the package resvg-py.") from None
    data = file.read(bounds.SVG_BYTES + 1)
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data)
    if len(data) > bounds.SVG_BYTES:
        raise Unusable("too-large", "The drawing is too large to be opened safely.")
    try:
        root = ET.fromstring(data)  # noqa: S314 - in the jail; expat itself bounds what entities become
        _leave_out(root)
        if lettering.has_letters(root):
            lettering.outline_letters(root)
        markup = ET.tostring(root, encoding="unicode")
        # both sides given: it is drawn inside them in its own shape, whatever size it claims to have
        drawn = renderer.svg_to_bytes(svg_string=markup, width=side, height=side, dpi=DPI, skip_system_fonts=True)
    except (ET.ParseError, LookupError, ValueError, RecursionError):
        raise Unusable("damaged", "The drawing is damaged and cannot be shown.") from None
    picture = Image.open(io.BytesIO(bytes(drawn)), formats=("PNG",))
    picture.load()
    return picture


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, bounds.SVG_BYTES + 1)
    except zlib.error:
        raise Unusable("damaged", "The drawing is damaged and cannot be shown.") from None


def _leave_out(root: ET.Element) -> None:
    """Make every picture an unknown element, which the renderer skips, unless it is in the drawing and of fair size."""
    for element in root.iter():
        if element.tag in _PICTURES and not _inside(element.get("href") or element.get(lettering.LINK) or ""):
            element.tag = "left-out"


def _inside(address: str) -> bool:
    head, _, body = address.partition(",")
    scheme, _, mime = head.strip().removesuffix(";base64").partition(":")
    if scheme != "data" or mime not in _INSIDE or not head.endswith(";base64"):
        return False
    try:
        image.open_typed(io.BytesIO(base64.b64decode(body)), mime)
    except (Unusable, ValueError):
        return False
    return True
