"""Making sound and film carry: which type it becomes, what can be passed on untouched, and how fine the rest may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import BinaryIO

from attrs import evolve

from mediacore.engines.av.encode import AudioOrder, Recipe, TooLarge, written
from mediacore.engines.av.probe import Survey, survey
from mediacore.engines.av.sizes import AUDIO, channels, film_orders, room_for_film
from mediacore.engines.operation import Unusable, report
from mediacore.values import Fit

MUXERS: Mapping[str, str] = {
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "audio/mp4": "ipod",
    "audio/aac": "adts",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/amr": "amr",
}
"""Types that can be written, and FFmpeg's names of their containers."""
CODECS: Mapping[str, str] = {
    "audio/mp4": "aac",
    "audio/aac": "aac",
    "audio/ogg": "opus",
    "audio/mpeg": "mp3",
    "audio/amr": "amr_nb",
}
"""What a sound must be coded as to be passed on in a type."""
FULL = 0.985
"""The part of a bound that is aimed at, so that a first try seldom passes it."""
PROGRESS = (0.05, 0.65, 0.85, 0.95, 1.0)
"""What part of the work is done after passing it on was tried, and after each try of coding it again."""
PROGRESS_ONCE = (0.05, 0.95, 0.98, 0.99, 1.0)
"""The same where the first try is hardly ever repeated: of a long recording, and where no bytes are asked for."""
GOOD_USE = 0.92
"""A result that uses less of its bound is tried once more, unless it is as fine as it needs to be."""
LONG = 120.0
"""Seconds of recording beyond which a try that fits is not repeated."""


def fit_recording(file: BinaryIO, mime: str, wanted: Fit) -> tuple[bytes, str]:
    """Make a recording into one of the types of an order, within its bytes and pixels.

    Returns:
        The file and its type.

    Raises:
        Unusable: ``cannot-convert`` when no type is in reach, ``illegible`` when it would be too coarse to be seen or
            heard, ``too-long``, or what opening it met.
    """
    if not any(name in MUXERS for name in wanted.types):
        raise Unusable("cannot-convert", f"There is no way to make {mime} into {' or '.join(wanted.types)}.")
    seen = survey(file, mime)
    target = _target(seen, wanted)

    def write(recipe: Recipe, progress: tuple[float, float]) -> bytes:
        return written(file, mime, recipe, progress)

    data = _passed_on(file, mime, seen, target, wanted)
    made = refined(write, seen, target, wanted) if data is None else data
    report(1.0)
    return made, target


def _target(seen: Survey, wanted: Fit) -> str:
    """The type to write: one that the content can be passed on in, else the channel's favourite."""
    kind = "video/" if seen.video_codec else "audio/"
    options = [name for name in wanted.types if name in MUXERS and name.startswith(kind)]
    if not options and kind == "audio/":
        options = [name for name in wanted.types if name == "video/mp4"]
    if not options:
        raise Unusable("cannot-convert", f"There is no way to make it into {' or '.join(wanted.types)}.")
    small = [name for name in options if not wanted.max_bytes or seen.audio_bytes < wanted.max_bytes]
    same = [name for name in small if kind == "audio/" and _sound_passes(seen, name, wanted)]
    return (same or options)[0]


def _sound_passes(seen: Survey, target: str, wanted: Fit) -> bool:
    most = wanted.channels or 2
    if not seen.audio_codec:
        return True
    if target.startswith("video/"):
        taken = ("aac", "amr_nb") if target == "video/3gpp" else ("aac",)
        return seen.audio_codec in taken and seen.channels <= most
    if target == "audio/ogg":
        return seen.audio_codec == "opus" and seen.channels == 1
    return seen.audio_codec == CODECS[target] and seen.channels <= most


def _picture_passes(seen: Survey, target: str, wanted: Fit) -> bool:
    if not seen.video_codec:
        return True
    side, pixels = max(seen.width, seen.height), seen.width * seen.height
    if (wanted.max_side and side > wanted.max_side) or (wanted.max_pixels and pixels > wanted.max_pixels):
        return False
    if target == "video/3gpp":
        return seen.video_codec in ("h263", "mpeg4") and seen.plain and side <= 352
    return seen.video_codec == "h264" and seen.plain and "4:" not in seen.profile


def _passed_on(file: BinaryIO, mime: str, seen: Survey, target: str, wanted: Fit) -> bytes | None:
    """The recording in a clean container; only its sound is coded again where that alone is in the way."""
    if not _picture_passes(seen, target, wanted):
        return None
    recipe = Recipe(MUXERS[target], max_bytes=wanted.max_bytes)
    sounds: list[AudioOrder | None] = [None]
    if not _sound_passes(seen, target, wanted):
        if not seen.video_codec:
            return None
        sounds = [
            AUDIO["amr"].order(12_200, 1)
            if target == "video/3gpp"
            else AUDIO["aac"].order(96_000, channels(seen, wanted))
        ]
    if wanted.max_bytes and seen.video_bytes + (seen.audio_bytes if sounds == [None] else 0) > wanted.max_bytes:
        return None
    try:
        return written(file, mime, evolve(recipe, audio=sounds[0]), (0.0, PROGRESS[0]))
    except TooLarge:
        return None
    except Unusable as error:
        if error.code != "damaged":
            raise
        return None  # some containers do not say what the other one must: it is decoded then


def refined(write: Callable[[Recipe, tuple[float, float]], bytes], seen: Survey, target: str, wanted: Fit) -> bytes:
    """A recording coded again, as fine as its bytes allow; each try is corrected by what the last one came to.

    Args:
        write: carries a recipe out; told from where to where that brings the whole work.
        seen: the recording.
        target: the type to write.
        wanted: the order.

    Raises:
        Unusable: ``illegible`` or ``too-long``, and what ``write`` met.
    """
    most, share, ease = wanted.max_bytes, FULL, 1.0
    best, last = b"", None
    for step in pairwise(PROGRESS if most and seen.duration <= LONG else PROGRESS_ONCE):
        recipe = _recipe(seen, target, wanted, share, ease)
        if recipe == last:
            break
        last = recipe
        try:
            data = write(recipe, step)
            size, grown = float(len(data)), len(data) > len(best) * 1.03
            best = max(best, data, key=len)
        except TooLarge as error:
            size, grown = max(most * 1.04, most / max(0.05, error.share)), True
        if _good(size, most, recipe) or not grown or (size <= most and seen.duration > LONG):
            break
        easier = ease * max(0.1, size / most)
        if size < most and _shape_of(_recipe(seen, target, wanted, FULL, easier)) != _shape_of(recipe):
            ease, share = easier, FULL
        else:
            share = max(0.02, min(share * 1.9, share * FULL * most / size))
    if not best:
        raise Unusable("illegible", "It cannot be made small enough and still be of use.")
    return best


def _shape_of(recipe: Recipe) -> tuple[int, int, float]:
    video = recipe.video
    return (video.width, video.height, float(video.rate)) if video is not None else (0, 0, 0.0)


def _recipe(seen: Survey, target: str, wanted: Fit, share: float, ease: float) -> Recipe:
    """The recipe for a share of the bytes; ``ease`` says how much fewer a pixel needs than is usual."""
    return _film(seen, target, wanted, share, ease) if seen.video_codec else _sound(seen, target, wanted, share)


def _good(size: float, most: int, recipe: Recipe) -> bool:
    """Whether another try is not worth it: enough of the bound is used, or the picture cannot look better."""
    finest = recipe.video is not None and not recipe.video.bits
    return not most or (size <= most and (size >= GOOD_USE * most or finest))


def _sound(seen: Survey, target: str, wanted: Fit, share: float) -> Recipe:
    codec = AUDIO[CODECS.get(target, "aac").replace("amr_nb", "amr")]
    muxer = MUXERS[target]
    bits = float(codec.most)
    if wanted.max_bytes:
        bits = (wanted.max_bytes * share - 800) * 8 / seen.duration - codec.overhead
    if bits < codec.least:
        raise Unusable("illegible", "The recording is too long to be made that small and still be understood.")
    source = seen.audio_bytes * 8 / seen.duration
    bits = min(bits, codec.most, max(codec.fair, source * 1.5))
    return Recipe(muxer, None, codec.order(bits, channels(seen, wanted)), wanted.max_bytes)


def _film(seen: Survey, target: str, wanted: Fit, share: float, ease: float) -> Recipe:
    bits = room_for_film(seen, wanted.max_bytes * share) if wanted.max_bytes else 0.0
    video, audio = film_orders(seen, target, wanted, bits, ease, even=share >= FULL)
    if audio is not None and target == "video/mp4" and _sound_passes(seen, target, wanted):
        # coding a sound again costs quality; it is kept where it is no finer than it would become
        audio = None if seen.audio_bytes * 8 / seen.duration <= audio.bits * 1.1 else audio
    return Recipe(MUXERS[target], video, audio, wanted.max_bytes)
