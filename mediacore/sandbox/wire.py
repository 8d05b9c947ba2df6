"""What passes between the trusted process, the zygote and a child; and how the trusted side reads it.

The zygote hands each child that it forked ahead to the trusted process: one byte with the other end of the child's own
socket, the channel on which the zygote will report its end, and a descriptor of the process. A job is one byte on the
child's socket with four descriptors: the request (JSON), the input, and two empty files for the answer and the output.
The child gets one message and sends none: a job is over when the socket closes. The answer begins with the share that
is done, eight bytes that the child overwrites as it goes on, so that it can neither flood nor stall who reads them.
"""

from __future__ import annotations

import array
import json
import math
import os
import resource
import socket
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from mediacore.engines.operation import Made, Unusable

JOB, SPARE, STEP_BACK = b"j", b"s", b"n"
JOB_DESCRIPTORS, SPARE_DESCRIPTORS = 4, 3
SOCKET_KIND = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_STREAM
NOTE_MOST = 4096
"""Bytes of one message of the zygote: its greeting, or the end of a child."""

COMPLETE = 2.0
"""What stands in place of the share done when the whole answer is written."""
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit of ``ru_maxrss``."""

_SHARE = struct.Struct("<d")

MESSAGE_MOST = 500
CODE_MOST = 40
FILES_MOST = 200


@frozen
class End:
    """How a child ended, as the zygote saw it.

    Args:
        status: the wait status.
        cpu: seconds of processor time.
        rss: most bytes of memory it had at once.
    """

    status: int
    cpu: float
    rss: int


@frozen
class Usage:
    """What a child says that it used; for people and tables, since it may lie.

    Args:
        cpu: seconds of processor time, its birth counted.
        rss: most bytes of memory at once.
    """

    cpu: float = 0.0
    rss: int = 0


def send_with(sock: socket.socket, data: bytes, descriptors: Sequence[int]) -> None:
    """Send a message that carries descriptors."""
    sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])


def receive_with(sock: socket.socket, most: int) -> tuple[bytes, tuple[int, ...]]:
    """One byte and the descriptors that came with it; nothing of both when the other side is gone."""
    space = socket.CMSG_SPACE(most * array.array("i").itemsize)
    data, ancillary, _, _ = sock.recvmsg(1, space, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
    fds = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
    return data, tuple(fds)


def blank() -> int:
    """A new empty file without a name, as a descriptor of the caller."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("mediacore", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything, however many calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_all(descriptor: int, most: int, start: int = 0) -> bytes:
    """The bytes of a small file from ``start`` on, at most ``most`` and one."""
    pieces, size = [], 0
    while size <= most and (piece := os.pread(descriptor, min(1 << 20, most + 1 - size), start + size)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def write_share(descriptor: int, done: float) -> None:
    """Tell how much is done; the child's side."""
    os.pwrite(descriptor, _SHARE.pack(done), 0)


def read_share(descriptor: int) -> float:
    """How much is done, from 0 to 1, or ``COMPLETE``; whatever else stands there counts as nothing."""
    raw = os.pread(descriptor, _SHARE.size, 0)
    share = float(_SHARE.unpack(raw)[0]) if len(raw) == _SHARE.size else 0.0
    return share if share == COMPLETE or 0 <= share <= 1 else 0.0


def write_answer(descriptor: int, answer: bytes) -> None:
    """Write the child's whole answer and say that it is whole."""
    os.ftruncate(descriptor, _SHARE.size)
    os.lseek(descriptor, _SHARE.size, os.SEEK_SET)
    write_all(descriptor, answer)
    write_share(descriptor, COMPLETE)


def answer_in(descriptor: int, most: int) -> bytes:
    """What the child answered, at most ``most`` bytes and one."""
    return read_all(descriptor, most, _SHARE.size)


def answer_of(made: Made) -> bytes:
    """The child's answer when it worked: facts, where each file ends in the output, and what it used."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    usage = [spent.ru_utime + spent.ru_stime, spent.ru_maxrss * RSS_UNIT]
    return json.dumps({"facts": made.facts, "sizes": [len(f) for f in made.files], "usage": usage}).encode()


def excuse_of(error: Unusable) -> bytes:
    """The child's answer when the file is of no use."""
    return json.dumps({"code": error.code, "message": error.message}).encode()


def read_answer(raw: bytes, most: int, room: int) -> tuple[dict[str, Any], Sequence[int], Usage]:
    """Judge a child's answer as if it came from the author of the file, because it may.

    Args:
        raw: what stands in the answer file.
        most: the most bytes it may have.
        room: bytes in the output file.

    Returns:
        The facts, the size of each file, and what it used.

    Raises:
        Unusable: the child said so, or what it said makes no sense (code ``crashed``).
    """
    if not 0 < len(raw) <= most:
        raise garbled()
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        raise garbled() from None
    if not isinstance(answer, dict):
        raise garbled()
    if "code" in answer:
        raise _excuse(answer)
    facts, sizes = answer.get("facts"), answer.get("sizes")
    if not isinstance(facts, dict) or not isinstance(sizes, list) or len(sizes) > FILES_MOST:
        raise garbled()
    if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > room:
        raise garbled()
    return facts, sizes, _usage(answer.get("usage"))


def _usage(raw: object) -> Usage:
    if not isinstance(raw, list) or len(raw) != 2 or not all(type(n) in (int, float) for n in raw):
        return Usage()
    cpu, rss = raw
    return Usage(float(cpu), int(rss)) if all(0 <= n < 1 << 50 and math.isfinite(n) for n in raw) else Usage()


def _excuse(answer: Mapping[str, Any]) -> Unusable:
    code, message = answer.get("code"), answer.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        return garbled()
    if not code.replace("-", "").isalnum() or not code.isascii() or len(code) > CODE_MOST:
        return garbled()
    return Unusable(code, "".join(c for c in message if c.isprintable())[:MESSAGE_MOST])


def garbled() -> Unusable:
    """What a child that makes no sense comes to."""
    return Unusable("crashed", "The file could not be worked on: the answer made no sense.")
