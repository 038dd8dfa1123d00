"""Traces of creates, and the limits that the service states: stored for all processes.

Written out in full, never imported from the schema: a migration must not change when the schema does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    # Empty for orders that earlier versions sent, since their creates carried no trace.
    op.add_column("orders", sa.Column("request_id", sa.String(120)))
    op.add_column("entries", sa.Column("request_id", sa.String(120)))
    op.create_table(
        "rate_limits",
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("pool", sa.String(20), primary_key=True),
        sa.Column("per_minute", sa.Integer, nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "holds",
        sa.Column("account", sa.String(40), primary_key=True),
        sa.Column("pool", sa.String(20), primary_key=True),
        sa.Column("kind", sa.String(12), primary_key=True),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
    )
