"""When the customer last edited a message and reacted to it, so that an older change does not undo a newer one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward only: a ledger is never taken back."""
    micros = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    with op.batch_alter_table("messages") as table:
        for name in ("edited_at", "reacted_at"):
            table.add_column(sa.Column(name, micros, nullable=False, server_default="0"))
