"""How much one operation may use, and which zygote serves it: all of it data, in this one place.

The figures come from measurements with bombs (a 34-byte WebP that wants 2.7 GB, a PDF of 10^9 form XObjects) against
honest files of 12 to 48 megapixels. Memory is counted from what the process has when the engines are loaded, which
differs from machine to machine.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import frozen

from mediacore.kinds import DRAWINGS, Kind, kind_of

MIB = 1 << 20
GIB = 1 << 30


@frozen
class Budget:
    """What one child process may use before it is stopped.

    Args:
        cpu: seconds of processor time.
        wall: seconds by the clock, waiting for a turn not counted.
        memory: bytes of address space beside the file's own and what the process has before it opens it.
        output: bytes of one derived file, and of all of them together.
        answer: bytes of the JSON facts.
    """

    cpu: int = 5
    wall: float = 20.0
    memory: int = 768 * MIB
    output: int = 64 * MIB
    answer: int = 2 * MIB


@frozen
class Group:
    """Operations that share one preloaded process.

    Args:
        operations: their names.
        threads: what the libraries may start besides the main thread; shown in the environment they read.
        spares: children to keep waiting at most, one for each worker; each weighs a few megabytes.
    """

    operations: tuple[str, ...]
    threads: int = 1
    spares: int = 1


GROUPS: Mapping[str, Group] = {
    "media": Group(("sniff", "probe", "preview", "fit", "strip", "words", "text", "paint"), spares=4),
    "ocr": Group(("ocr",)),
    "reading": Group(("read",), spares=2),
}
"""Preload groups: OCR keeps its models out of the small children's memory, and plugins' readers see no engine."""

BUDGETS: Mapping[str, Budget] = {
    "sniff": Budget(cpu=2, wall=10.0),
    "probe": Budget(),
    "preview": Budget(),
    "fit": Budget(cpu=30, wall=60.0, memory=2 * GIB),
    "strip": Budget(cpu=15, wall=40.0, memory=2 * GIB, output=256 * MIB),
    "words": Budget(cpu=10, wall=40.0, output=32 * MIB),
    "text": Budget(),
    "paint": Budget(cpu=60, wall=120.0, memory=2 * GIB, output=256 * MIB),
    "ocr": Budget(cpu=60, wall=120.0, memory=6 * GIB, output=32 * MIB),
    "read": Budget(cpu=10, wall=30.0, output=128 * MIB, answer=16 * MIB),
}
"""What each operation gets unless the caller says otherwise."""

DOCUMENT_BUDGETS: Mapping[str, Budget] = {
    **dict.fromkeys(("probe", "preview", "text"), Budget(cpu=3, memory=128 * MIB)),
    "fit": Budget(cpu=30, wall=60.0),
    "strip": Budget(cpu=15, wall=40.0, output=256 * MIB),
}
"""What they get for PDF, office files and drawings, which are cheap when they are honest: of 400 none took more than
half a second and 50 MB, and 2 KB of a hostile one would use up all that they may."""

LARGE_PICTURES = frozenset({"jpeg2000"})
"""Codecs of pictures that are decoded whole, however small they are shown: their documents get what pictures get."""

FILM_BUDGETS: Mapping[str, Budget] = {
    "probe": Budget(cpu=20, wall=60.0),
    "preview": Budget(cpu=20, wall=60.0),
    "fit": Budget(cpu=600, wall=900.0, memory=2 * GIB, output=256 * MIB),
    "strip": Budget(cpu=30, wall=90.0, memory=2 * GIB, output=512 * MIB),
}
"""What they get for sound and film: minutes of coding, and a whole recording in memory."""

HEIC_BUDGETS: Mapping[str, Budget] = {
    "preview": Budget(cpu=20, wall=60.0),
    "fit": Budget(cpu=60, wall=120.0, memory=2 * GIB),
    "strip": Budget(cpu=30, wall=90.0, memory=2 * GIB, output=256 * MIB),
}
"""What they get for HEIC, whose decoder takes a second for each five megapixels, and phones take fifty."""

FRAMES_BUDGETS: Mapping[str, Budget] = {
    "ocr": Budget(cpu=240, wall=480.0, memory=6 * GIB, output=32 * MIB),
    "paint": Budget(cpu=120, wall=240.0, memory=2 * GIB, output=256 * MIB),
}
"""What they get for pictures that move or have several pages, of which every frame is read and painted."""

WORKERS_MOST = 32
"""Children at once, whatever the number of processors."""


def budget_for(operation: str, mime: str, codecs: Collection[str] = (), *, moving: bool = False) -> Budget:
    """What an operation may use on a file.

    Args:
        operation: its name.
        mime: the file's type, or that of what is made where that takes longer; empty when it is not known yet.
        codecs: of the file's facts.
        moving: it is a picture with more than one frame.

    Raises:
        KeyError: there is no such operation.
    """
    kind, special = kind_of(mime), dict(BUDGETS)
    if kind in (Kind.AUDIO, Kind.VIDEO):
        special |= FILM_BUDGETS
    elif kind is not Kind.IMAGE or mime in DRAWINGS:
        special |= {} if LARGE_PICTURES & set(codecs) else DOCUMENT_BUDGETS
    else:
        special |= HEIC_BUDGETS if mime in ("image/heic", "image/heif") else {}
        special |= FRAMES_BUDGETS if moving else {}
    return special[operation]


def group_of(operation: str) -> str:
    """The preload group that serves an operation.

    Raises:
        KeyError: no group knows it.
    """
    return next(name for name, group in GROUPS.items() if operation in group.operations or operation == SELF_TEST)


SELF_TEST = "self-test"
"""The operation that tries the doors of the jail from inside; see ``mediacore.sandbox.doors``."""
