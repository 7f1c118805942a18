"""The index of the log's segments in the database; made by the registry's migrations, and no part of the registry."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData()

TEXT: Final = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, key: bool = False, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=key, nullable=nullable and not key)


piece: Final = sa.Table(
    # Records of one segment, in the order of `piece` (`log.pieces`). The terms stand before the lines, so that SQLite
    # reads them without the lines.
    "decision_piece",
    metadata,
    sa.Column("piece", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _text("segment", nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    _text("first_at", nullable=False),
    _text("last_at", nullable=False),
    sa.Column("terms", sa.LargeBinary, nullable=False),
    sa.Column("lines", sa.LargeBinary, nullable=False),
    sa.Index("decision_piece_by_segment", "segment", "piece"),
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
