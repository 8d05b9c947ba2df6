"""Shared plugins by configuration: installed once, named in the file, asked beside every channel."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediacore import ConfigError, Permanent
from mediacore.mounting import shared_plugins
from mediacore.runner.config import load
from mediacore.runner.site import FileToSend, Site

MODULE = """
    import attrs
    from mediacore import Finding, Media, Severity, hookimpl


    @attrs.frozen(eq=False)
    class Scanner:
        mark: str
        token: str = attrs.field(default="", repr=False)

        @hookimpl
        def validate(self, media: Media) -> list[Finding]:
            found = self.mark.encode() in media.path.read_bytes()
            return [Finding("virus", Severity.REFUSE, "a virus is in it")] if found else []
"""
CONFIG = """
    [inbox.chat]
    channel = "webchat"
    secret = "a secret that is long enough for anyone"
    [inbox.mail]
    channel = "email"
    address = "desk@example.com"
    smtp_host = "127.0.0.1"
    [shared.{name}]
    {settings}
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with one shared plugin, as pip would lay it down."""
    info = tmp_path / "site" / "example_scanner-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: example-scanner\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mediacore.shared]\nscanner = example_scanner:Scanner\n")
    (info.parent / "example_scanner.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(str(info.parent))
    return tmp_path


def configured(folder: Path, name: str = "scanner", settings: str = 'mark = "EICAR"') -> Site:
    """The site of a configuration that names a shared plugin."""
    path = folder / "mediacore.toml"
    path.write_text(textwrap.dedent(CONFIG).format(name=name, settings=settings))
    return Site(load(path))


@pytest.fixture
def site(installed: Path) -> Iterator[Site]:
    with configured(installed) as site:
        yield site


def test_every_inbox_asks_it(site: Site, tmp_path: Path) -> None:
    """Its finding keeps a file off each channel; what it does not mind goes, by the channel's own rules."""
    (tmp_path / "bad.txt").write_text("the EICAR test")
    (tmp_path / "good.txt").write_text("harmless words")
    for inbox in ("chat", "mail"):
        with pytest.raises(Permanent, match="a virus is in it"):
            site.explain(inbox, [FileToSend(tmp_path / "bad.txt")])
        assert not site.explain(inbox, [FileToSend(tmp_path / "good.txt")]).refused


def test_each_inbox_has_its_own(site: Site) -> None:
    """One account's state in a plugin cannot reach another inbox."""
    one, two = (site.house.inbox(name)._manager.get_plugin("scanner") for name in ("chat", "mail"))
    assert one is not two
    assert one.mark == two.mark == "EICAR"


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("scaner", "", "unknown shared plugin 'scaner'; installed: scanner"),
        ("scanner", 'marc = "x"', "shared plugin 'scanner': settings missing: mark; unknown: marc"),
        ("scanner", 'mark = { env = "NO_SUCH_VARIABLE" }', "shared plugin 'scanner': setting mark"),
    ],
)
def test_what_is_wrong_is_said_at_once(installed: Path, name: str, settings: str, told: str) -> None:
    """A plugin that is not there, or settings that it does not know, stop the site before it takes anything."""
    with pytest.raises(ConfigError, match=told):
        configured(installed, name, settings)


def test_a_plugin_without_a_table_is_not_mounted(installed: Path) -> None:
    """Being installed is not enough: the site says what is asked."""
    assert "scanner" in shared_plugins()
    path = installed / "mediacore.toml"
    path.write_text('[inbox.chat]\nchannel = "webchat"\nsecret = "a secret that is long enough for anyone"\n')
    with Site(load(path)) as site:
        assert site.house.inbox("chat")._manager.get_plugin("scanner") is None


def test_its_settings_stand_in_a_table(tmp_path: Path) -> None:
    """A setting outside a plugin's table is named, with the place where it belongs."""
    path = tmp_path / "mediacore.toml"
    path.write_text('[shared]\nmark = "x"\n')
    with pytest.raises(ConfigError, match=r"below \[shared.NAME\].*mark"):
        load(path)
