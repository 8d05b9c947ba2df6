"""Sound and film against one channel: what a recording becomes where it does not go as it is.

Whether one can be made small enough is known from its length alone: below so many bytes a second it would say nothing
any more, and then it is offered as a link before anybody waits for a conversion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from mediacore.choice import Choice, fallback, order
from mediacore.kinds import Kind
from mediacore.limits import Accept, Limits
from mediacore.obstacles import limits_word, obstacle, size_word
from mediacore.packing import capacity
from mediacore.values import Fit, Media


@frozen
class Rate:
    """What a recording of a type takes.

    Args:
        coarsest, fair, most: bytes a second at which it just says something, is good, and has no pressure.
        beside: bytes beside that, for the index.
        carries: codecs that can be in it, whether they were passed on or written.
    """

    coarsest: int
    fair: int
    most: int
    beside: int
    carries: tuple[str, ...]

    def bytes(self, seconds: float, a_second: int) -> int:
        """Bytes of a recording at a rate; encoders add some silence at its ends."""
        return self.beside + round((seconds + 0.1) * a_second)


WRITABLE: Mapping[str, Rate] = {
    "video/mp4": Rate(17_000, 17_000, 700_000, 4_000, ("h264", "aac")),
    "video/3gpp": Rate(7_200, 7_200, 60_000, 3_000, ("h263", "mpeg4", "amr_nb", "aac")),
    "audio/ogg": Rate(1_300, 2_500, 13_000, 1_000, ("opus",)),
    "audio/mp4": Rate(2_300, 3_500, 21_000, 1_500, ("aac",)),
    "audio/aac": Rate(2_300, 3_500, 21_000, 500, ("aac",)),
    "audio/mpeg": Rate(2_100, 4_000, 21_000, 1_000, ("mp3",)),
    "audio/amr": Rate(700, 1_700, 1_700, 100, ("amr_nb",)),
}
"""Types that the built-in engine can write: its encoders' ranges, the container's own bytes counted in."""


def become(media: Media, limits: Limits, link: bool) -> Choice:
    """Choose for a recording that does not go as it is.

    Args:
        media: the recording with its facts.
        limits: what the channel carries.
        link: whether it may become a link when it cannot be carried.
    """
    if media.facts.encrypted:
        return Choice("refuse", "it is protected against copying, so nobody but its owner can play it")
    options = [a for a in limits.accepting(kind_inside(media)) if _written(a)]
    if not options:
        return fallback(_unable(media, limits), link)
    if "unopened" in media.facts.quirks:
        return fallback("it is coded in a way that cannot be opened here, so it cannot be converted", link)
    tried = [_as(media, accept, limits) for accept in sorted(options, key=lambda a: _strangeness(media, a))]
    carried = [choice for choice in tried if choice.accept is not None]
    return carried[0] if carried else fallback(tried[0].reason, link)


def smaller(media: Media, accept: Accept) -> tuple[int, Fit | None]:
    """The least bytes that a recording can have as a sort that takes it, and the order for that."""
    seconds = media.facts.duration
    types = [t for t in _written(accept) if WRITABLE[t].bytes(seconds, WRITABLE[t].coarsest) < media.size]
    if not types or seconds <= 0 or _stuck(media):
        return media.size, None
    best = min(types, key=lambda t: WRITABLE[t].coarsest)
    least = WRITABLE[best].bytes(seconds, WRITABLE[best].coarsest)
    return least, evolve(order(accept, WRITABLE), types=(best,))


def kind_inside(media: Media) -> Kind:
    """What a recording is to a person: a film without a picture, as browsers record a voice, is a sound."""
    only_sound = media.kind is Kind.VIDEO and not media.facts.width and len(media.facts.codecs) == 1
    return Kind.AUDIO if only_sound else media.kind


def _as(media: Media, accept: Accept, limits: Limits) -> Choice:
    """The recording as a sort; without one where it is too long for it."""
    seconds, bound = media.facts.duration, _bound(accept, limits)
    passes = _passes(media, accept)
    if _stuck(media) and not passes:
        return Choice("", f"{_reason(media, accept)}, and it is too long to be converted here")
    floors = {t: WRITABLE[t].bytes(seconds, WRITABLE[t].coarsest) for t in _written(accept)}
    if passes:
        # passed on as it is coded, in a container with its index in front
        floors = {t: min(floor, media.size + 4_000 + media.size // 100) for t, floor in floors.items()}
    types = [t for t, floor in floors.items() if bound is None or limits.message.wire(floor) <= bound]
    if not types:
        told = f"at {size_word(min(floors.values()))}, the least for {_length(seconds)}"
        return Choice("", f"{_reason(media, accept)}, and {told}, it is still above {size_word(bound or 0)}")
    best = _best(media, types, bound)
    rate = WRITABLE[best]
    made = evolve(order(accept, WRITABLE), types=(best, *(t for t in types if t != best)))
    own = accept.max_bytes.value if accept.max_bytes else 0
    most = max(rate.bytes(seconds, rate.most), media.size + 4_000 if passes else 0)
    most = max(floors[best], min(most, own) if own else most)
    action = "shrink" if media.type == best and own and media.size > own else "convert"
    why = _reason(media, accept)
    reason = why if media.type == best else f"{why}, so it becomes {limits_word(best)}"
    return Choice(action, reason, accept, made, made, 1, floors[best], most)


def _bound(accept: Accept, limits: Limits) -> int | None:
    """Bytes on the wire that a file of a sort may have, alone in its message."""
    own = limits.message.wire(accept.max_bytes.value) if accept.max_bytes else None
    return min((n for n in (own, capacity(limits.message, 0)) if n is not None), default=None)


def _best(media: Media, types: list[str], bound: int | None) -> str:
    """The type in which it is passed on, else the first in which it is good, else the first."""
    sound = [t for t in types if t.startswith("audio/") and set(media.facts.codecs) <= set(WRITABLE[t].carries)]
    whole = [t for t in sound if media.facts.codecs and (bound is None or media.size <= bound)]
    seconds = media.facts.duration
    good = [t for t in types if bound is None or WRITABLE[t].bytes(seconds, WRITABLE[t].fair) <= bound]
    return (*whole, *good, *types)[0]


def _written(accept: Accept) -> tuple[str, ...]:
    """The types of a sort that can be written with codecs that it takes."""
    taken = set(accept.codecs)
    return tuple(t for t in accept.types if t in WRITABLE and (not taken or set(WRITABLE[t].carries) <= taken))


def _strangeness(media: Media, accept: Accept) -> int:
    """How far a sort is from what the recording is: its codecs are meant, its type is taken, or neither."""
    if accept.codecs and media.facts.codecs and set(media.facts.codecs) <= set(accept.codecs):
        return 0
    return 1 if media.type in accept.types else 2


def _passes(media: Media, accept: Accept) -> bool:
    """Whether its streams can be passed on into a type that the sort takes."""
    codecs, kind = set(media.facts.codecs), kind_inside(media)
    if not codecs or {"b-frames", "deep-colour"} & set(media.facts.quirks) or _strange_size(media, accept):
        return False
    if accept.channels and media.facts.channels > accept.channels:
        return False
    return any(codecs <= set(WRITABLE[t].carries) for t in _written(accept) if t.startswith(kind))


def _strange_size(media: Media, accept: Accept) -> bool:
    facts = media.facts
    too_wide = accept.max_side is not None and max(facts.width, facts.height) > accept.max_side.value
    return too_wide or (accept.max_pixels is not None and facts.pixels > accept.max_pixels.value)


def _stuck(media: Media) -> bool:
    """Whether coding it again is out of reach."""
    return bool({"unopened", "too-long"} & set(media.facts.quirks))


def _reason(media: Media, accept: Accept) -> str:
    return obstacle(media, accept) or f"{limits_word(media.type)} is not taken"


def _unable(media: Media, limits: Limits) -> str:
    told: Iterator[str] = (obstacle(media, a) for a in limits.accepting(media.kind))
    return next(told, "") or f"{limits.title} carries no {media.kind} files like this one ({media.type})"


def _length(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} seconds" if whole < 120 else f"{whole // 60} minutes"
