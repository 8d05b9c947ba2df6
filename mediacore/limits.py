"""What a channel can carry, as data: every number with its source and the date it was read.

A plugin ships one ``limits.toml``; a *profile* in it lays other numbers over the default (an MMS over a toll-free
number, say), and a site lays its own over both. The planner, the default validation, the docs and the simulators all
read the result.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, field, fields, frozen
from attrs.validators import in_

from mediacore.errors import ConfigError
from mediacore.kinds import Kind

SITE = "this site's configuration"


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
        codecs: audio or video codecs taken; empty for any.
        channels: the most audio channels; 0 for any.
        animated: more than one frame is taken.
        caption: a text can travel on the file itself.
        together: the most files of this sort in one message; None for the message's own bound.
        as_images: send a document as page images although its type is taken, because phones show those.
        exact_side: both sides must be exactly this many pixels (stickers); 0 for no such rule.
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
    animated: bool = True
    caption: bool = True
    together: Figure | None = None
    as_images: bool = False
    exact_side: int = 0
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
    """

    max: Figure | None = None
    unit: Literal["characters", "utf16", "bytes"] = field(
        default="characters", validator=in_(("characters", "utf16", "bytes"))
    )
    place: Literal["body", "caption", "apart"] = field(default="body", validator=in_(("body", "caption", "apart")))
    caption_max: Figure | None = None

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
    """

    files: Figure | None = None
    total_bytes: Figure | None = None
    overhead: int = 0
    encoding: Literal["raw", "base64"] = field(default="raw", validator=in_(("raw", "base64")))
    mixed: bool = True
    fetched: bool = False
    max_pages: int = 10

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
class Blocked:
    """File name extensions that receivers throw away, with the list's source."""

    extensions: tuple[str, ...] = ()
    source: str = ""
    as_of: date | None = None


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
    profiles: tuple[str, ...] = ("default",)

    def accepting(self, kind: Kind) -> tuple[Accept, ...]:
        """The sorts of file of this kind that the planner may choose."""
        return tuple(a for a in self.accept if a.kind is kind and not a.explicit)

    def for_inbound(self) -> Limits:
        """These limits without the sorts of file that may be sent: only the bounds on what comes in."""
        return evolve(self, accept=())

    def override(self, overrides: Mapping[str, Any]) -> Limits:
        """These limits with a site's own numbers laid over, as nested tables like those of the file.

        Raises:
            ConfigError: a name that the limits do not have, or a value of the wrong kind.
        """
        if not overrides:
            return self
        return _build(_merge(_unbuild(self), overrides, site=True), self.profile, self.profiles)


def read_limits(path: Path, profile: str = "default") -> Limits:
    """Read a ``limits.toml`` under one of its profiles.

    Raises:
        ConfigError: the profile does not exist or the file is not well formed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"limits file {path.name}: {error}") from error
    overlays = table.pop("profile", {})
    profiles = ("default", *overlays)
    if profile not in profiles:
        raise ConfigError(f"channel {table.get('channel')!r} has no profile {profile!r}; it has {', '.join(profiles)}")
    merged = _merge(table, overlays.get(profile, {}), site=False)
    return _build(merged, profile, profiles)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any], site: bool) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        here = merged.get(key)
        if isinstance(here, Mapping) and isinstance(value, Mapping):
            own = site and "value" in value  # a site's number must not stand under the provider's source
            merged[key] = {"source": SITE, **value} if own else _merge(here, value, site)
        elif isinstance(here, Mapping) and "value" in here and type(value) is int:
            merged[key] = {"value": value, "source": SITE}
        else:
            merged[key] = value
    return merged


_SECTIONS: dict[str, type] = {"text": Text, "message": Message, "names": Names, "blocked": Blocked, "inbound": Inbound}


def _build(table: Mapping[str, Any], profile: str, profiles: tuple[str, ...]) -> Limits:
    sorts = table.get("accept", {})
    if not isinstance(sorts, Mapping) or not all(isinstance(entry, Mapping) for entry in sorts.values()):
        raise ConfigError("limits: accept must be a table of tables")
    accept = tuple(_section(Accept, {"name": name, **entry}) for name, entry in sorts.items())
    unknown = set(table) - set(_SECTIONS) - {"channel", "title", "accept"}
    if unknown:
        raise ConfigError(f"limits: unknown table {', '.join(sorted(unknown))}")
    if not all(isinstance(table.get(key), str) for key in ("channel", "title")):
        raise ConfigError("limits: channel and title must be there, as text")
    built = {name: _section(kind, table.get(name, {})) for name, kind in _SECTIONS.items()}
    return Limits(
        channel=table["channel"], title=table["title"], profile=profile, profiles=profiles, accept=accept, **built
    )


def _section(kind: type, table: Any) -> Any:  # noqa: ANN401 - built by its own attrs class, which checks
    name = kind.__name__.lower()
    if not isinstance(table, Mapping):
        raise ConfigError(f"limits: {name} must be a table")
    types = {a.name: str(kind.__annotations__[a.name]) for a in fields(kind)}  # others may have resolved a.type
    unknown = set(table) - set(types)
    if unknown:
        raise ConfigError(f"limits: unknown key {', '.join(sorted(unknown))} in {name}")
    try:
        return kind(**{key: _entry(key, value, types[key]) for key, value in table.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"limits: {name}: {error}") from error


_SHAPES = {"Figure": Figure, "int": int, "bool": bool, "str": str, "Literal": str, "tuple": tuple, "date": date}


def _entry(key: str, value: Any, wanted: str) -> Any:  # noqa: ANN401 - TOML is untyped; ``wanted`` is the annotation
    if wanted == "Kind":
        return Kind(value)
    made = Figure(**value) if isinstance(value, Mapping) else tuple(value) if isinstance(value, list) else value
    if wanted.startswith("Figure") and type(value) is int:
        made = Figure(value, SITE)
    inner = made.value if isinstance(made, Figure) else 0
    if type(made) is not next(s for head, s in _SHAPES.items() if wanted.startswith(head)) or type(inner) is not int:
        raise TypeError(f"{key} cannot be {value!r}")
    return made


def _unbuild(limits: Limits) -> dict[str, Any]:
    """The limits as the nested tables they came from, so that an override can be laid over them."""

    def table(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the section classes
        found = {a.name: getattr(value, a.name) for a in fields(type(value))}
        return {
            name: {"value": item.value, "source": item.source, "as_of": item.as_of}
            if isinstance(item, Figure)
            else item
            for name, item in found.items()
            if item is not None
        }

    accept = {a.name: {k: v for k, v in table(a).items() if k != "name"} for a in limits.accept}
    sections = {name: table(getattr(limits, name)) for name in _SECTIONS}
    return {"channel": limits.channel, "title": limits.title, "accept": accept, **sections}
