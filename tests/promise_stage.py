"""A site with every channel on a provider of its own, all in this process; jobs run where the test stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import evolve, frozen
from mediacore_email.simulator import MailSimulator
from mediacore_instagram.simulator import InstagramSimulator
from mediacore_sms.simulator import TwilioSimulator
from mediacore_webchat.simulator import VisitorSimulator
from mediacore_whatsapp.simulator import WhatsAppSimulator
from mediacore_whatsapp.simulator_pacing import Pacing

from mediacore import pipeline
from mediacore.errors import Permanent
from mediacore.house import Job
from mediacore.plan import Plan
from mediacore.runner.config import SiteSettings, from_tables
from mediacore.runner.edge import application
from mediacore.runner.site import FileToSend, Site
from mediacore.testkit import Received, Server

INBOXES = ("email", "email-small", "sms", "sms-narrow", "sms-wide", "whatsapp", "instagram", "webchat")
FINAL = {"email": ("sent",), "instagram": ("sent",)}
"""Where the provider reports no delivery; everywhere else it must be delivered."""
ADDRESS = {
    "email": "c{}@customers.example",
    "sms": "+1415555{:04}",
    "whatsapp": "+1650555{:04}",
    "instagram": "7720001112{:06}",
}


class _Gate:
    """An address that is known before the application behind it."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@frozen
class Sent:
    """What became of one message.

    Args:
        inbox, to: where it went.
        explained: the plan that the agent was shown, or why there is none.
        shown: the message as the ledger has it.
        received: what reached the customer, in order.
    """

    inbox: str
    to: str
    explained: Plan | Permanent
    shown: dict[str, Any]
    received: list[Received]

    @property
    def refused(self) -> bool:
        """Whether the agent was told beforehand that it cannot be sent."""
        return isinstance(self.explained, Permanent) or bool(self.explained.refused)


class Town:
    """Providers, their customers, and our site between them.

    Args:
        folder: for the site's data.
        inboxes: which of them there are.
    """

    def __init__(self, folder: Path, inboxes: Sequence[str] = INBOXES) -> None:
        self._stack, self._gate = ExitStack(), _Gate()
        self._jobs: list[Job] = []
        self._lock = threading.Lock()
        self._count = 0
        url = self._stack.enter_context(Server(self._gate)).url
        try:
            self.simulators = {name: self._simulator(name, url) for name in inboxes}
            tables = {
                name: {**simulator.settings(), "policy": {"redact_outbound": []}, **self._profile(name)}
                for name, simulator in self.simulators.items()
            }
            settings = SiteSettings(data=str(folder / "data"), public_url=url, ocr=False, min_jail=0)
            self.site = self._stack.enter_context(Site(from_tables(settings, tables, folder)))
            self.site.house = evolve(self.site.house, enqueue=self._enqueue)
            self._gate.app = application(self.site, lifespan=False)
            if "webchat" in inboxes:
                self._stack.enter_context(self.simulators["webchat"])
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Town:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def customer(self, inbox: str) -> str:
        """Somebody to whom nobody wrote yet; the web chat has one visitor only."""
        if inbox == "webchat":
            return str(self.simulators[inbox].visitor)
        with self._lock:
            self._count += 1
        return ADDRESS[inbox.partition("-")[0]].format(self._count)

    def carry(self, inbox: str, files: Sequence[FileToSend], text: str = "") -> Sent:
        """Show the plan, send, and wait for what becomes of it."""
        to = self.customer(inbox)
        try:
            explained: Plan | Permanent = self.site.explain(inbox, files, text)
        except Permanent as error:
            explained = error
        id_ = self.site.send(inbox, to, text, files, subject="Your order")
        self.work()
        wanted = (*FINAL.get(inbox.partition("-")[0], ()), "delivered", "read", "failed")
        shown = self._until(id_, wanted)
        self.work()
        return Sent(inbox, to, explained, shown, self.received(inbox, to, id_))

    def received(self, inbox: str, to: str, id_: str) -> list[Received]:
        """What reached the customer of a message."""
        found: list[Received] = self.simulators[inbox].devices.all(to)
        return [r for r in found if inbox != "webchat" or r.source_id == id_]

    def complaints(self) -> list[str]:
        """What a browser could not show, told once."""
        told: list[str] = self.simulators["webchat"].complaints
        found = list(told)
        told.clear()
        return found

    def work(self) -> None:
        """Do every job; none may ask to be told again, for nothing goes wrong here."""
        while True:
            with self._lock:
                if not self._jobs:
                    return
                job = self._jobs.pop(0)
            wait = pipeline.run(self.site.house, job.name, job.argument, job.attempt)
            if wait is not None:
                time.sleep(min(wait, 0.2))
                self._enqueue(None, evolve(job, attempt=job.attempt + 1))

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        """Nobody reaches our site, so that neither links nor files that a provider fetches can be offered."""
        house = self.site.house
        self.site.house = evolve(house, link=lambda *_: "")
        try:
            yield
        finally:
            self.site.house = house

    def _enqueue(self, _connection: object, job: Job) -> None:
        with self._lock:
            self._jobs.append(job)

    def _until(self, id_: str, wanted: Sequence[str], seconds: float = 40.0) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while (shown := self.site.message(id_))["status"] not in wanted and time.monotonic() < end:
            time.sleep(0.01)
        return shown

    def _simulator(self, name: str, url: str) -> Any:
        hook = f"{url}/hooks/{name}"
        if name == "webchat":
            return VisitorSimulator(f"{url}/inbox/webchat")
        made: Any
        if name.startswith("instagram"):
            made = InstagramSimulator(webhook=hook, product="page" if name == "instagram-page" else "login")
        elif name == "whatsapp":
            made = WhatsAppSimulator(webhook=hook, pacing=Pacing(burst=10**6))
        elif name == "email":
            made = MailSimulator()
        elif name == "email-small":
            made = MailSimulator(size=10_000_000)
        else:
            profile = {"sms": "default", "sms-narrow": "time_critical", "sms-wide": "long_code"}[name]
            made = TwilioSimulator(webhook=hook, profile=profile)
        return self._stack.enter_context(made)

    @staticmethod
    def _profile(name: str) -> dict[str, str]:
        return {"profile": "postmark"} if name == "email-small" else {}
