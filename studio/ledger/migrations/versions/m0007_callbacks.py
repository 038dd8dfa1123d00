"""Callbacks that came for orders: a run polls sooner because of one, and no order is changed by it.

Written out in full, never imported from the schema: a migration stays what it was when the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("order", sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("generation_id", sa.String(120), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        # A number is never given again, even when the latest rows are deleted: readers go on from the last they know.
        sqlite_autoincrement=True,
    )
    op.create_index("ix_callbacks_order", "callbacks", ["order"])
    op.create_index("ix_callbacks_at", "callbacks", ["at"])
