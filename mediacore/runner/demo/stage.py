"""The demo's stage: simulated providers, mail servers, and the runner as a process of its own that may die and rise."""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import urlopen

from attrs import define, field

from mediacore.errors import ConfigError, MediacoreError
from mediacore.mounting import channels
from mediacore.runner.config import Config, load
from mediacore.testkit import Devices

SIMULATORS = {
    "email": "mediacore_email.simulator:MailSimulator",
    "sms": "mediacore_sms.simulator:TwilioSimulator",
    "whatsapp": "mediacore_whatsapp.simulator:WhatsAppSimulator",
    "instagram": "mediacore_instagram.simulator:InstagramSimulator",
    "webchat": "mediacore_webchat.simulator:VisitorSimulator",
}
CUSTOMERS = {
    "email": "anna@customers.example",
    "sms": "+14155550123",
    "whatsapp": "+16505551234",
    "instagram": "7720001112223334",
    "webchat": "",
}
POLICY = {"redact_outbound": ["card"], "resend_after": 20.0}


@define(eq=False)
class Stage:
    """Everything that the demo needs around the runner.

    Args:
        folder: where configuration and data are kept.
        wanted: the channels that play.
        say: told what happens.
    """

    folder: Path
    wanted: Sequence[str]
    say: Callable[[str], None]
    simulators: dict[str, Any] = field(factory=dict)
    restarts: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _closing: threading.Event = field(factory=threading.Event)
    _threads: list[threading.Thread] = field(factory=list)
    _port: int = 0

    def __enter__(self) -> Stage:
        installed = channels()
        missing = [name for name in self.wanted if name not in installed]
        if missing:
            raise ConfigError(f"not installed: {', '.join(missing)}; try: pip install mediacore-{missing[0]}")
        self._port = _free_port()
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the runner is reached."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def config(self) -> Config:
        """The site's configuration, as the runner reads it."""
        return load(self.folder / "mediacore.toml")

    def customer(self, channel: str) -> str:
        """The customer's address on a channel."""
        return str(self.simulators[channel].visitor) if channel == "webchat" else CUSTOMERS[channel]

    def devices(self, channel: str) -> Devices:
        """What the customers of a channel received."""
        found: Devices = self.simulators[channel].devices
        return found

    def writes(self, channel: str, text: str, files: Sequence[tuple[str, str, bytes]]) -> None:
        """Let the channel's customer write."""
        simulator = self.simulators[channel]
        if channel == "webchat":
            simulator.inbound(text, files)
        else:
            simulator.inbound(self.customer(channel), text, files)

    def kill_sometimes(self, times: int) -> None:
        """Kill the runner that many times at random moments, as a crash would; it is started again each time."""

        def killer() -> None:
            chance = random.Random()  # noqa: S311 - when to pull the plug is no secret
            for _ in range(times):
                if self._closing.wait(chance.uniform(0.3, 9.0)):
                    return
                if self._process is not None and self._process.poll() is None:
                    self._process.send_signal(signal.SIGKILL)

        self._start_thread(killer)

    def close(self) -> None:
        """Stop the runner and the providers."""
        self._closing.set()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for thread in self._threads:
            thread.join(timeout=15)
        for simulator in self.simulators.values():
            simulator.close()

    def _open(self) -> None:
        inboxes: dict[str, Mapping[str, Any]] = {}
        for name in self.wanted:
            module, _, kind = SIMULATORS[name].partition(":")
            simulator = getattr(importlib.import_module(module), kind)()
            if name == "webchat":
                simulator.url = f"{self.url}/inbox/webchat"
            else:
                simulator.webhook = f"{self.url}/hooks/{name}"
                simulator.start()
            self.simulators[name] = simulator
            inboxes[name] = {**simulator.settings(), "policy": POLICY}
        self._write_config(inboxes)
        self._spawn()
        self._wait_until_healthy()
        self._start_thread(self._supervise)
        if "webchat" in self.simulators:
            self.simulators["webchat"].start()

    def _write_config(self, inboxes: Mapping[str, Mapping[str, Any]]) -> None:
        site = {"data": "data", "public_url": self.url, "listen": f"127.0.0.1:{self._port}", "poll": 0.5}
        lines = ["[site]", *(f"{k} = {json.dumps(v)}" for k, v in site.items())]
        for name, table in inboxes.items():
            lines += ["", f"[inbox.{name}]", *(f"{k} = {_toml(v)}" for k, v in table.items())]
        text = "\n".join(lines) + "\n"
        tomllib.loads(text)
        (self.folder / "mediacore.toml").write_text(text, encoding="utf-8")

    def _spawn(self) -> None:
        log = (self.folder / "runner.log").open("ab")
        command = [sys.executable, "-m", "mediacore.runner", "serve", "--config", str(self.folder / "mediacore.toml")]
        self._process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ})  # noqa: S603 - ourselves
        log.close()

    def _supervise(self) -> None:
        while not self._closing.is_set():
            assert self._process is not None
            if self._process.poll() is None:
                self._closing.wait(0.1)
                continue
            self.restarts += 1
            self.say(f"the runner died (exit {self._process.returncode}) and is started again")
            self._spawn()
            self._closing.wait(0.5)

    def _wait_until_healthy(self, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                break
            try:
                with urlopen(f"{self.url}/health", timeout=2) as answer:  # noqa: S310 - our own loopback address
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        log = (self.folder / "runner.log").read_text(errors="replace")[-2000:]
        raise MediacoreError(f"the runner did not come up; its log ends with:\n{log}", code="runner")

    def _start_thread(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _toml(value: Any) -> str:  # noqa: ANN401 - a setting
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(list(value) if isinstance(value, tuple) else value)
