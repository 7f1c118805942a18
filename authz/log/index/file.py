"""The index of one machine's log in a SQLite file of its own, so that answering leaves the registry's file alone.

It holds nothing that the segments do not hold, so it need not outlive a power cut to the last record, and a file that
is missing, damaged, of another form or of somebody else is made anew: then it is empty, and `LogIndex` fills it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import structlog

from authz.errors import RegistryUnavailable
from authz.log.disk.files import SUFFIX
from authz.log.index.pieces import Piece
from authz.log.index.tables import IN_FILE, file_metadata
from authz.sqlite import WRITING, connect, open_file

_log = structlog.get_logger(__name__)

_APPLICATION: Final = 0x61757468
"""Says in the file's header that it is such an index (`PRAGMA application_id`)."""
_FORM: Final = 1
"""Which form its tables have (`PRAGMA user_version`)."""
_BUSY_TIMEOUT_S: Final = 10.0
_PAUSE_S: Final = 0.02
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_CONSTRAINT,
    }
)  # fmt: skip
"""What is wrong with the machine or the moment; anything else that SQLite says is wrong with the file."""
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
_PRAGMAS_OF_A_WRITER: Final = (
    "PRAGMA secure_delete = ON",  # what retention takes is gone from the file
    "PRAGMA synchronous = NORMAL",  # a power cut may take the newest pieces; it breaks nothing
)

_Identity = tuple[int, int] | None


class InFile:
    """The file, made where there is none that can be used. `segments`: the folder in which the lines stand."""

    tables: Final = IN_FILE
    where: Final = (IN_FILE.piece.c.begins, IN_FILE.piece.c.ends)
    listed: Final = where

    def __init__(self, path: Path, segments: Path) -> None:
        self._path = path.absolute()
        self._segments = segments
        self._known: _Identity = None
        self._engine = open_file(self._path, _BUSY_TIMEOUT_S, _prepare_writer)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent look at the index."""
        with self._opened() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction."""
        with self._opened(**{WRITING: True}) as connection:
            yield connection

    def stored(self, piece: Piece) -> Mapping[str, Any]:
        """Its place in the segment."""
        return {"begins": piece.begins, "ends": piece.ends}

    def joined(self, before: sa.Row[Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
        """From the beginning of the one to the end of the other."""
        return {"begins": before.begins, "ends": after["ends"]}

    def lines_in(self, row: sa.Row[Any]) -> bytes:
        """As they stand in the segment; none where retention took it.

        Raises:
            OSError: the segment cannot be read.
        """
        try:
            with (self._segments / f"{row.segment}{SUFFIX}").open("rb") as stream:
                stream.seek(row.begins)
                return stream.read(row.ends - row.begins)
        except (FileNotFoundError, ValueError):  # a name that no file can have stands in a damaged index
            return b""

    def lines_of(self, row: sa.Row[Any]) -> bytes | None:
        """The same: what was joined since still stands there."""
        return self.lines_in(row)

    @contextmanager
    def _opened(self, **options: Any) -> Iterator[sa.Connection]:
        with _errors():
            if self._known is None or self._known != self._identity():
                self._have_fit_file()
            opened = self._known
            try:
                with (
                    self._locked(fcntl.LOCK_SH),
                    self._engine.connect().execution_options(**options) as connection,
                    connection.begin(),
                ):
                    yield connection
                    return
            except (sa.exc.DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
                self._known = None
                if not _is_damage(error):
                    raise
            self._make_anew(opened)
            raise RegistryUnavailable("the index of the log was damaged and is made anew; try again")

    def _have_fit_file(self) -> None:
        with self._locked(fcntl.LOCK_SH):
            is_fit = self._is_fit()
        if not is_fit:
            self._make_anew()
        self._known = self._identity()

    def _is_fit(self) -> bool:
        if not self._path.exists():
            return False
        try:
            with closing(connect(self._path, _BUSY_TIMEOUT_S)) as connection:
                ((application,),) = connection.execute("PRAGMA application_id").fetchall()
                ((form,),) = connection.execute("PRAGMA user_version").fetchall()
        except sqlite3.Error as error:
            if _is_damage(error):
                return False
            raise
        return bool((application, form) == (_APPLICATION, _FORM))

    def _make_anew(self, damaged: _Identity = None) -> None:
        """Put an empty index in place of what is there, unless another process did so by now.

        `damaged`: what was found to be so although it looks fit.
        """
        with self._locked(fcntl.LOCK_EX):
            if self._is_fit() and damaged != self._identity():
                return
            if self._path.exists():
                _log.warning("log_index_made_anew", file=self._path.name)
            for suffix in _BESIDE:
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with closing(connect(self._path, _BUSY_TIMEOUT_S)) as connection:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            with self._engine.connect().execution_options(**{WRITING: True}) as made, made.begin():
                file_metadata.create_all(made)
                made.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION}")
                made.exec_driver_sql(f"PRAGMA user_version = {_FORM}")

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Shared while the file is open, alone to replace it: SQLite cannot tell that its file is another by now."""
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + _BUSY_TIMEOUT_S
            while True:
                try:
                    fcntl.flock(descriptor, how | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise RegistryUnavailable("the index of the log is in use; try again") from None
                    time.sleep(_PAUSE_S)
            yield
        finally:
            os.close(descriptor)

    def _identity(self) -> _Identity:
        try:
            said = self._path.stat()
        except FileNotFoundError:
            return None
        return said.st_dev, said.st_ino


def _prepare_writer(connection: sa.Connection) -> None:
    for pragma in _PRAGMAS_OF_A_WRITER:
        connection.exec_driver_sql(pragma)


def _is_damage(error: Exception) -> bool:
    original = getattr(error, "orig", None) or error
    return getattr(original, "sqlite_errorcode", 0) & 0xFF not in _PASSING


@contextmanager
def _errors() -> Iterator[None]:
    """Whatever goes wrong with the file becomes `RegistryUnavailable`; a broken constraint stays (a bug)."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError) as error:
        cause = str(getattr(error, "orig", None) or getattr(error, "strerror", None) or error)
        raise RegistryUnavailable(f"the index of the log cannot be read: {cause}") from error
