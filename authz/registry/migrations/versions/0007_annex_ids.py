"""PostgreSQL counts the ids of annexes by itself: two transactions that are open at once never take the same one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ANNEX_ID = sa.Sequence("annex_id")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(sa.schema.CreateSequence(_ANNEX_ID))
    op.execute("SELECT setval('annex_id', (SELECT coalesce(max(id), 0) + 1 FROM annex), false)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(_ANNEX_ID))
