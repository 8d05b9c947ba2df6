"""What passes between the trusted process, the zygote and a child; and how the trusted side reads it.

A job is one byte on the control socket with five descriptors: the request (JSON), the input, two empty files for the
answer and the output, and the job's own socket, on which the zygote reports the end of the child. The child keeps no
socket, so it cannot speak for another job.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from mediacore.engines.operation import Made, Unusable

JOB = b"j"
DESCRIPTORS = 5
NOTE_MOST = 4096
"""Bytes of one message of the zygote: its greeting, or the end of a child."""

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
        late: it was stopped because its wall time was over.
    """

    status: int
    cpu: float
    rss: int
    late: bool


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


def read_all(descriptor: int, most: int) -> bytes:
    """The bytes of a small file from its beginning, at most ``most`` and one."""
    pieces, offset = [], 0
    while offset <= most and (piece := os.pread(descriptor, min(1 << 20, most + 1 - offset), offset)):
        pieces.append(piece)
        offset += len(piece)
    return b"".join(pieces)


def answer_of(made: Made) -> bytes:
    """The child's answer when it worked: facts, and where each file ends in the output."""
    return json.dumps({"facts": made.facts, "sizes": [len(f) for f in made.files]}).encode()


def excuse_of(error: Unusable) -> bytes:
    """The child's answer when the file is of no use."""
    return json.dumps({"code": error.code, "message": error.message}).encode()


def read_answer(raw: bytes, most: int, room: int) -> tuple[dict[str, Any], Sequence[int]]:
    """Judge a child's answer as if it came from the author of the file, because it may.

    Args:
        raw: what stands in the answer file.
        most: the most bytes it may have.
        room: bytes in the output file.

    Returns:
        The facts and the size of each file.

    Raises:
        Unusable: the child said so, or what it said makes no sense (code ``crashed``).
    """
    garbled = Unusable("crashed", "The file could not be worked on: the answer made no sense.")
    if not 0 < len(raw) <= most:
        raise garbled
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        raise garbled from None
    if not isinstance(answer, dict):
        raise garbled
    if "code" in answer:
        raise _excuse(answer, garbled)
    facts, sizes = answer.get("facts"), answer.get("sizes")
    if not isinstance(facts, dict) or not isinstance(sizes, list) or len(sizes) > FILES_MOST:
        raise garbled
    if not all(type(size) is int and size >= 0 for size in sizes) or sum(sizes) > room:
        raise garbled
    return facts, sizes


def _excuse(answer: Mapping[str, Any], garbled: Unusable) -> Unusable:
    code, message = answer.get("code"), answer.get("message")
    if not isinstance(code, str) or not isinstance(message, str):
        return garbled
    if not code.replace("-", "").isalnum() or not code.isascii() or len(code) > CODE_MOST:
        return garbled
    return Unusable(code, "".join(c for c in message if c.isprintable())[:MESSAGE_MOST])
