"""Generations by provider: two services may give theirs the same id.

Written out in full, never imported from the schema: a migration stays what it was when the schema moves on.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("uq_orders_generation", "orders")
    op.create_index("uq_orders_generation", "orders", ["seller", "provider", "generation_id"], unique=True)
