"""When a key was last used, what its caller's questions state by default, and confirmations that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("caller", sa.Column("default_assurance", _TEXT, nullable=True))
    op.add_column("caller", sa.Column("last_used_at", _TEXT, nullable=True))
    op.create_table(
        "confirmation",
        sa.Column("token_hash", _TEXT, primary_key=True, nullable=False),
        sa.Column("binding_hash", _TEXT, nullable=False),
        sa.Column("expires_at", _TEXT, nullable=False),
    )
    op.create_index("confirmation_by_expiry", "confirmation", ["expires_at"])


def downgrade() -> None:
    op.drop_table("confirmation")
    op.drop_column("caller", "last_used_at")
    op.drop_column("caller", "default_assurance")
