"""A file of SQLite's, opened as the registry and the index of the log both need theirs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa

WRITING: Final = "authz_writing"
"""Execution option of a connection that will write: it then takes the file's one write lock at the beginning."""


def open_file(path: Path, timeout_s: float, prepare_writer: Callable[[sa.Connection], None]) -> sa.Engine:
    """The engine for a file; connects to nothing yet.

    A reader has one consistent look. No pool: a connection kept open would go on reading a file that was deleted, and
    keep a write-ahead log beside one that was replaced, with whatever that still held of deleted rows.

    Args:
        path: of the file, absolute.
        timeout_s: see `connect`.
        prepare_writer: is given a connection that will write, before its transaction begins.
    """

    def begin(connection: sa.Connection) -> None:
        # the driver's own idea of when a transaction begins would let two reads of one look see different states
        if not connection.get_execution_options().get(WRITING):
            connection.exec_driver_sql("BEGIN")
            return
        prepare_writer(connection)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        creator=lambda: connect(path, timeout_s),
        poolclass=sa.pool.NullPool,
        hide_parameters=True,
    )
    sa.event.listen(engine, "begin", begin)
    return engine


def connect(path: Path, timeout_s: float) -> sqlite3.Connection:
    """A connection to a file that is there, which begins no transaction of itself; one that is gone is not made anew.

    Args:
        path: of the file, absolute.
        timeout_s: how long it waits for a lock, in seconds.

    Raises:
        sqlite3.OperationalError: the file is not there, or cannot be opened.
    """
    name = f"file:{quote(str(path))}?mode=rw"
    return sqlite3.connect(name, uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False)
