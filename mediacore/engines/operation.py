"""What every engine looks like from outside: one open file and JSON arguments in, facts and files out.

Engines run on untrusted bytes inside ``mediacore.sandbox``, so they never see a path, open nothing else, and speak
in values that survive a pipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import BinaryIO, TypeAlias

from attrs import field, frozen

from mediacore.values import Json


@frozen
class Made:
    """What an operation produced.

    Args:
        facts: small JSON facts about it (at most 64 KiB once encoded).
        files: the derived files, in order; empty for an operation that only looks.
    """

    facts: Mapping[str, Json] = field(factory=dict)
    files: tuple[bytes, ...] = field(default=(), repr=False)


class Unusable(Exception):
    """The file cannot be used for this, for a reason that a person can be told.

    Args:
        code: the finding's code, such as ``truncated``, ``encrypted``, ``too-many-pixels``.
        message: words for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class Stopped(BaseException):
    """Nobody waits for the result any more; raised by ``report`` outside of the jail, and never caught by an engine."""


Operation: TypeAlias = Callable[[BinaryIO, Mapping[str, Json]], Made]
Report: TypeAlias = Callable[[float], None]

_REPORT: ContextVar[Report | None] = ContextVar("report", default=None)


def report(done: float) -> None:
    """Say how far the operation is: called by an engine that takes seconds, as often as it likes, from its own thread.

    It costs a microsecond or two and is heard only where somebody listens (see ``Sandbox.run``).

    Args:
        done: the share that is done, from 0 to 1; an engine of several passes counts them all.

    Raises:
        Stopped: the work was called off; let it pass.
    """
    if (to := _REPORT.get()) is not None:
        to(min(1.0, max(0.0, done)))


@contextmanager
def reporting(to: Report | None) -> Iterator[None]:
    """Send what engines report meanwhile to a function; None for nowhere."""
    token = _REPORT.set(to)
    try:
        yield
    finally:
        _REPORT.reset(token)


OPERATIONS: Mapping[str, str] = {
    "sniff": "mediacore.engines.sniff:sniff",
    "probe": "mediacore.engines.probe:probe",
    "preview": "mediacore.engines.preview:preview",
    "fit": "mediacore.engines.fit:fit",
    "strip": "mediacore.engines.strip:strip",
    "words": "mediacore.engines.reading.words:words",
    "text": "mediacore.engines.doc.show:words",
    "ocr": "mediacore.engines.reading.ocr:ocr",
    "paint": "mediacore.engines.painting.paint:paint",
    "read": "mediacore.reading:read",
}
"""Every operation by name, and the function that does it; loaded only where it runs."""


def load(name: str) -> Operation:
    """The function of an operation.

    Raises:
        KeyError: there is no operation of that name.
        ImportError: a library that it needs is not installed.
    """
    module, _, function = OPERATIONS[name].partition(":")
    operation: Operation = getattr(import_module(module), function)
    return operation
