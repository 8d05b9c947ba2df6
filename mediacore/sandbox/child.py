"""What one forked child does: lock itself up, run one operation on one file, write the answer, end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NoReturn

from mediacore.engines.operation import Made, Operation, Unusable
from mediacore.sandbox.budget import Budget
from mediacore.sandbox.lock import Lock
from mediacore.sandbox.wire import answer_of, excuse_of, write_all
from mediacore.values import Json


def perform(operation: Operation, source: int, params: Mapping[str, Json]) -> Made:
    """Run an engine on an open descriptor and put every failure into words.

    Raises:
        Unusable: whatever went wrong.
    """
    try:
        with os.fdopen(source, "rb", closefd=False) as file:
            file.seek(0)
            return operation(file, params)
    except Unusable:
        raise
    except MemoryError:
        raise Unusable("too-much-memory", "Opening this file would take too much memory.") from None
    except RecursionError:
        raise Unusable("crashed", "The file is nested too deeply to be read.") from None
    except Exception as error:
        # the decoder's own words may echo the file's content, so only the kind of error goes on
        raise Unusable(
            "damaged", f"The file is damaged or not what it claims to be ({type(error).__name__})."
        ) from error


def live(
    operation: Operation, params: Mapping[str, Json], budget: Budget, lock: Lock, parent: int, fds: tuple[int, int, int]
) -> NoReturn:
    """The whole life of a child after the fork; never returns.

    Args:
        operation: the engine, already imported.
        params: its arguments.
        budget: its limits.
        lock: the jail.
        parent: the zygote's process id.
        fds: input, answer and output descriptors.
    """
    source, answer, output = fds
    try:
        lock.close(budget, parent)
        _write(perform(operation, source, params), answer, output, budget)
    except Unusable as error:
        write_all(answer, excuse_of(error))
    except MemoryError:
        write_all(answer, excuse_of(Unusable("too-much-memory", "Opening this file would take too much memory.")))
    finally:
        os._exit(0)


def _write(made: Made, answer: int, output: int, budget: Budget) -> None:
    if sum(map(len, made.files)) > budget.output:
        raise Unusable("too-large", "What came out of this file is too large.")
    for data in made.files:
        write_all(output, data)
    write_all(answer, answer_of(made))
