"""Settings: what is missing, unknown or wrong is named before anything is sent."""

from __future__ import annotations

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
    assert inbox.hooks == ("limits", "receive", "reply", "fetch", "send", "reconcile", "check")
    assert (inbox.limits.channel, inbox.limits.profile) == ("sms", "default")


def test_missing_and_unknown_are_named_together(available: dict[str, EntryPoint]) -> None:
    """Everything that is missing or unknown stands in one message."""
    with pytest.raises(ConfigError, match=r"missing: public_url, sender, token; unknown: acount"):
        mount("line", {"channel": "sms", "account": "AC1", "acount": "x"}, available=available)


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
