"""``Sandbox``: engines on untrusted bytes, each file in a locked child of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import field, frozen

from mediacore.engines.operation import Unusable
from mediacore.sandbox.budget import BUDGETS, GROUPS, SELF_TEST, WORKERS_MOST, Budget, group_of
from mediacore.sandbox.handle import Handle, ZygoteLost
from mediacore.sandbox.lock import Level
from mediacore.sandbox.outfiles import cut
from mediacore.sandbox.wire import End, blank, read_all, read_answer
from mediacore.values import Json

TRIES = 2
"""A job whose zygote was killed from outside is run once more."""


@frozen
class Outcome:
    """What an operation produced, after the trusted side has judged it.

    Args:
        facts: the engine's facts; JSON of any shape, so whoever uses a value checks it.
        files: the derived files in order, inside the folder that ``run`` was given.
        cpu: seconds of processor time.
        rss: the most bytes of memory it had; 0 where it is not known.
    """

    facts: dict[str, Any]
    files: tuple[Path, ...] = ()
    cpu: float = field(default=0.0, eq=False)
    rss: int = field(default=0, eq=False)


class Sandbox:
    """Runs operations on untrusted files, each in a confined process that lives for one file.

    Threads may share one sandbox. Nothing is started before the first use, and a process that died is started again.

    Args:
        workers: children at once; 0 for one per processor.
        most: the level not to go beyond, for tests of the lower ones.
    """

    def __init__(self, workers: int = 0, most: Level = Level.FULL) -> None:
        self._turns = threading.BoundedSemaphore(min(workers or os.cpu_count() or 1, WORKERS_MOST))
        self._handles = {name: Handle(name, most) for name in GROUPS}
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop all processes; a job that still runs ends as ``Unusable``."""
        self._closed = True
        for handle in self._handles.values():
            handle.close()

    @property
    def level(self) -> Level:
        """How well the engines are locked up here; ``level.description`` says it in words."""
        handle = self._handles["media"]
        handle.start()
        return handle.level

    @property
    def missing(self) -> Mapping[str, str]:
        """Operations that cannot run here, of the groups started so far, and why."""
        return {name: why for handle in self._handles.values() for name, why in handle.missing.items()}

    def run(
        self, operation: str, path: Path, params: Mapping[str, Json], out: Path, budget: Budget | None = None
    ) -> Outcome:
        """Run one operation on one file.

        Args:
            operation: a name in ``mediacore.engines.operation.OPERATIONS``.
            path: the untrusted file; it is opened for reading only.
            params: the operation's arguments.
            out: a folder for the derived files, which get fresh names there; made when it is missing.
            budget: what it may use; None for what the operation usually gets.

        Raises:
            Unusable: the file is of no use for this, with a code and words for a person: ``timeout``,
                ``too-much-memory``, ``crashed``, ``damaged``, ``library-missing``, or what the engine said.
            OSError: the file or the folder of the caller is at fault.
            ValueError: there is no such operation, or the sandbox is closed.
        """
        if operation not in BUDGETS:
            raise ValueError(f"there is no operation {operation!r}")
        return self._run(operation, path, params, out, budget or BUDGETS[operation])

    def self_test(self) -> tuple[str, ...]:
        """Try every door of the jail from inside.

        Returns:
            The doors that were open: none at levels 2 and 3. Below, what the processes may do is not restricted and
            the answer says so instead of trying it.

        Raises:
            Unusable: the child did not come through the test.
        """
        if self.level < Level.CALLS:
            return (self.level.description,)
        outcome = self._run(SELF_TEST, Path(os.devnull), {}, Path(os.devnull), Budget())
        return tuple(str(door) for door in outcome.facts["open"])

    def _run(self, operation: str, path: Path, params: Mapping[str, Json], out: Path, budget: Budget) -> Outcome:
        handle = self._handles[group_of(operation)]
        with path.open("rb", buffering=0) as source, self._turns:
            for left in reversed(range(TRIES)):
                if self._closed:
                    raise ValueError("the sandbox is closed")
                try:
                    return self._once(handle, operation, source.fileno(), params, out, budget)
                except ZygoteLost:
                    if not left:
                        break
        raise Unusable("crashed", "The file could not be worked on: the process for it ended again and again.")

    def _once(
        self, handle: Handle, operation: str, source: int, params: Mapping[str, Json], out: Path, budget: Budget
    ) -> Outcome:
        answer, output = blank(), blank()
        try:
            end = handle.run(operation, source, params, budget, (answer, output))
            _judge(end, budget)
            room = os.fstat(output).st_size
            facts, sizes = read_answer(read_all(answer, budget.answer), budget.answer, min(room, budget.output))
            return Outcome(facts, cut(output, sizes, out), end.cpu, end.rss)
        finally:
            os.close(answer)
            os.close(output)


def _judge(end: End, budget: Budget) -> None:
    """Say in words how a child ended that did not end by itself.

    Raises:
        Unusable: it was stopped or it crashed.
    """
    if os.WIFEXITED(end.status) and os.WEXITSTATUS(end.status) == 0:
        return
    stopped = os.WTERMSIG(end.status) if os.WIFSIGNALED(end.status) else 0
    if end.late or stopped == signal.SIGXCPU or (stopped == signal.SIGKILL and end.cpu >= budget.cpu):
        raise Unusable("timeout", "Working on this file takes too long; it may be made to do harm.")
    if stopped == signal.SIGKILL:
        raise Unusable("too-much-memory", "Working on this file was stopped; it may take too much memory.")
    raise Unusable("crashed", "The file made its reader crash; it is damaged, or made to do harm.")
