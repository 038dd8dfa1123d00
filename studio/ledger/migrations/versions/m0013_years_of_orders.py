"""Indexes for a ledger of years of orders, so that no question of a run reads a whole table.

Making them on ten million orders takes PostgreSQL minutes, in which nothing can be bought. Written out in full, never
imported from the schema: a migration stays what it was when the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# New rows are read from an index alone only after a vacuum, which PostgreSQL begins when a fifth of a table is new:
# of ten million orders, half a year's.
VACUUM = "autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000"


def upgrade() -> None:
    op.create_index("ix_orders_finished", "orders", ["seller", "finished_at"])
    op.create_index("ix_orders_submitted", "orders", ["account", "submitted_at"])
    op.create_index("ix_sightings_at", "sightings", ["account", "at"])
    _partial("ix_orders_unfetched", "orders", ["seller"], "state = 'completed' AND clip IS NULL")
    _partial(
        "ix_entries_money", "entries", ["counted_at", "seller", "amount", "suspense"], "amount != 0 OR suspense != 0"
    )
    _partial("ix_entries_unsure", "entries", ["order"], "suspense != 0")
    if op.get_bind().dialect.name == "postgresql":
        _partial("ix_filed_open", "filed", ["at"], "written IS false")
        op.execute("CREATE INDEX ix_orders_prompt ON orders USING hash ((request ->> 'prompt'))")
        op.execute(f"ALTER TABLE entries SET ({VACUUM})")
        # Else each prompt is taken to be that of thousands of orders, until so many are new that PostgreSQL looks.
        op.execute("ANALYZE orders")
    else:
        _partial("ix_filed_open", "filed", ["at"], "written IS 0")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    """Make an index of the rows for which a condition holds."""
    condition = sa.text(where)
    op.create_index(name, table, columns, postgresql_where=condition, sqlite_where=condition)
