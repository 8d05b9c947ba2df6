"""Files and what is known of them: values that cross every seam, frozen, comparable, without I/O.

The words are the field's own: a *channel* is a kind of transport, an *inbox* a channel mounted with one account's
settings, *media* an immutable local file, a *rendition* a file derived from it, a *finding* one thing wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from attrs import field, frozen

from mediacore.kinds import Kind, kind_of

QUIRKS = ("late-index", "b-frames", "deep-colour", "several-sounds")
"""What phones stumble over in a film."""
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class Severity(StrEnum):
    """How much a finding weighs: ``REFUSE`` keeps the file off the channel, ``FIX`` says what to change first."""

    NOTE = "note"
    FIX = "fix"
    REFUSE = "refuse"


@frozen
class Facts:
    """What the probe knows of a file without showing it; None or 0 where the kind has no such thing.

    Args:
        width, height: pixels as a person sees it, that is after the orientation is applied.
        orientation: the EXIF orientation stored in the file, 1 to 8.
        mode: colour as Pillow names it (``RGB``, ``CMYK``, ``I;16``); empty for other kinds.
        frames: pictures in the file; above 1 it is animated (or a multi-picture file).
        pages: pages of a document.
        duration: seconds of audio or video.
        codecs: codec names, video first; of a PDF ``jpeg2000`` where it holds such pictures.
        channels: audio channels.
        bit_rate: of audio or video, bits a second of the whole file on average, by its size and duration.
        language: what the file says that its words are in, as a BCP 47 tag such as ``it`` or ``pt-BR``: of an office
            file, a web page, a PDF, a mail, of the first sound that says one; nothing is guessed from the words, so a
            plain text has none.
        encrypted: it cannot be read without a password.
        active: it carries macros, scripts or embedded files.
        metadata: names of the private blocks found (``exif``, ``gps``, ``xmp``, ``comment``, ``info``), never contents.
        screenshot: it looks like a screen or a drawing rather than like a photo.
        quirks: what phones stumble over in a film, by the words of ``QUIRKS``;
            ``unopened`` where the engine could read the container's own words only, so it cannot be converted here;
            ``too-long`` where coding it again would take longer than anybody waits.
        excerpt: the first words of a document, text, mail, contact or event, at most 280 characters; for those who
            cannot see its preview, and for lists.
        pictures: bytes of the pictures inside a PDF, which can be made smaller.
        placeholder: of a thumbnail, what to show until it is loaded: a ThumbHash in base64.
        words: of a preview, the first words of the document that it shows, for who cannot see it.
        unclean: why its hidden data cannot be taken out, found by trying when it is planned to be sent; empty where it
            can, or was not tried.
        unmade: the same for making something else of it.
    """

    width: int = 0
    height: int = 0
    orientation: int = 1
    mode: str = ""
    frames: int = 1
    pages: int = 0
    duration: float = 0.0
    codecs: tuple[str, ...] = ()
    channels: int = 0
    bit_rate: int = 0
    language: str = ""
    encrypted: bool = False
    active: bool = False
    metadata: tuple[str, ...] = ()
    screenshot: bool = False
    quirks: tuple[str, ...] = ()
    excerpt: str = ""
    pictures: int = 0
    placeholder: str = ""
    words: str = ""
    unclean: str = ""
    unmade: str = ""

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


@frozen
class Media:
    """An immutable local file.

    Args:
        path: where its bytes are; nothing may write there.
        type: MIME type sniffed from the content, without parameters.
        size: bytes.
        sha256: lower-case hex digest of the content; two media are the same file when it is equal.
        facts: what the probe found.
    """

    path: Path = field(eq=False)
    type: str
    size: int
    sha256: str
    facts: Facts = field(factory=Facts, eq=False)

    @property
    def kind(self) -> Kind:
        """The kind its type belongs to."""
        return kind_of(self.type)


@frozen
class Region:
    """Something to hide: where and what sort, never the secret itself.

    Args:
        page: the page index from 0, of a picture the index of its frame. What is hidden in one frame of a moving
            picture is painted over in all of them; each page of a TIFF has regions of its own.
        box: left, top, right, bottom; image pixels as a person sees them (upright), or PDF points of the page as shown.
        kind: ``card``, ``iban``, ``email``, ``phone``, ``face``, ``manual`` ...
        score: 0 to 1, how sure the detector is; 1.0 for an agent's own mark.
    """

    page: int
    box: tuple[float, float, float, float]
    kind: str
    score: float = 1.0


@frozen
class Finding:
    """One thing wrong with a file for a channel.

    Args:
        code: short and stable, such as ``too-large``, ``mislabelled``, ``truncated``, ``encrypted``, ``empty``.
        severity: what it means for the way on.
        message: words for a person.
        remedy: what to do about it; may be empty.
    """

    code: str
    severity: Severity
    message: str
    remedy: str = ""


@frozen
class Fit:
    """What a file must become to be carried: the order that the planner gives to ``convert``.

    Args:
        types: MIME types the channel takes here, the best first; the result is one of them.
        max_bytes: the most bytes one result may have; 0 for no bound.
        max_side: the most pixels on the longer side; 0 for no bound.
        max_pixels: the most pixels in all; 0 for no bound.
        max_pages: the most page images a document may become; 0 for no split.
        modes: colour modes taken, as Pillow names them; empty for any.
        strip: take out metadata; the default, since nothing may leave by accident.
        total_bytes: the most bytes all results of a split may have together; 0 for no bound.
        exact_side: both sides become exactly this many pixels, padded (stickers); 0 for no such rule.
        animated: a moving picture may stay one; else it becomes a film where ``types`` have ``video/mp4``, or only its
            first picture is kept.
        channels: the most audio channels; 0 for any.
    """

    types: tuple[str, ...]
    max_bytes: int = 0
    max_side: int = 0
    max_pixels: int = 0
    max_pages: int = 0
    modes: tuple[str, ...] = ()
    strip: bool = True
    total_bytes: int = 0
    exact_side: int = 0
    animated: bool = True
    channels: int = 0


@frozen
class Rendition:
    """A file derived from another.

    Args:
        media: the derived file.
        kind: ``thumbnail``, ``preview``, ``converted``, ``redacted``, or ``placeholder`` for a file without likeness.
        parent: SHA-256 of what it was made from.
        how: the operation and its arguments in words.
        page: which page of the parent it shows, from 0.
    """

    media: Media
    kind: str
    parent: str
    how: str
    page: int = 0
