"""Interleaved timing: every arm once in each round, in a new order, so that a busy machine is unfair to all alike."""

from __future__ import annotations

import random
import re
import resource
import statistics
import time
from collections.abc import Callable, Sequence

from attrs import define, field, frozen

_PATH = re.compile(r"(?<![\w.])/[^\s'\"]*")


@frozen
class Output:
    """What one run gave.

    Args:
        data: the file that was made; empty where there is none.
        cpu, wall: seconds of processor and of wall time, where the arm knows better than this process does.
        note: what the table should say of it.
    """

    data: bytes = field(default=b"", repr=False)
    cpu: float | None = None
    wall: float | None = None
    note: str = ""


@frozen
class Arm:
    """One way to do a job.

    Args:
        name: as the table shows it.
        run: does it once.
        ours: whether it is mediacore.
    """

    name: str
    run: Callable[[], Output]
    ours: bool = False


@define
class Timing:
    """All runs of an arm."""

    cpu: list[float] = field(factory=list)
    wall: list[float] = field(factory=list)
    last: Output = field(factory=Output)
    failed: str = ""

    @property
    def cpu_ms(self) -> float:
        """Median processor time in milliseconds."""
        return statistics.median(self.cpu) * 1000 if self.cpu else 0.0

    @property
    def wall_ms(self) -> float:
        """Median wall time in milliseconds."""
        return statistics.median(self.wall) * 1000 if self.wall else 0.0

    @property
    def best_ms(self) -> float:
        """Shortest wall time in milliseconds, which is closest to a quiet machine."""
        return min(self.wall) * 1000 if self.wall else 0.0


def race(arms: Sequence[Arm], rounds: int, seed: int = 7) -> dict[str, Timing]:
    """Run all arms against each other.

    Args:
        arms: the ways to do the job; each is run once more, unmeasured, to warm up.
        rounds: measured runs of each.
        seed: of the order within a round.
    """
    timings = {arm.name: Timing() for arm in arms}
    order = list(arms)
    shuffle = random.Random(seed)
    for number in range(rounds + 1):
        shuffle.shuffle(order)
        for arm in order:
            timing = timings[arm.name]
            if not timing.failed:
                _once(arm, timing, warming=number == 0)
    return timings


def _once(arm: Arm, timing: Timing, *, warming: bool) -> None:
    cpu, wall = _cpu(), time.perf_counter()
    try:
        output = arm.run()
    except Exception as error:  # a peer that cannot do the job is told, and the others go on
        told = _PATH.sub("FILE", str(error))  # results are published, and whose machine it was is nobody's business
        timing.failed = f"{type(error).__name__}: {told}"[:120]
        return
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    timing.last = output
    if not warming:
        timing.wall.append(wall if output.wall is None else output.wall)
        timing.cpu.append(cpu if output.cpu is None else output.cpu)


def _cpu() -> float:
    """Processor time of this process, its threads, and its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
