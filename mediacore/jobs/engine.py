"""Jobs on DBOS: the ledger's own database, so that a row and its job commit together.

What its defaults would get wrong for us is set here: a constant application version (else a new release strands the
queued jobs of the old one), JSON instead of pickle, our own engine with a forced write-ahead log, an executor id that a
restart takes over, and pruning of our own.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
import time
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, Serializer

from mediacore.house import Job
from mediacore.jobs.port import Runner

LOG = logging.getLogger("mediacore")
VERSION = "stories-1"
"""Raised only when what a queued job means changes."""
NAME = "mediacore"
WORKFLOW = "mediacore.story"
QUEUES = {"inbound": 4, "outbound": 4, "tell": 1, "later": 1, "expire": 1}
"""How many jobs of each sort one process does at once."""
POLL = 0.15
POISON = 5
"""How often a job may take its process down with it before it is left for a person."""
KEEP, PRUNING = 3 * 86400.0, 600.0
"""Seconds for which finished jobs are kept, and between two rounds of forgetting them."""
TAKEOVER = 0.5
"""Seconds between looks for processes that died."""


class PlainJson(Serializer):
    """Arguments and results as JSON: whoever can write the table must not be able to run code."""

    def serialize(self, data: Any) -> str:  # noqa: ANN401 - the engine's own signature
        """As JSON."""
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:  # noqa: ANN401 - as above
        """From JSON."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """What the table calls this form."""
        return "mediacore_json"


class DbosJobs:
    """The job engine of one process.

    Args:
        engine: the ledger's database.
        run: a folder for the locks by which processes know that another one lives.
    """

    def __init__(self, engine: sa.Engine, run: Path) -> None:
        self._engine = engine
        self._folder = run
        self._client = self._connected()
        self._lock: IO[str] | None = None
        self._stop = threading.Event()
        self._watch: threading.Thread | None = None
        self._executor = ""

    def enqueue(self, connection: sa.Connection, job: Job) -> None:
        """Add a job within a transaction."""
        options: Any = {
            "workflow_name": WORKFLOW,
            "queue_name": job.name,
            "workflow_id": job.id,
            "app_version": VERSION,
            "application_name": NAME,
        }
        if job.delay:
            options["delay_seconds"] = job.delay
        self._client.enqueue_in_transaction(connection, options, job.name, job.argument, job.attempt, job.id)

    def start(self, run: Runner) -> None:
        """Begin to work."""
        self._executor = self._take_slot()
        config: DBOSConfig = {
            "name": NAME,
            "system_database_engine": self._engine,
            "application_version": VERSION,
            "executor_id": self._executor,
            "serializer": PlainJson(),
            "log_level": "ERROR",
            "enable_otlp": False,
        }
        DBOS(config=config)
        self._register(run)
        DBOS.launch()
        for name, workers in QUEUES.items():
            DBOS.register_queue(
                name, worker_concurrency=workers, polling_interval_sec=POLL, on_conflict="always_update"
            )
        self._stop.clear()
        self._watch = threading.Thread(target=self._take_over, daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """Stop working."""
        self._stop.set()
        if self._watch is not None:
            self._watch.join(timeout=5)
            self._watch = None
            DBOS.destroy(workflow_completion_timeout_sec=5, destroy_registry=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self._client.destroy()

    def prune(self, older: float) -> int:
        """Forget finished jobs."""
        before = int((time.time() - older) * 1000)
        done = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"], limit=1000, load_input=False, load_output=False
        )
        ids = [w.workflow_id for w in done if (w.updated_at or before) < before]
        if ids:
            DBOS.delete_workflows(ids)
        return len(ids)

    def _connected(self) -> DBOSClient:
        """The engine's client, whose tables are there before any process has worked on them."""
        client = DBOSClient(
            system_database_engine=self._engine,
            dbos_system_schema=None,
            serializer=PlainJson(),
            application_name=NAME,
        )
        client._sys_db.run_migrations()  # noqa: SLF001 - the public way is to launch the whole engine
        return client

    def _register(self, run: Runner) -> None:
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=POISON)
        def story(name: str, argument: str, attempt: int, id_: str) -> None:
            again = DBOS.run_step({"name": name}, run, name, argument, attempt)
            if again is not None:
                stem = id_.rpartition(":")[0]
                following = Job(name, f"{stem}:{attempt + 1}", argument, attempt + 1, max(again, 0.05))
                DBOS.run_step({"name": "again"}, self._again, following)

    def _again(self, job: Job) -> None:
        with self._engine.begin() as connection:
            self.enqueue(connection, job)

    def _take_slot(self) -> str:
        """The first executor id whose lock nobody holds; the kernel drops a lock when its process dies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        slot = 0
        while True:
            name = f"{os.uname().nodename}-{slot}"
            lock = self._try_lock(name)
            if lock is not None:
                self._lock = lock
                return name
            slot += 1

    def _try_lock(self, name: str) -> IO[str] | None:
        file = (self._folder / f"{name}.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        return file

    def _take_over(self) -> None:
        """Give the jobs of processes that died back to the living, and forget old ones now and then."""
        pruned = time.monotonic()
        while not self._stop.wait(TAKEOVER):
            try:
                self._rescue()
                if time.monotonic() - pruned > PRUNING:
                    pruned = time.monotonic()
                    self.prune(KEEP)
            except Exception:
                LOG.exception("the jobs could not be looked after; tried again")

    def _rescue(self) -> None:
        for lock in self._folder.glob("*.lock"):
            name = lock.stem
            held = self._try_lock(name) if name != self._executor else None
            if held is None:
                continue
            try:
                if DBOS.list_workflows(status="PENDING", executor_id=[name], limit=1):
                    # The public resume_workflow() would reset the attempts, so a poison job would loop for ever.
                    DBOS._recover_pending_workflows([name])  # noqa: SLF001
            finally:
                held.close()
