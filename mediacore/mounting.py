"""From entry points and settings to inboxes; says at once what is missing, unknown or there twice."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn, override

from mediacore.apart import Apart
from mediacore.errors import ConfigError, ContractError
from mediacore.inbox import Inbox
from mediacore.limits import Limits
from mediacore.limits_file import read_limits

GROUP = "mediacore.channels"
SHARED = "mediacore.shared"
RESERVED = {"channel", "limits", "policy"}


def channels(found: Iterable[EntryPoint] | None = None) -> dict[str, EntryPoint]:
    """Every installed channel by name.

    Args:
        found: entry points to look through; those of the environment when None.

    Raises:
        ContractError: two distributions offer a channel of one name.
    """
    return _by_name("channel", entry_points(group=GROUP) if found is None else found)


def shared_plugins(found: Iterable[EntryPoint] | None = None) -> dict[str, EntryPoint]:
    """Every installed plugin that can stand beside any channel, by name: a virus scanner, an audit, a search for leaks.

    Args:
        found: entry points to look through; those of the environment when None.

    Raises:
        ContractError: two distributions offer a plugin of one name.
    """
    return _by_name("shared plugin", entry_points(group=SHARED) if found is None else found)


def _by_name(sort: str, points: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    points = list(points)
    unique = {(p.name, p.value, p.dist.name if p.dist else ""): p for p in points}
    counts = Counter(name for name, _, _ in unique)
    doubled = sorted(name for name, count in counts.items() if count > 1)
    if doubled:
        owners = sorted({(p.dist.name if p.dist else "?") for p in unique.values() if p.name in doubled})
        raise ContractError(
            f"{sort} {', '.join(doubled)} is offered by several distributions ({', '.join(owners)}): uninstall one"
        )
    return {p.name: p for p in sorted(unique.values(), key=lambda p: p.name)}


def plugin_class(name: str, available: Mapping[str, EntryPoint]) -> type:
    """The class behind a channel's entry point.

    Raises:
        ConfigError: no such channel is installed.
        ContractError: the entry point does not lead to an attrs class.
    """
    if name not in available:
        known = ", ".join(available) or "none"
        raise ConfigError(f"unknown channel {name!r}; installed: {known}. Try: pip install mediacore-{name}")
    return _loaded("channel", available[name])


def _loaded(sort: str, point: EntryPoint) -> type:
    try:
        loaded = point.load()
    except Exception as error:
        raise ContractError(f"{sort} {point.name!r}: its plugin cannot be imported: {error}") from error
    if not isinstance(loaded, type) or not attrs.has(loaded):
        raise ContractError(f"{sort} {point.name!r}: {point.value} is not an attrs class")
    return loaded


def configure(kind: type, settings: Mapping[str, Any], where: str) -> object:
    """Build a plugin from its settings; ``{ env = "NAME" }`` or ``{ file = "PATH" }`` says where a secret is.

    Args:
        kind: the plugin's attrs class; its fields are its settings.
        settings: what the site wrote.
        where: what is configured, for messages, such as ``inbox 'support'``.

    Raises:
        ConfigError: keys missing or unknown, all named together, or values of the wrong kind.
    """
    wanted = {a.alias: a for a in attrs.fields(kind) if a.init and a.metadata.get("setting", True)}
    unknown = sorted(set(settings) - set(wanted))
    missing = sorted(name for name, a in wanted.items() if a.default is attrs.NOTHING and name not in settings)
    if unknown or missing:
        faults = [
            f"{label}: {', '.join(names)}" for label, names in (("missing", missing), ("unknown", unknown)) if names
        ]
        raise ConfigError(f"{where}: settings {'; '.join(faults)}. It knows: {', '.join(sorted(wanted)) or 'none'}")
    resolved = _resolved(settings, where)
    converter = cattrs.Converter(forbid_extra_keys=True, use_alias=True)
    # One value may stand for a list of one; a string would otherwise be taken apart into letters.
    converter.register_structure_hook_func(lambda wanted: wanted == tuple[str, ...], _texts)
    others: dict[str, Any] = {
        a.name: override(omit=True) for a in attrs.fields(kind) if a.init and a.alias not in wanted
    }
    try:
        return make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True, **others)(resolved, kind)
    except Exception as error:
        raise ConfigError(f"{where}: {_told(error)}") from error


def _texts(value: object, _kind: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise ValueError("must be a text or a list of texts")
    return tuple(texts)


def _told(error: Exception) -> str:
    """What is wrong, in the words of whoever found it."""

    def words(found: BaseException, kind: type | None) -> str:
        own = isinstance(found, (ValueError, ConfigError)) and _said_by_plugin(found)
        return str(found) if own else cattrs.v.format_exception(found, kind)

    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(cattrs.transform_error(error, format_exception=words))
    return str(error)


def _said_by_plugin(error: BaseException) -> bool:
    """Whether a plugin's own check raised it; the built-in conversions quote the value, which may be a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and "cattrs" not in trace.tb_frame.f_code.co_filename


def _resolved(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    resolved, faults = {}, []
    for key, value in settings.items():
        try:
            resolved[key] = _resolve(value, f"{where}: setting {key}")
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("; ".join(faults))
    return resolved


def _resolve(value: Any, where: str) -> Any:  # noqa: ANN401 - a settings value, checked when the class is built
    if isinstance(value, list):
        return [_resolve(item, where) for item in value]
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    if "env" in value:
        name = str(value["env"])
        if name not in os.environ:
            raise ConfigError(f"{where}: the environment variable {name} is not set")
        return os.environ[name]
    if "file" in value:
        try:
            return Path(str(value["file"])).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{where}: {error}") from error
    return value


def mount(
    name: str,
    table: Mapping[str, Any],
    shared: Sequence[tuple[str, object]] = (),
    available: Mapping[str, EntryPoint] | None = None,
    apart: Apart | None = None,
) -> Inbox:
    """Mount one inbox from its table of the site's configuration.

    Args:
        name: the inbox's name.
        table: ``channel``, the channel's settings, and optionally ``limits`` and ``policy``.
        shared: plugins that every inbox gets.
        available: installed channels; looked up when None.
        apart: where strangers' files are taken apart for the plugin; in this process when None.

    Raises:
        ConfigError: the settings are wrong. ContractError: the plugin is.
    """
    channel = table.get("channel")
    if not isinstance(channel, str):
        raise ConfigError(f"inbox {name!r}: the setting channel is missing")
    kind = plugin_class(channel, channels() if available is None else available)
    settings = {key: value for key, value in table.items() if key not in RESERVED}
    plugin = configure(kind, settings, f"inbox {name!r}")
    return Inbox.mount(name, channel, plugin, shared, table.get("limits", {}), apart)


def share(name: str, table: Mapping[str, Any], available: Mapping[str, EntryPoint] | None = None) -> object:
    """Build a shared plugin from its table of the site's configuration; each inbox gets one of its own.

    Args:
        name: the entry point's name, and the plugin's in findings and errors.
        table: its settings.
        available: installed shared plugins; looked up when None.

    Raises:
        ConfigError: no such plugin is installed, or its settings are wrong. ContractError: it is no attrs class.
    """
    found = shared_plugins() if available is None else available
    if name not in found:
        known = ", ".join(found) or "none"
        raise ConfigError(f"unknown shared plugin {name!r}; installed: {known}")
    return configure(_loaded("shared plugin", found[name]), table, f"shared plugin {name!r}")


def channel_limits(name: str, profile: str = "default") -> Limits:
    """What a channel carries, without an account: the ``limits.toml`` beside its class.

    Raises:
        ConfigError: no such channel or profile.
    """
    kind = plugin_class(name, channels())
    module = sys.modules[kind.__module__]
    return read_limits(Path(str(module.__file__)).with_name("limits.toml"), profile)
