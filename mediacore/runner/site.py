"""A running site: the house built from a configuration, with its workers and pollers. What a host embeds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import evolve, frozen

from mediacore import pipeline
from mediacore.defaults import Defaults
from mediacore.desk import CallbackDesk
from mediacore.engines.reading import ocr
from mediacore.errors import ConfigError, MediacoreError
from mediacore.events import Request
from mediacore.house import Desk, House, Job
from mediacore.inbox import Inbox
from mediacore.jobs.engine import DbosJobs
from mediacore.messages import AttachmentState, Status, Template
from mediacore.mounting import channels, mount, share, shared_plugins
from mediacore.names import safe_name
from mediacore.plan import Plan
from mediacore.reading import Away
from mediacore.runner.config import Config
from mediacore.runner.links import Links
from mediacore.sandbox import Bench, Level, Sandbox
from mediacore.steps import again, calling_off, intake, marking, polling, preparing
from mediacore.steps.files import scratch
from mediacore.stores import conversation
from mediacore.stores import intake as ledger_intake
from mediacore.stores.blobs import Blobs
from mediacore.stores.coding import to_json
from mediacore.stores.ledger import Ledger, tick
from mediacore.values import Region


@frozen
class FileToSend:
    """A file that an agent picked.

    Args:
        path: where it is; it is copied, never changed.
        caption: the text that stands with it.
        name: what the customer sees it called; the path's own name when empty.
        regions: what the agent marked to be painted over.
        sort: the sort of file that it must travel as, by its name in the limits, such as ``sticker`` or ``voice``;
            empty to leave it to the plan.
    """

    path: Path
    caption: str = ""
    name: str = ""
    regions: tuple[Region, ...] = ()
    sort: str = ""


class Site:
    """A site.

    Args:
        config: its configuration.
        desk: who is told of new messages and statuses; nobody when None.

    Raises:
        ConfigError, ContractError: an inbox cannot be mounted.
    """

    def __init__(self, config: Config, desk: Desk | None = None) -> None:
        self.config = config
        data = config.data
        data.mkdir(parents=True, exist_ok=True)
        self.links = Links(config.site.public_url, config.link_secret())
        self._sandbox = Sandbox()
        bench = Bench(self._sandbox, data / "bench")
        ledger = Ledger(config.database)
        self._jobs = DbosJobs(ledger.engine, data / "run")
        self.house = House(
            inboxes={},
            policies=config.policies,
            bench=bench,
            blobs=Blobs(data / "blobs"),
            ledger=ledger,
            enqueue=self._jobs.enqueue,
            desk=desk or CallbackDesk(lambda _notice: None),
            reads=config.site.ocr and ocr.available(),  # without the extra pictures are not read; doctor says so
            link=self.links.link,
        )
        self._stop = threading.Event()
        self._pollers: list[threading.Thread] = []
        try:
            self.house = evolve(self.house, inboxes=self._mounted(bench))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Site:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mounted(self, bench: Bench) -> dict[str, Inbox]:
        available, extra, mounted = channels(), shared_plugins(), {}
        for name, table in self.config.inboxes.items():
            plugins = [(label, share(label, settings, extra)) for label, settings in self.config.shared.items()]
            shared = [("defaults", Defaults(bench, self.config.policies[name].region, self.house.reads)), *plugins]
            mounted[name] = mount(name, table, shared, available, Away(self._sandbox, bench.scratch))
        return mounted

    def start(self) -> None:
        """Begin to work: queued jobs, and a poller for every pull channel.

        Raises:
            ConfigError: files cannot be confined as well as the settings ask, or the jail has a gap.
        """
        self._confine()
        self.house.blobs.sweep()
        self._stop.clear()
        self._jobs.start(self._run)
        for name, inbox in self.house.inboxes.items():
            if "poll" in inbox.hooks:
                thread = threading.Thread(target=self._poll, args=(name,), name=f"poll-{name}", daemon=True)
                thread.start()
                self._pollers.append(thread)

    @property
    def confinement(self) -> Level:
        """How well files are locked up while they are worked on."""
        return self._sandbox.level

    def _confine(self) -> None:
        if self.confinement < self.config.site.min_jail:
            raise ConfigError(
                f"files could only be confined at level {self.confinement} here, and min_jail asks for"
                f" {self.config.site.min_jail}: run 'mediacore doctor'"
            )
        if self.confinement >= Level.CALLS and (doors := self._sandbox.self_test()):
            raise ConfigError(f"the jail for files has a gap, so none are taken: {', '.join(doors)}")

    def close(self) -> None:
        """Stop working; what is under way goes on at the next start."""
        self._stop.set()
        for thread in self._pollers:
            thread.join(timeout=10)
        self._pollers.clear()
        self._jobs.stop()
        for inbox in self.house.inboxes.values():
            inbox.close()
        self._sandbox.close()
        self.house.ledger.close()

    def accept(self, inbox: str, request: Request) -> int:
        """Take a provider's delivery in; durable on return. See ``mediacore.steps.intake.accept``."""
        return intake.accept(self.house, inbox, request)

    def explain(
        self, inbox: str, files: Sequence[FileToSend], text: str = "", to: str = "", template: Template | None = None
    ) -> Plan:
        """What would happen to these files on that inbox; the plan is the one that ``send`` carries out.

        Args:
            inbox: the inbox's name.
            files: what goes.
            text: the words.
            to: the customer's address, which may tell what reaches them now; may be empty.
            template: what goes in place of the words.

        Raises:
            Permanent: a file must not be sent at all, or the template not in this way, with the reason.
        """
        mounted = self.house.inbox(inbox)
        with scratch(self.house) as folder:
            items = [
                preparing.ready(
                    self.house, mounted, f.path, f.name or f.path.name, f.caption, f.regions, folder, f.sort
                )
                for f in files
            ]
            return preparing.make_plan(self.house, mounted, items, text, to, template=template)

    def send(
        self, inbox: str, to: str, text: str = "", files: Sequence[FileToSend] = (), *,
        key: str = "", subject: str = "", answer: str = "", automatic: bool = False,
        template: Template | None = None,
    ) -> str:  # fmt: skip
        """Ask for a message to be sent; durable on return, and sent by whichever process works.

        Args:
            inbox: the inbox's name.
            to: the customer's address; may be empty when ``answer`` names a message of theirs.
            text: the words.
            files: what goes with them.
            key: the desk's idempotency key; the same key again returns the first message's id and sends nothing.
            subject: for channels that have one.
            answer: the ledger's id of the message that this answers.
            automatic: a machine wrote it, not a person.
            template: words that the provider approved, in place of the text.

        Returns:
            The ledger's id of the message.

        Raises:
            ConfigError: no such inbox. KeyError: no such message to answer. MediacoreError: nothing to send.
        """
        self.house.inbox(inbox)
        if not text.strip() and not files and template is None:
            raise MediacoreError("there is nothing to send: give a text or a file", code="nothing")
        stored = [(f, self._store(f.path)) for f in files]
        with self.house.ledger.begin() as connection:
            tick(connection)  # from here on no other process asks at the same time, under the same key perhaps
            if known := conversation.by_key(connection, inbox, key):
                return str(known["id"])
            answered = conversation.message(connection, answer) if answer else None
            thread = conversation.answering(answered) if answered else {"conversation": to}
            columns: dict[str, Any] = {"contact": to, "subject": subject, **thread}
            if not columns["contact"]:
                raise MediacoreError("it is not said to whom: give an address or a message to answer", code="nobody")
            id_ = conversation.add_message(
                connection, inbox=inbox, direction="outbound", text=text, status=Status.QUEUED, told=True,
                automatic=automatic, template=to_json(template), **columns,
            )  # fmt: skip
            conversation.change(connection, id_, key=key or id_)
            for position, (file, sha256) in enumerate(stored):
                conversation.add_attachment(
                    connection, id_, position, name=safe_name(file.name or file.path.name), caption=file.caption,
                    state=AttachmentState.READY, sha256=sha256, size=file.path.stat().st_size,
                    regions=to_json(list(file.regions)), sort=file.sort,
                )  # fmt: skip
            self.house.enqueue(connection, Job("outbound", f"out:{id_}:0", id_))
        return id_

    def message(self, id_: str) -> dict[str, Any]:
        """A message with its files, as plain JSON.

        Raises:
            KeyError: there is none of that id.
        """
        with self.house.ledger.begin() as connection:
            return conversation.view(connection, conversation.message(connection, id_))

    def messages(self, **select: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - see conversation.select_messages
        """Messages in the order in which they last changed; narrowed by ``inbox, direction, conversation, after``."""
        with self.house.ledger.begin() as connection:
            return [conversation.view(connection, r) for r in conversation.select_messages(connection, **select)]

    def retry(self, id_: str) -> None:
        """Try a message again: a failed or doubtful send, or an attachment that could not be fetched.

        Raises:
            KeyError: there is none of that id. MediacoreError: there is nothing to try again.
        """
        again.again(self.house, id_)

    def cancel(self, id_: str) -> None:
        """Call a message off of which nothing was handed over; see ``mediacore.steps.calling_off.call_off``.

        Raises:
            KeyError: there is none of that id. MediacoreError: it is too late (``sent``), or failed already.
        """
        calling_off.call_off(self.house, id_)

    def mark(self, id_: str, typing: bool = False) -> bool:
        """Show a customer that their message was read, or that an answer is being written; see ``steps.marking``.

        Raises:
            KeyError: there is none of that id. MediacoreError: the provider did not take it; nothing is tried again.
        """
        return marking.mark(self.house, id_, typing)

    def resume(self, inbox: str) -> None:
        """Let an inbox work again whose account was reconnected."""
        with self.house.ledger.begin() as connection:
            ledger_intake.resume(connection, inbox)

    def path(self, sha256: str) -> Path:
        """Where a stored file is.

        Raises:
            KeyError: it is not stored.
        """
        return self.house.blobs.path(sha256)

    def _store(self, path: Path) -> str:
        with path.open("rb") as source:
            return self.house.blobs.put(iter(lambda: source.read(1 << 20), b""))

    def _run(self, name: str, argument: str, attempt: int) -> float | None:
        return pipeline.run(self.house, name, argument, attempt)

    def _poll(self, name: str) -> None:
        polling.follow(self.house, name, self.config.site.poll, self._stop)
