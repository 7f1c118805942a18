"""The index of the log's segments in the database; made by the registry's migrations, and no part of the registry."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData()

TEXT: Final = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, key: bool = False, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=key, nullable=nullable and not key)


_ABOUT_ONE: Final = sa.text("resource_ref is not null")
"""Most questions are about no resource, and cost its index nothing."""

decision: Final = sa.Table(
    # One row for each recorded answer; `line` is the whole line of the segment. The other columns are what is searched.
    "decision_index",
    metadata,
    _text("segment", key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("at", nullable=False),
    _text("id", nullable=False),
    _text("set_id"),
    _text("tenant_id"),
    _text("action"),
    sa.Column("allowed", sa.Boolean, nullable=False),
    _text("reason", nullable=False),
    _text("caller"),
    _text("subject_ref"),
    _text("resource_ref"),
    _text("request_id"),
    _text("line", nullable=False),
    sa.Index("decision_by_time", "at", "segment", "seq"),
    sa.Index("decision_by_id", "id"),
    sa.Index("decision_by_subject", "subject_ref", "at"),
    sa.Index("decision_by_request", "request_id"),
    sa.Index("decision_by_tenant", "tenant_id", "at"),
    sa.Index("decision_by_resource", "resource_ref", sqlite_where=_ABOUT_ONE, postgresql_where=_ABOUT_ONE),
)

progress: Final = sa.Table(
    # How far each segment is indexed, and the hash of the last line up to there; moves with the rows it stands for.
    # `folder`: the log folder that holds it, as several machines may share a database.
    "decision_index_progress",
    metadata,
    _text("segment", key=True),
    sa.Column("indexed_to", sa.BigInteger, nullable=False),
    _text("head", nullable=False),
    _text("folder", nullable=False),
)
