"""The same file without what it says beside its content: place, camera, author, comments, thumbnails, revisions."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.arguments import text
from mediacore.engines.av import strip as av_strip
from mediacore.engines.doc import strip as doc_strip
from mediacore.engines.doc.old.strip import clean_old
from mediacore.engines.operation import Made, Unusable
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.pdf.clean import clean_pdf
from mediacore.engines.picture import animation, chunks, holes, image, jpegturn, svg
from mediacore.engines.picture.seeing import seen
from mediacore.engines.preview import warm
from mediacore.values import Json

__all__ = ["clean_picture", "strip", "warm"]

QUALITY = 95
"""JPEG and AVIF quality where pixels must be written again: no difference can be seen."""

_LOSSLESS: Mapping[str, Callable[[bytes], bytes | None]] = {
    "image/jpeg": chunks.clean_jpeg,
    "image/png": chunks.clean_png,
    "image/webp": chunks.clean_webp,
    "image/gif": chunks.clean_gif,
}
_SAVED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "image/jpeg": ("JPEG", {"quality": QUALITY}),
    "image/png": ("PNG", {}),
    "image/webp": ("WEBP", {"quality": QUALITY, "method": 2}),
    "image/gif": ("GIF", {}),
    "image/bmp": ("BMP", {}),
    "image/avif": ("AVIF", {"quality": 90, "speed": 9}),
    "image/tiff": ("TIFF", {"compression": "tiff_adobe_deflate"}),
}


def strip(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """Take private metadata out of a file.

    JPEG, PNG, WebP and GIF lose no quality as long as they stand upright; a JPEG that does not is written upright by
    its own tables, at the size it had; HEIC becomes JPEG, since writing HEIC takes a minute; an SVG, which can hold
    scripts and what is not shown, becomes a PNG of what is; a PDF loses its metadata, scripts, embedded files and
    former revisions.

    Args:
        file: the untrusted file.
        params: ``type`` its sniffed MIME type.

    Returns:
        One file; facts ``type`` and ``stripped``, which is false where nothing is known to be private and the bytes are
        the same.

    Raises:
        Unusable: it is damaged, encrypted, or its library is missing.
    """
    mime = text(params, "type")
    if mime in image.FORMATS:
        data, made = clean_picture(file, mime)
        return Made({"type": made, "stripped": True}, (data,))
    if mime in svg.TYPES:
        return Made({"type": "image/png", "stripped": True}, (_saved(svg.draw_svg(file, svg.SIDE), "image/png"),))
    if mime == "application/pdf":
        return Made({"type": mime, "stripped": True}, (clean_pdf(pdf.open_pdf(file), file),))
    if (clean := av_strip.clean_recording(file, mime) or doc_strip.clean_office(file, mime)) is not None:
        return Made({"type": mime, "stripped": True}, (clean,))
    if (clean := clean_old(file, mime)) is not None:
        return Made({"type": mime, "stripped": True}, (clean,))
    file.seek(0)
    return Made({"type": mime, "stripped": False}, (file.read(),))


def clean_picture(file: BinaryIO, mime: str) -> tuple[bytes, str]:
    """A picture without metadata, upright, and its type; one that is damaged is made of what can be seen of it.

    Raises:
        Unusable: it is damaged, and nothing of it can be seen.
    """
    opened = image.open_typed(file, mime)
    lossless = _LOSSLESS.get(mime)
    if lossless is not None and image.orientation_of(opened) == 1:
        file.seek(0)
        clean = lossless(file.read())
        if clean is not None and _sound(clean, mime):
            return clean, mime
    if mime == "image/tiff":
        return _tiff(opened), mime
    if mime == "image/jpeg" and image.orientation_of(opened) != 1:
        with contextlib.suppress(Unusable):  # what is cut off is made of what can be seen of it
            if upright := jpegturn.turned(opened):
                return upright, mime
    picture = seen(file, mime, sharp=True)
    target = mime if mime in _SAVED else "image/jpeg"
    return _saved(picture, target), target


def without_blocks(data: bytes, mime: str) -> bytes | None:
    """The file less its private blocks, pixels as they lie; None where that cannot be done."""
    lossless = _LOSSLESS.get(mime)
    return lossless(data) if lossless is not None else None


def _sound(data: bytes, mime: str) -> bool:
    """Whether a cleaned file can be opened and, unless it moves, shows all the colours that it holds."""
    try:
        opened = image.open_typed(io.BytesIO(data), mime)
        if opened.has_transparency_data and not animation.is_animated(opened, mime):
            image.decode(opened, partly=True)
            return not holes.hides(opened)
    except Unusable:
        return False
    return True


def _saved(picture: Image.Image, mime: str) -> bytes:
    kind, options = _SAVED[mime]
    target = io.BytesIO()
    ready = image.opaque(picture) if kind in ("JPEG", "BMP") else picture
    if kind == "AVIF" and ready.mode in ("L", "LA"):
        ready = ready.convert("RGBA" if ready.mode == "LA" else "RGB")
    ready.save(target, kind, **options)
    return target.getvalue()


def _tiff(opened: Image.Image) -> bytes:
    """Every page of a TIFF, as a fax has many."""
    pages: list[Image.Image] = []
    room = bounds.FRAME_PIXELS
    for number in range(bounds.FRAMES):
        try:
            opened.seek(number)
        except (EOFError, OSError, ValueError, SyntaxError):
            break
        room -= opened.width * opened.height
        if room < 0:
            raise Unusable("too-many-pixels", "The pages of this picture have too many pixels to be opened safely.")
        try:
            pages.append(image.upright(opened, sharp=True, partly=True))
        except Unusable:
            if not pages:
                raise
            break  # what follows a damaged page cannot be found
    kind, options = _SAVED["image/tiff"]
    target = io.BytesIO()
    pages[0].save(target, kind, save_all=True, append_images=pages[1:], **options)
    return target.getvalue()
