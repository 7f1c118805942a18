"""Bringing the database to the form this version of the program needs: alembic, run from inside the package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from authz.errors import ConfigError
from authz.registry.engine import PATIENCE_S, URGENT_TIMEOUT_S, create_sqlite_file, database_errors, sqlite_file
from authz.sqlite import WRITING

HEAD: Final = "head"
EMPTY: Final = "base"
_LOCK: Final = 0x61757468  # any number, as long as every server takes the same


def upgrade(engine: sa.Engine, revision: str = HEAD) -> None:
    """Migrate up, creating a SQLite file that is not there. Safe to run on several servers at once.

    Raises:
        ConfigError: the database was made by a newer version of the program.
        RegistryUnavailable: it cannot be reached.
    """
    path = sqlite_file(engine)
    with database_errors():
        if path is not None:
            create_sqlite_file(path)
            _choose_journal(engine)
        _run(engine, command.upgrade, revision)


def downgrade(engine: sa.Engine, revision: str = EMPTY) -> None:
    """Migrate down to a revision; `base` drops every table and all that is in them."""
    with database_errors():
        _run(engine, command.downgrade, revision)


def _run(engine: sa.Engine, step: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    # every command begins with this; on PostgreSQL a second server waits as long as the first one migrates
    options = {WRITING: True} if engine.dialect.name == "postgresql" else {WRITING: True, PATIENCE_S: URGENT_TIMEOUT_S}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config.attributes["connection"] = connection
        try:
            step(config, revision)
        except CommandError as error:
            raise ConfigError(f"the registry's database does not fit this version: {error}") from error


def _choose_journal(engine: sa.Engine) -> None:
    """WAL: readers never wait for a writer. It is remembered in the file and cannot be set inside a transaction."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()
    finally:
        connection.close()
