"""While a job runs: how far it is, calling it off, long ones beside short ones, and children that misbehave."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from mediacore.engines.operation import Made, Unusable, report
from mediacore.errors import Retry
from mediacore.sandbox import Bench, Budget, InProcess, Sandbox, handle
from mediacore.sandbox.attend import Attendant
from mediacore.sandbox.spare import Spare
from mediacore.sandbox.turns import PAUSED_MOST, Lane, Turn, Turns
from mediacore.values import Fit, Media
from tests.sandbox import odd_engines


@pytest.fixture(scope="module")
def odd() -> Iterator[Sandbox]:
    """A sandbox whose ``text`` is the odd engine, one short job at once."""
    with pytest.MonkeyPatch.context() as patch, Sandbox(workers=1) as sandbox:
        patch.setattr(handle, "_BOOT", handle._BOOT.replace("from mediacore.sandbox.zygote import", odd_engines.BOOT))
        yield sandbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Some file."""
    made = tmp_path / "in"
    made.write_bytes(b"hello")
    return made


def test_progress_is_heard(odd: Sandbox, path: Path) -> None:
    """The shares that an engine reports arrive in order while it runs."""
    heard: list[float] = []
    outcome = odd.run("text", path, {"do": "report", "seconds": 2.4}, path.parent, progress=heard.append)
    assert outcome.facts == {"did": "report"}
    assert heard == sorted(heard)
    assert {0.25, 0.75} <= set(heard)


def test_a_job_is_called_off(odd: Sandbox, path: Path) -> None:
    """What the listener raises stops the child and goes on to the caller, and the next job is served."""

    def enough(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        odd.run("text", path, {"do": "spin", "seconds": 600}, path.parent, Budget(cpu=600, wall=600), progress=enough)
    assert odd.run("sniff", path, {}, path.parent).facts["type"] == "text/plain"


def test_short_jobs_overtake_long_ones(odd: Sandbox, path: Path) -> None:
    """With one worker and two jobs that never end, short ones are done all the same."""
    over = threading.Event()

    def until_over(_: float) -> None:
        if over.is_set():
            raise KeyboardInterrupt

    def work() -> None:
        budget, order = Budget(cpu=600, wall=600), {"do": "spin", "seconds": 600}
        with pytest.raises(KeyboardInterrupt):
            odd.run("text", path, order, path.parent, budget, progress=until_over)

    with ThreadPoolExecutor(2) as pool:
        longs = [pool.submit(work) for _ in range(2)]
        try:
            for _ in range(3):
                assert odd.run("sniff", path, {}, path.parent).facts["type"] == "text/plain"
            assert not any(each.done() for each in longs)
        finally:
            over.set()
        for each in longs:
            each.result()


@pytest.mark.parametrize(
    ("do", "codes"), [("speak", {"crashed"}), ("close", {"too-much-memory"}), ("pretend", {"crashed"})]
)
def test_children_that_misbehave(odd: Sandbox, path: Path, do: str, codes: set[str]) -> None:
    """A child that speaks out of turn, hides, or claims to be done is refused, and its zygote lives on."""
    before = odd._handles["media"].pid
    with pytest.raises(Unusable) as caught:
        odd.run("text", path, {"do": do, "seconds": 60}, path.parent)
    assert caught.value.code in codes
    assert odd.run("sniff", path, {}, path.parent).facts["type"] == "text/plain"
    assert odd._handles["media"].pid == before


def test_progress_in_process(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Without a jail the same listener hears the same shares, and its error passes an engine that catches all."""

    def careless(_file: object, _params: object) -> Made:
        try:
            report(0.5)
        except Exception:
            return Made({"caught": True})
        return Made({"files": 0}, (b"made",))

    heard: list[float] = []
    monkeypatch.setattr("mediacore.sandbox.inprocess.load", lambda _: careless)
    media = Media(path, "video/mp4", 5, "")
    bench = Bench(InProcess(), path.parent)
    assert [p.read_bytes() for p in bench.fit(media, Fit(("video/mp4",)), progress=heard.append)] == [b"made"]
    assert heard == [0.5]

    def enough(_: float) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        bench.fit(media, Fit(("video/mp4",)), progress=enough)


def test_the_queue_is_bounded() -> None:
    """Who comes when too many wait is asked to come again, and a place that is free again is given on."""
    turns = Turns(1, most=1)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.turn():
            entered.set()
            leave.wait()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        entered.wait()
        second = pool.submit(hold)
        while not turns.waiting:
            pass
        with pytest.raises(Retry) as caught, turns.turn():
            pass
        assert caught.value.after
        leave.set()
        first.result()
        second.result()
    with turns.turn() as turn:
        assert turn.lane is Lane.SHORT


def test_long_jobs_stand_in_line() -> None:
    """While short ones run, the long lane takes one of two, in the order of asking; idle processors take both."""
    turns = Turns(2)
    first, second = Turn(), Turn()
    with turns.turn():
        assert turns.lengthen(first, 0)
        assert not turns.lengthen(second, 0)
        turns.leave(first)
        assert not turns.lengthen(first, 0), "the other came before"
        assert turns.lengthen(second, 0)
    assert turns.lengthen(first, 0)
    assert (first.lane, second.lane) == (Lane.LONG, Lane.LONG)


def test_few_stand_in_line() -> None:
    """Paused jobs keep their memory, so the line for the long lane says when it is long enough."""
    turns = Turns(1)
    with turns.turn():
        assert turns.lengthen(Turn(), 0)
        for _ in range(PAUSED_MOST):
            assert not turns.crowded
            assert not turns.lengthen(Turn(), 0)
        assert turns.crowded


class Slow:
    """A child that is done when it was waited for often enough, and knows how long it had no processor."""

    pausable = False

    def __init__(self, waits: int, starved: float) -> None:
        self.waits, self.hungry, self.stopped = waits, starved, False

    def over(self, seconds: float) -> bool:
        threading.Event().wait(seconds)
        self.waits -= 1
        return self.waits < 0

    def starved(self) -> float:
        return self.hungry

    def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize(("waits", "starved", "late"), [(1, 0.0, True), (1, 9.0, False), (2, 9.0, True)])
def test_a_busy_machine_is_not_the_files_fault(waits: int, starved: float, late: bool) -> None:
    """Time that a job was ready to go on and had no processor is given back to it, up to a bound."""
    child = Slow(waits, starved)
    attendant = Attendant(cast("Spare", child), Turns(1), Turn(), -1)
    assert attendant.attend(wall=0.1) is late
    assert child.stopped is late


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel does not tell")
def test_who_starves_is_known() -> None:
    """Of two processes that share a processor the kernel tells how long the one had to wait for the other."""
    processor = next(iter(os.sched_getaffinity(0)))
    busy = [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"]
    with subprocess.Popen(busy) as one, subprocess.Popen(busy) as other:
        nothing = cast("socket.socket", None)
        spare = Spare(nothing, nothing, nothing, os.pidfd_open(one.pid))
        try:
            while spare.starved() < 0.2:
                other.poll()
        finally:
            one.kill()
            other.kill()
            os.close(spare.process)
