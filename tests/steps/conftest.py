"""What the tests of the stories share: a channel in memory, a house around it, and jobs that run when they are told."""

from __future__ import annotations

import contextlib
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from mediacore import (
    Absent,
    Accept,
    Contact,
    Event,
    Fetched,
    Figure,
    Finding,
    Header,
    InboundMessage,
    Inbox,
    InDoubt,
    Kind,
    Limits,
    Mark,
    Media,
    MediacoreError,
    Message,
    Outgoing,
    Receipt,
    Refused,
    Region,
    Remote,
    Request,
    Severity,
    Status,
    Text,
    Uploaded,
    hookimpl,
    pipeline,
)
from mediacore import Attachment as MediacoreAttachment
from mediacore.defaults import Defaults
from mediacore.desk import CallbackDesk
from mediacore.house import House, Job, Notice, Policy
from mediacore.messages import AttachmentState
from mediacore.sandbox import Bench, Sandbox
from mediacore.steps import intake
from mediacore.stores import conversation
from mediacore.stores.blobs import Blobs
from mediacore.stores.ledger import Ledger, add_once

SOURCE = "https://provider.example/limits"
LIMITS = Limits(
    channel="line",
    title="Line",
    profile="default",
    accept=(
        Accept("image", Kind.IMAGE, ("image/jpeg", "image/png"), Figure(1_000_000, SOURCE), animated=False),
        Accept("pdf", Kind.PDF, ("application/pdf",), Figure(2_000_000, SOURCE)),
        Accept("text", Kind.TEXT, ("text/plain",), Figure(100_000, SOURCE)),
    ),
    text=Text(max=Figure(40, SOURCE), place="caption", caption_max=Figure(40, SOURCE)),
    message=Message(files=Figure(1, SOURCE)),
)
TABLE = sa.Table(
    "test_jobs",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String, unique=True),
    sa.Column("name", sa.String),
    sa.Column("argument", sa.String),
    sa.Column("attempt", sa.Integer),
    sa.Column("delay", sa.Float),
    sa.Column("done", sa.Boolean, default=False),
)


class Killed(BaseException):
    """The process died here."""


@attrs.define(eq=False)
class Provider:
    """What stands behind the channel: what it will answer, and what it was given."""

    deliveries: dict[bytes, list[Event]] = attrs.field(factory=dict)
    files: dict[str, Any] = attrs.field(factory=dict)
    acts: deque[Any] = attrs.field(factory=deque)
    taken: list[Outgoing] = attrs.field(factory=list)
    tries: list[str] = attrs.field(factory=list)
    uploads: list[str] = attrs.field(factory=list)
    upload_seconds: int | None = None
    memory: Any = "knows"
    names: dict[str, str] = attrs.field(factory=dict)
    marks: list[Mark] = attrs.field(factory=list)
    secrets: dict[str, list[Region]] = attrs.field(factory=dict)
    objections: list[Finding] = attrs.field(factory=list)
    blind: deque[Exception] = attrs.field(factory=deque)

    def take(self, message: Outgoing) -> Receipt:
        self.taken.append(message)
        return Receipt(f"p-{len(self.taken)}")

    def send(self, message: Outgoing) -> Receipt:
        act = self.acts.popleft() if self.acts else "take"
        self.tries.append(message.key)
        if act == "take":
            return self.take(message)
        if act == "lost":
            self.take(message)
            raise InDoubt("no answer")
        if act == "die-after":
            self.take(message)
            raise Killed
        if act == "die-before":
            raise Killed
        if callable(act):
            found = act(message)
            assert isinstance(found, Receipt)
            return found
        assert isinstance(act, Exception)
        raise act

    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        if self.memory == "knows":
            found = [n for n, m in enumerate(self.taken, 1) if m.key == message.key]
            return Receipt(f"p-{found[0]}") if found else Absent()
        if isinstance(self.memory, Exception):
            raise self.memory
        return self.memory  # type: ignore[no-any-return]  # what the test put there

    def fetch(self, ref: str, into: Path) -> Fetched:
        answers = self.files[ref]
        answer = answers.pop(0) if isinstance(answers, list) and len(answers) > 1 else answers
        answer = answer[0] if isinstance(answer, list) else answer
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        into.write_bytes(answer)
        return Fetched(name=self.names.get(ref, ""))


@attrs.frozen(eq=False)
class Line:
    """A channel in memory."""

    provider: Provider
    own_limits: Limits = LIMITS

    @hookimpl
    def limits(self) -> Limits:
        return self.own_limits

    @hookimpl
    def receive(self, request: Request) -> list[Event]:
        if request.header("x-sign") != "good":
            raise Refused("the signature is wrong", code="signature")
        if request.body.startswith(b"garbage"):
            raise Refused("this is no delivery", code="malformed", status=400)
        if request.body not in self.provider.deliveries:
            raise ValueError("nobody thought of this")
        return self.provider.deliveries[request.body]

    @hookimpl
    def fetch(self, remote: Remote, into: Path) -> Fetched:
        return self.provider.fetch(remote.ref, into)

    @hookimpl
    def validate(self, media: Media) -> list[Finding]:
        return self.provider.objections

    @hookimpl
    def preview(self) -> Path | None:
        if self.provider.blind:
            raise self.provider.blind.popleft()
        return None

    @hookimpl
    def redact(self, media: Media) -> list[Region]:
        return self.provider.secrets.get(media.sha256, [])

    @hookimpl
    def upload(self, attachment: MediacoreAttachment) -> Uploaded | None:
        if self.provider.upload_seconds is None:
            return None
        self.provider.uploads.append(attachment.media.sha256)
        return Uploaded(f"u-{len(self.provider.uploads)}", self.provider.upload_seconds)

    @hookimpl
    def send(self, message: Outgoing) -> Receipt:
        return self.provider.send(message)

    @hookimpl
    def reconcile(self, message: Outgoing) -> Receipt | Absent | None:
        return self.provider.reconcile(message)

    @hookimpl
    def mark(self, mark: Mark) -> bool:
        self.provider.marks.append(mark)
        return True


class BrittleLedger(Ledger):
    """A ledger at whose n-th transaction the process dies: before it is committed, or just after."""

    die_at = 0
    after = False
    passed = 0

    @contextlib.contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        self.passed += 1
        due = self.passed == self.die_at
        with super().begin() as connection:
            yield connection
            if due and not self.after:
                raise Killed
        if due:
            raise Killed


@attrs.define(eq=False)
class Stage:
    """A house with one inbox, and jobs that run when the test says so."""

    house: House
    provider: Provider
    notices: list[Notice]
    ledger: BrittleLedger
    desk_acts: deque[BaseException] = attrs.field(factory=deque)
    _count: int = 0

    def request(self, body: bytes, sign: str = "good", method: str = "POST") -> Request:
        return Request(method, "https://here.example/hooks/line", (Header("X-Sign", sign),), body)

    def deliver(self, *events: Event, body: bytes = b"") -> int:
        """The provider delivers these events; returns how many were new."""
        self._count += 1
        key = body or f"delivery {self._count}".encode()
        self.provider.deliveries[key] = list(events)
        return intake.accept(self.house, "line", self.request(key))

    def writes(self, text: str = "hello", *remotes: Remote, source_id: str = "c-1", **more: Any) -> InboundMessage:
        """A customer's message."""
        return InboundMessage(source_id, Contact("+1555", "Ada"), text, remotes, **more)

    def ask(self, text: str = "", *files: tuple[str, bytes], **more: Any) -> str:
        """The desk asks for a message to be sent, as the site does."""
        columns = {"conversation": "+1555", "contact": "+1555", "text": text, "status": Status.QUEUED, "told": True}
        with self.house.ledger.begin() as connection:
            id_ = conversation.add_message(
                connection, inbox="line", direction="outbound", key=f"k-{self._next()}", **{**columns, **more}
            )
            for position, (name, data) in enumerate(files):
                sha256 = self.house.blobs.put([data])
                conversation.add_attachment(
                    connection, id_, position, name=name, state=AttachmentState.READY, sha256=sha256, size=len(data)
                )
            self.house.enqueue(connection, Job("outbound", f"out:{id_}:0", id_))
        return id_

    def _next(self) -> int:
        self._count += 1
        return self._count

    def work(self, most: int = 200) -> None:
        """Do every job that is due now; those that asked for a pause wait."""
        for _ in range(most):
            if not self._one(TABLE.c.delay == 0):
                return
        raise AssertionError("the jobs never end")

    def later(self, times: int = 1) -> None:
        """Let time pass: each waiting job is done once, and whatever follows at once."""
        for _ in range(times):
            with self.ledger.engine.begin() as connection:
                connection.execute(TABLE.update().where(TABLE.c.done.is_(False)).values(delay=0))
            self.work()

    def settle(self, most: int = 30) -> None:
        """Let time pass until nothing waits."""
        for _ in range(most):
            self.later()
            if not self.waiting():
                return
        raise AssertionError(f"still waiting: {self.waiting()}")

    def waiting(self) -> list[str]:
        with self.ledger.engine.begin() as connection:
            return list(connection.execute(sa.select(TABLE.c.id).where(TABLE.c.done.is_(False))).scalars())

    def _one(self, which: Any) -> bool:
        query = sa.select(TABLE).where(TABLE.c.done.is_(False), which).order_by(TABLE.c.number).limit(1)
        with self.ledger.engine.begin() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return False
        again = pipeline.run(self.house, row["name"], row["argument"], row["attempt"])
        with self.ledger.engine.begin() as connection:
            if again is not None:
                stem = row["id"].rpartition(":")[0]
                attempt = row["attempt"] + 1
                enqueue(connection, Job(row["name"], f"{stem}:{attempt}", row["argument"], attempt, max(again, 0.05)))
            connection.execute(TABLE.update().where(TABLE.c.number == row["number"]).values(done=True))
        return True

    def messages(self, direction: str = "inbound") -> list[dict[str, Any]]:
        with self.house.ledger.begin() as connection:
            found = conversation.select_messages(connection, direction=direction)
            return [conversation.view(connection, row) for row in found]

    def message(self, id_: str) -> dict[str, Any]:
        with self.house.ledger.begin() as connection:
            return conversation.view(connection, conversation.message(connection, id_))

    def counts(self) -> Mapping[tuple[str, str], int]:
        from mediacore.stores.intake import counts

        with self.house.ledger.begin() as connection:
            return counts(connection)

    def tell(self, notice: Notice) -> None:
        if self.desk_acts:
            raise self.desk_acts.popleft()
        self.notices.append(notice)


def enqueue(connection: Any, job: Job) -> None:
    """Add a job once, within the transaction."""
    row = {"id": job.id, "name": job.name, "argument": job.argument, "attempt": job.attempt, "delay": job.delay}
    add_once(connection, TABLE, {**row, "done": False})


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables and nothing in them: copied in a moment, where making one takes a part of a second."""
    path = tmp_path_factory.mktemp("tables") / "ledger.db"
    ledger = Ledger(f"sqlite:///{path}")
    TABLE.metadata.create_all(ledger.engine)
    ledger.close()
    return path


@pytest.fixture
def staged(sandbox: Sandbox, tables: Path, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Builds stages: each with a folder of its own, a policy, limits, and links or none."""
    ledgers: list[BrittleLedger] = []

    def build(policy: Policy | None = None, limits: Limits = LIMITS, link: Any = None) -> Stage:
        root = tmp_path / f"stage-{len(ledgers)}"
        root.mkdir()
        shutil.copyfile(tables, root / "ledger.db")
        ledger = BrittleLedger(f"sqlite:///{root / 'ledger.db'}")
        ledgers.append(ledger)
        provider, notices = Provider(), list[Notice]()
        bench = Bench(sandbox, root / "bench")
        inbox = Inbox.mount("line", "line", Line(provider, limits), [("defaults", Defaults(bench, ocr=False))])
        house = House(
            inboxes={"line": inbox},
            policies={"line": policy or Policy()},
            bench=bench,
            blobs=Blobs(root / "blobs", reserve=0),
            ledger=ledger,
            enqueue=enqueue,
            desk=CallbackDesk(lambda notice: built.tell(notice)),
            reads=False,
            **({"link": link} if link else {}),
        )
        built = Stage(house, provider, notices, ledger)
        return built

    yield build
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def stage(staged: Callable[..., Stage]) -> Stage:
    return staged()


@pytest.fixture
def killed() -> type[BaseException]:
    return Killed


@pytest.fixture
def limits() -> Limits:
    return LIMITS


@pytest.fixture
def refusing() -> Finding:
    return Finding("virus", Severity.REFUSE, "a virus is in it")


@pytest.fixture
def odd_error() -> MediacoreError:
    return MediacoreError("something else")
