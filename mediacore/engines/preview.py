"""A safe small likeness of a file: fresh pixels, upright, in sRGB, without any metadata."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Mapping
from typing import BinaryIO

from PIL import Image

from mediacore.engines import bounds
from mediacore.engines.arguments import number, text
from mediacore.engines.av import clip as av_clip
from mediacore.engines.av import poster as av_poster
from mediacore.engines.av import warm as av_warm
from mediacore.engines.av import wave as av_wave
from mediacore.engines.doc import show as doc_show
from mediacore.engines.operation import Made, Unusable
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.picture import animation, card, image, svg
from mediacore.engines.picture.seeing import seen
from mediacore.engines.picture.thumbhash import thumbhash
from mediacore.kinds import Kind, kind_of
from mediacore.values import Fit, Json

JPEG_QUALITY = 80
CLIP_BYTES = 2_000_000
"""The most bytes of a moving likeness."""
FEW_COLOURS = 64
"""Above these a PNG of a preview is hardly ever the smaller file, and finding out takes longer than the JPEG."""


def warm() -> None:
    """Load what drawing needs; a library that is missing is told when it is wanted."""
    for engine in (image, pdf, svg, card, av_warm, doc_show):
        try:
            engine.warm()
        except Unusable:
            continue


def preview(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """Draw a small likeness.

    Args:
        file: the untrusted file.
        params: ``type`` its sniffed MIME type, ``side`` the most pixels on the longer side (512 when left out, never
            above 2,048), ``page`` which page or frame from 0; ``form``: ``picture`` (when left out), ``clip`` for a
            few silent seconds of a film or a moving picture that still moves, or ``wave`` for a sound's bars as a
            drawing; ``hash`` to have a placeholder as well; ``card`` with a word, and ``note``, to have a sheet with
            these words drawn instead of the file.

    Returns:
        One JPEG, or PNG where it is see-through or a drawing that is smaller so; MP4, GIF or SVG in the other forms;
        facts ``width``, ``height``, ``type``, and with ``hash`` a ThumbHash in base64, and ``of``, the size of the
        picture that it was made from, or empty.

    Raises:
        Unusable: ``no-preview`` for a type that has no picture, or what opening it met.
    """
    mime = text(params, "type")
    side = max(16, min(number(params, "side", bounds.PREVIEW_SIDE), bounds.PREVIEW_MOST))
    form = text(params, "form")
    if form == "clip" and kind_of(mime) is Kind.IMAGE:
        return _moving(file, mime, side)
    if form == "clip":
        film, (width, height) = av_clip.clip(file, mime, side)
        return Made({"width": width, "height": height, "type": "video/mp4"}, (film,))
    if form == "wave":
        drawing = av_wave.svg(av_wave.peaks(file, mime, max(4, side // av_wave.PITCH)))
        return Made({"width": side, "height": side // 4, "type": "image/svg+xml"}, (drawing.encode(),))
    if word := text(params, "card"):
        picture = card.draw_card(word, text(params, "note"), side)
    else:
        picture = likeness(file, mime, side, number(params, "page"))
    data, written = encode(picture)
    facts: dict[str, Json] = {"width": picture.width, "height": picture.height, "type": written}
    if params.get("hash"):
        facts["hash"] = base64.b64encode(thumbhash(picture)).decode()
        facts["of"] = list(image.shown_size(image.open_typed(file, mime))) if mime in image.FORMATS else []
    return Made(facts, (data,))


def _moving(file: BinaryIO, mime: str, side: int) -> Made:
    """A moving picture, small and still moving."""
    moves = animation.is_animated(image.open_typed(file, mime), mime)
    data = animation.fit_gif(file, mime, Fit(("image/gif",), max_bytes=CLIP_BYTES, max_side=side)) if moves else None
    if data is None:
        raise Unusable("no-preview", "It does not move, or would be too small or too heavy if it did.")
    width, height = struct.unpack("<HH", data[6:10])  # the logical screen (GIF89a, section 18)
    return Made({"width": width, "height": height, "type": "image/gif"}, (data,))


def likeness(file: BinaryIO, mime: str, side: int, page: int) -> Image.Image:
    """The pixels of a preview, within a square of ``side``.

    Raises:
        Unusable: as ``preview``.
    """
    if mime == "application/pdf":
        return pdf.draw_page(pdf.open_pdf(file), page, side)
    if mime in svg.TYPES:
        return svg.draw_svg(file, side)
    if kind_of(mime) in (Kind.AUDIO, Kind.VIDEO):
        return av_poster.likeness(file, mime, side)
    if (shown := doc_show.likeness(file, mime, side, page)) is not None:
        return shown
    if kind_of(mime) is not Kind.IMAGE:
        raise Unusable("no-preview", f"Files of the type {mime} have no preview.")
    return _picture(file, mime, side, page)


def _picture(file: BinaryIO, mime: str, side: int, page: int) -> Image.Image:
    """A picture, or what there is of one that is cut off or damaged."""
    # a DNG shows its small picture to whoever reads it as the TIFF that it is as well
    opened = image.open_typed(file, "image/tiff" if mime == "image/x-adobe-dng" else mime)
    if page:
        _turn_to(opened, page)
    if mime != "image/jpeg":
        return image.upright(opened, (side, side), partly=True, embedded=side <= bounds.PREVIEW_SIDE)
    if page:
        return image.upright(opened, (side, side))
    return seen(file, mime, (side, side))


def encode(picture: Image.Image) -> tuple[bytes, str]:
    """The picture as the smaller sensible file, and its type."""
    if image.see_through(picture):
        return _png(picture), "image/png"
    solid = image.opaque(picture)
    target = io.BytesIO()
    solid.save(target, "JPEG", quality=JPEG_QUALITY)
    jpeg = target.getvalue()
    if solid.getcolors(FEW_COLOURS) is not None:
        png = _png(solid)
        if len(png) < len(jpeg):
            return png, "image/png"
    return jpeg, "image/jpeg"


def _png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def _turn_to(opened: Image.Image, page: int) -> None:
    if not 0 <= page < bounds.FRAMES or opened.width * opened.height * (page + 1) > bounds.FRAME_PIXELS:
        raise Unusable("no-such-page", "This frame is too far into the picture.")
    try:
        opened.seek(page)
    except EOFError:
        raise Unusable("no-such-page", f"The picture has no frame {page + 1}.") from None
