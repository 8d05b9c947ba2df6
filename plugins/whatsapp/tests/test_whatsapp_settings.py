"""Settings of an inbox: what is missing, unknown or empty is named at mount; secrets never show."""

from __future__ import annotations

from typing import Any

import pytest
from mediacore_whatsapp import WhatsAppChannel

from mediacore import ConfigError

GOOD = {
    "channel": "whatsapp",
    "phone_number_id": "106540352242922",
    "token": "EAAG-token",
    "app_secrets": "first-secret",
    "verify_token": "the-verify-token",
}


def test_defaults_are_metas_own(mount_inbox: Any) -> None:
    """Four settings are enough, and everything else points to Meta."""
    inbox = mount_inbox(GOOD)
    assert inbox.limits.channel == "whatsapp"
    assert inbox.hooks == ("limits", "receive", "reply", "fetch", "upload", "send", "mark", "check", "close")
    channel = WhatsAppChannel("1", "t", ("s",), "v")
    assert channel.api_url == "https://graph.facebook.com/v25.0"
    assert channel.media_hosts == ("lookaside.fbsbx.com", "fbcdn.net")


def test_missing_and_unknown_settings_are_named_together(mount_inbox: Any) -> None:
    """One message names all that is missing and all that is unknown."""
    with pytest.raises(ConfigError, match=r"missing: app_secrets, verify_token; unknown: secret"):
        mount_inbox({"channel": "whatsapp", "phone_number_id": "1", "token": "t", "secret": "x"})


@pytest.mark.parametrize("name", ["phone_number_id", "token", "app_secrets", "verify_token"])
def test_empty_secrets_are_refused(mount_inbox: Any, name: Any) -> None:
    """An empty secret would let anybody sign, so it is refused at mount."""
    with pytest.raises(ConfigError):
        mount_inbox(GOOD, **{name: ""})


@pytest.mark.parametrize("value", [7, None, [7], [["x"]], [], [""]])
def test_secrets_of_another_kind_are_refused(mount_inbox: Any, value: Any) -> None:
    """A secret that is no text is a fault of the settings, told at mount."""
    with pytest.raises(ConfigError):
        mount_inbox(GOOD, app_secrets=value)


def test_secrets_come_from_the_environment(
    mount_inbox: Any, monkeypatch: pytest.MonkeyPatch, signed: Any, delivery: Any
) -> None:
    """Secrets may stand in environment variables, also while one replaces another."""
    monkeypatch.setenv("WA_OLD", "old-secret")
    monkeypatch.setenv("WA_NEW", "new-secret")
    inbox = mount_inbox(GOOD, app_secrets=[{"env": "WA_OLD"}, {"env": "WA_NEW"}])
    for secret in ("old-secret", "new-secret"):
        assert inbox.receive(signed(delivery({"messages": []}), secret))


def test_secrets_do_not_show() -> None:
    """Nothing secret is in the channel's representation."""
    shown = repr(WhatsAppChannel(*list(GOOD.values())[1:]))
    assert "106540352242922" in shown
    assert not any(secret in shown for secret in ("EAAG-token", "first-secret", "the-verify-token"))
