"""A zygote as the trusted process holds it: started on the first job, started again when it has died."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from attrs import define, field

from mediacore.sandbox import heap
from mediacore.sandbox.budget import GROUPS
from mediacore.sandbox.lock import Level
from mediacore.sandbox.spare import Spare, ZygoteLost
from mediacore.sandbox.wire import NOTE_MOST, SOCKET_KIND, SPARE, blank, write_all
from mediacore.values import Json

START_SECONDS = 60.0
"""The most time a zygote may take to import its engines; OCR models take some seconds on a slow machine."""
GRACE_SECONDS = 5.0
"""How long the zygote may take to fork a child or to tell of its end before it is given up."""
LAST_BREATH = 0.2
"""Seconds that a zygote which failed a job gets to turn out dead; it is kept when it lives."""

_BOOT = (
    "import json, sys; path, fd, group, most = json.loads(sys.argv[1]); sys.path[:] = path; "
    "from mediacore.sandbox.zygote import main; main(fd, group, most)"
)


@define(eq=False)
class Handle:
    """One preload group's zygote.

    Args:
        group: its name in ``GROUPS``.
        most: the level not to go beyond.
        spares: children to keep waiting; they share the zygote's memory until they work.
    """

    group: str
    most: Level
    spares: int = 1
    level: Level = Level.LIMITS
    missing: dict[str, str] = field(factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _lock: threading.Lock = field(factory=threading.Lock)

    @property
    def pid(self) -> int:
        """The process id, starting the zygote if need be."""
        with self._lock:
            self._ensure()
            assert self._process is not None
            return self._process.pid

    def start(self) -> None:
        """Start it if it does not run.

        Raises:
            ZygoteLost: it does not come up.
        """
        with self._lock:
            self._ensure()

    def close(self) -> None:
        """Stop it and its children."""
        with self._lock:
            self._drop()

    def take(self, request: Mapping[str, Json], fds: tuple[int, int, int]) -> Spare:
        """Hand a job to a child that waits for one, and have another forked in its place.

        Args:
            request: the operation's name, its arguments and its limits.
            fds: the input, and empty files for the answer and the output.

        Raises:
            ZygoteLost: no child can be had.
        """
        paper = blank()
        try:
            write_all(paper, json.dumps(request).encode())
            for _ in range(self.spares + 1):
                spare = self._next()
                try:
                    spare.give((paper, *fds))
                except OSError:  # it died while it waited
                    spare.close()
                    continue
                return spare
            raise ZygoteLost("the processes that wait die")
        finally:
            os.close(paper)

    def give_up(self, spare: Spare) -> None:
        """Bury the zygote that failed a job, unless another thread did; a dying one may still look alive."""
        with self._lock:
            if self._control is spare.control:
                self._drop()

    def _next(self) -> Spare:
        with self._lock:
            for _ in range(2):  # one that died since the last job is found out here
                self._ensure()
                assert self._control is not None
                try:
                    spare = Spare.receive(self._control)
                    self._control.send(SPARE)
                except (OSError, ZygoteLost):
                    self._drop()
                else:
                    return spare
            raise ZygoteLost(f"the {self.group} zygote dies")

    def _ensure(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._drop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, SOCKET_KIND)
        argument = json.dumps([[p for p in sys.path if p] or [str(Path.cwd())], theirs.fileno(), self.group, self.most])
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-I", "-c", _BOOT, argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(self.group),
            pass_fds=[theirs.fileno()],
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self._control = ours
        self._greet(ours)

    def _greet(self, control: socket.socket) -> None:
        control.settimeout(START_SECONDS)
        try:
            greeting = control.recv(NOTE_MOST)
        except OSError as error:
            self._drop()
            raise ZygoteLost(f"the {self.group} zygote did not start: {error}") from error
        if not greeting:
            self._drop()
            raise ZygoteLost(f"the {self.group} zygote did not start")
        control.settimeout(GRACE_SECONDS)
        facts = json.loads(greeting)
        self.level, self.missing = Level(facts["level"]), facts["missing"]
        for _ in range(self.spares):
            control.send(SPARE)

    def _drop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None


def _environment(group: str) -> dict[str, str]:
    """All that a zygote gets to know: no path of the host, no secret, few threads, no telemetry."""
    threads = str(GROUPS[group].threads)
    return {
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "ORT_DISABLE_TELEMETRY": "1",
        **heap.ENVIRONMENT,
    }
