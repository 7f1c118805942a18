"""The segments, searchable: a copy in the database that follows them and can be built anew (docs/decision-log.md).

Each step adds some lines of one segment, in pieces (`log.pieces`), and moves that segment's mark in one transaction,
so it can be interrupted anywhere and done by several processes at once. The segments stay the truth; nothing here is on
the decision path. What comes in a trickle makes small pieces, which are joined when as much has followed, so that a
segment has few small pieces and no line is written more than some ten times.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from authz.log import tables as t
from authz.log.files import SUFFIX
from authz.log.index_lines import NOWHERE, Mark, Step, step_from
from authz.log.pieces import MOST_LINES, Found, Line, Piece, Position, Wanted, joined, matches, term

_LOCK: Final = "index.lock"
_FOLDER_ID: Final = "index.id"
_MOST_TERMS: Final = 100
"""Values of one member that are looked up in the terms; for more of them every piece is read."""
_PIECES_IN_MEMORY: Final = 4

Connect = Callable[[], AbstractContextManager[sa.Connection]]


class Count(NamedTuple):
    """How many records of one reason fall into one span of time (the first characters of their instant)."""

    span: str
    reason: str
    allowed: bool
    records: int


class LogIndex:
    """The index of one database. Every method that asks it raises `RegistryUnavailable` while it is away.

    `folder`: of the segments on this machine; other machines' records are found as far as they have indexed them.
    """

    def __init__(self, folder: Path, reading: Connect, writing: Connect) -> None:
        self._folder = folder
        self._reading = reading
        self._writing = writing

    def catch_up(self) -> int:
        """Index whatever the segments have and the index has not; the number of records added.

        What retention took from this folder goes from the index too, also where the database was away then.

        Raises:
            OSError: a segment cannot be read.
        """
        paths = {path.stem: path for path in sorted(self._folder.glob(f"*{SUFFIX}"))}
        c = t.progress.c
        with self._reading() as connection:
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
        with self._writing() as connection:
            for segment in gone:
                # The mark first: whoever adds to the segment holds it.
                connection.execute(t.progress.delete().where(t.progress.c.segment == segment))
                connection.execute(t.piece.delete().where(t.piece.c.segment == segment))

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
        with self._reading() as connection:
            return connection.execute(sa.select(sa.func.min(t.piece.c.first_at))).scalar() or ""

    def _in_order(self, wanted: Wanted, after: Position | None, *, newest_first: bool) -> Iterator[Found]:
        """Reads one piece after the other; a record waits until no piece that comes can hold one before it.

        Raises:
            _PieceGone: a piece is not there any more; nothing was left out before the last one that was found.
        """
        c = t.piece.c
        edge = c.last_at if newest_first else c.first_at
        with self._reading() as connection:
            query = sa.select(c.piece, c.segment, edge).where(*_conditions(wanted, connection.dialect.name))
            if after is not None:
                query = query.where(c.first_at <= after.at if newest_first else c.last_at >= after.at)
            pieces = connection.execute(query.order_by(edge.desc() if newest_first else edge)).all()
        waiting: list[Found] = []
        for piece, segment, at in pieces:
            passed = [one for one in waiting if (one.position.at > at if newest_first else one.position.at < at)]
            yield from passed
            waiting = waiting[len(passed) :]
            with self._reading() as connection:
                lines = connection.execute(sa.select(c.lines).where(c.piece == piece)).scalar()
            if lines is None:
                raise _PieceGone
            for position, _, line in matches(segment, lines, wanted):
                if after is None or (position < after if newest_first else position > after):
                    waiting.append(Found(position, line.decode("ascii", "backslashreplace")))
            waiting.sort(key=_position, reverse=newest_first)
        yield from waiting

    def _each(self, wanted: Wanted) -> Iterator[Line]:
        """Every record that is wanted, in any order, in one look at the database."""
        c = t.piece.c
        with self._reading() as connection:
            query = sa.select(c.segment, c.lines).where(*_conditions(wanted, connection.dialect.name))
            for segment, lines in connection.execute(query, execution_options={"yield_per": _PIECES_IN_MEMORY}):
                for _, said, _ in matches(segment, lines, wanted):
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
        table = t.progress
        with self._writing() as connection:
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
            _put(connection, segment, step.pieces)
        return True


class _PieceGone(Exception):
    """A piece that was there a moment ago."""


def _position(found: Found) -> Position:
    return found.position


def _put(connection: sa.Connection, segment: str, pieces: Sequence[Piece]) -> None:
    """Add pieces at the end of a segment; small ones that stand there are joined with the first of them."""
    if not pieces:
        return
    first, c = pieces[0], t.piece.c
    newest = sa.select(c.piece, c.records).where(c.segment == segment).order_by(c.piece.desc()).limit(1)
    while (last := connection.execute(newest).first()) is not None:
        if last.records > first.records or last.records + first.records > MOST_LINES:
            break
        lines = connection.execute(sa.select(c.lines).where(c.piece == last.piece)).scalar_one()
        first = joined(lines, first)
        connection.execute(t.piece.delete().where(c.piece == last.piece))
    connection.execute(t.piece.insert(), [{"segment": segment, **piece._asdict()} for piece in (first, *pieces[1:])])


def _conditions(wanted: Wanted, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    """Which pieces may hold a record that is wanted."""
    c = t.piece.c
    for member, any_of in wanted.values():
        if len(any_of) <= _MOST_TERMS:
            yield sa.or_(sa.false(), *(_holds(term(member, value), dialect) for value in any_of))
    if wanted.since:
        yield c.last_at >= wanted.since
    if wanted.until:
        yield c.first_at < wanted.until


def _holds(one: bytes, dialect: str) -> sa.ColumnElement[bool]:
    terms, sought = t.piece.c.terms, sa.literal(one, sa.LargeBinary)
    place = sa.func.instr(terms, sought) if dialect == "sqlite" else sa.func.position(sought.op("IN")(terms))
    return place > 0
