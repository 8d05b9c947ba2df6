"""``Sandbox``: engines on untrusted bytes, each file in a locked child of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from attrs import asdict, evolve, field, frozen

from mediacore.engines.operation import Unusable
from mediacore.sandbox.attend import Attendant, Progress
from mediacore.sandbox.budget import BUDGETS, GROUPS, SELF_TEST, WORKERS_MOST, Budget, budget_for, group_of
from mediacore.sandbox.handle import GRACE_SECONDS, Handle
from mediacore.sandbox.lock import Level
from mediacore.sandbox.outfiles import cut
from mediacore.sandbox.spare import Spare, ZygoteLost
from mediacore.sandbox.turns import Turn, Turns
from mediacore.sandbox.wire import COMPLETE, End, answer_in, blank, garbled, read_answer, read_share
from mediacore.values import Json

TRIES = 2
"""A job whose zygote was killed from outside is run once more."""


@frozen
class Outcome:
    """What an operation produced, after the trusted side has judged it.

    Args:
        facts: the engine's facts; JSON of any shape, so whoever uses a value checks it.
        files: the derived files in order, inside the folder that ``run`` was given.
        cpu: seconds of processor time, as the child says.
        rss: the most bytes of memory it had, as the child says.
    """

    facts: dict[str, Any]
    files: tuple[Path, ...] = ()
    cpu: float = field(default=0.0, eq=False)
    rss: int = field(default=0, eq=False)


class Sandbox:
    """Runs operations on untrusted files, each in a confined process that lives for one file.

    Threads may share one sandbox. Nothing is started before the first use, and a process that died is started again.

    Args:
        workers: short jobs at once; 0 for two per processor, so that one which turns out long holds nobody up. Jobs
            that take long run beside them, half as many.
        most: the level not to go beyond, for tests of the lower ones.
    """

    def __init__(self, workers: int = 0, most: Level = Level.FULL) -> None:
        workers = min(workers or 2 * (os.cpu_count() or 1), WORKERS_MOST)
        self._turns = Turns(workers)
        self._handles = {name: Handle(name, most, min(workers, group.spares)) for name, group in GROUPS.items()}
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
        self,
        operation: str,
        path: Path,
        params: Mapping[str, Json],
        out: Path,
        budget: Budget | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """Run one operation on one file.

        Args:
            operation: a name in ``mediacore.engines.operation.OPERATIONS``.
            path: the untrusted file; it is opened for reading only.
            params: the operation's arguments.
            out: a folder for the derived files, which get fresh names there; made when it is missing.
            budget: what it may use; None for what the operation usually gets on a file of this type.
            progress: called in this thread a few times a second while the job runs, with the share that the engine
                says is done; to call the job off, raise in it: the child is stopped and the error goes on.

        Raises:
            Unusable: the file is of no use for this, with a code and words for a person: ``timeout``,
                ``too-much-memory``, ``crashed``, ``damaged``, ``library-missing``, or what the engine said.
            OSError: the file or the folder of the caller is at fault.
            Retry: too many jobs wait already.
            ValueError: there is no such operation, or the sandbox is closed.
        """
        if operation not in BUDGETS:
            raise ValueError(f"there is no operation {operation!r}")
        budget = budget or budget_for(operation, str(params.get("type", "")))
        return self._run(operation, path, params, out, budget, progress)

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

    def _run(
        self,
        operation: str,
        path: Path,
        params: Mapping[str, Json],
        out: Path,
        budget: Budget,
        progress: Progress | None = None,
    ) -> Outcome:
        handle = self._handles[group_of(operation)]
        with path.open("rb", buffering=0) as source, self._turns.turn() as turn:
            budget = evolve(budget, memory=budget.memory + os.fstat(source.fileno()).st_size)
            request: dict[str, Json] = {"operation": operation, "params": params, "budget": asdict(budget)}
            for _ in range(TRIES):
                if self._closed:
                    raise ValueError("the sandbox is closed")
                with suppress(ZygoteLost):
                    return self._once(handle, request, source.fileno(), out, budget, turn, progress)
        raise Unusable("crashed", "The file could not be worked on: the process for it ended again and again.")

    def _once(
        self,
        handle: Handle,
        request: Mapping[str, Json],
        source: int,
        out: Path,
        budget: Budget,
        turn: Turn,
        progress: Progress | None,
    ) -> Outcome:
        answer, output = blank(), blank()
        try:
            spare = handle.take(request, (source, answer, output))
            try:
                late = _attended(Attendant(spare, self._turns, turn, answer, progress), budget)
                if late or read_share(answer) != COMPLETE:
                    _judge(_end(handle, spare), budget, late=late)
            finally:
                spare.close()
            room = min(os.fstat(output).st_size, budget.output)
            facts, sizes, usage = read_answer(answer_in(answer, budget.answer), budget.answer, room)
            return Outcome(facts, cut(output, sizes, out), usage.cpu, usage.rss)
        finally:
            os.close(answer)
            os.close(output)


def _attended(attendant: Attendant, budget: Budget) -> bool:
    try:
        return attendant.attend(budget.wall)
    except ValueError:
        raise garbled() from None


def _end(handle: Handle, spare: Spare) -> End:
    spare.stop()  # one that has closed its socket and lives on; it changes nothing for one that is dying
    try:
        return spare.end(GRACE_SECONDS)
    except ZygoteLost:
        handle.give_up(spare)
        raise


def _judge(end: End, budget: Budget, *, late: bool) -> NoReturn:
    """Say in words how a child ended that gave no whole answer.

    Raises:
        Unusable: always.
    """
    if not late and os.WIFEXITED(end.status) and os.WEXITSTATUS(end.status) == 0:
        raise garbled()
    stopped = os.WTERMSIG(end.status) if os.WIFSIGNALED(end.status) else 0
    if late or stopped == signal.SIGXCPU or (stopped == signal.SIGKILL and end.cpu >= budget.cpu):
        raise Unusable("timeout", "Working on this file takes too long; it may be made to do harm.")
    if stopped == signal.SIGKILL:
        raise Unusable("too-much-memory", "Working on this file was stopped; it may take too much memory.")
    raise Unusable("crashed", "The file made its reader crash; it is damaged, or made to do harm.")
