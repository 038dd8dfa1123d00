"""The files of generations that some machine has fetched, with the lease of the one that fetches.

Written out in full, never imported from the schema: a migration stays what it was when the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fetched",
        sa.Column("seller", sa.String(20), primary_key=True),
        sa.Column("provider", sa.String(40), primary_key=True),
        sa.Column("generation_id", sa.String(120), primary_key=True),
        sa.Column("part", sa.String(12), primary_key=True),
        sa.Column("sha256", sa.String(64)),
        sa.Column("bytes", sa.BigInteger),
        sa.Column("holder", sa.String(200)),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
