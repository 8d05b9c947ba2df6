"""Whether a customer passed on another's message, and which template one of ours is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward only: a ledger is never taken back."""
    with op.batch_alter_table("messages") as table:
        table.add_column(sa.Column("forwarded", sa.String(10), nullable=False, server_default=""))
        table.add_column(sa.Column("template", sa.JSON, nullable=True))
