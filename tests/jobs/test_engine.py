"""Jobs on the real engine: once for each id, again when they ask for it, and never without what they belong to."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa

from mediacore.house import Job
from mediacore.stores.ledger import count
from mediacore.stores.schema import counters


def test_once_for_each_id(desk: Any) -> None:
    """A job runs once, however often its id is asked for."""
    desk.bureau.enqueue(Job("inbound", "in:a:0", "a"), Job("inbound", "in:a:0", "a"))
    desk.bureau.enqueue(Job("inbound", "in:a:0", "a"))
    desk.wait("a")
    desk.bureau.enqueue(Job("inbound", "in:a:0", "a"), Job("inbound", "in:b:0", "b"))
    desk.wait("b")
    assert desk.done["a"] == [0]


def test_again(desk: Any) -> None:
    """A job that returns seconds runs again with the next attempt, until it returns None."""
    desk.acts["retry"] = lambda attempt: 0.05 if attempt < 2 else None
    desk.bureau.enqueue(Job("outbound", "out:retry:0", "retry"))
    assert desk.wait("retry", 3) == [0, 1, 2]


def test_delay(desk: Any) -> None:
    """A delayed job waits, and those behind it do not."""
    desk.bureau.enqueue(Job("later", "later:late:0", "late", delay=3.0), Job("later", "later:now:0", "now"))
    desk.wait("late")
    assert desk.order[-2:] == ["now", "late"]


def test_rollback(desk: Any) -> None:
    """A job goes away with the transaction that it belongs to."""

    def fail() -> None:
        with desk.bureau.ledger.begin() as connection:
            count(connection, "a", "rolled back")
            desk.bureau.jobs.enqueue(connection, Job("inbound", "in:never:0", "never"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    desk.bureau.enqueue(Job("inbound", "in:after:0", "after"))
    desk.wait("after")
    assert desk.done["never"] == []
    assert "in:never:0" not in desk.bureau.statuses()
    with desk.bureau.ledger.begin() as connection:
        assert connection.execute(sa.select(counters.c.name)).all() == []


def test_not_before_the_commit(desk: Any) -> None:
    """A job is not seen before the transaction that added it is committed."""
    with desk.bureau.ledger.begin() as connection:
        desk.bureau.jobs.enqueue(connection, Job("inbound", "in:held:0", "held"))
        time.sleep(0.5)
        assert desk.done["held"] == []
    desk.wait("held")


def test_side_by_side(desk: Any) -> None:
    """A job that takes long does not hold up others."""
    gate = threading.Event()
    desk.acts["long"] = lambda _: gate.wait(20) and None
    desk.bureau.enqueue(Job("inbound", "in:long:0", "long"), Job("inbound", "in:short:0", "short"))
    desk.wait("short")
    assert desk.done["long"] == []
    gate.set()
    desk.wait("long")


def test_a_fault_stays_alone(desk: Any) -> None:
    """A job that raises ends as an error and does not stop the engine."""

    def fail(_: int) -> None:
        raise RuntimeError("a fault")

    desk.acts["bad"] = fail
    desk.bureau.enqueue(Job("inbound", "in:bad:0", "bad"), Job("inbound", "in:good:0", "good"))
    desk.wait("good")
    desk.bureau.until(lambda: desk.bureau.statuses()["in:bad:0"] == "ERROR")


def test_prune(desk: Any) -> None:
    """Finished jobs are forgotten once they are old enough, waiting ones never."""
    desk.bureau.enqueue(Job("inbound", "in:old:0", "old"), Job("inbound", "in:waiting:0", "waiting", delay=600.0))
    desk.wait("old")
    desk.bureau.until(lambda: desk.bureau.statuses()["in:old:0"] == "SUCCESS")
    assert desk.bureau.jobs.prune(3600.0) == 0
    assert desk.bureau.jobs.prune(-5.0) >= 1
    left = desk.bureau.statuses()
    assert "in:old:0" not in left
    assert "in:waiting:0" in left


def test_plain_json(desk: Any) -> None:
    """What is kept of a job is JSON, so that nobody who can write to the table can run code."""
    desk.bureau.enqueue(Job("inbound", "in:json:0", "json"))
    desk.wait("json")
    with desk.bureau.ledger.engine.begin() as connection:
        query = sa.text("select serialization from workflow_status where workflow_uuid = 'in:json:0'")
        assert connection.execute(query).scalar() == "mediacore_json"
        query = sa.text("select inputs from workflow_input where workflow_uuid = 'in:json:0'")
        assert json.loads(connection.execute(query).scalar_one())["args"] == ["inbound", "json", 0, "in:json:0"]
