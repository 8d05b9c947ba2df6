"""Apple's Pages, Numbers and Keynote by the likeness that they keep of themselves: nobody else reads their words."""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import Image

from mediacore.engines.doc.package import PICTURE_BYTES, opened
from mediacore.engines.doc.zip import content
from mediacore.engines.operation import Unusable
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.picture import image
from mediacore.engines.signatures import KEYNOTE, NUMBERS, PAGES

TYPES = (PAGES, NUMBERS, KEYNOTE)
_DRAWN = "QuickLook/Preview.pdf"
_PICTURES = ("preview.jpg", "preview-web.jpg", "QuickLook/Thumbnail.jpg", "preview-micro.jpg")
"""The best first; older programs kept a PDF of all pages."""


def likeness(file: BinaryIO, side: int, page: int) -> Image.Image:
    """A page as the program that made it drew it.

    Raises:
        Unusable: ``no-preview`` when it keeps none, ``no-such-page``, and as ``opened``.
    """
    package = opened(file)
    if entry := package.parts.get(_DRAWN):
        return pdf.draw_page(pdf.open_pdf(io.BytesIO(content(file, entry, PICTURE_BYTES))), page, side)
    found = next((package.parts[name] for name in _PICTURES if name in package.parts), None)
    if found is None:
        raise Unusable("no-preview", "This document keeps no likeness of itself.")
    if page:
        raise Unusable("no-such-page", "This document keeps a likeness of its first page only.")
    picture = image.open_typed(io.BytesIO(content(file, found, PICTURE_BYTES)), "image/jpeg")
    return image.upright(picture, (side, side))
