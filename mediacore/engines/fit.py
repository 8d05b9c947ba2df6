"""Making a file carry: pictures into a channel's types, sides and bytes, and the pages of a PDF into pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

from attrs import evolve
from cattrs import structure
from PIL import Image

from mediacore.engines import bounds, strip
from mediacore.engines.arguments import text
from mediacore.engines.av import fit as av_fit
from mediacore.engines.av import moving as av_moving
from mediacore.engines.containers import size_of
from mediacore.engines.operation import Made, Unusable
from mediacore.engines.pdf import pages as pdf
from mediacore.engines.pdf.clean import clean_pdf
from mediacore.engines.pdf.shrink import shrunk
from mediacore.engines.picture import animation, chunks, colour, image, sizes, svg
from mediacore.engines.picture.seeing import seen
from mediacore.engines.picture.writers import WRITERS, Order
from mediacore.engines.preview import warm
from mediacore.kinds import Kind, kind_of
from mediacore.values import Fit, Json

__all__ = ["fit", "warm"]

SHRINK = 0.75
HOPELESS = 3
"""A JPEG so many times its budget is too large without its metadata too; looking would cost a pass over it."""
LYING = 1.1
"""How much smaller a picture may become by being set upright: the blocks of its edges change."""
PAGE_SIDE, PAGE_SIDE_TIGHT, TIGHT_BYTES = 2600, 1654, 250_000
"""Pixels of a page of print, and of one that has few bytes (200 dpi and 140 dpi on A4)."""
SEE_THROUGH_ORDER = ("image/png", "image/webp", "image/gif", "image/jpeg")
PHOTO_ORDER = ("image/jpeg", "image/webp", "image/png", "image/gif")
EIGHT_BIT = ("1", "L", "LA", "P", "RGB", "RGBA")


def fit(file: BinaryIO, params: Mapping[str, Json]) -> Made:
    """Make a file into what a channel takes.

    Args:
        file: the untrusted file.
        params: ``type`` its sniffed MIME type, ``fit`` the fields of ``mediacore.values.Fit``.

    Returns:
        One file, or one for each page; facts ``type`` of the first, ``types`` of all, and ``note`` when something was
        lost on the way, such as ``animation lost``.

    Raises:
        Unusable: ``cannot-convert`` when no type is in reach, ``illegible`` when it would no longer say anything,
            ``too-many-pages``, ``cannot-shrink``, or what opening it met.
    """
    mime, wanted = text(params, "type"), structure(params["fit"], Fit)
    if mime == "application/pdf":
        return _document(file, wanted)
    if kind_of(mime) in (Kind.AUDIO, Kind.VIDEO):
        return _made([av_fit.fit_recording(file, mime, wanted)])
    if mime not in image.FORMATS and mime not in svg.TYPES:
        if mime in wanted.types:
            raise Unusable("cannot-shrink", "Files of this kind cannot be made smaller.")
        raise Unusable("cannot-convert", f"There is no way to make {mime} into {' or '.join(wanted.types)}.")
    if mime in svg.TYPES:
        drawing = svg.draw_svg(file, svg.SIDE)
        return _made([_written(lambda box: image.fresh(_scaled(drawing, box)), drawing.size, wanted, screen=True)])
    return _picture(file, mime, wanted)


def _made(results: list[tuple[bytes, str]], note: str = "") -> Made:
    facts: dict[str, Json] = {"type": results[0][1], "types": [mime for _, mime in results]}
    return Made(facts | ({"note": note} if note else {}), tuple(data for data, _ in results))


def _picture(file: BinaryIO, mime: str, wanted: Fit) -> Made:
    opened = image.open_typed(file, mime)
    mode = colour.stored_mode(opened)
    size = image.shown_size(opened)
    lying = image.orientation_of(opened) != 1
    if _carries(opened, mime, mode, size, wanted) and (untouched := _untouched(file, mime, wanted, lying=lying)):
        return _made([(untouched, mime)])
    moving = animation.is_animated(opened, mime)
    if moving and _moves(wanted) and (moved := animation.fit_gif(file, mime, wanted)):
        return _made([(moved, "image/gif")])
    if moving and av_moving.FILM in wanted.types and (film := av_moving.as_film(file, mime, wanted)):
        return _made([(film, av_moving.FILM)])
    note = "animation lost" if moving else ""
    screen = _is_screen(file, mime)
    have = size_of(file)

    def decode(box: tuple[int, int]) -> Image.Image:
        return seen(file, mime, box, sharp=mime != "image/jpeg" or box not in sizes.own(size))

    return _made([_written(decode, size, wanted, screen=screen, snap=have if mime == "image/jpeg" else 0)], note)


def _moves(wanted: Fit) -> bool:
    """Whether the channel takes an animation of any sides."""
    takes = wanted.animated and "image/gif" in wanted.types
    return takes and _writable("image/gif", wanted) and not wanted.exact_side


def _carries(opened: Image.Image, mime: str, mode: str, size: tuple[int, int], wanted: Fit) -> bool:
    """Whether the channel takes the picture's type, frames, size and colours; its bytes are another matter."""
    if not wanted.animated and animation.is_animated(opened, mime):
        return False
    if mime not in wanted.types or mode not in (wanted.modes or EIGHT_BIT):
        return False
    profile = opened.info.get("icc_profile")
    if isinstance(profile, bytes) and not chunks.is_srgb(profile):
        return False
    if wanted.exact_side and size != (wanted.exact_side, wanted.exact_side):
        return False
    return sizes.most(size, wanted) == size


def _untouched(file: BinaryIO, mime: str, wanted: Fit, *, lying: bool) -> bytes | None:
    """The file as it is, less its metadata, if that is small enough."""
    if mime == "image/jpeg" and 0 < wanted.max_bytes * HOPELESS < size_of(file):
        return None
    file.seek(0)
    if wanted.max_bytes and lying:
        # standing it upright is work for nothing when even as it lies it is too large
        as_it_lies = strip.without_blocks(file.read(), mime)
        if as_it_lies is None or len(as_it_lies) > wanted.max_bytes * LYING:
            return None
        file.seek(0)
    data, made = strip.clean_picture(file, mime) if wanted.strip else (file.read(), mime)
    fits = made == mime and (not wanted.max_bytes or len(data) <= wanted.max_bytes)
    return data if fits else None


def _is_screen(file: BinaryIO, mime: str) -> bool:
    """Photos come as JPEG or HEIC; of the others a look at the colours tells, and a decode is needed anyway."""
    if mime in ("image/jpeg", "image/heic", "image/heif"):
        return False
    file.seek(0)
    try:
        return image.drawn(image.upright(image.open_typed(file, mime), (1600, 1600), nearest=True, partly=True))
    except Unusable:
        return False


def _written(
    decode: Callable[[tuple[int, int]], Image.Image],
    size: tuple[int, int],
    wanted: Fit,
    *,
    screen: bool,
    snap: int = 0,
) -> tuple[bytes, str]:
    """Write at the best size, then at smaller ones as long as it can be read; ``snap`` is the bytes of a JPEG."""
    box = sizes.start(size, wanted, screen=screen)
    if snap and not wanted.exact_side:
        box = sizes.snapped(size, box, wanted, snap)
    picture = decode(box)
    lossy = snap > 0
    if lossy and not screen and image.drawn(picture, lossy=True):
        screen = True
        box = sizes.start(size, wanted, screen=True)
        picture = picture if box == picture.size else decode(box)
    floor = min(max(size), bounds.LEGIBLE_SCREEN if screen else bounds.LEGIBLE_PHOTO, wanted.max_side or bounds.SIDE)
    order = Order(wanted.max_bytes, wanted.modes, screen)
    order_of = SEE_THROUGH_ORDER if (screen and not lossy) or image.see_through(picture) else _by_taste(wanted)
    targets = [mime for mime in order_of if mime in wanted.types and _writable(mime, wanted)]
    if not targets:
        raise Unusable("cannot-convert", f"There is no way to make a picture into {' or '.join(wanted.types)}.")
    while True:
        ready = _padded(picture, wanted.exact_side, targets[0]) if wanted.exact_side else picture
        for mime in targets:
            data = WRITERS[mime](ready, order)
            if data is not None:
                return data, mime
        if max(picture.size) <= floor:
            raise Unusable("illegible", "It cannot be made small enough and still be read.")
        side = max(floor, int(max(picture.size) * SHRINK))
        picture = _scaled(picture, (side, side))


def _writable(mime: str, wanted: Fit) -> bool:
    """A GIF always has a palette."""
    return mime in WRITERS and (mime != "image/gif" or not wanted.modes or "P" in wanted.modes)


def _by_taste(wanted: Fit) -> list[str]:
    """The channel's own order, except that a lossless type is no choice for a photo while another is there."""
    return sorted(wanted.types, key=lambda mime: (mime not in PHOTO_ORDER[:2], wanted.types.index(mime)))


def _scaled(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    size = image.contained(picture.size, box)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _padded(picture: Image.Image, side: int, mime: str) -> Image.Image:
    """The picture in the middle of a square, on nothing where the type can have holes, else on white."""
    clear = mime != "image/jpeg"
    scale = side / max(picture.size)
    inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    scaled = picture.resize(inner, Image.Resampling.LANCZOS).convert("RGBA")
    square = Image.new("RGBA", (side, side), (255, 255, 255, 0 if clear else 255))
    square.paste(scaled, ((side - inner[0]) // 2, (side - inner[1]) // 2), None if clear else scaled)
    return square


def _document(file: BinaryIO, wanted: Fit) -> Made:
    document = pdf.open_pdf(file)
    if "application/pdf" in wanted.types:
        data = clean_pdf(document, file)
        if not wanted.max_bytes or len(data) <= wanted.max_bytes:
            return _made([(data, "application/pdf")])
        if (lean := shrunk(data, wanted.max_bytes)) is not None:
            return _made([(lean, "application/pdf")], "the pictures in it are smaller")
        if not set(wanted.types) & set(WRITERS):
            raise Unusable("cannot-shrink", "The PDF cannot be made small enough.")
        document = pdf.reopened(data)
    pages: int = document.page_count
    if wanted.max_pages and pages > wanted.max_pages:
        raise Unusable("too-many-pages", f"The PDF has {pages} pages; {wanted.max_pages} is the most.")
    share = wanted.total_bytes // pages if wanted.total_bytes else 0
    budget = min((n for n in (wanted.max_bytes, share) if n), default=0)
    return _made([_page(document, number, evolve(wanted, max_bytes=budget)) for number in range(pages)])


def _page(document: pdf.Document, number: int, wanted: Fit) -> tuple[bytes, str]:
    tight = 0 < wanted.max_bytes < TIGHT_BYTES
    side = min(PAGE_SIDE_TIGHT if tight else PAGE_SIDE, wanted.max_side or bounds.PAGE_SIDE)
    drawing = pdf.draw_page(document, number, side)
    return _written(lambda box: _scaled(drawing, box), drawing.size, wanted, screen=image.drawn(drawing))
