"""``InProcess``: the same operations without any jail, where processes cannot be forked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from attrs import define

from mediacore.engines.operation import Stopped, Unusable, load, reporting
from mediacore.sandbox.attend import Progress
from mediacore.sandbox.budget import BUDGETS, Budget, budget_for
from mediacore.sandbox.child import perform
from mediacore.sandbox.jail import Outcome
from mediacore.sandbox.lock import Level
from mediacore.sandbox.outfiles import cut
from mediacore.sandbox.wire import answer_of, blank, read_answer, write_all
from mediacore.values import Json


class InProcess:
    """Runs operations inside the calling process: same verdicts and same bytes as ``Sandbox``, no protection.

    Time and memory are not limited, so a hostile file can stop the whole process. For platforms without ``fork``, and
    to prove that the jail changes nothing.
    """

    level = Level.NONE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is held."""

    @property
    def missing(self) -> Mapping[str, str]:
        """Operations that cannot run here: found out when they are tried."""
        return {}

    def self_test(self) -> tuple[str, ...]:
        """What the jail leaves open: everything."""
        return (self.level.description,)

    def run(
        self,
        operation: str,
        path: Path,
        params: Mapping[str, Json],
        out: Path,
        budget: Budget | None = None,
        progress: Progress | None = None,
    ) -> Outcome:
        """As ``Sandbox.run``; of the budget only the sizes hold, and progress is heard only when an engine reports.

        Raises:
            Unusable, OSError, ValueError: as there.
        """
        if operation not in BUDGETS:
            raise ValueError(f"there is no operation {operation!r}")
        budget = budget or budget_for(operation, str(params.get("type", "")))
        try:
            function = load(operation)
        except ImportError:
            raise Unusable("library-missing", f"A library needed to {operation} files is not installed here.") from None
        heard = _Heard(progress) if progress else None
        try:
            with path.open("rb", buffering=0) as source, reporting(heard):
                made = perform(function, source.fileno(), params)
        except Stopped:
            assert heard is not None
            assert heard.error is not None
            raise heard.error from None
        output = blank()
        try:
            for data in made.files:
                write_all(output, data)
            room = min(os.fstat(output).st_size, budget.output)
            facts, sizes, _ = read_answer(answer_of(made), budget.answer, room)
            return Outcome(facts, cut(output, sizes, out))
        finally:
            os.close(output)


@define
class _Heard:
    """Passes reports on, and takes what the listener raises past engines that catch every ``Exception``."""

    progress: Progress
    error: BaseException | None = None

    def __call__(self, done: float) -> None:
        try:
            self.progress(done)
        except BaseException as error:
            self.error = error
            raise Stopped from error
