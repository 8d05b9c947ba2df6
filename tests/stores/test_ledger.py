"""The ledger: what is committed survives a power cut, and what is rolled back never was."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from mediacore.stores import intake
from mediacore.stores.ledger import Ledger, add_once, count, first, fresh, now, put, rows, tick
from mediacore.stores.schema import counters, cursors, seen


def test_pragmas(ledger: Ledger) -> None:
    """Every connection writes ahead and forces each commit to disk, since nothing less survives a power cut."""
    with ledger.engine.connect() as one, ledger.engine.connect() as two:
        for connection in (one, two):
            values = [connection.exec_driver_sql(f"PRAGMA {p}").scalar() for p in ("journal_mode", "synchronous")]
            assert values == ["wal", 2]
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_add_once(connection: sa.Connection) -> None:
    """The first row of a key is new, every other is not and changes nothing."""
    assert add_once(connection, seen, {"inbox": "a", "key": "k", "at": 1})
    assert not add_once(connection, seen, {"inbox": "a", "key": "k", "at": 2})
    assert add_once(connection, seen, {"inbox": "b", "key": "k", "at": 3})
    assert [row["at"] for row in rows(connection, sa.select(seen).order_by(seen.c.at))] == [1, 3]


def test_put(connection: sa.Connection) -> None:
    """Putting writes a row or overwrites the one of its key."""
    put(connection, cursors, {"inbox": "a", "cursor": "1"})
    put(connection, cursors, {"inbox": "a", "cursor": "2"})
    assert rows(connection, sa.select(cursors)) == [{"inbox": "a", "cursor": "2"}]
    assert first(connection, sa.select(cursors).where(cursors.c.inbox == "b")) is None


def test_tick(ledger: Ledger) -> None:
    """The ledger's clock only goes up, and no two writers ever get the same number."""
    found: list[int] = []

    def work() -> None:
        for _ in range(10):
            with ledger.begin() as connection:
                found.append(tick(connection))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 31))


def test_rollback(ledger: Ledger) -> None:
    """A transaction that ends badly leaves nothing, not even a number of the clock."""

    def fail() -> None:
        with ledger.begin() as connection:
            tick(connection)
            count(connection, "a", "things")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    with ledger.begin() as connection:
        assert tick(connection) == 1
        assert rows(connection, sa.select(counters)) == []


def test_counters(connection: sa.Connection) -> None:
    """Counters count by inbox and name."""
    for name in ("x", "x", "y"):
        count(connection, "a", name)
    count(connection, "b", "x")
    assert intake.counts(connection) == {("a", "x"): 2, ("a", "y"): 1, ("b", "x"): 1}


def test_ids_and_time() -> None:
    """Ids do not repeat, and the time is in microseconds."""
    assert len({fresh() for _ in range(100)}) == 100
    assert 10**15 < now() < 10**16


def test_another_process_sees(ledger: Ledger, tmp_path: Path) -> None:
    """What is committed is seen by another process at once."""
    with ledger.begin() as connection:
        count(connection, "a", "x")
    code = (
        "import sys; from mediacore.stores.ledger import Ledger; from mediacore.stores.intake import counts\n"
        "ledger = Ledger(sys.argv[1])\n"
        "with ledger.begin() as connection: print(counts(connection)); ledger.close()"
    )
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    told = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "{('a', 'x'): 1}"


def test_opened_at_once(tmp_path: Path) -> None:
    """Several that open a new ledger in the same moment all get it."""
    url, made, barrier = f"sqlite:///{tmp_path / 'new.db'}", list[Ledger](), threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        made.append(Ledger(url))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    for ledger in made:
        ledger.close()
