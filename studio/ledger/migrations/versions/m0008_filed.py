"""Bookings by the run in whose costs.csv they stand, so that the files of all runs add up to what was billed.

Written out in full, never imported from the schema: a migration stays what it was when the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "filed",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.ForeignKey("entries.id"),
                  primary_key=True, autoincrement=False),
        sa.Column("run", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written", sa.Boolean, nullable=False),
    )  # fmt: skip
    op.create_index("ix_filed_run", "filed", ["run"])
    # The bookings of earlier versions stand in the files that their own runs wrote, in those files' form.
    op.execute(sa.text(
        "INSERT INTO filed (entry, run, at, written) "
        "SELECT id, run, at, true FROM entries WHERE amount <> 0"
    ))  # fmt: skip
