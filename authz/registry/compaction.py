"""What a database keeps of deleted rows in its own files, and how to be rid of it.

SQLite: the write-ahead log holds old pages until it is cut off, the file free ones (zeroed: `secure_delete`) until it
is written anew. PostgreSQL: tables hold dead rows, and statistics frequent values, until they are written anew; its
own write-ahead log, replicas and backups are not ours to clear.
"""

from __future__ import annotations

import time
from typing import Final

import sqlalchemy as sa

from authz.errors import RegistryUnavailable
from authz.registry.engine import BUSY_TIMEOUT_S, database_errors, sqlite_file
from authz.registry.preparing import PREPARING

_TABLES: Final = ("contact", "suspension", "resource", "tenant")
_PAUSE_S: Final = 0.05


def compact(engine: sa.Engine) -> None:
    """Write the files anew, without the deleted rows.

    Raises:
        RegistryUnavailable: the database cannot be reached, or somebody reads an old state of it for too long.
    """
    with database_errors():
        if sqlite_file(engine) is not None:
            _compact_sqlite(engine)
        else:
            _compact_postgresql(engine)


def _compact_sqlite(engine: sa.Engine) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA secure_delete = ON")
        cursor.execute("VACUUM")
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if time.monotonic() > deadline:
                raise RegistryUnavailable("the write-ahead log is in use and could not be cut off; try again")
            time.sleep(_PAUSE_S)
    finally:
        connection.close()


def _compact_postgresql(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # a load holds its tables to its end: who waits there for a table keeps everybody else from it
        connection.execute(sa.select(sa.func.pg_advisory_lock(PREPARING)))
        try:
            for table in _TABLES:
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(PREPARING)))
