"""``InProcess``: the same operations without any jail, where processes cannot be forked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mediacore.engines.operation import Unusable, load
from mediacore.sandbox.budget import BUDGETS, Budget
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
        self, operation: str, path: Path, params: Mapping[str, Json], out: Path, budget: Budget | None = None
    ) -> Outcome:
        """As ``Sandbox.run``; of the budget only the sizes of the answer and the output hold.

        Raises:
            Unusable, OSError, ValueError: as there.
        """
        if operation not in BUDGETS:
            raise ValueError(f"there is no operation {operation!r}")
        budget = budget or BUDGETS[operation]
        try:
            function = load(operation)
        except ImportError:
            raise Unusable("library-missing", f"A library needed to {operation} files is not installed here.") from None
        with path.open("rb", buffering=0) as source:
            made = perform(function, source.fileno(), params)
        output = blank()
        try:
            for data in made.files:
                write_all(output, data)
            facts, sizes = read_answer(answer_of(made), budget.answer, min(os.fstat(output).st_size, budget.output))
            return Outcome(facts, cut(output, sizes, out))
        finally:
            os.close(output)
