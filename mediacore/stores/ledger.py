"""The ledger: one database for facts and jobs, so that a row and its job commit together."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from mediacore.stores import schema
from mediacore.stores.migrate import upgrade

JOURNAL_TRIES = 200
"""How often a database's journal is tried to be turned, twenty times a second."""


class Ledger:
    """A database with the ledger's tables, made when missing.

    Args:
        url: an SQLAlchemy URL; ``sqlite:///FILE`` is opened with a write-ahead log that is forced to disk at every
            commit, because only that keeps what was acknowledged through a power cut.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        upgrade(self.engine)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction; committed when the block ends well."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_engine(url: str) -> sa.Engine:
    """An engine with the settings that durability needs."""
    engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
            connection.isolation_level = "IMMEDIATE"
            connection.execute("PRAGMA busy_timeout=30000")
            _write_ahead(connection)
            for pragma in ("synchronous=FULL", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the journal: of several that open a new database at once, SQLite makes some fail here without patience."""
    for _ in range(JOURNAL_TRIES - 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            time.sleep(0.05)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


Row: TypeAlias = dict[str, Any]


def rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    """All rows of a query."""
    return [dict(row) for row in connection.execute(query).mappings()]


def first(connection: sa.Connection, query: sa.Select[Any]) -> Row | None:
    """The first row of a query, or None."""
    row = connection.execute(query).mappings().first()
    return None if row is None else dict(row)


def now() -> int:
    """The time in microseconds since 1970."""
    return time.time_ns() // 1000


def fresh() -> str:
    """A new id, sortable by nothing."""
    return uuid.uuid4().hex


def add_once(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; whether it was new."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(**row).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def put(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the one with its key."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    keys = [c.name for c in table.primary_key]
    statement = dialect.insert(table).values(**row)
    rest = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest))


def tick(connection: sa.Connection) -> int:
    """The next number of the ledger's own clock, by which readers ask for what changed."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(schema.ticks).values(name="ledger", value=1)
    following = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": schema.ticks.c.value + 1}
    ).returning(schema.ticks.c.value)
    return int(connection.execute(following).scalar_one())


def count(connection: sa.Connection, inbox: str, name: str) -> None:
    """Raise a counter by one."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(schema.counters).values(inbox=inbox, name=name, count=1)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["inbox", "name"], set_={"count": schema.counters.c.count + 1})
    )
