"""The tables of the log's index: in a database that several machines share, and in a file of one machine's own.

The registry's migrations make those of the database (PostgreSQL), `log.index.file` those of the file; neither is a part
of the registry.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import sqlalchemy as sa

TEXT: Final = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")


class Tables(NamedTuple):
    """`piece`: records of one segment, in the order of the column `piece` (`log.index.pieces`).

    `progress`: how far each segment is indexed, and the hash of the last line up to there; moves with the rows it
    stands for. Its `folder`: the log folder that holds the segment, as several machines may share a database.
    """

    piece: sa.Table
    progress: sa.Table


def _text(name: str, *, key: bool = False, nullable: bool = True) -> sa.Column[str]:
    return sa.Column(name, TEXT, primary_key=key, nullable=nullable and not key)


def _tables(metadata: sa.MetaData, *where_lines_are: sa.Column[bytes] | sa.Column[int]) -> Tables:
    piece = sa.Table(
        # The terms stand before the lines, so that they are read without the lines.
        "decision_piece",
        metadata,
        sa.Column("piece", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        _text("segment", nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        _text("first_at", nullable=False),
        _text("last_at", nullable=False),
        sa.Column("terms", sa.LargeBinary, nullable=False),
        *where_lines_are,
        sa.Index("decision_piece_by_segment", "segment", "piece"),
    )
    progress = sa.Table(
        "decision_index_progress",
        metadata,
        _text("segment", key=True),
        sa.Column("indexed_to", sa.BigInteger, nullable=False),
        _text("head", nullable=False),
        _text("folder", nullable=False),
    )
    return Tables(piece, progress)


metadata: Final = sa.MetaData()
IN_DATABASE: Final = _tables(metadata, sa.Column("lines", sa.LargeBinary, nullable=False))
file_metadata: Final = sa.MetaData()
IN_FILE: Final = _tables(
    file_metadata,
    sa.Column("begins", sa.BigInteger, nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
)
