"""Bringing a database to the tables of this version; alembic is only loaded when there is something to do."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

HEAD = "0006"
"""The newest migration; a test holds it to the files."""
VERSIONS = "mediacore_version"
"""The table that tells which migrations a database has had; not alembic's own name, since hosts use that."""
SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(engine: sa.Engine) -> None:
    """Make or change the tables; several processes may ask at once, and one does it."""
    with engine.connect() as connection:
        if _current(connection) == HEAD:
            return
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # The driver opens a transaction only before it changes rows, so tables would be made outside of one.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7237846)"))
        if _current(connection) != HEAD:
            _run(connection)
        connection.commit()


def _current(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table(VERSIONS):
        return ""
    return str(connection.execute(sa.text(f"SELECT version_num FROM {VERSIONS}")).scalar() or "")  # noqa: S608 - our own constant


def _run(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
