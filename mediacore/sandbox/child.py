"""What one forked child does: wait for its one job, lock itself up, run one operation on one file, answer, end."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import NoReturn

from mediacore.engines.operation import Made, Operation, Unusable, reporting
from mediacore.sandbox import heap
from mediacore.sandbox.budget import Budget
from mediacore.sandbox.lock import Lock
from mediacore.sandbox.wire import (
    JOB_DESCRIPTORS,
    answer_of,
    excuse_of,
    read_all,
    receive_with,
    write_all,
    write_answer,
    write_share,
)
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


REQUEST_MOST = 16 << 20
"""Bytes of one job's arguments; thousands of regions to paint over fit."""


def live(operations: Mapping[str, Operation], lock: Lock, parent: int, own: socket.socket) -> NoReturn:
    """The whole life of a child after the fork; never returns.

    All that takes time is done before the job comes. The limits and the system calls are locked when it has come,
    before the first byte of the file is read.

    Args:
        operations: the engines, already imported.
        lock: the jail.
        parent: the zygote's process id.
        own: the socket on which its job arrives; it keeps nothing else open.
    """
    try:
        lock.begin(parent)
        heap.warm()
        _, descriptors = receive_with(own, JOB_DESCRIPTORS)
        if len(descriptors) != JOB_DESCRIPTORS:  # it is not needed any more
            os._exit(0)
        request, source, answer, output = descriptors
        job = json.loads(read_all(request, REQUEST_MOST))
        os.close(request)
        budget = Budget(**job["budget"])
        lock.close(budget)
        write_answer(answer, _answer(operations[job["operation"]], job["params"], (source, answer, output), budget))
        own.close()  # tells that the answer is whole; what follows takes milliseconds that nobody waits for
    finally:
        os._exit(0)


def _answer(operation: Operation, params: Mapping[str, Json], fds: tuple[int, int, int], budget: Budget) -> bytes:
    source, answer, output = fds
    try:
        with reporting(lambda done: write_share(answer, done)):
            made = perform(operation, source, params)
        if sum(map(len, made.files)) > budget.output:
            return excuse_of(Unusable("too-large", "What came out of this file is too large."))
        for data in made.files:
            write_all(output, data)
        return answer_of(made)
    except Unusable as error:
        return excuse_of(error)
    except MemoryError:
        return excuse_of(Unusable("too-much-memory", "Opening this file would take too much memory."))
