"""Processes that are killed in the middle of a job: another one takes it up, and a poison job ends."""

from __future__ import annotations

import os
import signal
from typing import Any

from mediacore.house import Job


def test_restart_resumes(bureau: Any) -> None:
    """A job whose process was killed in the middle is done by the process that is started after it."""
    bureau.enqueue(Job("inbound", "in:slow:0", "slow"), Job("inbound", "in:later:0", "later", delay=2.0))
    first = bureau.worker("first")
    bureau.until(lambda: "first slow 0" in bureau.log())
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    (bureau.folder / "fast").touch()
    bureau.worker("second")
    bureau.until(lambda: "second slow done" in bureau.log() and any("later done" in line for line in bureau.log()))
    bureau.until(lambda: set(bureau.statuses().values()) == {"SUCCESS"})
    assert bureau.log().count("second slow 0") == 1


def test_living_peer_resumes(bureau: Any) -> None:
    """A job whose process was killed is done by another that was alive all the time, and only by one."""
    peers = {name: bureau.worker(name) for name in ("one", "two")}
    bureau.until(lambda: all((bureau.folder / f"{name}.up").exists() for name in peers))
    bureau.enqueue(Job("outbound", "out:slow:0", "slow"))
    bureau.until(bureau.log)
    victim = bureau.log()[0].split()[0]
    (bureau.folder / "fast").touch()
    peers.pop(victim).kill()
    (survivor,) = peers
    bureau.until(lambda: f"{survivor} slow done" in bureau.log())
    bureau.until(lambda: set(bureau.statuses().values()) == {"SUCCESS"})
    assert bureau.log() == [f"{victim} slow 0", f"{survivor} slow 0", f"{survivor} slow done"]


def test_poison(bureau: Any) -> None:
    """A job that kills every process that takes it is left alone after a while, and others are done."""
    bureau.enqueue(Job("inbound", "in:poison:0", "poison"))
    for number in range(8):
        worker = bureau.worker(f"w{number}")
        bureau.until(lambda: worker.poll() is not None or bureau.statuses()["in:poison:0"].startswith("MAX"))  # noqa: B023
        if worker.poll() is None:
            break
    assert 2 <= len(bureau.log()) <= 4
    bureau.enqueue(Job("inbound", "in:fine:0", "fine"))
    bureau.until(lambda: any("fine done" in line for line in bureau.log()))
