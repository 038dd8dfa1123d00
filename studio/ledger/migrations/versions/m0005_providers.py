"""The provider of an order: more than one service can be bought from.

Written out in full, never imported from the schema: a migration stays what it was when the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("provider", sa.String(40), nullable=False, server_default=""))
    # Earlier versions knew two, told apart by the models that they sell.
    op.execute("update orders set provider = 'agents' where model like 'ray-3%' or model like 'uni%'")
    op.execute("update orders set provider = 'dream-machine' where provider = ''")
