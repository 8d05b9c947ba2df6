"""Mails handed over by a mail server on this machine: stored before they are acknowledged, or left with the sender."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mediacore.runner.cli import cli
from mediacore.runner.commands.deliver import LATER, NO_INBOX, OK, TOO_LARGE
from mediacore.runner.config import load
from mediacore.runner.lmtp import listener
from mediacore.runner.site import Site

MAIL = b"From: Kim <kim@x.example>\nMessage-ID: <1@x.example>\nSubject: Hello\n\nIt is broken\n"
CONFIG = """
[site]
ocr = false
[inbox.support]
channel = "email"
address = "help@shop.example"
smtp_host = "127.0.0.1"
[inbox.support.limits.inbound]
max_body = 5000
[inbox.chat]
channel = "webchat"
secret = "0123456789abcdef"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mediacore.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def site(config: Path) -> Iterator[Site]:
    with Site(load(config)) as opened:
        yield opened


def pipe(config: Path, inbox: str, mail: bytes = MAIL) -> int:
    """The command as a mail server runs it."""
    command = [sys.executable, "-m", "mediacore.runner", "deliver", inbox, "-c", str(config)]
    return subprocess.run(command, input=mail, capture_output=True, timeout=60, check=False).returncode


def texts(site: Site) -> list[tuple[str, str]]:
    return [(m["contact"], m["text"]) for m in site.messages()]


def test_pipe(config: Path) -> None:
    """A mail is stored when the command says so, and the same mail again is not stored twice."""
    assert [pipe(config, "support") for _ in range(2)] == [OK, OK]
    with Site(load(config)) as site:
        assert texts(site) == [("kim@x.example", "It is broken")]


@pytest.mark.parametrize(
    ("inbox", "mail", "code"),
    [
        ("support", b"From: a@b.example\n\n" + b"x" * 5000, TOO_LARGE),
        ("nobody", MAIL, NO_INBOX),
        ("chat", MAIL, NO_INBOX),
        ("support", b"", LATER),
    ],
)
def test_pipe_codes(config: Path, inbox: str, mail: bytes, code: int) -> None:
    """Every refusal has the code by which a mail server knows what to do."""
    assert CliRunner().invoke(cli, ["deliver", inbox, "-c", str(config)], input=mail).exit_code == code


def test_a_wrong_configuration_sends_nothing_back(tmp_path: Path) -> None:
    """While the configuration is wrong or gone, mails stay with the mail server."""
    (tmp_path / "wrong.toml").write_text("[inbox.support]\nchannel = 'email'\n")
    for name in ("absent.toml", "wrong.toml"):
        result = CliRunner().invoke(cli, ["deliver", "support", "-c", str(tmp_path / name)], input=MAIL)
        assert result.exit_code == LATER


class Server:
    """A listener in a thread of its own."""

    def __init__(self, site: Site, table: dict[str, str]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        made = self._loop.create_server(lambda: listener(site.house, table), "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(made, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture
def client(site: Site, request: Any) -> Iterator[smtplib.LMTP]:
    server = Server(site, getattr(request, "param", {}))
    with smtplib.LMTP("127.0.0.1", server.port) as connected:
        yield connected
    server.close()


def test_lmtp(site: Site, client: smtplib.LMTP) -> None:
    """A mail is stored before it is acknowledged, once, whatever its line ends."""
    for _ in range(2):
        client.sendmail("kim@x.example", ["support+ticket@shop.example"], MAIL)
        assert texts(site) == [("kim@x.example", "It is broken")]


@pytest.mark.parametrize("client", [{"help@shop.example": "support"}], indirect=True)
def test_lmtp_by_address(site: Site, client: smtplib.LMTP) -> None:
    """With a table only its addresses are known, in any letter case."""
    client.sendmail("kim@x.example", ["Help@Shop.Example"], MAIL)
    assert len(site.messages()) == 1
    client.ehlo_or_helo_if_needed()
    client.mail("kim@x.example")
    assert client.rcpt("support@shop.example")[0] == 550


def test_lmtp_refusals(site: Site, client: smtplib.LMTP, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown or second recipient, a channel that takes no mail, and a mail that is too large are refused."""
    client.ehlo_or_helo_if_needed()
    client.mail("kim@x.example")
    assert [client.rcpt(f"{name}@shop.example")[0] for name in ("nobody", "chat")] == [550, 550]
    assert client.rcpt("support@shop.example")[0] == 250
    assert client.rcpt("support@shop.example") == (452, b"4.5.3 one recipient at a time")
    assert client.data(b"From: a@b.example\n\n" + b"x" * 5000)[0] == 552
    monkeypatch.setattr(type(site.house.blobs), "put", lambda *_: (_ for _ in ()).throw(OSError(28, "no space left")))
    with pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("kim@x.example", ["support@shop.example"], MAIL)
    assert refused.value.smtp_code == 451
    assert site.messages() == []


def test_mails_are_taken_apart_in_the_jail(config: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site never reads a mail in its own process: one that could not do it at all shows the mail all the same."""

    def never(*_: object) -> None:
        raise AssertionError("a mail was taken apart in the trusted process")

    monkeypatch.setattr("mediacore_email.wire_in.events", never)
    monkeypatch.setattr("mediacore_email.wire_in.file", never)
    assert CliRunner().invoke(cli, ["deliver", "support", "-c", str(config)], input=MAIL).exit_code == OK
    assert texts(site) == [("kim@x.example", "It is broken")]
