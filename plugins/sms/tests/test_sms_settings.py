"""Settings: what is missing, unknown or wrong is named before anything is sent."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from mediacore import ConfigError, mount

GOOD: dict[str, Any] = {
    "channel": "sms",
    "account": "AC1",
    "token": "top-secret",
    "sender": "+14155550199",
    "public_url": "https://desk.example.com/hooks/sms",
}


def test_defaults_and_hooks(available: dict[str, EntryPoint]) -> None:
    """Four settings are enough, and the channel implements what a push channel needs."""
    inbox = mount("line", GOOD, available=available)
    assert inbox.hooks == ("limits", "receive", "reply", "fetch", "send", "reconcile", "check", "close")
    assert (inbox.limits.channel, inbox.limits.profile) == ("sms", "default")


def test_missing_and_unknown_are_named_together(available: dict[str, EntryPoint]) -> None:
    """Everything that is missing or unknown stands in one message."""
    with pytest.raises(ConfigError, match=r"missing: public_url, sender; unknown: acount"):
        mount("line", {"channel": "sms", "account": "AC1", "acount": "x"}, available=available)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "provider 'twilio' needs account, token"),
        ({"account": "AC1", "public_keys": "x"}, "provider 'twilio' needs token and has no public_keys"),
        ({"provider": "telnyx"}, "provider 'telnyx' needs api_key, public_keys"),
        (
            {"provider": "telnyx", "token": "t", "account": "AC1", "api_key": "K"},
            "provider 'telnyx' needs public_keys and has no account, token",
        ),
        ({"provider": "telnix"}, "provider must be one of twilio, telnyx, not 'telnix'"),
        (
            {"provider": "telnyx", "api_key": "K", "public_keys": "x", "profile": "long_code"},
            "provider 'telnyx' has no profile 'long_code'; it has telnyx, telnyx_long_code",
        ),
    ],
)
def test_each_provider_names_its_own(settings: dict[str, Any], told: str, available: dict[str, EntryPoint]) -> None:
    """What a provider needs and has not, and what is another provider's, stands in one message."""
    common = {name: GOOD[name] for name in ("channel", "sender", "public_url")}
    with pytest.raises(ConfigError, match=told):
        mount("line", common | settings, available=available)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"public_url": "desk.example.com"}, "public_url must be a whole address"),
        ({"public_url": "https://my_desk.example.com/"}, "underscore"),
        ({"api_url": "file:///etc"}, "api_url must be a whole address"),
        ({"profile": "satellite"}, "has no profile 'satellite'; it has default, toll_free"),
        ({"api_key": "SK1"}, "belong together"),
        ({"api_secret": "s"}, "belong together"),
        ({"timeout": "soon"}, "timeout"),
    ],
)
def test_wrong_values_are_explained(changes: dict[str, Any], told: str, available: dict[str, EntryPoint]) -> None:
    """A value that cannot work is refused at mount, with words."""
    with pytest.raises(ConfigError, match=told):
        mount("line", GOOD | changes, available=available)


def test_previous_tokens_may_be_kept_elsewhere(
    available: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of tokens says of each where it is, and one alone needs no list."""
    monkeypatch.setenv("OLD_TOKEN", "old-secret")
    several: Any = mount("line", GOOD | {"previous_tokens": [{"env": "OLD_TOKEN"}, "older"]}, available=available)
    one: Any = mount("line", GOOD | {"previous_tokens": {"env": "OLD_TOKEN"}}, available=available)
    assert several._plugin.previous_tokens == ("old-secret", "older")
    assert one._plugin.previous_tokens == ("old-secret",)


def test_secrets_are_never_shown(available: dict[str, EntryPoint]) -> None:
    """Neither the channel nor its client shows a token, an older one, or an API secret."""
    secrets = {"previous_tokens": ["old-secret"], "api_key": "SK1", "api_secret": "key-secret"}
    inbox = mount("line", GOOD | secrets, available=available)
    shown = repr(inbox._plugin) + repr(inbox._plugin._api)  # type: ignore[attr-defined]  # the private plugin object
    assert "secret" not in shown.replace("api_secret", "")


def test_profile_and_site_limits(available: dict[str, EntryPoint]) -> None:
    """The kind of number chooses the total, and a site's own number lies over both."""
    settings = GOOD | {"profile": "long_code", "limits": {"message": {"total_bytes": 900_000}}}
    assert mount("line", GOOD | {"profile": "long_code"}, available=available).limits.message.total_bytes.value == 10**6
    assert mount("line", settings, available=available).limits.message.total_bytes.value == 900_000


TELNYX: dict[str, Any] = {
    "channel": "sms",
    "provider": "telnyx",
    "api_key": "KEY-secret",
    "public_keys": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "sender": "+14155550199",
    "public_url": "https://my_desk.example.com/hooks/sms",
}


def test_missing_extra_is_explained(available: dict[str, EntryPoint], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package for Ed25519 an inbox on Telnyx is refused at mount, with what to install."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(ConfigError, match=r"pip install 'mediacore-sms\[telnyx\]'"):
        mount("line", TELNYX, available=available)


def test_telnyx_defaults(available: dict[str, EntryPoint]) -> None:
    """A key alone needs no list, the limits are Telnyx's own, and its API key is never shown."""
    pytest.importorskip("cryptography")
    inbox = mount("line", TELNYX, available=available)
    assert (inbox.limits.profile, inbox.limits.text.max.value) == ("telnyx", 670)  # type: ignore[union-attr]  # it is there
    plugin: Any = inbox._plugin
    assert "secret" not in repr(plugin) + repr(plugin._api)


@pytest.mark.parametrize("key", ["", "%", "c2hvcnQ=", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR"])
def test_public_key_that_is_none(key: str, available: dict[str, EntryPoint]) -> None:
    """Something else than 32 bytes in base64 is refused, by its place in the list."""
    pytest.importorskip("cryptography")
    with pytest.raises(ConfigError, match="key 2 is not 32 bytes in base64"):
        mount("line", TELNYX | {"public_keys": [TELNYX["public_keys"], key]}, available=available)


def test_a_closed_channel_has_no_connections(available: dict[str, EntryPoint]) -> None:
    """When the site stops, the plugin lets go of its connections."""
    inbox = mount("line", GOOD, available=available)
    inbox.close()
    assert inbox._plugin._api.client.is_closed
