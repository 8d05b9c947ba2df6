"""What can be seen of a picture whose end is missing: a preview of half a photo says more than none."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import BinaryIO

from PIL import Image, ImageFile

_LEAST = 0.1
"""Share of the rows that must be there for the rest to say something."""
_MISSING: Mapping[str, float | tuple[float, ...]] = {"L": 200, "RGB": (200, 200, 200)}
"""A light grey for what is not there, since black would look like a part of the picture."""
_END = b"\xff\xd9"


def ended(file: BinaryIO) -> io.BytesIO:
    """A JPEG with an end mark where its own may be missing, at which a decoder shows what it has by then."""
    file.seek(0)
    return io.BytesIO(file.read() + _END)


def settle(picture: Image.Image) -> bool:
    """Take the rows that a decoder has written before it gave up for the picture.

    Args:
        picture: whose ``load`` has failed.

    Returns:
        Whether there are enough of them to be shown.
    """
    if not isinstance(picture, ImageFile.ImageFile):
        return False
    picture.tile = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.load()
            seen = picture.getbbox(alpha_only=False)
    except (OSError, ValueError, SyntaxError):
        return False
    if seen is None or seen[3] - seen[1] < _LEAST * picture.height:
        return False
    # a BMP is stored from the bottom up
    upper, lower = (seen[3], picture.height) if seen[3] < picture.height else (0, seen[1])
    if picture.mode in _MISSING and upper < lower:
        picture.paste(_MISSING[picture.mode], (0, upper, picture.width, lower))
    return True
