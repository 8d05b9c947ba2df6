"""The process that forks the children: started clean, single-threaded, with every engine already imported.

It is executed before it sees any file, with an empty environment, so no secret of the application is in its memory.
For each job it forks a child, stops it when its wall time is over or nobody waits for it any more, and reports how it
ended. It reads nothing that a child wrote. When its control socket closes it ends, and the kernel ends its children.
"""

from __future__ import annotations

import array
import codecs
import contextlib
import encodings
import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import time
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from attrs import define, field

from mediacore.engines.operation import OPERATIONS, Made, Operation, Unusable, load
from mediacore.sandbox import doors
from mediacore.sandbox.budget import GROUPS, SELF_TEST, Budget
from mediacore.sandbox.child import live
from mediacore.sandbox.lock import Level, Lock
from mediacore.sandbox.wire import DESCRIPTORS, NOTE_MOST, read_all

_REQUEST_MOST = 16 << 20


@define
class _Job:
    pid: int
    channel: socket.socket
    deadline: float
    late: bool = False


@define
class Zygote:
    """The loop around the children.

    Args:
        control: the socket on which jobs arrive.
        operations: the engines of this group, imported.
        lock: the jail.
    """

    control: socket.socket
    operations: dict[str, Operation]
    lock: Lock
    jobs: dict[int, _Job] = field(factory=dict)
    selector: selectors.BaseSelector = field(factory=selectors.DefaultSelector)

    def serve(self) -> None:
        """Serve until the control socket closes."""
        woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select(self._patience()):
                if key.fileobj is self.control:
                    if not self._accept():
                        return self._end()
                elif key.fileobj == woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(woken, 4096)
                else:
                    self._abandoned(key.fd)
            self._stop_late()
            self._reap()

    def _accept(self) -> bool:
        space = socket.CMSG_SPACE(DESCRIPTORS * array.array("i").itemsize)
        data, ancillary, _, _ = self.control.recvmsg(64, space, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
        if not data:
            return False
        fds = array.array("i")
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        request, source, answer, output, channel = fds
        try:
            self._start(
                json.loads(read_all(request, _REQUEST_MOST)), (source, answer, output), socket.socket(fileno=channel)
            )
        finally:
            for fd in (request, source, answer, output):
                os.close(fd)
        return True

    def _start(self, request: dict[str, Any], fds: tuple[int, int, int], channel: socket.socket) -> None:
        budget = Budget(**request["budget"])
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(request, budget, parent, fds)
        self.jobs[pid] = _Job(pid, channel, time.monotonic() + budget.wall)
        self.selector.register(channel, selectors.EVENT_READ, pid)

    def _become_child(
        self, request: dict[str, Any], budget: Budget, parent: int, fds: tuple[int, int, int]
    ) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep_only((*fds, *self.lock.descriptors))
            live(self.operations[request["operation"]], request["params"], budget, self.lock, parent, fds)
        finally:
            os._exit(1)

    def _patience(self) -> float | None:
        running = [job.deadline for job in self.jobs.values() if not job.late]
        return max(0.0, min(running) - time.monotonic()) if running else None

    def _abandoned(self, fd: int) -> None:
        """Nobody waits for this job any more."""
        for job in self.jobs.values():
            if job.channel.fileno() == fd:
                self.selector.unregister(job.channel)
                os.kill(job.pid, signal.SIGKILL)

    def _stop_late(self) -> None:
        now = time.monotonic()
        for job in self.jobs.values():
            if not job.late and job.deadline <= now:
                job.late = True
                # only this process reaps, so the number cannot have been given to another process
                os.kill(job.pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self.jobs:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            job = self.jobs.pop(pid)
            scale = 1 if sys.platform == "darwin" else 1024
            end = {
                "status": status,
                "cpu": usage.ru_utime + usage.ru_stime,
                "rss": usage.ru_maxrss * scale,
                "late": job.late,
            }
            with contextlib.suppress(KeyError):
                self.selector.unregister(job.channel)
            with contextlib.suppress(OSError):
                job.channel.send(json.dumps(end).encode())
            job.channel.close()

    def _end(self) -> None:
        for pid in self.jobs:
            os.kill(pid, signal.SIGKILL)


def _keep_only(wanted: tuple[int, ...]) -> None:
    """Close every descriptor but these and the three standard ones."""
    edges = [2, *sorted(wanted), 1 << 16]
    for low, high in pairwise(edges):
        os.closerange(low + 1, high)


def preload(group: str) -> tuple[dict[str, Operation], dict[str, str]]:
    """Import and warm a group's engines.

    Returns:
        The operations, and for each that is missing a reason.
    """
    operations: dict[str, Operation] = {}
    missing: dict[str, str] = {}
    for name in GROUPS[group].operations:
        try:
            operations[name] = load(name)
            warm = getattr(import_module(OPERATIONS[name].partition(":")[0]), "warm", None)
            if warm is not None:
                warm()
        except Exception as error:  # an engine that cannot start must not take its siblings along
            operations[name] = _unavailable(name)
            missing[name] = f"{type(error).__name__}: {error}"[:200]
    warm_text()
    operations[SELF_TEST] = doors.try_all
    return operations, missing


def _unavailable(name: str) -> Operation:
    def refuse(*_: object) -> Made:
        raise Unusable("library-missing", f"A library needed to {name} files is not installed here.")

    return refuse


def main(descriptor: int, group: str, most: int) -> None:
    """Run as a zygote.

    Args:
        descriptor: the control socket.
        group: which engines to preload.
        most: the level not to go beyond.
    """
    control = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    operations, missing = preload(group)
    lock = Lock(Level(most))
    greeting = {"level": int(lock.level), "missing": missing, "threads": threads()}
    gc.collect()
    gc.freeze()
    control.send(json.dumps(greeting).encode()[:NOTE_MOST])
    Zygote(control, operations, lock).serve()


def threads() -> int:
    """Threads of this process; a fork of more than one can deadlock. 0 where it cannot be told."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 0


def warm_text() -> None:
    """Load every text encoding, since Python imports them at their first use."""
    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(LookupError):
            codecs.lookup(module.name)
