"""A change that is prepared at length and made at once: who prepares it holds up nobody (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from authz.registry.change import Change, open_change
from authz.registry.engine import PATIENCE_S, URGENT_TIMEOUT_S, be_patient
from authz.sqlite import WRITING

PREPARING: Final = 0x6C6F6164
"""Number of PostgreSQL's advisory lock under which one load after another is prepared, and no table is rewritten."""
_CACHE_KIB: Final = 64 << 10
"""SQLite's own 2 MiB hold no index of many thousand ids: the pages would be written again and again."""


class Preparation:
    """One connection of its own, on which things are put aside before the registry is locked.

    Attributes:
        lets_go: whether the lock may be given back, to prepare further, by recording nothing under it.
    """

    def __init__(self, connection: sa.Connection, now: Callable[[], str]) -> None:
        """`now`: the instant, as the registry writes it."""
        self.connection = connection
        self.now = now
        self.lets_go = connection.dialect.name == "sqlite"
        if self.lets_go:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.rollback()
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(PREPARING)))

    @contextmanager
    def looking(self) -> Iterator[None]:
        """A look at the database, and room to put something aside; under the lock as well."""
        if self.connection.in_transaction():
            yield
        else:
            with self.connection.begin():
                yield

    @contextmanager
    def locked(self, by: str) -> Iterator[Change]:
        """The change itself, alone with the revision; committed at its end, if it recorded anything."""
        connection = self.connection
        if self.lets_go:
            connection.execution_options(**{WRITING: True, PATIENCE_S: URGENT_TIMEOUT_S})
            transaction = connection.begin()
        else:
            be_patient(connection, URGENT_TIMEOUT_S)
            transaction = connection.get_transaction() or connection.begin()
        with transaction, open_change(transaction, connection, by, self.now()) as change:
            yield change
        if self.lets_go:
            connection.execution_options(**{WRITING: False})
