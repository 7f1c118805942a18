"""The index of the decision log leaves a SQLite registry: it has a file of its own, and is made anew there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT = sa.Text(collation="BINARY")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("decision_piece")
        op.drop_table("decision_index_progress")


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_table(
        "decision_piece",
        sa.Column("piece", sa.Integer, primary_key=True, nullable=False),
        *(sa.Column(name, kind, nullable=False) for name, kind in (
            ("segment", _TEXT), ("records", sa.Integer), ("first_at", _TEXT), ("last_at", _TEXT),
            ("terms", sa.LargeBinary), ("lines", sa.LargeBinary),
        )),
    )  # fmt: skip
    op.create_index("decision_piece_by_segment", "decision_piece", ["segment", "piece"])
    op.create_table(
        "decision_index_progress",
        sa.Column("segment", _TEXT, primary_key=True, nullable=False),
        sa.Column("indexed_to", sa.BigInteger, nullable=False),
        sa.Column("head", _TEXT, nullable=False),
        sa.Column("folder", _TEXT, nullable=False),
    )
