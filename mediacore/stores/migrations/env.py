"""What alembic runs to migrate a ledger; it is handed the connection."""

from __future__ import annotations

from alembic import context

from mediacore.stores.migrate import VERSIONS
from mediacore.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSIONS,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
