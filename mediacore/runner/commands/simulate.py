"""``simulate``: one provider on this machine, to build and test against without an account."""

from __future__ import annotations

import importlib
import json
import mimetypes
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import httpx2 as httpx
import rich_click as click

from mediacore.errors import ConfigError, MediacoreError
from mediacore.runner.output import console

if TYPE_CHECKING:
    from mediacore.testkit import Devices, Mischief

OTHERS = {
    "sms:telnyx": "mediacore_sms.telnyx_simulator:TelnyxSimulator",
    "instagram:page": "mediacore_instagram.simulator:page",
}
"""Further providers of channels that have several; the first of each is in the demo's table."""
ADDRESSED = {"webchat"}
"""Channels whose simulator is a customer's browser, and so needs to know where the runner is."""
POLLED = {"email"}
"""Channels whose runner looks for messages itself and needs no webhook."""
PATIENCE = 5.0
"""Seconds for which a visitor waits for a runner that is away."""
PAUSE = 0.1
"""Seconds between two looks at what happened."""

Tell: TypeAlias = Callable[[str, Mapping[str, Any]], None]
Planned: TypeAlias = tuple[str, int, str]


class Simulator(Protocol):
    """What the simulators of all channels have in common."""

    url: str
    mischief: Mischief
    devices: Devices
    inbound: Callable[..., str]
    settings: Callable[[], dict[str, Any]]
    start: Callable[[], None]
    close: Callable[[], None]


@click.command()
@click.argument("channel")
@click.option("--port", default=0, help="Where the provider listens; 0 is any free port.")
@click.option(
    "--webhook", default="", metavar="URL", help="The runner's webhook, such as http://127.0.0.1:8000/hooks/sms."
)
@click.option(
    "--url", default="", metavar="URL", help="webchat: the inbox, such as http://127.0.0.1:8000/inbox/webchat."
)
@click.option(
    "--mischief",
    "acts",
    multiple=True,
    metavar="ACT[:TIMES[:WHERE]]",
    help="Let something go wrong, such as throttle, hang-after:2 or drop-after:1:send; may be given again.",
)
@click.option("--say", metavar="TEXT", help="Let a customer write this once all is up.")
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that the customer sends along; may be given again.",
)
@click.option("--seconds", type=float, help="End after so long instead of with Ctrl-C.")
@click.option("--json", "json_", is_flag=True, help="Print one JSON object a line.")
def simulate(
    channel: str, port: int, webhook: str, url: str, acts: tuple[str, ...], say: str | None, files: tuple[Path, ...],
    seconds: float | None, json_: bool,
) -> None:  # fmt: skip
    """Start the simulated provider of CHANNEL: a real server on this machine with the provider's rules and errors.

    It prints its address, its credentials and the table to paste into mediacore.toml, then every message that a
    customer receives and every answer that the webhook gave. SMS has two providers: sms is Twilio, sms:telnyx is
    Telnyx. Instagram has two products: instagram is Instagram Login, instagram:page a linked Page. For webchat the
    simulator is a visitor's browser, so start `mediacore serve` first and give --url.
    """
    name = channel.partition(":")[0]
    tell = _as_lines if json_ else _as_words
    planned = [_act(told) for told in acts]
    writes = say is not None or bool(files)
    if writes and not webhook and name not in (*ADDRESSED, *POLLED):
        raise click.UsageError("--say and --file need --webhook: without it nobody hears the customer")
    simulator = _build(channel, port, webhook, url)
    _plan(simulator, planned)
    if name in ADDRESSED:
        tell("inbox", {"channel": channel, "settings": simulator.settings()})
    _start(simulator)
    with closing(simulator):
        told = {"channel": channel, "url": simulator.url, "webhook": webhook, "settings": simulator.settings()}
        tell("visitor" if name in ADDRESSED else "ready", told)
        if writes:
            tell("wrote", {"id": _write(simulator, name, say or "", files), "text": say or "", "files": len(files)})
        _watch(simulator, seconds, tell)


def _build(channel: str, port: int, webhook: str, url: str) -> Simulator:
    from mediacore.runner.demo.stage import SIMULATORS

    known = {**SIMULATORS, **OTHERS}
    if channel not in known:
        raise click.UsageError(f"there is no simulator of {channel!r}; there are {', '.join(sorted(known))}")
    module, _, kind = known[channel].partition(":")
    try:
        made: Callable[..., Simulator] = getattr(importlib.import_module(module), kind)
    except ModuleNotFoundError as error:
        package = channel.partition(":")[0]
        raise ConfigError(
            f"the simulator of {channel} needs {error.name}; try: pip install 'mediacore-{package}[simulator]'"
        ) from error
    if channel not in ADDRESSED:
        if url:
            raise click.UsageError(f"--url is for {', '.join(ADDRESSED)}; the runner of {channel} is told by --webhook")
        return made(port=port, webhook=webhook)
    if not url:
        table = _table({"channel": channel, "settings": made().settings()})
        raise click.UsageError(
            f"the simulator of {channel} is a visitor's browser, which has to know where the runner is. Put its inbox "
            "into mediacore.toml, start the runner with `mediacore serve`, and give the inbox's address, such as "
            f"--url http://127.0.0.1:8000/inbox/{channel}\n\n{table}"
        )
    if port or webhook:
        raise click.UsageError(f"--port and --webhook have no meaning for {channel}: a visitor listens nowhere")
    return made(url, patience=PATIENCE)


def _act(told: str) -> Planned:
    from mediacore.testkit import Act

    act, _, rest = told.partition(":")
    times, _, where = rest.partition(":")
    if act not in list(Act) or not (times or "1").isdecimal():
        raise click.UsageError(
            f"--mischief {told}: it is ACT[:TIMES[:WHERE]], and the acts are {', '.join(sorted(Act))}"
        )
    return act, int(times or "1"), where


def _plan(simulator: Simulator, acts: list[Planned]) -> None:
    from mediacore.testkit import Act

    for act, times, where in acts:
        simulator.mischief.plan(Act(act), times, where)


def _start(simulator: Simulator) -> None:
    try:
        simulator.start()
    except httpx.HTTPError as error:
        simulator.close()
        raise MediacoreError(f"no runner answers at {simulator.url}: {error}", code="runner") from error


def _write(simulator: Simulator, name: str, text: str, files: tuple[Path, ...]) -> str:
    from mediacore.runner.demo.stage import CUSTOMERS

    sent = [
        (path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", path.read_bytes())
        for path in files
    ]
    customer = () if name in ADDRESSED else (CUSTOMERS[name],)
    return simulator.inbound(*customer, text, sent)


def _watch(simulator: Simulator, seconds: float | None, tell: Tell) -> None:
    end = None if seconds is None else time.monotonic() + seconds
    received, answered, last = 0, 0, -1
    pause = threading.Event()
    try:
        while True:
            for message in simulator.devices.all()[received:]:
                received += 1
                files = [{"name": f.name, "type": f.type, "bytes": len(f.data)} for f in message.files]
                told = {"id": message.source_id, "to": message.to, "text": message.text, "files": files}
                tell("received", told | ({"extra": dict(message.extra)} if message.extra else {}))
            for status in getattr(simulator, "answers", [])[answered:]:
                answered += 1
                if status or last:  # a provider tries again and again while nobody answers
                    tell("answer", {"status": status})
                last = status
            if end is not None and time.monotonic() >= end:
                return
            pause.wait(PAUSE)
    except KeyboardInterrupt:
        return


def _as_lines(what: str, told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps({"event": what, **told}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _as_words(what: str, told: Mapping[str, Any]) -> None:
    if what in ("ready", "inbox"):
        if told.get("url"):
            console.print(f"the simulated provider of {told['channel']} is up at {told['url']}", markup=False)
        console.print("paste into mediacore.toml:\n", style="dim")
        console.print(_table(told), markup=False, soft_wrap=True)
        if what == "ready":
            console.print("\nCtrl-C ends it; what customers receive is told here", style="dim")
    elif what == "visitor":
        console.print(f"a visitor opened {told['url']}; Ctrl-C ends it", markup=False)
    elif what == "received":
        console.print(f"{told['to']} received: {told['text']}", markup=False, soft_wrap=True)
        for file in told["files"]:
            console.print(f"    {file['name'] or 'a file'} · {file['type']} · {file['bytes']} bytes", markup=False)
    elif what == "answer":
        console.print(f"the webhook answered {told['status'] or 'nothing: is the runner up?'}", markup=False)
    else:
        console.print(f"a customer wrote {told['text']!r} with {told['files']} file(s)", markup=False, soft_wrap=True)


def _table(told: Mapping[str, Any]) -> str:
    """The inbox's table as TOML; an address that only the runner's owner knows is left as a comment."""
    lines = [f"[inbox.{told['channel'].partition(':')[0]}]"]
    for key, value in told["settings"].items():
        empty = value == ""
        lines.append(
            f"{'# ' if empty else ''}{key} = {_toml(value)}{'  # the webhook: see --webhook' if empty else ''}"
        )
    return "\n".join(lines)


def _toml(value: Any) -> str:  # noqa: ANN401 - a setting
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
