"""One file against one channel: does it go as it is, and if not, what could it become?"""

from __future__ import annotations

from pathlib import PurePath

from attrs import evolve

from mediacore import recording
from mediacore.choice import NO_LINKS, Choice, fallback, order
from mediacore.kinds import Kind
from mediacore.limits import Accept, Limits
from mediacore.messages import Attachment
from mediacore.obstacles import limits_word, obstacle, size_word
from mediacore.packing import capacity
from mediacore.values import Fit, Media

IMAGE_FLOOR = 60_000
"""Bytes below which a photo of a document stops being legible; the planner never promises less."""
PAGE_FLOOR = 90_000
"""The same for a page of print."""
LEAN_PAGE = 2 * PAGE_FLOOR
"""Bytes of the pictures of one PDF page at their coarsest, with something to spare: what is promised must hold."""
WRITABLE = ("image/jpeg", "image/png", "image/webp", "image/gif")
"""Image types that the built-in engine can write."""
RECORDED = (Kind.AUDIO, Kind.VIDEO)
MOVING = ("image/gif", "image/webp", "image/png")
"""Types whose animation the built-in engine can keep, as a GIF or as a film."""
FILM = "video/mp4"
FILM_FLOOR = 100_000
"""Bytes of a film from a moving picture that the planner never promises less than."""
FILM_PIXELS = 1_000_000_000
"""Pixels of all frames together from which a film is made while somebody waits."""


def choose(attachment: Attachment, limits: Limits, link: bool) -> Choice:
    """Choose for one attachment.

    Args:
        attachment: the file with its facts.
        limits: what the channel carries.
        link: whether it may become a link when it cannot be carried.
    """
    unclean, unmade = attachment.media.facts.unclean, attachment.media.facts.unmade
    choice = _choice(attachment, limits, link and not unclean)
    if choice.fit is not None and (unmade or (unclean and attachment.media.kind in RECORDED)):
        return _beyond(f"it cannot be made into what is taken here ({unmade or unclean})", unclean, link)
    if unmade and choice.shrink is not None:
        choice = evolve(choice, shrink=None, least=choice.most)
    if unclean and choice.action == "refuse":
        return _beyond(choice.reason.removesuffix(NO_LINKS), unclean, link)
    return choice


def _beyond(reason: str, unclean: str, link: bool) -> Choice:
    """What becomes of a file that was tried in vain; what cannot be cleaned is no link either."""
    if not unclean:
        return fallback(reason, link)
    told = "" if unclean in reason else f", and its hidden data cannot be taken out ({unclean})"
    return Choice("refuse", f"{reason}{told}")


def _choice(attachment: Attachment, limits: Limits, link: bool) -> Choice:
    media = attachment.media
    if media.size == 0:
        return Choice("refuse", "the file is empty: choose it again")
    if not limits.accept and limits.message.reach:
        begin = ", ".join(limits.message.reach)
        return fallback(f"{limits.title} carries files only to addresses that begin with {begin}", link)
    if attachment.sort and not limits.only(attachment.sort).accept:
        known = ", ".join(a.name for a in limits.accept)
        return Choice("refuse", f"{limits.title} has no files of the sort {attachment.sort}; it has {known}")
    if attachment.sort:
        return _choice(evolve(attachment, sort=""), limits.only(attachment.sort), link=False)
    if attachment.name.lower().endswith(limits.blocked.extensions):
        return fallback(
            f"receivers throw away {PurePath(attachment.name.lower()).suffix or attachment.name} files", link
        )
    if media.facts.encrypted and media.kind in RECORDED:
        return recording.become(media, limits, link)
    for accept in limits.accepting(media.kind):
        if not obstacle(media, accept) and not (accept.as_images and _splittable(media, limits)):
            return _as_is(media, accept, limits, link)
    if media.kind in RECORDED:
        return recording.become(media, limits, link)
    if media.kind is Kind.IMAGE:
        return _film(media, limits) or _image(media, limits, link)
    if media.kind is Kind.PDF:
        lean = None if media.facts.unclean else _lean(media, limits)
        return lean or _pages(media, limits, link)
    return fallback(_why(media, limits), link)


def _as_is(media: Media, accept: Accept, limits: Limits, link: bool) -> Choice:
    room = capacity(limits.message, 0)
    shrink = None
    least = media.size
    if media.kind is Kind.IMAGE and media.type in WRITABLE and (media.facts.frames == 1 or not accept.animated):
        shrink = order(accept, WRITABLE)
        least = min(media.size, IMAGE_FLOOR)
    if media.kind in RECORDED:
        least, shrink = recording.smaller(media, accept)
    if media.kind is Kind.PDF and _leanest(media) < media.size:
        shrink, least = Fit(types=("application/pdf",)), _leanest(media)
    if room is not None and limits.message.wire(least) > room:
        return fallback(f"a whole message holds {size_word(room)}", link)
    return Choice("as is", "the channel takes it as it is", accept, None, shrink, 1, least, media.size)


def _image(media: Media, limits: Limits, link: bool) -> Choice:
    options = [a for a in limits.accepting(Kind.IMAGE) if set(a.types) & set(WRITABLE)]
    if not options:
        return fallback(_why(media, limits), link)
    accept = options[0]
    why = next((o for o in (obstacle(media, a) for a in options if media.type in a.types) if o), "")
    action = "shrink" if why else "convert"
    moving = media.facts.frames > 1 and accept.animated
    moves = moving and media.type in MOVING and _takes_gif(accept)
    became = "image/gif" if moves else next(t for t in accept.types if t in WRITABLE)
    reason = why or f"{limits_word(media.type)} is not taken here, so it becomes {limits_word(became)}"
    if media.facts.frames > 1 and not moves and not (media.type in accept.types and accept.animated):
        reason += "; only its first picture is kept"
    fit = order(accept, WRITABLE)
    most = accept.max_bytes.value if accept.max_bytes else max(media.size * 3, 8_000_000)
    room = capacity(limits.message, 0)
    if room is not None and limits.message.wire(min(IMAGE_FLOOR, most)) > room:
        return fallback(f"a whole message holds {size_word(room)}", link)
    return Choice(action, reason, accept, fit, fit, 1, min(IMAGE_FLOOR, most), most)


def _film(media: Media, limits: Limits) -> Choice | None:
    """A moving picture as a film, where films are taken and no picture may move; a still one if none can be made."""
    frames, sorts = media.facts.frames, limits.accepting(Kind.IMAGE)
    if frames < 2 or media.type not in MOVING or frames * media.facts.pixels > FILM_PIXELS:
        return None
    if any(a.animated and (media.type in a.types or _takes_gif(a)) for a in sorts):
        return None
    stills = next((a for a in sorts if set(a.types) & set(WRITABLE)), None)
    room = capacity(limits.message, 0)
    for accept in limits.accepting(Kind.VIDEO):
        if FILM not in accept.types or (accept.codecs and "h264" not in accept.codecs):
            continue
        bounds = [a.max_bytes.value for a in (accept, stills) if a is not None and a.max_bytes]
        most = min(bounds, default=max(media.size * 3, 8_000_000))
        if most < FILM_FLOOR or (room is not None and limits.message.wire(FILM_FLOOR) > room):
            continue
        types = (FILM, *(t for t in (stills.types if stills else ()) if t in WRITABLE))
        modes = stills.modes if stills else ()
        fit = evolve(order(accept, (FILM,)), types=types, max_bytes=most, modes=modes, animated=False)
        reason = "it moves, and moving pictures travel as a film here"
        reason += ", or as their first picture should no film be small enough" if len(types) > 1 else ""
        return Choice("convert", reason, accept, fit, fit, 1, FILM_FLOOR, most)
    return None


def _takes_gif(accept: Accept) -> bool:
    """Whether a moving picture can become one here; a GIF always has a palette."""
    return "image/gif" in accept.types and (not accept.modes or "P" in accept.modes) and not accept.exact_side


def _lean(media: Media, limits: Limits) -> Choice | None:
    """A PDF that is only too large, and whose pictures are what makes it so."""
    room = capacity(limits.message, 0)
    for accept in limits.accepting(Kind.PDF):
        most = accept.max_bytes.value if accept.max_bytes and media.type in accept.types else 0
        least = _leanest(media)
        fits = least <= most and (room is None or limits.message.wire(least) <= room)
        if media.size > most and fits and not (accept.as_images and _splittable(media, limits)):
            fit = Fit(types=("application/pdf",), max_bytes=most)
            reason = f"{obstacle(media, accept)}: the pictures in it get smaller"
            return Choice("shrink", reason, accept, fit, fit, 1, least, most)
    return None


def _leanest(media: Media) -> int:
    """Bytes that a PDF can surely be brought down to."""
    pictures = 0 if media.facts.encrypted else min(media.facts.pictures, media.size)
    return media.size - pictures + min(pictures, media.facts.pages * LEAN_PAGE)


def _pages(media: Media, limits: Limits, link: bool) -> Choice:
    if not _splittable(media, limits):
        if media.facts.encrypted:
            return fallback("it is locked with a password, so its pages cannot be made into pictures", link)
        return fallback(_why(media, limits), link)
    accept = next(a for a in limits.accepting(Kind.IMAGE) if set(a.types) & set(WRITABLE))
    as_file = next((a for a in limits.accepting(Kind.PDF)), None)
    why = (as_file and obstacle(media, as_file)) or (
        "most phones show pictures but no PDF here" if as_file else "PDF is not taken here"
    )
    pages = media.facts.pages
    became = "its page becomes a picture" if pages == 1 else f"its {pages} pages become {pages} pictures"
    most = accept.max_bytes.value if accept.max_bytes else 1_500_000
    room = capacity(limits.message, 0)
    if room is not None and limits.message.wire(min(PAGE_FLOOR, most)) > room:
        return fallback(f"{why}, and a whole message holds {size_word(room)}", link)
    fit = Fit(
        types=tuple(t for t in accept.types if t in WRITABLE),
        max_bytes=most,
        max_side=accept.max_side.value if accept.max_side else 2600,
        max_pages=limits.message.max_pages,
        modes=accept.modes,
    )
    return Choice("split", f"{why}: {became}", accept, fit, fit, pages, min(PAGE_FLOOR, most), most)


def _splittable(media: Media, limits: Limits) -> bool:
    pictures = any(set(a.types) & set(WRITABLE) and not a.exact_side for a in limits.accepting(Kind.IMAGE))
    return pictures and not media.facts.encrypted and 0 < media.facts.pages <= limits.message.max_pages


def _why(media: Media, limits: Limits) -> str:
    same = limits.accepting(media.kind)
    if not same:
        return f"{limits.title} carries no {media.kind} files like this one ({media.type})"
    reasons = [obstacle(media, a) for a in same if media.type in a.types] or [obstacle(media, same[0])]
    if media.kind is Kind.PDF and media.facts.pages > limits.message.max_pages:
        reasons.append(f"its {media.facts.pages} pages are too many to send as pictures")
    return "; ".join(r for r in reasons if r) or f"{limits.title} does not take it"
