"""Mounting: from entry points and settings to inboxes, with every fault named at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any

import attrs
import pytest

from mediacore import ConfigError, ContractError, Kind, Limits, hookimpl, mount
from mediacore.limits import Accept
from mediacore.mounting import channels, configure, plugin_class


@attrs.frozen(eq=False)
class Sample:
    """A channel with settings of every sort."""

    account: str
    token: str = attrs.field(repr=False)
    retries: int = 3
    hosts: tuple[str, ...] = ()
    _private: str = "mine"
    client: object = attrs.field(factory=object, repr=False, metadata={"setting": False})
    built: str = attrs.field(init=False, default="built")

    @hookimpl
    def limits(self) -> Limits:
        return Limits("sample", "Sample", "default", (Accept("image", Kind.IMAGE, ("image/png",)),))


class Loaded(EntryPoint):
    """An entry point that leads to what it is told to, or fails."""

    def load(self) -> Any:
        if isinstance(vars(self)["target"], Exception):
            raise vars(self)["target"]
        return vars(self)["target"]


def leading_to(target: object) -> dict[str, EntryPoint]:
    """The installed channels: one, ``sample``."""
    point = Loaded("sample", "x:y", "mediacore.channels")
    vars(point)["target"] = target
    return {"sample": point}


def made(settings: Mapping[str, Any]) -> Sample:
    """A configured sample."""
    built = configure(Sample, settings, "inbox 'support'")
    assert isinstance(built, Sample)
    return built


def test_settings_become_fields() -> None:
    """Text, numbers and lists of a configuration file are what the class says."""
    plugin = made({"account": "a", "token": "t", "retries": 5, "hosts": ["x", "y"], "private": "p"})
    assert (plugin.account, plugin.retries, plugin.hosts, plugin._private) == ("a", 5, ("x", "y"), "p")
    assert made({"account": "a", "token": "t"}).retries == 3


def test_missing_and_unknown_keys_are_named_together() -> None:
    """One start tells every fault, and what there is instead."""
    with pytest.raises(ConfigError) as caught:
        made({"acount": "a", "tokn": "t", "retries": 1})
    told = str(caught.value)
    assert "'support'" in told
    assert "missing: account, token" in told
    assert "unknown: acount, tokn" in told
    assert "It knows: account, hosts, private, retries, token" in told


def test_what_is_no_setting_cannot_be_set() -> None:
    """A client or a computed field is the plugin's own affair."""
    with pytest.raises(ConfigError, match="unknown: built, client"):
        made({"account": "a", "token": "t", "client": "x", "built": "y"})


def test_a_value_of_the_wrong_kind_is_named_without_being_shown() -> None:
    """The place stands in the message, the value does not: it might be a secret."""
    with pytest.raises(ConfigError, match="retries") as caught:
        made({"account": "a", "token": "t", "retries": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_plugin_s_own_check_speaks_for_itself() -> None:
    """The sentence that a validator raises is what the site reads."""

    def even(_plugin: object, attribute: Any, value: int) -> None:
        if value % 2:
            raise ValueError(f"{attribute.name} must be even")

    kind = attrs.make_class("Even", {"number": attrs.field(type=int, validator=even)}, frozen=True)
    with pytest.raises(ConfigError, match="number must be even"):
        configure(kind, {"number": 3}, "inbox 'support'")


def test_secrets_come_from_the_environment_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A site's configuration file needs no secret in it."""
    monkeypatch.setenv("SAMPLE_TOKEN", "from-env")
    (tmp_path / "token").write_text("from-file\n")
    assert made({"account": "a", "token": {"env": "SAMPLE_TOKEN"}}).token == "from-env"
    assert made({"account": "a", "token": {"file": str(tmp_path / "token")}}).token == "from-file"


def test_secrets_that_are_not_there_are_all_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Both the variable and the file that are missing, in one message."""
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    with pytest.raises(ConfigError) as caught:
        made({"account": {"file": str(tmp_path / "nothing")}, "token": {"env": "NO_SUCH_TOKEN"}})
    assert "NO_SUCH_TOKEN" in str(caught.value)
    assert "nothing" in str(caught.value)


def test_a_secret_file_that_is_no_text_is_a_configuration_error(tmp_path: Path) -> None:
    """A key file in binary, for example."""
    (tmp_path / "token").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="token"):
        made({"account": "a", "token": {"file": str(tmp_path / "token")}})


def test_a_site_s_table_makes_an_inbox() -> None:
    """``channel``, ``limits`` and ``policy`` are the runner's, everything else the plugin's."""
    table = {
        "channel": "sample",
        "account": "a",
        "token": "t",
        "policy": {"redact_outbound": ["card"]},
        "limits": {"text": {"max": 5}},
    }
    inbox = mount("support", table, available=leading_to(Sample))
    assert (inbox.name, inbox.channel) == ("support", "sample")
    assert inbox.limits.text.max is not None
    assert inbox.limits.text.max.value == 5


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({}, "setting channel is missing"),
        ({"channel": "fax"}, "unknown channel 'fax'; installed: sample. Try: pip install mediacore-fax"),
        ({"channel": "sample"}, "missing: account, token"),
        ({"channel": "sample", "account": "a", "token": "t", "limits": {"txt": {}}}, "txt"),
    ],
)
def test_a_wrong_table_says_what_to_do(table: dict[str, Any], told: str) -> None:
    """Each fault of a site's configuration is a sentence."""
    with pytest.raises(ConfigError, match=told):
        mount("support", table, available=leading_to(Sample))


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (ImportError("no module"), "cannot be imported: no module"),
        (Sample.limits, "attrs class"),
        (dict, "attrs class"),
    ],
)
def test_a_broken_plugin_is_the_plugin_s_fault(target: object, told: str) -> None:
    """Not the site's: it is a ``ContractError`` that names the channel."""
    with pytest.raises(ContractError, match=f"'sample'.*{told}"):
        plugin_class("sample", leading_to(target))


class Offered(Distribution):
    """A distribution that offers a channel."""

    def __init__(self, name: str) -> None:
        self.title = name

    @property
    def metadata(self) -> Any:
        return {"Name": self.title}

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: Any) -> Any:
        return path


def offered(channel: str, value: str, by: str) -> EntryPoint:
    """An entry point of a distribution."""
    point = EntryPoint(channel, value, "mediacore.channels")
    vars(point)["dist"] = Offered(by)
    return point


def test_two_distributions_of_one_channel_are_refused() -> None:
    """Pluggy's own loader would take the first in silence."""
    twice = [offered("sms", "a:A", "mediacore-sms"), offered("sms", "b:B", "acme-sms"), offered("fax", "c:C", "fax")]
    with pytest.raises(ContractError, match=r"sms is offered by several distributions \(acme-sms, mediacore-sms\)"):
        channels(twice)


def test_one_distribution_found_twice_is_one() -> None:
    """An editable install is sometimes listed twice."""
    same = [offered("sms", "a:A", "mediacore-sms"), offered("sms", "a:A", "mediacore-sms"), offered("fax", "c:C", "f")]
    assert list(channels(same)) == ["fax", "sms"]


def test_no_channel_at_all_is_told_as_none() -> None:
    """The message stays a sentence."""
    assert channels([]) == {}
    with pytest.raises(ConfigError, match="installed: none"):
        plugin_class("sms", {})
