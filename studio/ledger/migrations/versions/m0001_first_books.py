"""First books: runs, orders, entries.

Written out in full, never imported from the schema: a migration must not change when the schema does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("production", sa.String(80), nullable=False),
        sa.Column("seller", sa.String(20), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("outcome", sa.String(40)),
    )
    op.create_index("ix_runs_production", "runs", ["production"])
    op.create_table(
        "orders",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("family", sa.String(64), nullable=False),
        sa.Column("seller", sa.String(20), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("pool", sa.String(20), nullable=False),
        sa.Column("endpoint", sa.String(40), nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("production", sa.String(80), nullable=False),
        sa.Column("scene", sa.String(80), nullable=False),
        sa.Column("shot", sa.String(80), nullable=False),
        sa.Column("take", sa.Integer, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("sent", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("price_table", sa.String(120), nullable=False),
        sa.Column("run", sa.String(80), nullable=False),
        sa.Column("generation_id", sa.String(120)),
        sa.Column("reason", sa.Text),
        sa.Column("holder", sa.String(200)),
        sa.Column("lease_until", TIME),
        sa.Column("reserved_at", TIME, nullable=False),
        sa.Column("submitted_at", TIME),
        sa.Column("finished_at", TIME),
        sa.Column("clip", sa.String(64)),
    )
    op.create_index("ix_orders_family", "orders", ["family"])
    op.create_index("ix_orders_production", "orders", ["production"])
    op.create_index("ix_orders_state", "orders", ["state"])
    op.create_index("uq_orders_generation", "orders", ["seller", "generation_id"], unique=True)
    op.create_index("ix_orders_account", "orders", ["account", "pool", "state"])
    op.create_table(
        "waiting",
        sa.Column("order", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("pool", sa.String(20), nullable=False),
        sa.Column("production", sa.String(80), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("order", sa.String(64), sa.ForeignKey("orders.key"), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("run", sa.String(80), nullable=False),
        sa.Column("production", sa.String(80), nullable=False),
        sa.Column("scene", sa.String(80), nullable=False),
        sa.Column("seller", sa.String(20), nullable=False),
        sa.Column("model", sa.String(40), nullable=False),
        sa.Column("price_table", sa.String(120), nullable=False),
        sa.Column("generation_id", sa.String(120)),
        sa.Column("note", sa.Text),
    )
    for column in ("order", "at", "run", "production", "generation_id"):
        op.create_index(f"ix_entries_{column}", "entries", [column])
