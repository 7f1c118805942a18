"""The index of the decision log in pieces; it is made anew from the segments, so nothing is carried over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")
_INDEXES = {
    "decision_by_time": ["at", "segment", "seq"],
    "decision_by_id": ["id"],
    "decision_by_subject": ["subject_ref", "at"],
    "decision_by_request": ["request_id"],
    "decision_by_tenant": ["tenant_id", "at"],
}
"""Of the table that was there before."""


def upgrade() -> None:
    op.drop_table("decision_index")
    op.execute("DELETE FROM decision_index_progress")
    op.create_table(
        "decision_piece",
        sa.Column("piece", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, nullable=False),
        sa.Column("segment", _TEXT, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("first_at", _TEXT, nullable=False),
        sa.Column("last_at", _TEXT, nullable=False),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        sa.Column("lines", sa.LargeBinary, nullable=False),
    )
    op.create_index("decision_piece_by_segment", "decision_piece", ["segment", "piece"])


def downgrade() -> None:
    op.drop_table("decision_piece")
    op.execute("DELETE FROM decision_index_progress")
    op.create_table(
        "decision_index",
        sa.Column("segment", _TEXT, primary_key=True, nullable=False),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("at", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        *(sa.Column(name, _TEXT, nullable=True) for name in ("set_id", "tenant_id", "action")),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        *(sa.Column(name, _TEXT, nullable=True) for name in ("caller", "subject_ref", "resource_ref", "request_id")),
        sa.Column("line", _TEXT, nullable=False),
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "decision_index", columns)
    about_one = sa.text("resource_ref is not null")
    op.create_index(
        "decision_by_resource", "decision_index", ["resource_ref"], sqlite_where=about_one, postgresql_where=about_one
    )
