"""Pictures of several frames: every one looked at, and every one painted.

What is hidden in one frame of a moving picture is hidden in all of them, wherever a box was found: what moves a little
is still covered a moment later, and nothing depends on which frame a viewer begins with. The frames are written whole
and anew, so that no difference, rest or hidden first picture of the old file is in the new one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, TypeAlias

from attrs import frozen
from PIL import Image

from mediacore.engines.operation import Unusable
from mediacore.engines.painting.image import Box, Cover, black, blacken, covers, decoded, flat, opened, readable
from mediacore.engines.picture import palette

MOVING = {"GIF": "image/gif", "WEBP": "image/webp", "PNG": "image/png"}
"""Formats that stay moving."""
PAGED = "TIFF"
"""The format whose pictures are pages, each with boxes of its own."""
MAX_FRAMES = 1_000
MAX_PIXELS: Mapping[str, int] = {"GIF": 150_000_000}
MAX_PIXELS_ELSE = 60_000_000
"""Pixels of all frames together that are held while they are written: one byte each in a GIF, else four."""
COLOURS = 255
"""Of a frame in a GIF; one more is kept for the boxes."""
USUAL = 100.0
"""Milliseconds of a frame without a time."""
WEBP_QUALITY = 90

Boxes: TypeAlias = Mapping[int, Sequence[Box]]


@frozen
class Shot:
    """One frame as a person sees it.

    Args:
        number: its index, the page of its regions.
        picture: ``L`` or ``RGB``, upright, on an even ground, without anything else.
        lasting: milliseconds for which it is shown.
    """

    number: int
    picture: Image.Image
    lasting: float


def form(file: BinaryIO) -> tuple[str, int]:
    """Pillow's name of the format, and how many pictures are in the file.

    Raises:
        Unusable: as ``shots``.
    """
    with readable():
        file.seek(0)
        picture, stored, _ = opened(file)
        frames = int(getattr(picture, "n_frames", 1))
    if frames > MAX_FRAMES:
        raise Unusable("too-many-frames", f"This picture has more than {MAX_FRAMES:,} frames.")
    return stored, frames


def shots(file: BinaryIO, *, dark: bool = False) -> Iterator[Shot]:
    """Every frame, in order; the first may be one that only programs without animations show.

    Args:
        file: the image.
        dark: on black instead of white, and only those with holes: white words on nothing are seen there alone.

    Raises:
        Unusable: ``too-many-frames``; ``truncated`` where a frame cannot be read, since another program might show it;
            ``too-many-pixels`` and ``unsupported`` as for single pictures.
    """
    _, frames = form(file)
    with readable():
        file.seek(0)
        picture, _, orientation = opened(file)
        for number in range(frames):
            if number:
                picture.seek(number)
            if dark and not picture.has_transparency_data:
                continue
            frame = decoded(picture, orientation)
            shown = flat(frame, 0 if dark else 255)
            if not dark or flat(frame) != shown:
                yield Shot(number, shown, float(picture.info.get("duration") or USUAL))


def paint_frames(file: BinaryIO, boxes: Boxes) -> tuple[str, bytes] | None:
    """A clean copy with boxes on all frames of a moving picture, or on each page of a TIFF its own.

    Args:
        file: the image.
        boxes: for each frame index, boxes in pixels of the upright picture.

    Returns:
        The MIME type and the bytes; None for a picture of one frame, and for formats of which only the first is kept.

    Raises:
        Unusable: as ``shots``; ``too-many-pixels`` when all frames together have too many.
    """
    stored, frames = form(file)
    with readable():
        file.seek(0)
        picture, _, orientation = opened(file)
        area = picture.width * picture.height
        loop, alone = picture.info.get("loop"), bool(picture.info.get("default_image"))
    if frames < 2 or stored not in {*MOVING, PAGED}:
        return None
    if area * frames > MAX_PIXELS.get(stored, MAX_PIXELS_ELSE):
        raise Unusable("too-many-pixels", "The frames of this picture have too many pixels to be painted over.")
    if stored == PAGED:
        return "image/tiff", _pages(file, boxes)
    every = [box for row in boxes.values() for box in row]
    covered: list[Shot] = []
    for shot in shots(file):
        if shot.number or not alone:  # a picture outside of the motion is left out
            cover = covers(every, shot.picture.size, stored, orientation)
            blacken(shot.picture, cover, black(shot.picture))
            plain = shot.picture.convert("RGB")
            done = _few_colours(plain, cover) if stored == "GIF" else plain
            covered.append(Shot(shot.number, done, shot.lasting))
    return MOVING[stored], _written(covered, stored, loop, _options(file, stored))


def _pages(file: BinaryIO, boxes: Boxes) -> bytes:
    pages, room = [], MAX_PIXELS_ELSE
    for shot in shots(file):
        room -= shot.picture.width * shot.picture.height
        if room < 0:
            raise Unusable("too-many-pixels", "The pages of this picture have too many pixels to be painted over.")
        cover = covers(boxes.get(shot.number, ()), shot.picture.size, PAGED, 1)
        blacken(shot.picture, cover, black(shot.picture))
        pages.append(shot.picture)
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate")
    return out.getvalue()


def _few_colours(plain: Image.Image, cover: Iterable[Cover]) -> Image.Image:
    """The painted frame with a palette of its own, as a frame of a GIF has; the boxes in an entry that is black."""
    flat_coloured = palette.reduced(plain, COLOURS)
    entries = (flat_coloured.getpalette() or [])[: 3 * COLOURS]
    flat_coloured.putpalette([*entries, 0, 0, 0])
    blacken(flat_coloured, cover, len(entries) // 3)
    return flat_coloured


def _options(file: BinaryIO, stored: str) -> dict[str, Any]:
    if stored != "WEBP":
        return {}
    file.seek(0)
    # a lossy picture would only grow by being kept to the bit (RFC 9649, 2.5 and 2.6)
    lossless = b"VP8L" in file.read(1 << 16)
    return {"lossless": lossless, "quality": WEBP_QUALITY, "method": 2}


def _written(covered: Sequence[Shot], stored: str, loop: object, options: Mapping[str, Any]) -> bytes:
    out = io.BytesIO()
    first, *rest = (shot.picture for shot in covered)
    again = {"loop": loop} if isinstance(loop, int) else {}
    times = _times(covered, stored)
    first.save(out, stored, save_all=True, append_images=rest, duration=times, **again, **options)
    return out.getvalue()


def _times(covered: Iterable[Shot], stored: str) -> list[int]:
    """Whole milliseconds, or hundredths of a second where the format counts in them."""
    step = 10 if stored == "GIF" else 1
    return [min(60_000, max(step, round(shot.lasting / step) * step)) for shot in covered]
