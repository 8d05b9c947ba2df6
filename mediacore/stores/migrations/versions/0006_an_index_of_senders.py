"""All that one sender sent of late, found without reading everybody's messages."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward only: a ledger is never taken back."""
    op.create_index("sender_order", "messages", ["inbox", "contact", "at"])
