"""How far a message's files are made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only: a ledger is never taken back."""
    with op.batch_alter_table("messages") as table:
        table.add_column(sa.Column("progress", sa.Float(), nullable=False, server_default="0"))
