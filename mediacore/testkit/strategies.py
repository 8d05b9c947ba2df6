"""Hypothesis strategies for everything that crosses a seam, composed upward from small named parts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hypothesis import strategies as st

from mediacore import (
    Accept,
    Attachment,
    Blocked,
    Contact,
    Facts,
    Figure,
    Kind,
    Limits,
    Media,
    Message,
    Names,
    Outgoing,
    Request,
    Text,
)
from mediacore.testkit import builders, builders_hostile

SOURCE = "https://provider.example/limits"
TYPES: dict[Kind, tuple[str, ...]] = {
    Kind.IMAGE: ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/tiff", "image/svg+xml"),
    Kind.PDF: ("application/pdf",),
    Kind.AUDIO: ("audio/mpeg", "audio/ogg", "audio/amr"),
    Kind.VIDEO: ("video/mp4", "video/3gpp", "video/quicktime"),
    Kind.DOCUMENT: ("application/msword", "application/vnd.ms-excel"),
    Kind.TEXT: ("text/plain", "text/csv", "text/html"),
    Kind.CONTACT: ("text/vcard",),
    Kind.CALENDAR: ("text/calendar",),
    Kind.MAIL: ("message/rfc822",),
    Kind.ARCHIVE: ("application/zip",),
    Kind.OTHER: ("application/octet-stream",),
}
EMOJI = (
    "\U0001f600",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f1e9\U0001f1ea",
)
"""One code point, joined by zero-width joiners, joined with a variation selector, and a flag of two letters."""

# --- words ---------------------------------------------------------------------------------------------------------

extensions = st.sampled_from([".jpg", ".JPEG", ".png", ".pdf", ".docx", ".exe", ".tar.gz", ".", ""])
plain_stems = st.text("abcXYZ019 _-", min_size=1, max_size=20)
wild_stems = st.text(min_size=0, max_size=40)
path_stems = st.sampled_from(
    ["../../etc/passwd", "C:\\Users\\ada\\x", "/abs/olute", "a/b", "..", "CON", "nul.txt", "~"]
)
control_stems = st.sampled_from(["a\x00b", "line\r\nX-Header: y", "tab\there", "esc\x1b[2J", "null\x00.jpg"])
marked_stems = st.sampled_from(["photo\u202egpj", "\u200fabc", "a\u2066b\u2069", "zero\u200bwidth"])
long_stems = st.integers(100, 600).map(lambda n: "\u00e4" * n)
names = st.tuples(
    st.one_of(plain_stems, wild_stems, path_stems, control_stems, marked_stems, long_stems), extensions
).map("".join)
"""File names as customers' devices send them."""
safe_names = st.tuples(plain_stems.map(lambda s: s.strip() or "file"), st.sampled_from([".jpg", ".pdf", ".bin"])).map(
    "".join
)
"""File names as the core hands them on."""

words = st.one_of(st.text("abcdefg\u00e4\u00df", min_size=1, max_size=12), st.sampled_from(EMOJI))
lines = st.lists(words, max_size=12).map(" ".join)
texts = st.one_of(
    st.just(""),
    lines,
    st.lists(lines, max_size=8).map("\n".join),
    st.text(st.characters(codec="utf-8"), max_size=60),
    st.integers(50, 900).map(lambda n: "long " * n),
    st.integers(50, 400).map(lambda n: "x" * n),
    st.lists(st.sampled_from(EMOJI), min_size=1, max_size=40).map("".join),
)
"""What agents and customers write, and what their telephones make of it."""

# --- files as facts ------------------------------------------------------------------------------------------------

kinds = st.sampled_from([*[Kind.IMAGE] * 8, *[Kind.PDF] * 5, *Kind])
"""Every kind, pictures and PDFs as often as people send them."""
sizes = st.one_of(
    st.integers(0, 2_000), st.integers(1, 1_000_000), st.integers(1, 1_000_000), st.integers(1, 60_000_000)
)
sides = st.one_of(st.integers(1, 200), st.integers(1, 6_000))


@st.composite
def facts(draw: st.DrawFn, kind: Kind) -> Facts:
    """What a probe might find in a file of this kind."""
    locked = draw(st.booleans()) and kind in (Kind.PDF, Kind.DOCUMENT, Kind.ARCHIVE)
    if kind is Kind.IMAGE:
        mode = draw(st.sampled_from(["RGB", "RGB", "RGB", "RGBA", "L", "P", "CMYK", "I;16", "1"]))
        return Facts(draw(sides), draw(sides), draw(st.integers(1, 8)), mode, draw(st.sampled_from([1, 1, 1, 24])))
    if kind is Kind.PDF:
        return Facts(pages=draw(st.one_of(st.integers(1, 5), st.integers(1, 5), st.integers(0, 24))), encrypted=locked)
    if kind in (Kind.AUDIO, Kind.VIDEO):
        codecs = draw(st.lists(st.sampled_from(["h264", "hevc", "aac", "opus", "mp3"]), max_size=2, unique=True))
        return Facts(duration=draw(st.floats(0, 600)), codecs=tuple(codecs), channels=draw(st.integers(0, 6)))
    return Facts(encrypted=locked)


@st.composite
def media(draw: st.DrawFn) -> Media:
    """A file known by its facts only; nothing lies at its path."""
    kind = draw(kinds)
    number = draw(st.integers(0, 10**6))
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Media(Path(f"file-{number}"), draw(st.sampled_from(TYPES[kind])), draw(sizes), digest, draw(facts(kind)))


attachments = st.builds(Attachment, media=media(), name=safe_names, caption=st.one_of(st.just(""), texts))
several_attachments = st.lists(attachments, max_size=6)

# --- limits --------------------------------------------------------------------------------------------------------


def figures(least: int, most: int) -> st.SearchStrategy[Figure]:
    """A number of a provider, with its source."""
    return st.integers(least, most).map(lambda value: Figure(value, SOURCE))


def maybe(some: st.SearchStrategy[Figure]) -> st.SearchStrategy[Figure | None]:
    """A figure or none."""
    return st.one_of(st.none(), some)


@st.composite
def accepts(draw: st.DrawFn, name: str, kind: Kind) -> Accept:
    """One sort of file that a channel might take."""
    types = draw(st.lists(st.sampled_from(TYPES[kind]), min_size=(len(TYPES[kind]) + 1) // 2, unique=True))
    return Accept(
        name=name,
        kind=kind,
        types=tuple(types),
        max_bytes=draw(maybe(figures(50_000, 30_000_000))),
        max_side=draw(maybe(figures(100, 5_000))),
        max_pixels=draw(maybe(figures(10_000, 25_000_000))),
        modes=draw(st.sampled_from([(), (), ("RGB", "L"), ("RGB", "RGBA")])),
        codecs=draw(st.sampled_from([(), (), ("h264", "aac"), ("opus",)])),
        channels=draw(st.sampled_from([0, 0, 1])),
        animated=draw(st.booleans()),
        caption=draw(st.booleans()),
        together=draw(maybe(figures(1, 5))),
        as_images=kind is Kind.PDF and draw(st.booleans()),
        explicit=draw(st.sampled_from([False, False, False, True])),
    )


text_rules = st.builds(
    Text,
    max=maybe(figures(20, 4_000)),
    unit=st.sampled_from(["characters", "utf16", "bytes"]),
    place=st.sampled_from(["body", "caption", "apart"]),
    caption_max=maybe(figures(10, 1_100)),
)
message_rules = st.builds(
    Message,
    files=maybe(figures(1, 10)),
    total_bytes=maybe(figures(100_000, 30_000_000)),
    overhead=st.integers(0, 20_000),
    encoding=st.sampled_from(["raw", "base64"]),
    mixed=st.booleans(),
    max_pages=st.sampled_from([10, 10, 10, 4, 0]),
)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Limits of a channel that might exist."""
    sorts = [Kind.IMAGE, Kind.PDF, *draw(st.lists(kinds, max_size=3))][draw(st.sampled_from([0, 0, 0, 1, 2])) :]
    return Limits(
        channel="sample",
        title="Sample",
        profile="default",
        accept=tuple(draw(accepts(f"sort-{n}", kind)) for n, kind in enumerate(sorts)),
        text=draw(text_rules),
        message=draw(message_rules),
        names=draw(st.builds(Names, max=maybe(figures(12, 255)), plain=st.booleans())),
        blocked=draw(st.sampled_from([Blocked(), Blocked(), Blocked(), Blocked((".exe", ".bin"), SOURCE)])),
    )


# --- messages and deliveries ---------------------------------------------------------------------------------------

contacts = st.builds(Contact, address=st.from_regex(r"\+1555[0-9]{7}", fullmatch=True), name=st.text(max_size=20))
keys = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
outgoing = st.builds(Outgoing, key=keys, to=contacts, text=texts, conversation=keys, subject=lines)
"""One provider message without files; lay attachments over it with ``attrs.evolve``."""


def requests(like: Request) -> st.SearchStrategy[Request]:
    """Deliveries to the same address with the same headers and any body."""
    return st.binary(max_size=400).map(lambda body: Request(like.method, like.url, like.headers, body))


# --- whole files ---------------------------------------------------------------------------------------------------

seeds = st.integers(0, 50)
photos = st.builds(
    lambda seed, side, orientation: builders.File(
        f"IMG_{seed}.jpg", "image/jpeg", builders.photo(side, side * 3 // 4, orientation=orientation, seed=seed)
    ),
    seeds,
    st.integers(8, 900),
    st.integers(1, 8),
)
pdfs = st.builds(
    lambda seed, pages: builders.File(f"doc{seed}.pdf", "application/pdf", builders.pdf(pages, seed)),
    seeds,
    st.integers(1, 12),
)
ordinary_files = st.one_of(photos, pdfs, seeds.flatmap(lambda seed: st.sampled_from(builders.ordinary(seed))))
hostile_files = st.sampled_from(sorted(builders_hostile.HOSTILE)).map(lambda name: builders_hostile.HOSTILE[name]())


@st.composite
def damaged_files(draw: st.DrawFn) -> builders.File:
    """An ordinary file with a piece cut out, doubled or overwritten."""
    whole = draw(ordinary_files)
    start = draw(st.integers(0, len(whole.data)))
    end = draw(st.integers(start, min(len(whole.data), start + 64)))
    middle = draw(st.one_of(st.just(b""), st.just(whole.data[start:end] * 2), st.binary(max_size=64)))
    return builders.File(whole.name, whole.type, whole.data[:start] + middle + whole.data[end:])


files = st.one_of(ordinary_files, hostile_files, damaged_files())
"""Real bytes: what people send, what breaks things, and what arrives broken."""
