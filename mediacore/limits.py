"""What a channel can carry, as data: every number with its source and the date it was read.

A plugin ships one ``limits.toml``; a *profile* in it lays other numbers over the default (an MMS over a toll-free
number, say), and a site lays its own over both. The planner, the default validation, the docs and the simulators all
read the result; ``mediacore.limits_file`` reads the file.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from attrs import evolve, field, frozen
from attrs.validators import deep_iterable, in_

from mediacore.kinds import Kind
from mediacore.values import QUIRKS


@frozen
class Figure:
    """One number of a provider.

    Args:
        value: in the unit its place names: bytes, pixels, characters, files.
        source: where it was read.
        as_of: the day it held.
    """

    value: int
    source: str
    as_of: date | None = None


@frozen
class Accept:
    """One sort of file that the channel takes.

    Args:
        name: how the limits file calls it; a channel may have several of one kind.
        kind: what it is to a person.
        types: MIME types taken, the best for converting first.
        max_bytes, max_side, max_pixels: bounds of one file; None where the provider states none.
        modes: colour modes taken, as Pillow names them; empty for any.
        codecs, channels: audio or video codecs taken, and the most audio channels; empty and 0 for any.
        without: what a recording must not have, by the words of ``Facts.quirks``.
        animated, caption: more than one frame is taken; a text can travel on the file itself.
        together: the most files of this sort in one message; None for the message's own bound.
        as_images: send a document as page images although its type is taken, because phones show those.
        exact_side: both sides must be exactly this many pixels (stickers); 0 for no such rule.
        heading: it can head a template (``Template``), where the provider has such.
        explicit: used only when the desk asks for it by name, never chosen by the planner (stickers).
        note: a sentence for the docs.
    """

    name: str
    kind: Kind
    types: tuple[str, ...]
    max_bytes: Figure | None = None
    max_side: Figure | None = None
    max_pixels: Figure | None = None
    modes: tuple[str, ...] = ()
    codecs: tuple[str, ...] = ()
    channels: int = 0
    without: tuple[str, ...] = field(default=(), validator=deep_iterable(in_(QUIRKS)))
    animated: bool = True
    caption: bool = True
    together: Figure | None = None
    as_images: bool = False
    exact_side: int = 0
    heading: bool = False
    explicit: bool = False
    note: str = ""


@frozen
class Text:
    """How the channel carries words.

    Args:
        max: the longest text of one message, in ``unit``; None for no bound.
        unit: what ``max`` and ``caption_max`` count: code points, UTF-16 units, or UTF-8 bytes.
        place: ``body``: one text beside all files of a message; ``caption``: on a file that can bear one, else a
            message of its own; ``apart``: always a message of its own.
        caption_max: the longest caption, in ``unit``.
        segmented: a text alone travels in short messages that are charged one by one, as SMS do.
    """

    max: Figure | None = None
    unit: Literal["characters", "utf16", "bytes"] = field(
        default="characters", validator=in_(("characters", "utf16", "bytes"))
    )
    place: Literal["body", "caption", "apart"] = field(default="body", validator=in_(("body", "caption", "apart")))
    caption_max: Figure | None = None
    segmented: bool = False

    def length(self, text: str) -> int:
        """How long a text is in this channel's unit."""
        if self.unit == "bytes":
            return len(text.encode(errors="surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2 if self.unit == "utf16" else len(text)


@frozen
class Message:
    """What one provider message holds.

    Args:
        files: the most files; None for no bound.
        total_bytes: the most bytes of all files and the text together, as they travel.
        overhead: bytes to keep free in each message for headers and structure.
        encoding: ``base64`` when files grow on the wire (76-character lines with CRLF), else ``raw``.
        mixed: files of different sorts may share a message.
        fetched: the provider fetches files from a URL of ours, so a public address is needed.
        max_pages: the most page images that a document may become in all.
        reach: how the addresses begin to which files can go, such as ``+1``; empty for all.
    """

    files: Figure | None = None
    total_bytes: Figure | None = None
    overhead: int = 0
    encoding: Literal["raw", "base64"] = field(default="raw", validator=in_(("raw", "base64")))
    mixed: bool = True
    fetched: bool = False
    max_pages: int = 10
    reach: tuple[str, ...] = ()

    def wire(self, size: int) -> int:
        """Bytes that a file of this size takes on the wire."""
        if self.encoding == "raw":
            return size
        encoded = 4 * -(-size // 3)
        return encoded + 2 * -(-encoded // 76)


@frozen
class Names:
    """Which file names the provider takes.

    Args:
        max: the most characters, the extension included; None for no bound.
        plain: only ASCII letters, digits, dot, dash and underscore.
    """

    max: Figure | None = None
    plain: bool = False


@frozen
class Receiver:
    """What one receiver throws away.

    Args:
        domains: of the addresses that are surely its own, in lower case.
        extensions: of file names.
    """

    domains: tuple[str, ...]
    extensions: tuple[str, ...]
    source: str = ""
    as_of: date | None = None


@frozen
class Blocked:
    """File name extensions that receivers throw away, with the list's source.

    Args:
        extensions: what any of them throws away.
        receivers: what those throw away whose addresses tell who they are.
    """

    extensions: tuple[str, ...] = ()
    source: str = ""
    as_of: date | None = None
    receivers: tuple[Receiver, ...] = ()


@frozen
class Inbound:
    """Bounds on what customers send.

    Args:
        max_bytes: the largest file the provider forwards.
        max_body: the largest webhook or mail that is read.
    """

    max_bytes: Figure | None = None
    max_body: Figure = Figure(4 * 1024 * 1024, "our own bound, above every provider's stated maximum")


@frozen
class Pace:
    """How fast the provider takes messages; the sending story waits rather than run into a refusal.

    Args:
        second: the most messages in a second for the whole account; None for no bound.
        contact_seconds: seconds that each message to one customer costs, on the long run; None for no bound.
        contact_burst: messages to one customer that may go at once before that rate counts.
    """

    second: Figure | None = None
    contact_seconds: Figure | None = None
    contact_burst: Figure | None = None


@frozen
class Window:
    """How long after a customer's last message the business may still write freely.

    Args:
        hours: hours for anybody; None where there is no such rule.
        person_hours: hours for what a person wrote, where the provider allows people more; None for the same.
    """

    hours: Figure | None = None
    person_hours: Figure | None = None


@frozen
class Limits:
    """Everything a channel can carry, under one profile."""

    channel: str
    title: str
    profile: str
    accept: tuple[Accept, ...]
    text: Text = field(factory=Text)
    message: Message = field(factory=Message)
    names: Names = field(factory=Names)
    blocked: Blocked = field(factory=Blocked)
    inbound: Inbound = field(factory=Inbound)
    pace: Pace = field(factory=Pace)
    window: Window = field(factory=Window)
    profiles: tuple[str, ...] = ("default",)

    def accepting(self, kind: Kind) -> tuple[Accept, ...]:
        """The sorts of file of this kind that the planner may choose."""
        return tuple(a for a in self.accept if a.kind is kind and not a.explicit)

    def only(self, sort: str) -> Limits:
        """These limits with one sort of file alone, which the planner may then choose; none when there is no such."""
        return evolve(self, accept=tuple(evolve(a, explicit=False) for a in self.accept if a.name == sort))

    def headings(self) -> Limits:
        """These limits with only the sorts of file that can head a template; none where there are no templates."""
        return evolve(self, accept=tuple(a for a in self.accept if a.heading))

    def toward(self, address: str) -> Limits:
        """These limits for one recipient.

        The list of blocked extensions is its receiver's own, where that is known; there is no sort of file at all where
        files do not reach such addresses.

        Args:
            address: the recipient's; empty while nobody is chosen.
        """
        domain = address.rpartition("@")[2].strip().lower()
        known = next((r for r in self.blocked.receivers if domain in r.domains), None)
        blocked = Blocked(known.extensions, known.source, known.as_of) if known else self.blocked
        reached = not (address and self.message.reach) or address.startswith(self.message.reach)
        return evolve(self, blocked=blocked, accept=self.accept if reached else ())

    def for_inbound(self) -> Limits:
        """These limits without the sorts of file that may be sent: only the bounds on what comes in."""
        return evolve(self, accept=())
