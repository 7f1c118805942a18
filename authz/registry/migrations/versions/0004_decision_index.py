"""The index of the decision log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
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


def upgrade() -> None:
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
        "decision_by_resource",
        "decision_index",
        ["resource_ref"],
        sqlite_where=about_one,
        postgresql_where=about_one,
    )
    op.create_table(
        "decision_index_progress",
        sa.Column("segment", _TEXT, primary_key=True, nullable=False),
        sa.Column("indexed_to", sa.BigInteger, nullable=False),
        sa.Column("head", _TEXT, nullable=False),
        sa.Column("folder", _TEXT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("decision_index_progress")
    op.drop_table("decision_index")
