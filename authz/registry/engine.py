"""The connection to SQLite or PostgreSQL, opened so that both behave alike; their errors become ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from authz.errors import ConfigError, RegistryUnavailable
from authz.sqlite import open_file

BUSY_TIMEOUT_S: Final = 10
"""How long a change waits while another one is written, in seconds, before it is refused."""
URGENT_TIMEOUT_S: Final = 60
"""Likewise, of a change that takes a right away: longer than any load takes to be written."""
CONNECT_TIMEOUT_S: Final = 5
PATIENCE_S: Final = "authz_patience_s"
"""Execution option: how long its transaction waits for a lock, in seconds. Without it SQLite waits `BUSY_TIMEOUT_S`,
PostgreSQL for ever."""

_POSTGRESQL: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_SQLITE: Final = frozenset({"sqlite", "sqlite+pysqlite"})
_LOCK_NOT_AVAILABLE: Final = "55P03"
_PRIMARY_RESULT: Final = 0xFF
_PRAGMAS_OF_A_WRITER: Final = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA synchronous = FULL",
)


def open_engine(url: str) -> sa.Engine:
    """The engine for a SQLite file or a PostgreSQL database; connects to nothing yet.

    Raises:
        ConfigError: no such kind of database; the text never holds the URL, which may hold a password.
    """
    try:
        parsed = sa.engine.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError("the registry's database URL cannot be read") from None
    if parsed.drivername in _SQLITE:
        return _sqlite_engine(parsed)
    if parsed.drivername in _POSTGRESQL:
        engine = sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=2,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "authz"},
            hide_parameters=True,
        )
        sa.event.listen(engine, "begin", _be_patient)
        return engine
    raise ConfigError(f"the registry lives in sqlite or postgresql, not in `{parsed.drivername}`")


def sqlite_file(engine: sa.Engine) -> Path | None:
    """The file of a SQLite registry; None for PostgreSQL."""
    return Path(str(engine.url.database)).absolute() if engine.dialect.name == "sqlite" else None


def create_sqlite_file(path: Path) -> None:
    """Make the empty file, readable by its owner only (so are the -wal and -shm files SQLite makes beside it)."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise RegistryUnavailable(f"the registry's file cannot be made: {error.strerror}") from error


@contextmanager
def database_errors() -> Iterator[None]:
    """Whatever the database raises inside becomes `RegistryUnavailable`; a broken constraint stays (a bug)."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        if _is_busy(error):
            raise RegistryUnavailable(
                "the registry is being changed by somebody else; nothing was changed, try again"
            ) from error
        raise RegistryUnavailable(f"the registry cannot be read: {_cause(error)}") from error


def _is_busy(error: Exception) -> bool:
    """Whether a lock could not be had in time."""
    original = getattr(error, "orig", None) or error
    result = getattr(original, "sqlite_errorcode", 0) & _PRIMARY_RESULT
    return result == sqlite3.SQLITE_BUSY or getattr(original, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _cause(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().partition("\n")[0] or type(original).__name__


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:" or url.query:
        raise ConfigError("a sqlite registry needs a file: sqlite:///path/to/registry.db")
    return open_file(Path(url.database).absolute(), BUSY_TIMEOUT_S, _prepare_writer)


def _prepare_writer(connection: sa.Connection) -> None:
    for pragma in _PRAGMAS_OF_A_WRITER:
        connection.exec_driver_sql(pragma)
    be_patient(connection, connection.get_execution_options().get(PATIENCE_S, BUSY_TIMEOUT_S))


def _be_patient(connection: sa.Connection) -> None:
    patience_s = connection.get_execution_options().get(PATIENCE_S)
    if patience_s is not None:
        be_patient(connection, patience_s)


def be_patient(connection: sa.Connection, patience_s: float) -> None:
    """Have a connection wait so long for a lock; on PostgreSQL to the end of its transaction, a while at least."""
    milliseconds = max(1, round(patience_s * 1000))  # 0 is for ever on PostgreSQL
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
    else:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
