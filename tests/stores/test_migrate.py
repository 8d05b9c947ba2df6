"""The tables of a database follow the migrations, and the migrations follow the schema."""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from mediacore.stores.ledger import Ledger, open_engine
from mediacore.stores.migrate import HEAD, SCRIPTS, VERSIONS, upgrade
from mediacore.stores.schema import metadata


def test_a_new_ledger_has_exactly_the_schema_s_tables(tmp_path: Path) -> None:
    """Whoever changes the schema without a migration is told so here."""
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    with ledger.begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSIONS})
        assert compare_metadata(context, metadata) == []
    ledger.close()


def test_head_is_the_newest_migration() -> None:
    """The constant by which alembic is spared says the same as the files."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_upgrading_again_changes_nothing(tmp_path: Path) -> None:
    """A ledger that is up to date keeps its rows."""
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO cursors VALUES ('mail', '7')"))
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT cursor FROM cursors")).scalar_one() == "7"
    engine.dispose()


def test_processes_that_start_together_make_the_tables_once(tmp_path: Path) -> None:
    """Four openers at the same moment all find a whole ledger."""
    url, faults = f"sqlite:///{tmp_path / 'ledger.db'}", []
    start = threading.Barrier(4)

    def open_one() -> None:
        engine = open_engine(url)
        start.wait()
        try:
            upgrade(engine)
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT count(*) FROM messages"))
        except Exception as error:
            faults.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=open_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
