"""The doors of the jail, tried from inside: an operation that does what no engine may, and says what worked."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from mediacore.engines.operation import Made
from mediacore.values import Json


def try_all(_file: BinaryIO, _params: Mapping[str, Json]) -> Made:
    """Try every door; facts: ``open`` lists those that gave way, ``tried`` all of them, ``threads`` if they work."""
    opened: list[str] = []
    for name, attempt in _DOORS.items():
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            if attempt() is not False:
                opened.append(name)
    return Made({"open": opened, "tried": list(_DOORS), "threads": _thread()})


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _run() -> None:
    subprocess.run(["/bin/true"], check=True)


def _more_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _signal_parent() -> None:
    os.kill(os.getppid(), 0)


def _dumpable() -> bool:
    return bool(ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0)


def _message(call: str) -> bool:
    """Whether the kernel even looks at a message on any descriptor, the child's own socket among them."""
    libc, space = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(1)
    for descriptor in range(3, 16):
        if getattr(libc, call)(descriptor, space, 1, socket.MSG_DONTWAIT) >= 0 or ctypes.get_errno() != errno.EPERM:
            return True
    return False


def _secrets() -> bool:
    return any(word in name.upper() for name in os.environ for word in ("SECRET", "TOKEN", "PASSWORD", "KEY"))


def _thread() -> bool:
    done: list[bool] = []
    try:
        thread = threading.Thread(target=done.append, args=(True,))
        thread.start()
        thread.join()
    except RuntimeError:
        return False
    return bool(done)


_DOORS: Mapping[str, Callable[[], object]] = {
    "read a system file": lambda: Path("/etc/passwd").read_bytes(),
    "read own source": lambda: Path(__file__).read_bytes(),
    "list the root folder": lambda: list(Path("/").iterdir()),
    "look at a file": lambda: Path("/etc").stat(),
    "write a file": lambda: Path("/tmp/mediacore-door").write_bytes(b"x"),  # noqa: S108 - must fail
    "delete a file": lambda: Path("/tmp/mediacore-door").unlink(),  # noqa: S108 - must fail
    "change a mode": lambda: Path("/tmp").chmod(0o777),  # noqa: S108 - must fail
    "read a link": lambda: Path("/proc/self/exe").readlink(),
    "open an internet socket": lambda: socket.socket(socket.AF_INET),
    "open a local socket": lambda: socket.socket(socket.AF_UNIX),
    "open a pair of sockets": lambda: socket.socketpair(),
    "send a message": lambda: _message("send"),
    "receive a message": lambda: _message("recv"),
    "open a pipe": lambda: os.pipe(),
    "fork": _fork,
    "execute": lambda: os.execv(sys.executable, [sys.executable, "-c", ""]),  # noqa: S606 - must fail
    "run a program": _run,
    "signal the parent": _signal_parent,
    "send a signal": lambda: os.kill(os.getpid(), signal.SIGCONT),
    "take back the dump lock": _dumpable,
    "raise the memory limit": _more_memory,
    "map executable memory": _executable_memory,
    "find a secret in the environment": _secrets,
}
