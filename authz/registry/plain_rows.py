"""Many rows into a table at once."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import sqlalchemy as sa


def insert_plain(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Rows with the same columns, all texts and whole numbers, bound as they are; none is nothing to do.

    A load of a million would wait for SQLAlchemy's look at each value.
    """
    if not rows:
        return
    statement = table.insert().compile(dialect=connection.dialect, column_keys=list(rows[0]))
    if statement.positiontup is None:
        connection.exec_driver_sql(statement.string, rows)
    else:
        connection.exec_driver_sql(statement.string, list(map(itemgetter(*statement.positiontup), rows)))
