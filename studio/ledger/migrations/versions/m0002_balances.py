"""Balances of the account as they were read, with the ledger's total at that moment; an index for costs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "balances",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("booked", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_balances_account", "balances", ["account"])
    op.drop_index("ix_entries_production", "entries")
    op.create_index("ix_entries_costs", "entries", ["production", "seller", "scene", "model", "kind", "amount", "at"])
