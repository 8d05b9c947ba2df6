"""The configuration: everything that is wrong in it is said at once, before anything works."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediacore import ConfigError, mount
from mediacore.house import Policy
from mediacore.runner.config import Config, load


def written(folder: Path, text: str) -> Config:
    path = folder / "mediacore.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_empty(tmp_path: Path) -> None:
    """An empty file is a configuration with the defaults, counted from its folder."""
    config = written(tmp_path, "")
    assert (config.data, config.inboxes) == (tmp_path / "mediacore-data", {})
    assert config.database == f"sqlite:///{tmp_path / 'mediacore-data' / 'ledger.db'}"


def test_full(tmp_path: Path) -> None:
    """Site, inboxes and policies are read from their tables."""
    config = written(
        tmp_path,
        """
        [site]
        public_url = "https://m.example"
        poll = 5
        [inbox.shop-1]
        channel = "sms"
        policy = { redact_inbound = ["card", "iban"], region = "IT", resend_after = 60 }
        [inbox.other]
        channel = "email"
        """,
    )
    assert (config.site.public_url, config.site.poll) == ("https://m.example", 5.0)
    assert config.policies["shop-1"].redact_inbound == ("card", "iban")
    assert config.policies["shop-1"].region == "IT"
    assert config.policies["other"] == Policy()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[site]\ndata = 'a'\ndata = 'b'", "Cannot overwrite"),
        ("[inbox.a]\nchannel='sms'\n[inbox.a]\nchannel='sms'", "Cannot declare"),
        ("[site", "mediacore.toml"),
        ("[sites]\n[inboxes.a]", "unknown table inboxes, sites"),
        ("[site]\nport = 1", "port"),
        ("[site]\npoll = 'often'", "option 'poll'"),
        ("site = 1", r"site must be a table"),
        ("inbox = 1", r"inbox must be a table"),
        ("[[inbox]]\nchannel='sms'", r"inbox must be a table"),
        ("[inbox]\nchannel = 'sms'", r"below \[inbox.NAME\].*channel"),
        ("[inbox.'Shop 1']\nchannel='sms'", "inbox names are lower-case.*Shop 1"),
        ("[inbox.'../x']\nchannel='sms'", "inbox names are"),
        ("[inbox.a]\npolicy = { redact = ['card'] }", "redact.*it knows redact_inbound"),
        ("[inbox.a]\npolicy = { redact_inbound = 'card' }", "must be a list of words"),
        ("[inbox.a]\npolicy = { redact_inbound = ['cards', 'iban'] }", "nothing finds cards; known are card, iban"),
        ("[inbox.a]\npolicy = { give_up_after = 'never' }", "give_up_after"),
        ("[inbox.a]\npolicy = 'card'", "policy must be a table"),
        ("[inbox.a]\npolicy = { region = 'Italy' }", "two capital letters"),
    ],
)
def test_faults(tmp_path: Path, text: str, words: str) -> None:
    """A fault is named in words that say where it is."""
    with pytest.raises(ConfigError, match=words):
        written(tmp_path, text)


def test_missing(tmp_path: Path) -> None:
    """Without a file the error says how to get one."""
    with pytest.raises(ConfigError, match="mediacore init"):
        load(tmp_path / "none.toml")


def test_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key of the site can come from the environment, which stands above the file."""
    monkeypatch.setenv("MEDIACORE_PUBLIC_URL", "https://env.example")
    monkeypatch.setenv("MEDIACORE_OCR", "false")
    config = written(tmp_path, "[site]\npublic_url = 'https://file.example'")
    assert (config.site.public_url, config.site.ocr) == ("https://env.example", False)
    monkeypatch.setenv("MEDIACORE_POLL", "often")
    with pytest.raises(ConfigError, match="option 'poll'"):
        written(tmp_path, "")


def test_secrets_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret can be in the environment or in a file; when it is missing, the setting and its place are named."""
    (tmp_path / "token").write_text("from a file\n")
    monkeypatch.setenv("TOKEN", "from the environment")
    table = {"channel": "sms", "account": "AC1", "sender": "+1", "public_url": "https://m.example/h"}
    for token in ({"env": "TOKEN"}, {"file": str(tmp_path / "token")}):
        assert mount("a", {**table, "token": token}).channel == "sms"
    with pytest.raises(ConfigError, match=r"inbox 'a': setting token.*NOWHERE is not set"):
        mount("a", {**table, "token": {"env": "NOWHERE"}})
    with pytest.raises(ConfigError, match=r"inbox 'a': setting token.*No such file"):
        mount("a", {**table, "token": {"file": "/nowhere"}})


def test_link_secret(tmp_path: Path) -> None:
    """The signing secret is made once, kept where only its owner reads, and can be given instead."""
    config = written(tmp_path, "")
    secret = config.link_secret()
    path = config.data / "link-secret"
    assert len(secret) > 30
    assert (config.link_secret(), path.stat().st_mode & 0o777) == (secret, 0o600)
    given = written(tmp_path, "[site]\nsecret = 'mine'")
    assert given.link_secret() == "mine"
    assert "mine" not in repr(given)
    path.unlink()
    assert config.link_secret() != secret
