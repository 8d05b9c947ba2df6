"""How fine a recording can be in so many bytes: bit rates, sizes and speeds, as data and small sums."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from attrs import field, frozen

from mediacore.engines import bounds
from mediacore.engines.av.encode import AudioOrder, VideoOrder
from mediacore.engines.av.graph import even, fitting
from mediacore.engines.av.probe import Survey
from mediacore.engines.operation import Unusable
from mediacore.values import Fit

BITS_PER_PIXEL = 0.055
"""What a pixel of a film is worth in H.264 before a smaller picture looks better."""
BITS_PER_PIXEL_OLD = 0.09
"""The same for H.263 and MPEG-4 Part 2."""
STEPS = (1080, 720, 540, 480, 360, 288, 240)
"""Pixels of the shorter side that are tried, from above."""
FLOOR_SIDE, FLOOR_BITS = 240, 100_000
"""Below this side or rate a film says nothing any more."""
FLOOR_BITS_OLD = 40_000
FINEST = 18
"""x264's quantiser below which nobody sees a difference: bytes beyond it are not used."""
GOOD = 21
"""x264's constant quality where there is no bound on the bytes."""
X264 = "ratetol=0.1:rc-lookahead=20:sync-lookahead=0:threads=1:cpu-independent=1"
"""A rate that is kept to closely, one thread, and the same bytes on every machine: the fast path of x264's macroblock
tree for AVX-512 gave other bytes in one run of a hundred."""
PLENTY = 2.5
"""So many times the source's own rate is more than any quality needs."""
OLD_BITS = 200_000
"""Below these bits a second 3GPP is written as H.263 and AMR, which every handset plays."""
MOST_RATE = Fraction(30)
BASELINE_BYTES = 1_000_000
"""Films up to this size go to old phones by MMS, whose decoders know the Baseline profile alone."""

SPEEDS = (("medium", 0.16), ("fast", 0.11), ("veryfast", 0.05), ("superfast", 0.035), ("ultrafast", 0.025))
"""x264's presets and their seconds for a million pixels."""
PATIENCE = 60.0
"""Seconds that an agent waits gladly; ``bounds.FILM_DEADLINE`` is the most."""


@frozen
class Coder:
    """A sound encoder's range.

    Args:
        name: the encoder.
        least, fair, most: bits a second at which speech is just understood, is good, and music is.
        rates: pairs of bits a second and the samples a second from there on, the finest first.
        overhead: bits a second of the container.
        steps: bits a second it knows; empty for any.
        stereo: bits a second from which two channels are kept; 0 for never.
        options: the encoder's own.
    """

    name: str
    least: int
    fair: int
    most: int
    rates: tuple[tuple[int, int], ...]
    overhead: int = 0
    steps: tuple[int, ...] = ()
    stereo: int = 0
    options: Mapping[str, str] = field(factory=dict)

    def order(self, bits: float, channels: int) -> AudioOrder:
        """The order nearest below a rate."""
        layout = "stereo" if self.stereo and channels > 1 and bits >= self.stereo else "mono"
        whole = max(self.least, int(bits))
        if self.steps:
            whole = max((step for step in self.steps if step <= whole), default=self.steps[0])
        rate = next((rate for floor, rate in self.rates if whole >= floor), self.rates[-1][1])
        return AudioOrder(self.name, whole, rate, layout, {"flags": "+bitexact"} | dict(self.options))


AUDIO: Mapping[str, Coder] = {
    "opus": Coder(
        "libopus", 8_000, 32_000, 96_000, ((0, 48_000),), 1_400, options={"vbr": "constrained", "application": "audio"}
    ),
    "aac": Coder(
        "aac", 16_000, 64_000, 160_000, ((64_000, 44_100), (40_000, 32_000), (24_000, 22_050), (0, 16_000)), 1_500,
        stereo=80_000,
    ),
    "mp3": Coder(
        "libmp3lame", 16_000, 64_000, 160_000, ((56_000, 44_100), (0, 22_050)),
        steps=(16_000, 24_000, 32_000, 40_000, 48_000, 56_000, 64_000, 80_000, 96_000, 112_000, 128_000, 160_000),
        stereo=96_000,
    ),
    "amr": Coder(
        "libopencore_amrnb", 4_750, 12_200, 12_200, ((0, 8_000),), 400,
        steps=(4_750, 5_150, 5_900, 6_700, 7_400, 7_950, 10_200, 12_200),
    ),
}  # fmt: skip
"""Sound encoders by codec (AMR rates: 3GPP TS 26.071; MP3 rates: ISO/IEC 11172-3 and 13818-3)."""

SOUND_SHARES = ((1_500_000, 128_000), (700_000, 96_000), (300_000, 64_000), (160_000, 40_000), (0, 24_000))
"""Bits a second for the sound of a film by those of the whole."""


def room_for_film(seen: Survey, size: float) -> float:
    """Bits a second for picture and sound when the file has so many bytes: the index takes the rest."""
    pictures = float(min(seen.rate, MOST_RATE)) * seen.duration
    frames = seen.duration * 44_100 / 1024 if seen.audio_codec else 0.0
    return (size - 1_500 - 9 * pictures - 6 * frames) * 8 / seen.duration


def film_orders(
    seen: Survey, target: str, wanted: Fit, bits: float, ease: float = 1.0, *, even: bool
) -> tuple[VideoOrder, AudioOrder | None]:
    """How a film's picture and sound are coded.

    Args:
        seen: the film.
        target: ``video/mp4`` or ``video/3gpp``.
        wanted: the order.
        bits: bits a second for both; 0 for no bound.
        ease: how much of the usual bits a pixel of this film needs.
        even: an even quality may be asked for where there is room.

    Raises:
        Unusable: ``illegible`` or ``too-long``.
    """
    if target == "video/3gpp":
        return _old(seen, wanted, bits)
    whole = bits if wanted.max_bytes else 4_000_000.0
    audio = None
    if seen.audio_codec:
        audio = AUDIO["aac"].order(_share(whole), channels(seen, wanted))
    left = bits - (audio.bits if audio else 0) if wanted.max_bytes else 0.0
    source = seen.video_bytes * 8 / seen.duration
    if wanted.max_bytes and left < min(FLOOR_BITS, source):
        raise _too_coarse()
    width, height, rate = _shape(seen, wanted, left / ease)
    preset = _preset(seen, width * height * float(rate))
    baseline = 0 < wanted.max_bytes <= BASELINE_BYTES
    options = {
        "preset": preset,
        "profile": "baseline" if baseline else "main",
        "bf": "0",
        "flags": "+bitexact",
        "x264-params": X264,
    }
    # without a bound, or where the bound is far above the source, an even quality is better than an even rate
    if left <= 0 or (even and left > PLENTY * source):
        return VideoOrder("libx264", width, height, rate, 0, options | {"crf": str(GOOD)}), audio
    return VideoOrder("libx264", width, height, rate, int(left), options | {"qmin": str(FINEST)}), audio


def channels(seen: Survey, wanted: Fit) -> int:
    """Audio channels that are kept at most."""
    return min(seen.channels, wanted.channels) if wanted.channels else seen.channels


def _shape(seen: Survey, wanted: Fit, left: float) -> tuple[int, int, Fraction]:
    """The largest picture and rate that so many bits make look well."""
    size = _within(seen, wanted)
    rate = min(seen.rate, MOST_RATE)
    if min(size) < min(FLOOR_SIDE, seen.width, seen.height) // 2:
        raise _too_coarse()
    steps = [size, *(fitting(size, _box(size, step)) for step in STEPS if step < min(size))]
    for width, height in steps:
        for slower in (rate, min(rate, Fraction(20))) if min(width, height) <= 480 else (rate,):
            worth = left <= 0 or left >= BITS_PER_PIXEL * width * height * slower
            if worth and _seconds(seen, width * height * float(slower)) <= bounds.FILM_DEADLINE:
                return width, height, slower
    return *steps[-1], min(rate, Fraction(15))


def _box(size: tuple[int, int], short: int) -> tuple[int, int]:
    """The box in which the shorter side has so many pixels."""
    return (short, 1 << 20) if size[0] <= size[1] else (1 << 20, short)


def _within(seen: Survey, wanted: Fit) -> tuple[int, int]:
    """The film's own size, less what the order forbids; full HD at most."""
    scale = min(1.0, 1920 / max(seen.width, seen.height), 1080 / min(seen.width, seen.height))
    if wanted.max_side:
        scale = min(scale, wanted.max_side / max(seen.width, seen.height))
    if wanted.max_pixels:
        scale = min(scale, math.sqrt(wanted.max_pixels / (seen.width * seen.height)))
    width, height = even(seen.width * scale), even(seen.height * scale)
    while (wanted.max_side and max(width, height) > wanted.max_side) or (
        wanted.max_pixels and width * height > wanted.max_pixels
    ):
        width, height = max(2, width - 2), max(2, height - 2)
        if (width, height) == (2, 2):
            raise _too_coarse()
    return width, height


def _seconds(seen: Survey, written: float, preset: int = -1) -> float:
    """Seconds of processor time for a film of which so many pixels a second are written."""
    read = seen.width * seen.height * float(seen.rate) * bounds.FILM_DECODE
    return (read + written * SPEEDS[preset][1]) * seen.duration / 1e6


def _preset(seen: Survey, written: float) -> str:
    """The slowest preset that ends while the agent waits.

    Raises:
        Unusable: ``too-long``: even the fastest would not end in time.
    """
    for number, (name, _) in enumerate(SPEEDS):
        if _seconds(seen, written, number) <= PATIENCE:
            return name
    if _seconds(seen, written) > bounds.FILM_DEADLINE:
        raise Unusable("too-long", "The film is too long to be made smaller here.")
    return SPEEDS[-1][0]


def _old(seen: Survey, wanted: Fit, bits: float) -> tuple[VideoOrder, AudioOrder | None]:
    """3GPP for old handsets: H.263 and AMR where there are few bytes, else MPEG-4 and AAC."""
    tiny = wanted.max_bytes > 0 and bits < OLD_BITS
    audio = None
    if seen.audio_codec:
        audio = AUDIO["amr"].order(12_200, 1) if tiny else AUDIO["aac"].order(48_000, 1)
    rate = min(seen.rate, Fraction(15))
    size = _within(seen, wanted)
    if tiny:
        width, height, codec = 176, 144, "h263"
    else:
        width, height, codec = *fitting(size, (min(size[0], 352), min(size[1], 352))), "mpeg4"
    if wanted.max_side and wanted.max_side < max(width, height):
        raise _too_coarse()
    left = bits - (audio.bits if audio else 0) if wanted.max_bytes else 384_000.0
    source = seen.video_bytes * 8 / seen.duration
    if left < min(FLOOR_BITS_OLD, source):
        raise _too_coarse()
    _preset(seen, width * height * float(rate))
    rate = rate if left >= BITS_PER_PIXEL_OLD * width * height * rate else min(rate, Fraction(10))
    most = int(min(left, 384_000, width * height * float(rate) * 1.2))
    options = {"flags": "+bitexact", "maxrate": str(most * 2), "bufsize": str(most), "qmin": "2"}
    order = VideoOrder(codec, width, height, rate.limit_denominator(1001), most, options, padded=tiny)
    return order, audio


def _share(whole: float) -> int:
    return next((rate for floor, rate in SOUND_SHARES if whole >= floor), SOUND_SHARES[-1][1])


def _too_coarse() -> Unusable:
    return Unusable("illegible", "The film is too long to be made that small and still show something.")
