"""Reading a ``limits.toml``: a profile's numbers over the default ones, a site's over both."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from attrs import fields

from mediacore.errors import ConfigError
from mediacore.kinds import Kind
from mediacore.limits import Accept, Blocked, Figure, Inbound, Limits, Message, Names, Pace, Receiver, Text, Window

SITE = "this site's configuration"


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


def override_limits(limits: Limits, overrides: Mapping[str, Any]) -> Limits:
    """Limits with a site's own numbers laid over, as nested tables like those of the file.

    Raises:
        ConfigError: a name that the limits do not have, or a value of the wrong kind.
    """
    if not overrides:
        return limits
    return _build(_merge(_unbuild(limits), overrides, site=True), limits.profile, limits.profiles)


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


_SECTIONS: dict[str, type] = {
    "text": Text, "message": Message, "names": Names, "blocked": Blocked, "inbound": Inbound, "pace": Pace,
    "window": Window,
}  # fmt: skip


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
    if wanted.startswith("tuple[Receiver") and isinstance(value, (list, tuple)):
        return tuple(each if isinstance(each, Receiver) else _section(Receiver, each) for each in value)
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
