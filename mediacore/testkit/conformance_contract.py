"""Conformance, first part: does the plugin keep the contract before anything happens?"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest

from mediacore import (
    ConfigError,
    Contact,
    Figure,
    Hooks,
    Limits,
    Outgoing,
    PluginError,
    Remote,
    Request,
    kind_of,
    mount,
)
from mediacore.testkit.conformance_subject import Subject

OWN = "our own"
"""How the source of a number begins that is not a provider's, and so needs no date."""
_SAMPLED = {"receive": "requests", "fetch": "remotes", "send": "outgoing"}


class _Here(EntryPoint):
    """An entry point that leads straight to a class."""

    target: type

    def load(self) -> type:
        """The class."""
        return self.target


def mounts_cleanly(subject: Subject) -> None:
    """Every hook is spelt as the contract spells it, and the limits can be read."""
    assert subject.mount().hooks, "it implements no hook"


def samples_cover_the_channel(subject: Subject) -> None:
    """The samples have something for each thing that the channel can do, so that no check is missing by accident."""
    samples, hooks = subject.samples, subject.mount().hooks
    for hook, name in _SAMPLED.items():
        assert bool(getattr(samples, name)) == (hook in hooks), f"Samples.{name} must be there exactly when {hook}() is"
    if "receive" in hooks:
        assert bool(samples.signature) != bool(samples.unsigned), "say which header is the signature, or why none is"


def two_accounts_stand_side_by_side(subject: Subject) -> None:
    """The class is frozen and compared by identity, so that two accounts are two plugins that nothing changes."""
    first, second = subject.make(), subject.make()
    kind = type(first)
    assert attrs.has(kind), f"{kind.__name__} must be an attrs class"
    assert kind.__eq__ is object.__eq__, f"{kind.__name__} must be @attrs.frozen(eq=False)"
    assert first != second
    names = [a.name for a in attrs.fields(kind)]
    if names:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(first, names[0], "changed")


def hooks_are_annotated_as_the_contract(subject: Subject) -> None:
    """Each hook's arguments and answer have the types of the contract, without defaults or keyword-only arguments."""
    plugin = subject.make()
    faults = [fault for name in subject.mount().hooks for fault in _faults(name, getattr(plugin, name))]
    assert not faults, "; ".join(faults)


def limits_tell_their_sources(subject: Subject) -> None:
    """Every number has a source and the day it was read."""
    limits = subject.mount().limits
    bare = [
        where
        for where, figure in figures(limits)
        if not figure.source or (figure.as_of is None and not figure.source.startswith(OWN))
    ]
    if limits.blocked.extensions and not (limits.blocked.source and limits.blocked.as_of):
        bare.append("blocked")
    assert not bare, f"no source or date: {', '.join(bare)}"


def limits_make_sense(subject: Subject) -> None:
    """Numbers are above zero, each MIME type belongs to its sort, and names are unique."""
    limits = subject.mount().limits
    assert limits.channel, "limits: channel is empty"
    assert limits.title, "limits: title is empty"
    assert limits.profile in limits.profiles
    for where, figure in figures(limits):
        assert figure.value > 0, f"{where} must be above zero"
    names = [a.name for a in limits.accept]
    assert len(names) == len(set(names)), "two sorts of one name"
    for accept in limits.accept:
        assert accept.types, f"accept.{accept.name} has no types"
        for mime in accept.types:
            assert kind_of(mime) is accept.kind, f"accept.{accept.name}: {mime} is {kind_of(mime)}, not {accept.kind}"
    for extension in limits.blocked.extensions:
        assert extension.startswith("."), f"blocked: {extension} must start with a dot"
        assert extension == extension.lower(), f"blocked: {extension} must be in lower case"


def what_it_cannot_do_it_refuses_loudly(subject: Subject) -> None:
    """A channel without ``receive``, ``fetch`` or ``send`` says so; nothing vanishes in silence."""
    inbox = subject.mount()
    request = Request("POST", "https://desk.example/hook")
    with TemporaryDirectory() as folder:
        attempts: dict[str, Callable[[], object]] = {
            "receive": lambda: inbox.receive(request),
            "fetch": lambda: inbox.fetch(Remote("x"), request, Path(folder, "file")),
            "send": lambda: inbox.send(Outgoing("key", Contact("nobody"))),
        }
        for name, attempt in attempts.items():
            if name not in inbox.hooks:
                with pytest.raises(PluginError, match=name):
                    attempt()
    if "poll" not in inbox.hooks:
        assert inbox.poll("") is None


def secrets_stay_out_of_sight(subject: Subject) -> None:
    """No secret stands in the plugin's repr, which ends in logs."""
    shown = repr(subject.make())
    assert not [number for number, secret in enumerate(subject.samples.secrets) if secret in shown], (
        "a secret stands in repr(): use attrs.field(repr=False)"
    )


def settings_errors_name_every_key(subject: Subject) -> None:
    """A site that forgets every setting and misspells one reads all those names at once."""
    kind: Any = type(subject.make())
    wanted = [
        a.alias for a in attrs.fields(kind) if a.init and a.metadata.get("setting", True) and a.default is attrs.NOTHING
    ]
    with pytest.raises(ConfigError) as caught:
        _mount(kind, {"no_such_setting": 1})
    unnamed = [name for name in ("no_such_setting", *wanted) if name not in str(caught.value)]
    assert not unnamed, f"the error does not name {', '.join(unnamed)}: {caught.value}"


def a_site_can_mount_it(subject: Subject) -> None:
    """The sample settings, as plain text and numbers of a configuration file, make an inbox."""
    inbox = _mount(type(subject.make()), dict(subject.samples.settings))
    assert inbox.hooks == subject.mount().hooks


def figures(limits: Limits) -> Iterator[tuple[str, Figure]]:
    """Every number in the limits, with its place."""
    places: list[tuple[str, Any]] = [(f"accept.{a.name}", a) for a in limits.accept]
    places += [(name, getattr(limits, name)) for name in ("text", "message", "names", "inbound")]
    for place, section in places:
        for attribute in type(section).__attrs_attrs__:
            value = getattr(section, attribute.name)
            if isinstance(value, Figure):
                yield f"{place}.{attribute.name}", value


def _mount(kind: type, settings: dict[str, Any]) -> Any:  # noqa: ANN401 - an Inbox
    point = _Here("subject", f"{kind.__module__}:{kind.__qualname__}", "mediacore.channels")
    vars(point)["target"] = kind
    return mount("conformance", {"channel": "subject", **settings}, available={"subject": point})


def _faults(name: str, implementation: Callable[..., object]) -> Iterator[str]:
    if getattr(implementation, "mediacore_impl", {}).get("wrapper"):
        return
    spec = getattr(Hooks, name)
    wanted, own = _types(spec), _types(implementation)
    if set(map(type, own.values())) == {str} or set(map(type, wanted.values())) == {str}:
        wanted, own = dict(spec.__annotations__), dict(implementation.__annotations__)
    for parameter in inspect.signature(implementation).parameters.values():
        if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            yield f"{name}({parameter.name}) must be a plain positional argument"
        if parameter.default is not inspect.Parameter.empty:
            yield f"{name}({parameter.name}) must have no default"
        if own.get(parameter.name) != wanted.get(parameter.name):
            yield f"{name}({parameter.name}) must be annotated as {spec.__annotations__.get(parameter.name)}"
    answer = wanted.get("return")
    if own.get("return") not in (answer, *typing.get_args(answer)):
        yield f"{name}() must answer {spec.__annotations__['return']}"


def _types(function: Callable[..., object]) -> dict[str, Any]:
    """Annotations as types, or as text where a name is only there for the type checker."""
    try:
        return typing.get_type_hints(function)
    except NameError:
        return {name: str(value) for name, value in function.__annotations__.items()}


CHECKS = (
    mounts_cleanly,
    samples_cover_the_channel,
    two_accounts_stand_side_by_side,
    hooks_are_annotated_as_the_contract,
    limits_tell_their_sources,
    limits_make_sense,
    what_it_cannot_do_it_refuses_loudly,
    secrets_stay_out_of_sight,
    settings_errors_name_every_key,
)
SETTINGS = (a_site_can_mount_it,)
