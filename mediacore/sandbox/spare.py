"""A child that was forked ahead, as the trusted process holds it: it gets one job, and can be paused and stopped."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from mediacore.sandbox.wire import JOB, NOTE_MOST, SPARE_DESCRIPTORS, STEP_BACK, End, receive_with, send_with


class ZygoteLost(Exception):
    """The zygote died or does not answer; nothing is known of the job."""


@frozen(eq=False)
class Spare:
    """One child.

    Args:
        own: the other end of its socket; it closes when the job is over, however it ended.
        channel: the zygote's word on how it ended; closing it stops the child.
        control: the socket that it came by, which tells its zygote from others.
        process: a descriptor of its process, which can never mean another one; -1 where there are none.
    """

    own: socket.socket
    channel: socket.socket
    control: socket.socket
    process: int = -1

    @classmethod
    def receive(cls, control: socket.socket) -> Spare:
        """The next child that the zygote hands over.

        Raises:
            ZygoteLost: none came in time.
        """
        try:
            data, fds = receive_with(control, SPARE_DESCRIPTORS)
        except OSError as error:
            raise ZygoteLost(f"no process came: {error}") from error
        if not data or len(fds) < SPARE_DESCRIPTORS - 1:
            raise ZygoteLost("the zygote went away")
        return cls(socket.socket(fileno=fds[0]), socket.socket(fileno=fds[1]), control, *fds[2:])

    def give(self, descriptors: Sequence[int]) -> None:
        """Give it its one job.

        Raises:
            OSError: it died while it waited.
        """
        send_with(self.own, JOB, descriptors)

    def over(self, seconds: float) -> bool:
        """Wait until it has closed its socket, at most so long.

        Raises:
            ValueError: it spoke, which no engine does.
        """
        poll = select.poll()  # select() cannot take descriptors over 1023
        poll.register(self.own, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            return False
        with contextlib.suppress(ConnectionResetError):
            if self.own.recv(1):
                raise ValueError("a child spoke")
        return True

    def end(self, seconds: float) -> End:
        """How it ended, as the zygote saw it.

        Args:
            seconds: how long that may take.

        Raises:
            ZygoteLost: the zygote does not say.
        """
        self.channel.settimeout(seconds)
        try:
            note = self.channel.recv(NOTE_MOST)
        except OSError as error:
            raise ZygoteLost(str(error)) from error
        if not note:
            raise ZygoteLost("the zygote went away")
        return End(**json.loads(note))

    def stop(self) -> None:
        """Kill it; its end is still told."""
        self._signal(signal.SIGKILL)
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

    @property
    def pausable(self) -> bool:
        """Whether it can be paused here."""
        return self.process >= 0

    def cpu(self) -> float:
        """Seconds of processor time it has used, or infinity when that cannot be told; only where ``pausable``."""
        try:
            # the clock of another process, as clock_getcpuclockid(3) names it on Linux
            return time.clock_gettime(~self._pid() << 3 | 2)
        except (OSError, StopIteration):
            return math.inf

    def starved(self) -> float:
        """Seconds that it was ready to go on and had no processor, of its thread that waited longest; 0 if unknown."""
        try:
            threads = Path(f"/proc/{self._pid()}/task").iterdir()
            waits = [(each / "schedstat").read_text(encoding="ascii").split()[1] for each in threads]
        except (OSError, StopIteration, IndexError):
            return 0.0
        return max(map(int, waits), default=0) / 1e9  # documented in the kernel's scheduler/sched-stats.rst

    def _pid(self) -> int:
        told = Path(f"/proc/self/fdinfo/{self.process}").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pid:"))

    def step_back(self) -> None:
        """Let others have the processor first, for good."""
        with contextlib.suppress(OSError):
            self.channel.send(STEP_BACK)

    def pause(self) -> None:
        """Hold it where it is; only where it is ``pausable``."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on after a pause."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Let go of it; if it still runs it is stopped."""
        self.own.close()
        self.channel.close()
        if self.process >= 0:
            os.close(self.process)

    def _signal(self, number: int) -> None:
        if self.process >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, number)
