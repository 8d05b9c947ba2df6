"""Bombs beside innocents: how long photos take while four hostile files a second arrive at the same jail."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmarks.clock import Output
from mediacore.engines.operation import Unusable
from mediacore.errors import Retry
from mediacore.sandbox import Sandbox
from mediacore.testkit import builders_hostile as hostile
from mediacore.testkit.builders_bombs_pdf import tiling_bomb

A_SECOND = 4
INNOCENTS = 20
PAUSE = 0.25
"""Seconds between two innocent files."""


class _Over(Exception):
    """The measurement is over, so what still burns is called off."""


def bombs(folder: Path) -> list[tuple[Path, str]]:
    """Of four bombs three are refused at sight, and one burns until its limit; with their types."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for bomb in (hostile.png_bomb(), tiling_bomb(), hostile.gif_bomb(), hostile.laughing_svg()):
        path = folder / bomb.name
        path.write_bytes(bomb.data)
        paths.append((path, bomb.type))
    return paths


@contextmanager
def under_fire(sandbox: Sandbox, files: list[tuple[Path, str]], out: Path) -> Iterator[None]:
    """Four bombs a second until the end of the block."""
    over = threading.Event()

    def still(_: float) -> None:
        if over.is_set():
            raise _Over

    def throw(path: Path, mime: str) -> None:
        with suppress(Unusable, Retry, _Over):
            still(0.0)
            sandbox.run("preview", path, {"type": mime, "side": 512}, out, progress=still)

    def feed(pool: ThreadPoolExecutor) -> None:
        for path, mime in itertools.cycle(files):
            if over.wait(1 / A_SECOND):
                return
            pool.submit(throw, path, mime)

    with ThreadPoolExecutor(64) as pool:
        feeder = threading.Thread(target=feed, args=(pool,))
        feeder.start()
        try:
            yield
        finally:
            over.set()
            feeder.join()


def innocents(sandbox: Sandbox, path: Path, out: Path) -> Output:
    """A photo every quarter of a second; the time that nineteen of twenty stay below."""
    walls, cpu = [], 0.0
    for _ in range(INNOCENTS):
        began = time.perf_counter()
        outcome = sandbox.run("preview", path, {"type": "image/jpeg", "side": 512}, out)
        walls.append(time.perf_counter() - began)
        cpu += outcome.cpu
        outcome.files[0].unlink()
        time.sleep(PAUSE)
    return Output(cpu=cpu / INNOCENTS, wall=statistics.quantiles(walls, n=20, method="inclusive")[-1])


def beside_bombs(sandbox: Sandbox, path: Path, files: list[tuple[Path, str]], out: Path) -> Output:
    """The same while bombs come."""
    with under_fire(sandbox, files, out):
        time.sleep(1.0)
        return innocents(sandbox, path, out)
