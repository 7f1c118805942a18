"""Where the index of the log is, and where the lines of its pieces are.

Machines that share a database find each other's records, so there a piece holds a copy of its lines. In a file of one
machine's own it says where they stand in the segment, which is at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import sqlalchemy as sa

from authz.log.index.pieces import Piece
from authz.log.index.tables import IN_DATABASE, Tables

Connect = Callable[[], AbstractContextManager[sa.Connection]]


class Home(Protocol):
    """The database or file of an index. Whoever opens it raises `RegistryUnavailable` while it cannot be read."""

    @property
    def tables(self) -> Tables:
        """Of the index, as they are here."""
        ...

    @property
    def where(self) -> Sequence[sa.ColumnElement[Any]]:
        """The columns that say where the lines of a piece are."""
        ...

    @property
    def listed(self) -> Sequence[sa.ColumnElement[Any]]:
        """What a list of pieces holds beside their numbers and segments, so that `lines_of` can read each later."""
        ...

    @property
    def reading(self) -> Connect:
        """One consistent look."""
        ...

    @property
    def writing(self) -> Connect:
        """One transaction."""
        ...

    def stored(self, piece: Piece) -> Mapping[str, Any]:
        """The `where` of a new piece."""
        ...

    def joined(self, before: sa.Row[Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        """The `where` of two pieces that follow each other, as one."""
        ...

    def lines_in(self, row: sa.Row[Any]) -> bytes:
        """The lines of a piece whose `segment` and `where` were read."""
        ...

    def lines_of(self, row: sa.Row[Any]) -> bytes | None:
        """The lines of a piece that was listed; None where it is not there any more."""
        ...


class InDatabase:
    """In the registry's database, which several machines may share."""

    tables: Final = IN_DATABASE
    where: Final = (IN_DATABASE.piece.c.lines,)
    listed: Final = ()

    def __init__(self, reading: Connect, writing: Connect) -> None:
        self.reading = reading
        self.writing = writing

    def stored(self, piece: Piece) -> Mapping[str, Any]:
        """A copy of its lines."""
        return {"lines": b"".join(piece.lines)}

    def joined(self, before: sa.Row[Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        """The copies as one."""
        return {"lines": bytes(before.lines) + after["lines"]}

    def lines_in(self, row: sa.Row[Any]) -> bytes:
        """The copy."""
        return bytes(row.lines)

    def lines_of(self, row: sa.Row[Any]) -> bytes | None:
        """The copy, unless the piece was joined with its neighbours, or forgotten."""
        c = self.tables.piece.c
        with self.reading() as connection:
            lines = connection.execute(sa.select(c.lines).where(c.piece == row.piece)).scalar()
        return None if lines is None else bytes(lines)
