"""One picture at one size, written as one type within a budget; None when that would not be legible."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

from attrs import frozen
from PIL import Image, ImageChops

from mediacore.engines.picture import image, jpegfit
from mediacore.engines.picture.palette import reduced

PALETTES = (256, 128, 64)
MOST_COLOURS, LEAST_COLOURS = 256, 40
PALETTE_SLOPE = 0.2
"""A palette of half the colours makes a file about an eighth smaller: its size falls with this power of them."""
_PALETTE_TRIES = 3
_PACK = 1.03
"""The slowest packing saves at most this much over the usual, at eight times the time."""
GREY_PALETTES = (32, 16, 4)
"""Print in shades of grey stays sharp at its full size with four of them, where JPEG would blur it at half."""
WEBP_FINEST, WEBP_COARSEST = 92, 25
_WEBP_TRIES = 6


@frozen
class Order:
    """What a writer must keep to.

    Args:
        budget: the most bytes; 0 for no bound.
        modes: colour modes taken; empty for any.
        screen: the picture is a screen, a drawing or a page of print.
    """

    budget: int
    modes: tuple[str, ...]
    screen: bool

    def takes(self, mode: str) -> bool:
        """Whether a colour mode may be written."""
        return not self.modes or mode in self.modes


def moulded(picture: Image.Image, order: Order) -> Image.Image:
    """The picture in a mode that may be written: grey stays grey and holes stay holes where they are taken."""
    if not image.see_through(picture) or not order.takes("RGBA"):
        picture = image.opaque(picture)
    if picture.mode == "LA":
        picture = picture.convert("RGBA")
    if picture.mode == "L" and not order.takes("L"):
        picture = picture.convert("RGB")
    if picture.mode == "RGB" and not order.takes("RGB") and order.takes("L"):
        picture = picture.convert("L")
    return picture


def write_jpeg(picture: Image.Image, order: Order) -> bytes | None:
    """As JPEG; see ``jpegfit.within``."""
    return jpegfit.within(moulded(image.opaque(picture), order), order.budget, screen=order.screen)


def write_png(picture: Image.Image, order: Order) -> bytes | None:
    """As PNG: lossless, else a screen with ever fewer colours, if the channel takes a palette."""
    ready = moulded(picture, order)
    if ready.mode == "RGB" and order.takes("L") and is_grey(ready):
        ready = ready.convert("L")
    data = _saved(ready, "PNG")
    if not order.budget or len(data) <= order.budget:
        return data
    if not order.takes("P") or not order.screen:
        return None
    return _grey(ready, order) if ready.mode == "L" else _few_colours(ready, order)


def _grey(picture: Image.Image, order: Order) -> bytes | None:
    for shades in GREY_PALETTES:
        data = _saved(reduced(picture, shades), "PNG")
        if len(data) <= order.budget:
            return data
    return None


def _few_colours(picture: Image.Image, order: Order) -> bytes | None:
    """With as many colours as there are bytes for; each size tells how many that may be."""
    colours = MOST_COLOURS
    for _ in range(_PALETTE_TRIES):
        flat = reduced(picture, colours)
        data = _saved(flat, "PNG")
        if order.budget < len(data) <= order.budget * _PACK:
            data = _saved(flat, "PNG", compress_level=9)
        if len(data) <= order.budget:
            return data
        share = (0.99 * order.budget / len(data)) ** (1 / PALETTE_SLOPE)
        if colours * share < LEAST_COLOURS / 2:
            return None
        colours = max(LEAST_COLOURS, min(int(colours * share), colours * 9 // 10))
    return None


def write_webp(picture: Image.Image, order: Order) -> bytes | None:
    """As WebP: lossless for screens when that fits, else the finest quality that does."""
    ready = moulded(picture, order)
    if order.screen or not order.budget:
        options: dict[str, int | bool] = (
            {"lossless": True, "quality": 20, "method": 1} if order.screen else {"quality": 90}
        )
        data = _saved(ready, "WEBP", **options)
        if not order.budget or len(data) <= order.budget:
            return data
    low, high, best = WEBP_COARSEST, WEBP_FINEST, None
    quality = high
    for _ in range(_WEBP_TRIES):
        data = _saved(ready, "WEBP", quality=quality, method=3)
        if len(data) <= order.budget:
            best, low = data, quality + 1
        else:
            high = quality - 1
        if low > high or len(data) * 100 in range(order.budget * 95, order.budget * 100 + 1):
            break
        quality = (low + high) // 2
    return best


def write_gif(picture: Image.Image, order: Order) -> bytes | None:
    """As a still GIF."""
    ready = moulded(picture, order)
    for colours in PALETTES:
        data = _saved(reduced(ready, colours), "GIF")
        if not order.budget or len(data) <= order.budget:
            return data
    return None


Writer = Callable[[Image.Image, Order], bytes | None]

WRITERS: Mapping[str, Writer] = {
    "image/jpeg": write_jpeg,
    "image/png": write_png,
    "image/webp": write_webp,
    "image/gif": write_gif,
}
"""Every type that a picture can be fitted to."""


def is_grey(picture: Image.Image) -> bool:
    """Whether an RGB picture has no colour at all."""
    red, green, blue = picture.split()
    return all(ImageChops.difference(red, other).getbbox() is None for other in (green, blue))


def _saved(picture: Image.Image, kind: str, **options: int | bool) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()
