"""The ids of annexes: a growing number, never given twice."""

from __future__ import annotations

import sqlalchemy as sa

from authz.registry import tables as t


def next_annex_ids(connection: sa.Connection, many: int) -> list[int]:
    """Ids for so many new annexes.

    PostgreSQL counts them beside all transactions, so that whoever enters an annex never meets the id of another that
    is not committed yet. On SQLite this has to be asked inside the change that uses them: nobody else can write then.
    """
    if connection.dialect.name == "postgresql":
        each = sa.func.generate_series(1, many).table_valued("number")
        return list(connection.scalars(sa.select(t.annex_id.next_value()).select_from(each)))
    highest = connection.execute(sa.select(sa.func.max(t.annex.c.id))).scalar() or 0
    return list(range(highest + 1, highest + many + 1))
