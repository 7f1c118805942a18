"""The registry's database as the rest of the program sees it: revision, directory, changes (DESIGN section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from authz.core.directory import Directory
from authz.registry import schema
from authz.registry.change import Change, Through, instant_text, open_change
from authz.registry.compaction import compact
from authz.registry.engine import (
    BUSY_TIMEOUT_S,
    PATIENCE_S,
    URGENT_TIMEOUT_S,
    database_errors,
    open_engine,
    sqlite_file,
)
from authz.registry.listen import Listener
from authz.registry.preparing import Preparation
from authz.registry.revision import Revision, revision_of
from authz.registry.rows import read_tenants
from authz.registry.take_over import Asked, TakeOver, state_of_memory
from authz.registry.untouched import Untouched
from authz.sqlite import WRITING

_ONE_SNAPSHOT: Final[dict[str, Any]] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class RegistryStore:
    """People, contracts and callers in SQLite (`sqlite:///file`) or PostgreSQL (`postgresql://...`).

    Every method raises `RegistryUnavailable` when the database cannot be reached or was never migrated. Its objects are
    plain values and `core.directory`; nothing of the database leaves this package. Safe to use from several threads.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._engine = open_engine(url)
        self._clock = clock
        self._through: Through | None = None
        path = sqlite_file(self._engine)
        self._untouched = None if path is None else Untouched(path)

    def migrate(self) -> None:
        """Bring the database to this version's form; creates a SQLite file that is not there.

        Raises:
            ConfigError: the database was made by a newer version.
            RegistryUnavailable: it cannot be reached.
        """
        schema.upgrade(self._engine)

    def through(self, through: Through) -> RegistryStore:
        """The same store for one change of one tenant, which is refused (`Outdated`) if somebody came before it."""
        view = copy(self)
        view._through = through  # noqa: SLF001 - of this class
        return view

    def compact(self) -> None:
        """Leave nothing of deleted rows in the database's own files; see `compaction`."""
        compact(self._engine)

    def close(self) -> None:
        """Let go of every open connection."""
        self._engine.dispose()

    def revision(self) -> Revision:
        """The newest revision; cheap enough to ask every second."""
        return self._newest(revision_of)

    def _newest(self, look: Callable[[sa.Connection], Revision]) -> Revision:
        """The newest revision: what `look` finds, where somebody may have written since the last look."""

        def looked() -> Revision:
            with self.reading() as connection:
                return look(connection)

        return looked() if self._untouched is None else self._untouched.or_else(looked)

    def directory(self) -> Directory:
        """The whole registry in memory."""
        with self.reading() as connection:
            newest = revision_of(connection)
            return Directory(read_tenants(connection), *newest)

    def refresh(
        self,
        directory: Directory,
        pause_s: float = 0.0,
        asked: Asked | None = None,
        begins: Callable[[], object] = lambda: None,
    ) -> bool:
        """Bring a directory up to date, tenant by tenant, its revision last; whether anything had changed.

        At many looks where many tenants changed; see `TakeOver`. A directory of another database, or of a revision that
        this one never had, is read anew at one look. After a failure the next call goes on from what was reached.

        Args:
            pause_s: between two looks, for the other threads of a process that answers meanwhile.
            asked: tenants that somebody waits for.
            begins: called before each look; that it is called again says that the one before went well.
        """
        before = (state_of_memory(directory), directory.ahead)
        take_over = TakeOver(directory, asked)
        begins()
        if (self._newest(take_over.look), None) == before:
            return False
        while take_over.waits:
            time.sleep(pause_s)
            begins()
            with self.reading() as connection:
                take_over.look(connection)
        return True

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent look at the database, for the modules of this package."""
        options = {} if sqlite_file(self._engine) else _ONE_SNAPSHOT
        with database_errors(), self._connect(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def changing(self, by: str, *, urgent: bool = False) -> Iterator[Change]:
        """One change, for the modules of this package; committed as a new revision if it recorded anything.

        Args:
            by: who makes it; goes into the trail.
            urgent: it takes a right away, and waits longer while another change is written.
        """
        patience_s = URGENT_TIMEOUT_S if urgent else BUSY_TIMEOUT_S
        with self._writing(patience_s) as (connection, transaction):
            at = instant_text(self._clock())
            with open_change(transaction, connection, by, at, self._through) as change:
                yield change

    @contextmanager
    def noting(self, patience_s: float | None = None) -> Iterator[sa.Connection]:
        """A write that is no change of the registry and makes no revision: uses of keys, confirmations.

        Args:
            patience_s: how long it waits while somebody else writes, in seconds; None: as long as a change.
        """
        with self._writing(BUSY_TIMEOUT_S if patience_s is None else patience_s) as (connection, _):
            yield connection

    @contextmanager
    def preparing(self) -> Iterator[Preparation]:
        """One long change, prepared while others are made, for the modules of this package."""
        with database_errors(), self._connect() as connection:
            yield Preparation(connection, lambda: instant_text(self._clock()))

    @contextmanager
    def _writing(self, patience_s: float) -> Iterator[tuple[sa.Connection, sa.Transaction]]:
        options = {WRITING: True, PATIENCE_S: patience_s}
        with database_errors(), self._connect(**options) as connection, connection.begin() as transaction:
            yield connection, transaction

    def listener(self, wake: Callable[[], object]) -> Listener | None:
        """A thread that wakes somebody at each change, to be started; None for SQLite, which tells nobody."""
        return None if self.sqlite_file is not None else Listener(self._engine.url, wake)

    def now(self) -> float:
        """The store's clock, in seconds since 1970-01-01T00:00Z."""
        return self._clock()

    @property
    def sqlite_file(self) -> Path | None:
        """The file of a SQLite registry; None for PostgreSQL."""
        return sqlite_file(self._engine)

    def _connect(self, **options: Any) -> sa.Connection:
        return self._engine.connect().execution_options(**options)
