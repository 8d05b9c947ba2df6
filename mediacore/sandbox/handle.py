"""A zygote as the trusted process holds it: started on the first job, started again when it has died."""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from attrs import asdict, define, field

from mediacore.sandbox.budget import GROUPS, Budget
from mediacore.sandbox.lock import Level
from mediacore.sandbox.wire import JOB, NOTE_MOST, End, blank, write_all
from mediacore.values import Json

START_SECONDS = 60.0
"""The most time a zygote may take to import its engines; OCR models take some seconds on a slow machine."""
GRACE_SECONDS = 5.0
"""How long past the wall time the end of a child may take to be reported before the zygote itself is given up."""

_BOOT = (
    "import json, sys; path, fd, group, most = json.loads(sys.argv[1]); sys.path[:] = path; "
    "from mediacore.sandbox.zygote import main; main(fd, group, most)"
)


class ZygoteLost(Exception):
    """The zygote died or does not answer; nothing is known of the job."""


@define(eq=False)
class Handle:
    """One preload group's zygote.

    Args:
        group: its name in ``GROUPS``.
        most: the level not to go beyond.
    """

    group: str
    most: Level
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

    def run(self, operation: str, source: int, params: Mapping[str, Json], budget: Budget, fds: tuple[int, int]) -> End:
        """Run one job and wait for its end.

        Args:
            operation: its name.
            source: the input, open for reading only.
            params: its arguments.
            budget: its limits.
            fds: empty files for the answer and the output.

        Raises:
            ZygoteLost: see there.
        """
        request = blank()
        ours, theirs = socket.socketpair(socket.AF_UNIX, _SOCKET_KIND)
        try:
            write_all(
                request, json.dumps({"operation": operation, "params": params, "budget": asdict(budget)}).encode()
            )
            process = self._hand_over((request, source, *fds, theirs.fileno()))
            theirs.close()
            return self._wait(ours, budget, process)
        finally:
            os.close(request)
            ours.close()
            theirs.close()

    def _hand_over(self, fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
        with self._lock:
            self._ensure()
            assert self._control is not None
            assert self._process is not None
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))
            try:
                self._control.sendmsg([JOB], [rights])
            except OSError as error:
                self._drop()
                raise ZygoteLost(str(error)) from error
            return self._process

    def _wait(self, channel: socket.socket, budget: Budget, process: subprocess.Popen[bytes]) -> End:
        channel.settimeout(budget.wall + GRACE_SECONDS)
        try:
            note = channel.recv(NOTE_MOST)
        except OSError as error:
            self._give_up(process)
            raise ZygoteLost(str(error)) from error
        if not note:
            self._give_up(process)
            raise ZygoteLost("the zygote went away")
        return End(**json.loads(note))

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        """Bury a zygote that failed a job, unless another thread did; a dying one may still look alive."""
        with self._lock:
            if self._process is process:
                self._drop()

    def _ensure(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._drop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, _SOCKET_KIND)
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

    def _drop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None


_SOCKET_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM


def _environment(group: str) -> dict[str, str]:
    """All that a zygote gets to know: no path of the host, no secret, few threads, no telemetry."""
    threads = str(GROUPS[group].threads)
    return {
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "ORT_DISABLE_TELEMETRY": "1",
    }
