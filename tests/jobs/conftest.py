"""The real job engine on SQLite: one in this process for what needs no crash, and processes that may be killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from mediacore.house import Job
from mediacore.jobs.engine import DbosJobs
from mediacore.stores.ledger import Ledger

WORKER = """
import os, signal, sys, time
from pathlib import Path
from mediacore.jobs import engine
from mediacore.stores.ledger import Ledger

folder, name = Path(sys.argv[1]), sys.argv[2]
engine.POISON = 2

def run(story, argument, attempt):
    with (folder / "log").open("a") as log:
        log.write(f"{name} {argument} {attempt}\\n")
    if argument == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if argument.startswith("slow") and not (folder / "fast").exists():
        time.sleep(600)
    with (folder / "log").open("a") as log:
        log.write(f"{name} {argument} done\\n")

ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
jobs = engine.DbosJobs(ledger.engine, folder / "run")
jobs.start(run)
(folder / f"{name}.up").touch()
while True:
    time.sleep(60)
"""


@attrs.define(eq=False)
class Bureau:
    """Job engines on one database.

    Args:
        folder: the database, the locks and what was done.
    """

    folder: Path
    ledger: Ledger
    jobs: DbosJobs
    workers: list[subprocess.Popen[bytes]] = attrs.field(factory=list)

    def enqueue(self, *jobs: Job) -> None:
        with self.ledger.begin() as connection:
            for job in jobs:
                self.jobs.enqueue(connection, job)

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        """A process that works until it is killed."""
        process = subprocess.Popen([sys.executable, "-W", "error", "-c", WORKER, str(self.folder), name])
        self.workers.append(process)
        return process

    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().splitlines() if path.exists() else []

    def until(self, look: Callable[[], object], seconds: float = 40) -> None:
        end = time.monotonic() + seconds
        while not look():
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def statuses(self) -> dict[str, str]:
        query = sa.text("select workflow_uuid, status from workflow_status")
        with self.ledger.engine.begin() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    bureau = Bureau(tmp_path, ledger, DbosJobs(ledger.engine, tmp_path / "run"))
    yield bureau
    for process in bureau.workers:
        process.kill()
        process.wait()
    bureau.jobs.stop()
    ledger.close()


@attrs.define(eq=False)
class Desk:
    """One engine at work in this process; what its jobs do is set by the test, by their argument."""

    bureau: Bureau
    acts: dict[str, Callable[[int], float | None]] = attrs.field(factory=dict)
    done: dict[str, list[int]] = attrs.field(factory=lambda: defaultdict(list))
    order: list[str] = attrs.field(factory=list)
    changed: threading.Condition = attrs.field(factory=threading.Condition)

    def run(self, _name: str, argument: str, attempt: int) -> float | None:
        again = self.acts[argument](attempt) if argument in self.acts else None
        with self.changed:
            self.done[argument].append(attempt)
            self.order.append(argument)
            self.changed.notify_all()
        return again

    def wait(self, argument: str, count: int = 1, seconds: float = 30) -> list[int]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.done[argument]) >= count, seconds), dict(self.done)
            return list(self.done[argument])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("jobs")
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    desk = Desk(Bureau(folder, ledger, DbosJobs(ledger.engine, folder / "run")))
    desk.bureau.jobs.start(desk.run)
    yield desk
    desk.bureau.jobs.stop()
    ledger.close()
