"""A picture upright and whole, or what there is of one that is cut off or damaged."""

from __future__ import annotations

from typing import BinaryIO

from PIL import Image

from mediacore.engines.operation import Unusable
from mediacore.engines.picture import image, salvage


def seen(file: BinaryIO, mime: str, box: tuple[int, int] | None = None, *, sharp: bool = False) -> Image.Image:
    """The pixels of a picture as a person sees them; a light grey stands for what is missing of it.

    Args:
        file: the untrusted file.
        mime: its type.
        box, sharp: as for ``image.upright``.

    Raises:
        Unusable: as ``image.open_typed`` and ``image.upright``, when there is not enough of it to be seen.
    """
    file.seek(0)
    try:
        return image.upright(image.open_typed(file, mime), box, sharp=sharp)
    except Unusable as error:
        if error.code not in ("truncated", "damaged"):
            raise
    source = salvage.ended(file) if mime == "image/jpeg" else file
    source.seek(0)
    return image.upright(image.open_typed(source, mime), box, sharp=sharp, partly=True)
