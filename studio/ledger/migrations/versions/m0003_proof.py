"""The proofs of a purchase: attempts dated, amounts in suspense, failures as
values, retakes, sightings, shared budgets.

Written out in full, never imported from the schema: a migration must not change when the schema does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
# Until now, a verdict of moderation was recognised by these words; from now on it is stored as a value.
VERDICTS = ("moderation", "moderated", "blacklisted")


def upgrade() -> None:
    op.add_column("orders", sa.Column("film", sa.String(80), nullable=False, server_default=""))
    op.add_column("orders", sa.Column("token", sa.String(80), nullable=False, server_default=""))
    op.add_column("orders", sa.Column("failure", sa.String(12)))
    op.add_column("orders", sa.Column("absences", sa.Integer, nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("doubted_at", TIME))
    op.add_column("orders", sa.Column("doubt", sa.String(12)))
    op.add_column("entries", sa.Column("suspense", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("entries", sa.Column("counted_at", TIME, nullable=False, server_default="1970-01-01 00:00:00"))
    op.add_column("entries", sa.Column("by_hand", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("entries", sa.Column("film", sa.String(80), nullable=False, server_default=""))
    _fill()
    op.create_index("ix_entries_film", "entries", ["film", "seller", "kind", "amount", "suspense"])
    op.create_index("ix_entries_month", "entries", ["counted_at", "seller", "kind", "amount", "suspense"])
    op.create_table(
        "retakes",
        sa.Column("id", IDENTITY, primary_key=True, autoincrement=True),
        sa.Column("production", sa.String(80), nullable=False),
        sa.Column("seller", sa.String(20), nullable=False),
        sa.Column("command", sa.String(64), nullable=False),
        sa.Column("scene", sa.String(80), nullable=False),
        sa.Column("take", sa.Integer, nullable=False),
        sa.Column("run", sa.String(80), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.String(20)),
    )
    op.create_index("ix_retakes_production", "retakes", ["production", "seller"])
    op.create_table(
        "sightings",
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("generation_id", sa.String(120), primary_key=True),
        sa.Column("late", sa.Float, nullable=False),
        sa.Column("unfinished", sa.Boolean, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "budgets",
        sa.Column("film", sa.String(80), primary_key=True),
        sa.Column("seller", sa.String(20), primary_key=True),
        sa.Column("first", sa.String(80), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )


def _fill() -> None:
    """Fill the new columns for the rows that exist."""
    orders = sa.table(
        "orders", sa.column("key", sa.String), sa.column("attempt", sa.Integer), sa.column("production", sa.String),
        sa.column("film", sa.String), sa.column("token", sa.String), sa.column("state", sa.String),
        sa.column("reason", sa.Text), sa.column("failure", sa.String), sa.column("reserved_at", TIME),
        sa.column("doubted_at", TIME),
    )  # fmt: skip
    entries = sa.table(
        "entries", sa.column("id", sa.Integer), sa.column("order", sa.String), sa.column("attempt", sa.Integer),
        sa.column("kind", sa.String), sa.column("at", TIME), sa.column("counted_at", TIME),
        sa.column("production", sa.String), sa.column("film", sa.String),
    )  # fmt: skip
    # Tokens as they were made until now: the beginning of the key, and the attempt.
    token = sa.func.substr(orders.c.key, 1, 40) + "." + sa.cast(orders.c.attempt, sa.String)
    op.execute(orders.update().values(film=orders.c.production, token=token))
    op.execute(orders.update().where(orders.c.state == "in doubt").values(doubted_at=orders.c.reserved_at))
    refused = sa.or_(*(sa.func.lower(orders.c.reason).contains(word) for word in VERDICTS))
    op.execute(orders.update().where(orders.c.state == "failed", refused).values(failure="moderation"))
    reserved = entries.alias("reserved")
    begun = (
        sa.select(sa.func.max(reserved.c.at))
        .where(
            reserved.c.order == entries.c.order, reserved.c.attempt == entries.c.attempt, reserved.c.kind == "reserved"
        )
        .scalar_subquery()
    )
    op.execute(entries.update().values(film=entries.c.production, counted_at=sa.func.coalesce(begun, entries.c.at)))
