"""Why a file cannot go as it is, in words for an agent."""

from __future__ import annotations

from mediacore.limits import Accept
from mediacore.values import Media


def obstacle(media: Media, accept: Accept) -> str:
    """Why a file cannot go as this sort, in words; empty when it can."""
    facts = media.facts
    if media.type not in accept.types:
        return f"{limits_word(media.type)} is not taken"
    if facts.unclean:
        return f"its hidden data cannot be taken out ({facts.unclean})"
    if accept.max_bytes and media.size > accept.max_bytes.value:
        return f"it has {size_word(media.size)} and {size_word(accept.max_bytes.value)} is the most"
    if accept.max_side and max(facts.width, facts.height) > accept.max_side.value:
        return f"it is {facts.width} x {facts.height} pixels and {accept.max_side.value} is the longest side"
    if accept.max_pixels and facts.pixels > accept.max_pixels.value:
        return f"it has {facts.pixels / 1e6:.0f} megapixels and {accept.max_pixels.value / 1e6:.0f} is the most"
    if accept.modes and facts.mode and facts.mode not in accept.modes:
        return f"its colours are {facts.mode} and only {', '.join(accept.modes)} are taken"
    if not accept.animated and facts.frames > 1:
        return "animated pictures are not taken"
    if accept.codecs and not set(facts.codecs) <= set(accept.codecs):
        return f"it is coded as {', '.join(facts.codecs) or 'something unknown'}; {', '.join(accept.codecs)} is taken"
    if accept.codecs and not facts.codecs:
        return "its codec could not be told"
    if accept.channels and facts.channels > accept.channels:
        return f"it has {facts.channels} audio channels and {accept.channels} is the most"
    if odd := [_STUMBLES[q] for q in accept.without if q in facts.quirks]:
        return odd[0]
    if accept.exact_side and (facts.width, facts.height) != (accept.exact_side, accept.exact_side):
        return f"it must be {accept.exact_side} x {accept.exact_side} pixels"
    return ""


_STUMBLES = {
    "late-index": "its index is at its end, so phones cannot play it before all of it is there",
    "b-frames": "it is coded with B-frames, which some phones cannot play",
    "deep-colour": "it has more colours than phones can show",
    "several-sounds": "it has several sound tracks and one is the most",
}
"""What a sort must not have, by the probe's word for it, in words for an agent."""
_WORDS = {
    "image/jpeg": "JPEG",
    "image/svg+xml": "SVG",
    "video/quicktime": "QuickTime video",
    "video/3gpp": "3GP",
    "video/webm": "WebM",
    "audio/webm": "WebM",
    "video/x-matroska": "Matroska",
    "video/x-msvideo": "AVI",
    "audio/mpeg": "MP3",
    "audio/mp4": "M4A",
    "audio/ogg": "Ogg",
}


def size_word(count: int) -> str:
    """Bytes in words, decimal as the providers count."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:,.0f} KB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def limits_word(mime: str) -> str:
    """A MIME type as a person says it."""
    return _WORDS.get(mime) or mime.partition("/")[2].removeprefix("x-").upper()[:12]
