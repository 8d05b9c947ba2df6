"""The command line: every command says what it does, what went wrong and what to do next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mediacore.runner.cli import COMMANDS, cli
from mediacore.runner.config import load
from mediacore.stores.ledger import Ledger
from mediacore.testkit import builders

GROUPS = {"inbox": ("list", "show", "retry", "resume", "replay"), "outbox": ("list", "show", "retry", "cancel")}


def run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(cli, [str(a) for a in arguments])


def answer(*arguments: object) -> Any:
    result = run(*arguments, "--json")
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def outside(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, for its exit code and its streams."""
    command = [sys.executable, "-m", "mediacore.runner", *(str(a) for a in arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(builders.photo(320, 240))
    return path


@pytest.fixture
def config(tmp_path: Path, fake: None) -> Path:
    """A configuration with one inbox of the small channel."""
    path = tmp_path / "mediacore.toml"
    path.write_text('[site]\nocr = false\n[inbox.line]\nchannel = "fake"\ntoken = "good"\n')
    return path


@pytest.fixture
def messages(config: Path) -> dict[str, str]:
    """The ids of a message in and of one out."""
    from mediacore import Header, Request
    from mediacore.runner.site import Site

    with Site(load(config)) as site:
        body = b'{"id": "c-1", "text": "[bold]hi[/]", "files": ["a.txt"]}'
        site.accept("line", Request("POST", "https://x/", (Header("X-Sign", "good"),), body))
        site.accept("line", Request("POST", "https://x/", (Header("X-Sign", "good"),), b"{"))
        (message,) = site.messages()
        return {"in": message["id"], "out": site.send("line", "+1", "hello")}


@pytest.mark.parametrize("command", [(), *((c,) for c in COMMANDS), *((g, c) for g, cs in GROUPS.items() for c in cs)])
def test_help(command: tuple[str, ...]) -> None:
    """Every command explains itself."""
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert len(result.output) > 200


def test_unknown_command() -> None:
    """A mistyped command is a usage error."""
    assert run("sned").exit_code == 2


def test_channels_and_limits() -> None:
    """Installed channels are listed with hooks and settings; limits come with their sources; both as JSON too."""
    found = {c["channel"]: c for c in answer("channels")}
    assert "send" in found["sms"]["hooks"]
    assert found["sms"]["distribution"] == "mediacore-sms"
    told = answer("limits", "sms")
    assert all(a["max_bytes"] is None or a["max_bytes"]["source"] for a in told["accept"])
    assert "Numbers and where they were read" in run("limits", "sms").output
    assert run("channels").exit_code == 0


def test_explain(photo: Path) -> None:
    """Explain shows what would become of real files on a channel, and why."""
    told = answer("explain", photo, "--channel", "sms", "--text", "hello")
    assert told["files"][0]["type"] == "image/jpeg"
    assert [s["action"] for s in told["plans"]["sms"]["steps"]] == ["as is"]
    assert "What the customer gets" in run("explain", photo, "--channel", "sms").output


def test_explain_a_torso(tmp_path: Path) -> None:
    """A damaged file does not stop the explanation."""
    path = tmp_path / "cut.jpg"
    path.write_bytes(builders.photo(320, 240)[:300])
    assert answer("explain", path, "--channel", "sms")["files"][0]["type"] == "image/jpeg"


def test_preview(photo: Path, tmp_path: Path) -> None:
    """Previews are written beside each other, upright; what has no likeness is named, and the others are made."""
    from PIL import Image

    told = answer("preview", photo, "--side", 64, "--out", tmp_path / "out")
    with Image.open(told["previews"][0]["preview"]) as picture:
        assert max(picture.size) == 64
        assert picture.size[0] > picture.size[1]
    odd = tmp_path / "odd.bin"
    odd.write_bytes(b"\x00\x01\x02")
    result = run("preview", odd, photo, "--out", tmp_path / "out", "--json")
    told = json.loads(result.stdout)
    assert (len(told["previews"]), len(told["failed"])) == (1, 1)
    assert result.exit_code == 1


def test_redact(tmp_path: Path) -> None:
    """Redacting a document finds the card, paints it into a copy, and leaves the file as it was."""
    path, data = tmp_path / "bill.pdf", builders.pdf(1, lines=("Paid with 4111 1111 1111 1111",))
    path.write_bytes(data)
    looked = answer("redact", path, "--kind", "card", "--look", "--no-ocr")
    assert ([r["kind"] for r in looked["regions"]], looked["file"]) == (["card"], None)
    told = answer("redact", path, "--kind", "card", "--no-ocr", "--out", tmp_path / "clean.pdf")
    assert Path(told["file"]).read_bytes().startswith(b"%PDF")
    assert path.read_bytes() == data
    assert answer("redact", tmp_path / "clean.pdf", "--look", "--no-ocr")["regions"] == []


def test_redact_mark(photo: Path) -> None:
    """A region can be given by hand; one that is none is a usage error that shows the form."""
    told = answer("redact", photo, "--mark", "10,10,60,60", "--no-ocr", "--out", photo.with_name("out.jpg"))
    assert told["regions"][0]["kind"] == "manual"
    result = run("redact", photo, "--mark", "here")
    assert result.exit_code == 2
    assert "LEFT,TOP,RIGHT,BOTTOM" in result.output


def test_init_loads(tmp_path: Path) -> None:
    """The configuration that init writes loads as it is, and is not overwritten by accident."""
    path = tmp_path / "mediacore.toml"
    assert run("init", "--config", path).exit_code == 0
    assert load(path).inboxes == {}
    assert "# [inbox.sms]" in path.read_text()
    assert run("init", "--config", path).exit_code != 0
    assert run("init", "--config", path, "--force").exit_code == 0


def test_init_says_what_each_channel_needs(tmp_path: Path) -> None:
    """Each channel's settings, taken out of their comments, are TOML."""
    import tomllib

    path = tmp_path / "mediacore.toml"
    run("init", "--config", path)
    lines = path.read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("# [inbox."))
    table = tomllib.loads("\n".join(line.removeprefix("# ") for line in lines[start:]))
    assert {"sms", "instagram"} <= set(table["inbox"])
    assert "token" in table["inbox"]["sms"]


def test_doctor(config: Path) -> None:
    """The doctor looks at libraries, the jail, the disk and each account, and fails when something must be mended."""
    found = {f["what"]: f["state"] for f in answer("doctor", "--config", config)}
    assert found["inbox line"] == "ok"
    assert {"Pillow", "jail", "disk"} <= set(found)
    config.write_text(config.read_text() + "broken = true\n")
    result = run("doctor", "--config", config, "--json")
    told = {f["what"]: f for f in json.loads(result.stdout)}
    assert (result.exit_code, told["inbox line"]["state"]) == (1, "bad")
    assert "the account is closed open it" in told["inbox line"]["told"]
    assert run("doctor", "--config", config, "--no-reach").exit_code == 0


def test_doctor_with_a_bad_configuration(config: Path) -> None:
    """A configuration that does not load is one finding among the others."""
    config.write_text('[inbox.line]\nchannel = "fake"\ntokn = "x"\n')
    result = run("doctor", "--config", config, "--json")
    told = {f["what"]: f for f in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert "missing: token; unknown: tokn" in told["configuration"]["told"]


def test_halted_inbox(config: Path) -> None:
    """The doctor names an inbox that stands still and the command that lets it work again."""
    from mediacore.stores import intake

    loaded = load(config)
    loaded.data.mkdir()
    ledger = Ledger(loaded.database)
    with ledger.begin() as connection:
        intake.halt(connection, "line", "the token ran out")
    ledger.close()
    result = run("doctor", "--config", config, "--json")
    assert "the token ran out" in result.output
    assert "inbox resume line" in result.output
    assert run("inbox", "resume", "line", "--config", config).exit_code == 0
    assert run("doctor", "--config", config).exit_code == 0


def test_lists(config: Path, messages: dict[str, str]) -> None:
    """Messages in and out are listed and shown, as tables and as JSON, with what customers write as plain text."""
    assert [m["id"] for m in answer("inbox", "list", "-c", config)] == [messages["in"]]
    assert [m["id"] for m in answer("outbox", "list", "-c", config)] == [messages["out"]]
    assert answer("inbox", "list", "-c", config, "--inbox", "other") == []
    assert "[bold]hi[/]" in run("inbox", "list", "-c", config).output
    shown = run("inbox", "show", messages["in"], "-c", config)
    assert "[bold]hi[/]" in shown.output
    assert answer("outbox", "show", messages["out"], "-c", config)["status"] == "queued"


def test_retry_command(config: Path, messages: dict[str, str]) -> None:
    """A message can be queued again; an unknown one is an error that says where ids are."""
    assert "queued again" in run("outbox", "retry", messages["out"], "-c", config).output
    assert "queued again" in run("inbox", "retry", messages["in"], "-c", config).output
    result = run("outbox", "retry", "nobody", "-c", config)
    assert "'list' shows their ids" in str(result.exception)


def test_cancel_command(config: Path, messages: dict[str, str]) -> None:
    """A message that waits is called off, told as words and as JSON; a customer's cannot be, nor an unknown one."""
    assert "nothing of it is sent" in run("outbox", "cancel", messages["out"], "-c", config).output
    told = answer("outbox", "cancel", messages["out"], "-c", config)
    assert (told["status"], told["error"], told["progress"]) == ("failed", "called off", 0.0)
    assert "queued again" in run("outbox", "retry", messages["out"], "-c", config).output
    assert "only a message that an agent sends" in str(run("outbox", "cancel", messages["in"], "-c", config).exception)
    assert "'list' shows their ids" in str(run("outbox", "cancel", "nobody", "-c", config).exception)


def test_replay_command(config: Path, messages: dict[str, str]) -> None:
    """Deliveries that were kept raw are listed and can be tried again; an unknown one is an error in words."""
    (kept,) = answer("inbox", "replay", "-c", config)
    assert kept["inbox"] == "line"
    assert run("inbox", "replay", "-c", config).exit_code == 0
    assert run("inbox", "replay", kept["id"], "-c", config).exit_code == 1
    assert "there is no delivery nobody" in str(run("inbox", "replay", "nobody", "-c", config).exception)


def test_send(config: Path, photo: Path) -> None:
    """Send shows the plan first; with --plan it only shows it; the same key sends once."""
    base = ("send", photo, "--inbox", "line", "--to", "+1", "--text", "hi", "-c", config)
    assert answer(*base, "--plan")["plan"]["channel"] == "fake"
    assert answer("outbox", "list", "-c", config) == []
    first, second = (answer(*base, "--key", "k1") for _ in range(2))
    assert first["id"] == second["id"]
    assert "Plan for fake" in run(*base).output
    assert answer(*base, "--key", "k1", "--wait", "0.3")["message"]["status"] == "queued"
    assert len(answer("outbox", "list", "-c", config)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--inbox", "nobody", "--to", "+1", "--text", "x"), "unknown inbox 'nobody'; configured: line"),
        (("--inbox", "line", "--text", "x"), "give an address or a message to answer"),
        (("--inbox", "line", "--to", "+1"), "give a text or a file"),
        (("--inbox", "line", "--text", "x", "--answer", "nobody"), "there is no message nobody"),
        (("--inbox", "line", "--to", "+1", "--template", "hello:en_US", "--value", "1=Ada"), "has no templates"),
    ],
)
def test_send_faults(config: Path, arguments: tuple[str, ...], words: str) -> None:
    """What cannot be sent is told in words that say what to give."""
    result = run("send", *arguments, "-c", config)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    "given", [("--template", "hello"), ("--template", "a:b", "--value", "Ada"), ("--value", "1=x")]
)
def test_a_template_is_named_whole(config: Path, given: tuple[str, ...]) -> None:
    """By name and language, each value with its gap; anything else is told how it is written."""
    result = run("send", "--inbox", "line", "--to", "+1", *given, "-c", config)
    assert (result.exit_code, "NAME:LANGUAGE" in result.output) == (2, True)


def test_exit_codes(tmp_path: Path) -> None:
    """Outside, the codes are 0 for done, 1 for could not, 2 for mistyped and 3 for a wrong configuration."""
    (tmp_path / "odd.bin").write_bytes(b"\x00\x01")
    for code, words, arguments in (
        (0, "", ("--version",)),
        (1, "error: ", ("preview", "odd.bin")),
        (2, "", ("explain", "nowhere.jpg")),
        (3, "run 'mediacore init'", ("outbox", "list")),
        (3, "unknown channel 'pigeon'", ("limits", "pigeon")),
    ):
        done = outside(*arguments, folder=tmp_path)
        assert (done.returncode, words in done.stderr) == (code, True), done
        assert "Traceback" not in done.stderr


def test_errors_in_words(tmp_path: Path) -> None:
    """A file system that refuses is told in words, not with a traceback."""
    (tmp_path / "photo.jpg").write_bytes(builders.photo(32, 32))
    (tmp_path / "taken").write_text("a file, not a folder")
    done = outside("preview", "photo.jpg", "--out", "taken/below", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
