"""The process that forks the children: started clean, single-threaded, with every engine already imported.

It is executed before it sees any file, with an empty environment, so no secret of the application is in its memory.
It forks a child whenever the trusted process asks for one, ahead of the job that the child will get, hands it over,
stops it when nobody waits for it any more, and reports how it ended. It sees neither files nor jobs, and reads nothing
that a child wrote. When its control socket closes it ends, and the kernel ends its children.
"""

from __future__ import annotations

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
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from attrs import define, field

from mediacore.engines.operation import OPERATIONS, Made, Operation, Unusable, load
from mediacore.sandbox import doors, heap
from mediacore.sandbox.budget import GROUPS, SELF_TEST
from mediacore.sandbox.child import live
from mediacore.sandbox.lock import Level, Lock
from mediacore.sandbox.wire import NOTE_MOST, RSS_UNIT, SOCKET_KIND, SPARE, send_with

NICE = 10
"""How far a child steps back that takes long: the others get nine times as much of a busy processor."""


@define
class Zygote:
    """The loop around the children.

    Args:
        control: the socket on which children are asked for and handed over.
        operations: the engines of this group, imported.
        lock: the jail.
    """

    control: socket.socket
    operations: dict[str, Operation]
    lock: Lock
    channels: dict[int, socket.socket] = field(factory=dict)
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
            for key, _ in self.selector.select():
                if key.fileobj is self.control:
                    asked = self.control.recv(64)
                    if not asked:
                        return self._end()
                    for _ in asked:
                        self._fork()
                elif key.fileobj == woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(woken, 4096)
                else:
                    self._told(key.data)
            self._reap()

    def _fork(self) -> None:
        theirs, own = socket.socketpair(socket.AF_UNIX, SOCKET_KIND)
        end, channel = socket.socketpair(socket.AF_UNIX, SOCKET_KIND)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_child(parent, own)
        self.channels[pid] = channel
        self.selector.register(channel, selectors.EVENT_READ, pid)
        handle = [os.pidfd_open(pid)] if hasattr(os, "pidfd_open") else []
        try:
            send_with(self.control, SPARE, (theirs.fileno(), end.fileno(), *handle))
        finally:
            for each in (theirs, own, end):
                each.close()
            for descriptor in handle:
                os.close(descriptor)

    def _become_child(self, parent: int, own: socket.socket) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _keep_only((own.fileno(), *self.lock.descriptors))
            live(self.operations, self.lock, parent, own)
        finally:
            os._exit(1)

    def _told(self, pid: int) -> None:
        """The trusted process wants a child to step back, or to be gone."""
        # only this process reaps, so the number cannot have been given to another process
        channel = self.channels[pid]
        if channel.recv(64):
            os.setpriority(os.PRIO_PROCESS, pid, NICE)
        else:
            self.selector.unregister(channel)
            os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self.channels:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            channel = self.channels.pop(pid)
            end = {"status": status, "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * RSS_UNIT}
            with contextlib.suppress(KeyError):
                self.selector.unregister(channel)
            with contextlib.suppress(OSError):
                channel.send(json.dumps(end).encode())
            channel.close()

    def _end(self) -> None:
        for pid in self.channels:
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
    warmed: set[object] = set()
    for name in GROUPS[group].operations:
        try:
            operations[name] = load(name)
            warm = getattr(import_module(OPERATIONS[name].partition(":")[0]), "warm", None)
            if warm is not None and warm not in warmed:  # some engines share what they need
                warmed.add(warm)
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
    heap.keep()
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
