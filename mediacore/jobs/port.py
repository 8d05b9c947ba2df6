"""What the rest of the house asks of a job engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from mediacore.house import Job

Runner: TypeAlias = Callable[[str, str, int], float | None]
"""``(name, argument, attempt)``: do a job; None when it is over, or the seconds after which to do it again."""


class Jobs(Protocol):
    """A job engine."""

    def enqueue(self, connection: Any, job: Job) -> None:  # noqa: ANN401 - a connection of the ledger's database
        """Add a job within a transaction; a job whose id is known already is not added again."""

    def start(self, run: Runner) -> None:
        """Begin to work, first on what a former process of this slot left behind."""

    def stop(self) -> None:
        """Stop working; what is under way is resumed at the next start."""

    def prune(self, older: float) -> int:
        """Forget finished jobs that are older than that many seconds; returns how many."""
