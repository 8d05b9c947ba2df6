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

A_SECOND = 4
INNOCENTS = 12
PAUSE = 0.25
"""Seconds between two innocent files."""


class _Over(Exception):
    """The measurement is over, so what still burns is called off."""


def burning_pdf(depth: int = 9, width: int = 10) -> bytes:
    """A page that draws a form that draws ten forms, and so on: 10^9 rectangles, stopped only by a limit."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    first = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents %d 0 R/Resources<</XObject<</F 4 0 R>>>>>>"
    objects.append(first % (4 + depth))
    for number in range(5, 5 + depth):
        draw = b"/F Do " * width if number < 4 + depth else b"0 0 9 9 re f"
        inner = b"/Resources<</XObject<</F %d 0 R>>>>" % number if number < 4 + depth else b""
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 100 100]%s/Length %d>>" % (inner, len(draw))
        objects.append(head + b"stream\n" + draw + b"\nendstream")
    objects.append(b"<</Length 5>>stream\n/F Do\nendstream")
    body = b"".join(b"%d 0 obj %s endobj\n" % each for each in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>"


def bombs(folder: Path) -> list[tuple[Path, str]]:
    """Of four bombs three are refused at sight, and one burns until its limit; with their types."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [(hostile.png_bomb().data, "image/png"), (burning_pdf(), "application/pdf")]
    made += [(hostile.gif_bomb().data, "image/gif"), (hostile.laughing_svg().data, "image/svg+xml")]
    paths = []
    for number, (data, mime) in enumerate(made):
        path = folder / f"bomb-{number}"
        path.write_bytes(data)
        paths.append((path, mime))
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
    return Output(cpu=cpu / INNOCENTS, wall=statistics.quantiles(walls, n=20)[-1])


def beside_bombs(sandbox: Sandbox, path: Path, files: list[tuple[Path, str]], out: Path) -> Output:
    """The same while bombs come."""
    with under_fire(sandbox, files, out):
        time.sleep(1.0)
        return innocents(sandbox, path, out)
