"""Locking a process up for good, without root and without any dependency: rlimits, Landlock, seccomp.

Everything here is one-way. A child does it to itself in two steps: what is the same for every job while it waits for
one, the limits and the list of system calls when it has its descriptors, before it reads the first untrusted byte.
Sources: ``landlock(7)``, ``seccomp(2)``, ``prctl(2)``, ``setrlimit(2)``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from enum import IntEnum
from pathlib import Path

from mediacore.sandbox.budget import Budget
from mediacore.sandbox.syscalls import MACHINES, build


class Level(IntEnum):
    """How well the engines are locked up; each level contains the ones below."""

    NONE = 0
    LIMITS = 1
    CALLS = 2
    FULL = 3

    @property
    def description(self) -> str:
        """The level in words, for a health page."""
        return _WORDS[self]


_WORDS = {
    Level.NONE: "engines run inside this process: no protection against hostile files",
    Level.LIMITS: "engines run in processes of their own with limits on time and memory",
    Level.CALLS: "as 1, and only harmless system calls are let through (seccomp)",
    Level.FULL: "as 2, and no file or network can be reached at all (Landlock)",
}

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same on every architecture
_RULESET_VERSION = 1
_ACCESS = ((1, 0x1FFF), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_NET_SINCE, _SCOPE_SINCE = 4, 6


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_void_p))


class Lock:
    """The parts of the jail that this machine has, prepared once and closed in every child.

    Args:
        most: the level not to go beyond; a test of the lower ones sets it.
    """

    def __init__(self, most: Level = Level.FULL) -> None:
        self._base = _address_space()
        self._libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None
        machine = MACHINES.get(platform.machine()) if _LINUX and sys.byteorder == "little" else None
        self._filter = build(machine) if machine and most >= Level.CALLS else b""
        self._ruleset = self._landlock() if self._filter and most >= Level.FULL else -1

    @property
    def level(self) -> Level:
        """What ``begin`` and ``close`` will reach if the kernel does what it said."""
        if not self._filter:
            return Level.LIMITS
        return Level.FULL if self._ruleset >= 0 else Level.CALLS

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What must stay open until ``begin``."""
        return (self._ruleset,) if self._ruleset >= 0 else ()

    def begin(self, parent: int) -> None:
        """Give up all files and networks, and live no longer than the zygote.

        Args:
            parent: the process id without which it must not live.

        Raises:
            OSError: a part that was promised could not be closed; the caller must not go on.
        """
        if self._libc is None:
            return
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        self._prctl(_PR_SET_DUMPABLE, 0)
        self._prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if self._ruleset >= 0:
            self._check(self._libc.syscall(_RESTRICT_SELF, self._ruleset, 0))
            os.close(self._ruleset)

    def close(self, budget: Budget) -> None:
        """Lock this process up for a job that has come.

        Args:
            budget: its limits.

        Raises:
            OSError: as ``begin``.
        """
        self._limit(budget)
        if self._filter:
            steps = ctypes.create_string_buffer(self._filter, len(self._filter))
            program = _Program(len(self._filter) // 8, ctypes.cast(steps, ctypes.c_void_p).value)
            self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))

    def _limit(self, budget: Budget) -> None:
        # SIGXCPU comes first and tells the time limit from a kill; the hard limit is for a child that ignores it
        resource.setrlimit(resource.RLIMIT_CPU, (budget.cpu, budget.cpu + 1))
        for kind, value in ((resource.RLIMIT_FSIZE, budget.output), (resource.RLIMIT_NOFILE, 16)):
            resource.setrlimit(kind, (value, value))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # macOS takes the number and does not enforce it
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (self._base + budget.memory, self._base + budget.memory))

    def _landlock(self) -> int:
        """A ruleset that handles everything the kernel knows and allows nothing, or -1."""
        assert self._libc is not None
        version = self._libc.syscall(_CREATE_RULESET, None, 0, _RULESET_VERSION)
        if version < 1:
            return -1
        files = sum(bits for since, bits in _ACCESS if version >= since)
        network = 0b11 if version >= _NET_SINCE else 0
        scope = 0b11 if version >= _SCOPE_SINCE else 0
        size = 24 if version >= _SCOPE_SINCE else 16 if version >= _NET_SINCE else 8
        attributes = struct.pack("<QQQ", files, network, scope)[:size]
        return int(self._libc.syscall(_CREATE_RULESET, attributes, size, 0))

    def _prctl(self, option: int, value: int, extra: int = 0) -> None:
        assert self._libc is not None
        unsigned = ctypes.c_ulong
        self._check(self._libc.prctl(option, unsigned(value), unsigned(extra), unsigned(0), unsigned(0)))

    def _check(self, result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"the jail could not be closed: {os.strerror(number)}")


def _address_space() -> int:
    """Bytes of address space that this process has; 0 where it cannot be told."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except OSError:
        return 0
