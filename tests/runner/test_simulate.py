"""``simulate``: a provider that one can talk to, and that tells what happened."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mediacore import Attachment, Contact, Media, Outgoing, Retry, mount
from mediacore.runner.cli import cli
from mediacore.runner.commands.simulate import OTHERS
from mediacore.runner.demo.stage import SIMULATORS
from mediacore.testkit import Server


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(cli, ["simulate", *(str(a) for a in arguments)])


def lines(*arguments: object) -> list[dict[str, Any]]:
    result = run(*arguments, "--json")
    assert result.exception is None, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[bytes]]]:
    """A runner's webhook, as far as a provider sees it, and what it was told."""
    bodies: list[bytes] = []

    async def take(request: Request) -> Response:
        bodies.append(await request.body())
        return Response(status_code=204)

    with Server(Starlette(routes=[Route("/hooks/sms", take, methods=["POST"])])) as server:
        yield f"{server.url}/hooks/sms", bodies


@pytest.mark.parametrize("channel", sorted(set(SIMULATORS) - {"webchat"}))
def test_table_to_paste(channel: str) -> None:
    """What is printed for mediacore.toml is TOML, names the channel, and mounts once the webhook's address is there."""
    result = run(channel, "--seconds", 0, "--webhook", "https://desk.example.com/hooks/x")
    assert result.exit_code == 0, result.output
    printed = "\n".join(line for line in result.stdout.splitlines() if line.startswith("[inbox.") or " = " in line)
    (table,) = tomllib.loads(printed)["inbox"].values()
    assert table["channel"] == channel
    inbox = mount("line", table)
    assert inbox.limits.channel == channel


def test_every_simulator_is_there() -> None:
    """An unknown channel is a usage error that names all that can be simulated."""
    result = run("fax")
    assert result.exit_code != 0
    assert all(name in result.output for name in (*SIMULATORS, *OTHERS))


def test_a_customer_writes(webhook: tuple[str, list[bytes]], tmp_path: Path) -> None:
    """--say and --file reach the webhook, and its answer is told."""
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    told = lines("sms", "--webhook", webhook[0], "--say", "Look here", "--file", picture, "--seconds", 2)
    assert [entry["event"] for entry in told] == ["ready", "wrote", "answer"]
    assert (told[0]["settings"]["public_url"], told[2]["status"]) == (webhook[0], 204)
    assert b"Look+here" in webhook[1][0]
    assert b"MediaContentType0=image%2Fpng" in webhook[1][0]


def test_silence_is_told_once() -> None:
    """A webhook that nobody answers is told of once, not for every try."""
    told = lines("sms", "--webhook", "http://127.0.0.1:9/hooks/sms", "--say", "Anyone?", "--seconds", 1.2)
    assert [entry["status"] for entry in told if entry["event"] == "answer"] == [0]
    words = run("sms", "--webhook", "http://127.0.0.1:9/hooks/sms", "--say", "Anyone?", "--seconds", 0.5)
    assert "is the runner up?" in words.output
    assert "'Anyone?'" in words.output


def test_what_a_customer_receives(webhook: tuple[str, list[bytes]], tmp_path: Path) -> None:
    """A message sent through the printed settings is told with its files, mischief happens, and Ctrl-C ends it well."""
    command = ["env", "--default-signal=INT"]  # which whoever runs tests in the background may have had ignored
    command += [sys.executable, "-m", "mediacore.runner", "simulate", "sms", "--json", "--seconds", "60"]
    command += ["--webhook", webhook[0], "--mischief", "throttle:1:send"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        inbox = mount("line", ready["settings"])
        with pytest.raises(Retry):
            inbox.send(Outgoing("k1", Contact("+14155550123"), "first"))
        data = b"GIF89a"

        async def serve(_request: Request) -> Response:
            return Response(
                data, headers={"Content-Type": "image/gif", "Content-Disposition": 'inline; filename="a.gif"'}
            )

        with Server(Starlette(routes=[Route("/a.gif", serve, methods=["GET", "HEAD"])])) as files:
            media = Media(tmp_path / "a.gif", "image/gif", len(data), "0" * 64)
            picture = Attachment(media, "a.gif", url=f"{files.url}/a.gif")
            inbox.send(Outgoing("k1", Contact("+14155550123"), "Hello", (picture,)))
            told = json.loads(process.stdout.readline())
            while told["event"] != "received":
                told = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert (told["to"], told["text"]) == ("+14155550123", "Hello")
    assert told["files"] == [{"name": "a.gif", "type": "image/gif", "bytes": 6}]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("webchat",), "--url http://127.0.0.1:8000/inbox/webchat"),
        (("webchat",), 'secret = "'),
        (("webchat", "--url", "http://127.0.0.1:9/inbox/webchat", "--port", 9), "listens nowhere"),
        (("sms", "--url", "http://127.0.0.1:9/"), "--webhook"),
        (("sms", "--say", "x"), "need --webhook"),
        (("sms", "--mischief", "flood"), "the acts are drop-after, duplicate"),
        (("sms", "--mischief", "error:many"), "ACT[:TIMES[:WHERE]]"),
    ],
)
def test_mistyped(arguments: tuple[object, ...], told: str) -> None:
    """What makes no sense is a usage error that says what would."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_visitor_without_a_runner() -> None:
    """A visitor whose runner does not answer is told in words, not as a traceback."""
    result = run("webchat", "--url", "http://127.0.0.1:9/inbox/webchat")
    assert "no runner answers at http://127.0.0.1:9/inbox/webchat" in str(result.exception)
