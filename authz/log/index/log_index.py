"""The segments, searchable: an index that follows them and can be built anew (docs/decision-log.md).

Each step adds some lines of one segment, in pieces (`log.index.pieces`), and moves that segment's mark in one
transaction, so it can be interrupted anywhere and done by several processes at once. The segments stay the truth;
nothing here is on the decision path. What comes in a trickle makes small pieces, which are joined when as much has
followed, so that a segment has few small pieces and none is written more than some ten times.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from authz.log.disk.files import SUFFIX
from authz.log.index.home import Home
from authz.log.index.next_lines import NOWHERE, Mark, Step, step_from
from authz.log.index.pieces import MOST_LINES, Found, Line, Piece, Position, Wanted, joined_terms, matches, term

_LOCK: Final = "index.lock"
_FOLDER_ID: Final = "index.id"
_MOST_TERMS: Final = 100
"""Values of one member that are looked up in the terms; for more of them every piece is read."""
_PIECES_IN_MEMORY: Final = 4


class Count(NamedTuple):
    """How many records of one reason fall into one span of time (the first characters of their instant)."""

    span: str
    reason: str
    allowed: bool
    records: int


class LogIndex:
    """The index in one place. Every method that asks it raises `RegistryUnavailable` while it cannot be read.

    `folder`: of the segments on this machine; of other machines that share a database records are found as far as they
    have indexed them.
    """

    def __init__(self, folder: Path, home: Home) -> None:
        self._folder = folder
        self._home = home

    def catch_up(self) -> int:
        """Index whatever the segments have and the index has not; the number of records added.

        What retention took from this folder goes from the index too, also where the database was away then.

        Raises:
            OSError: a segment cannot be read.
        """
        paths = {path.stem: path for path in sorted(self._folder.glob(f"*{SUFFIX}"))}
        c = self._home.tables.progress.c
        with self._home.reading() as connection:
            known = connection.execute(sa.select(c.segment, c.indexed_to, c.head, c.folder)).all()
        marks = {row.segment: Mark(row.indexed_to, row.head) for row in known}
        if paths or known:
            mine = self._folder_id() if self._folder.is_dir() else ""
            self.forget(row.segment for row in known if row.folder == mine and row.segment not in paths)
        added = 0
        for name, path in paths.items():
            with suppress(FileNotFoundError):  # retention was faster
                added += self._follow(path, marks.get(name, NOWHERE))
        return added

    def catch_up_alone(self) -> int:
        """The same, unless another process of this machine is at it: in the background one is enough."""
        if not self._folder.is_dir():
            return 0
        descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self.catch_up()
        except BlockingIOError:
            return 0
        finally:
            os.close(descriptor)

    def _follow(self, path: Path, mark: Mark) -> int:
        added = 0
        anew = mark == NOWHERE
        while (size := path.stat().st_size) != mark.to:
            step = step_from(path, mark)
            if not anew and (size < mark.to or step.before not in ("", mark.head)):
                # The file was cut back behind what we had read, and perhaps written on: read what is there now.
                self.forget([path.stem])
                mark, anew = NOWHERE, True
                continue
            if step.after == mark or not self._add(path.stem, mark, step):
                break
            mark, added = step.after, added + step.records
        return added

    def forget(self, segments: Iterable[str]) -> None:
        """Drop what retention took away."""
        gone = list(segments)
        if not gone:
            return
        piece, progress = self._home.tables
        with self._home.writing() as connection:
            for segment in gone:
                # The mark first: whoever adds to the segment holds it.
                connection.execute(progress.delete().where(progress.c.segment == segment))
                connection.execute(piece.delete().where(piece.c.segment == segment))

    def rebuild(self) -> int:
        """Drop what the index holds of this machine's segments and read them again; the number of records added."""
        self.forget(path.stem for path in sorted(self._folder.glob(f"*{SUFFIX}")))
        return self.catch_up()

    def search(self, wanted: Wanted, *, newest_first: bool = False, after: Position | None = None) -> Iterator[Found]:
        """Every record that is wanted, in the order of time; there is no limit, stop when you have enough."""
        while True:
            try:
                for found in self._in_order(wanted, after, newest_first=newest_first):
                    if found.position != after:  # in a log that somebody changed a number may stand twice
                        after = found.position
                        yield found
            except _PieceGone:  # joined with its neighbours, or forgotten: go on behind what was found
                continue
            return

    def counts(self, wanted: Wanted, characters: int) -> list[Count]:
        """How many records of each reason, by spans of time: 10 characters of an instant are a day, 13 an hour."""
        found = Counter((said.at[:characters], said.reason, said.decision) for said in self._each(wanted))
        return [Count(*key, records) for key, records in sorted(found.items())]

    def last_uses(self) -> dict[str, str]:
        """The newest instant of each subject reference."""
        last: dict[str, str] = {}
        for said in self._each(Wanted()):
            if said.subject_ref is not None and said.at > last.get(said.subject_ref, ""):
                last[said.subject_ref] = said.at
        return last

    def begins(self) -> str:
        """The instant of the oldest record; empty where there is none."""
        with self._home.reading() as connection:
            return connection.execute(sa.select(sa.func.min(self._home.tables.piece.c.first_at))).scalar() or ""

    def _in_order(self, wanted: Wanted, after: Position | None, *, newest_first: bool) -> Iterator[Found]:
        """Reads one piece after the other; a record waits until no piece that comes can hold one before it.

        Raises:
            _PieceGone: a piece is not there any more; nothing was left out before the last one that was found.
        """
        c = self._home.tables.piece.c
        edge = c.last_at if newest_first else c.first_at
        with self._home.reading() as connection:
            query = sa.select(c.piece, c.segment, edge.label("edge"), *self._home.listed)
            query = query.where(*_conditions(self._home.tables.piece, wanted, connection.dialect.name))
            if after is not None:
                query = query.where(c.first_at <= after.at if newest_first else c.last_at >= after.at)
            pieces = connection.execute(query.order_by(edge.desc() if newest_first else edge)).all()
        waiting: list[Found] = []
        for piece in pieces:
            at = piece.edge
            passed = [one for one in waiting if (one.position.at > at if newest_first else one.position.at < at)]
            yield from passed
            waiting = waiting[len(passed) :]
            lines = self._home.lines_of(piece)
            if lines is None:
                raise _PieceGone
            for position, _, line in matches(piece.segment, lines, wanted):
                if after is None or (position < after if newest_first else position > after):
                    waiting.append(Found(position, line.decode("ascii", "backslashreplace")))
            waiting.sort(key=_position, reverse=newest_first)
        yield from waiting

    def _each(self, wanted: Wanted) -> Iterator[Line]:
        """Every record that is wanted, in any order, in one look at the index."""
        table = self._home.tables.piece
        with self._home.reading() as connection:
            query = sa.select(table.c.segment, *self._home.where)
            query = query.where(*_conditions(table, wanted, connection.dialect.name))
            for piece in connection.execute(query, execution_options={"yield_per": _PIECES_IN_MEMORY}):
                for _, said, _ in matches(piece.segment, self._home.lines_in(piece), wanted):
                    yield said

    def _folder_id(self) -> str:
        """Tells this folder's segments from those of other machines that share the database."""
        path = self._folder / _FOLDER_ID
        if not path.exists():
            descriptor, name = tempfile.mkstemp(prefix=f".{_FOLDER_ID}.", dir=self._folder)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(secrets.token_hex(16))
            with suppress(FileExistsError):  # another process was first
                path.hardlink_to(name)
            Path(name).unlink()
        return path.read_text()

    def _add(self, segment: str, mark: Mark, step: Step) -> bool:
        """Whether this process did it; another may have been faster."""
        table = self._home.tables.progress
        with self._home.writing() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            moved = connection.execute(
                table.update()
                .where(table.c.segment == segment, table.c.indexed_to == mark.to)
                .values(indexed_to=step.after.to, head=step.after.head)
            )
            if not moved.rowcount:
                if mark.to:
                    return False
                begun = {
                    "segment": segment,
                    "indexed_to": step.after.to,
                    "head": step.after.head,
                    "folder": self._folder_id(),
                }
                anew = insert(table).values(begun).on_conflict_do_nothing().returning(table.c.segment)
                if connection.execute(anew).first() is None:
                    return False
            self._put(connection, segment, step.pieces)
        return True

    def _put(self, connection: sa.Connection, segment: str, pieces: Sequence[Piece]) -> None:
        """Add pieces at the end of a segment; small ones that stand there are joined with the first of them."""
        if not pieces:
            return
        home, table = self._home, self._home.tables.piece
        rows = [{"segment": segment, **_described(piece), **home.stored(piece)} for piece in pieces]
        newest = sa.select(table.c.piece, table.c.records).where(table.c.segment == segment)
        newest = newest.order_by(table.c.piece.desc()).limit(1)
        while (last := connection.execute(newest).first()) is not None:
            first = rows[0]
            if last.records > first["records"] or last.records + first["records"] > MOST_LINES:
                break
            before = connection.execute(sa.select(table).where(table.c.piece == last.piece)).one()
            rows[0] = {
                "segment": segment,
                "records": before.records + first["records"],
                "first_at": min(before.first_at, first["first_at"]),
                "last_at": max(before.last_at, first["last_at"]),
                "terms": joined_terms(before.terms, first["terms"]),
                **home.joined(before, first),
            }
            connection.execute(table.delete().where(table.c.piece == before.piece))
        connection.execute(table.insert(), rows)


class _PieceGone(Exception):
    """A piece that was there a moment ago."""


def _position(found: Found) -> Position:
    return found.position


def _described(piece: Piece) -> dict[str, Any]:
    return {name: getattr(piece, name) for name in ("records", "first_at", "last_at", "terms")}


def _conditions(piece: sa.Table, wanted: Wanted, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    """Which pieces may hold a record that is wanted."""
    c = piece.c
    for member, any_of in wanted.values():
        if len(any_of) <= _MOST_TERMS:
            yield sa.or_(sa.false(), *(_holds(c.terms, term(member, value), dialect) for value in any_of))
    if wanted.since:
        yield c.last_at >= wanted.since
    if wanted.until:
        yield c.first_at < wanted.until


def _holds(terms: sa.ColumnElement[bytes], one: bytes, dialect: str) -> sa.ColumnElement[bool]:
    sought = sa.literal(one, sa.LargeBinary)
    place = sa.func.instr(terms, sought) if dialect == "sqlite" else sa.func.position(sought.op("IN")(terms))
    return place > 0
