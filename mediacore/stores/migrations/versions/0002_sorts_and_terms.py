"""What sort of file the desk asks for, and when a file's bytes are to go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only: a ledger is never taken back."""
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    with op.batch_alter_table("attachments") as table:
        table.add_column(sa.Column("sort", sa.String(length=60), nullable=False, server_default=""))
        table.add_column(sa.Column("until", big, nullable=False, server_default="0"))
