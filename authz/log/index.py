"""The segments, searchable: a copy in the database that follows them and can be built anew (docs/decision-log.md).

Each step adds some lines of one segment and moves that segment's mark in one transaction, so it can be interrupted
anywhere and done by several processes at once. The segments stay the truth; nothing here is on the decision path.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from authz.log import tables as t
from authz.log.files import SUFFIX
from authz.log.index_lines import LINES_AT_ONCE, NOWHERE, Mark, Step, rows_from

_LOCK: Final = "index.lock"
_FOLDER_ID: Final = "index.id"

Connect = Callable[[], AbstractContextManager[sa.Connection]]


class Wanted(NamedTuple):
    """Which records are looked for; empty members ask for nothing. Instants are RFC 3339 in UTC, `until` exclusive.

    `tenants`: only of these, None is all. `subjects`, `resources`: any of these references; None is all.
    """

    tenants: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    resources: frozenset[str] | None = None
    action: str = ""
    reason: str = ""
    decision: bool | None = None
    caller: str = ""
    request_id: str = ""
    id: str = ""
    since: str = ""
    until: str = ""


class Position(NamedTuple):
    """Where a record stands in the order of the log: by time, then by segment and line."""

    at: str
    segment: str
    seq: int


class Found(NamedTuple):
    """One record as it stands in its segment."""

    position: Position
    line: str

    @property
    def record(self) -> dict[str, Any]:
        """Its members."""
        record: dict[str, Any] = json.loads(self.line)
        return record


class Count(NamedTuple):
    """How many records of one reason fall into one span of time (the first characters of their instant)."""

    span: str
    reason: str
    allowed: bool
    records: int


_ADD: Final = {
    "sqlite": str(
        sqlite.insert(t.decision).on_conflict_do_nothing().compile(dialect=sqlite.dialect(paramstyle="named"))
    ),
    "postgresql": str(postgresql.insert(t.decision).on_conflict_do_nothing().compile(dialect=psycopg.dialect())),  # type: ignore[no-untyped-call]
}
"""Adding a row, in the words of each driver, which then takes the rows as they are."""


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
            step = rows_from(path, mark)
            if not anew and (size < mark.to or step.before not in ("", mark.head)):
                # The file was cut back behind what we had read, and perhaps written on: read what is there now.
                self.forget([path.stem])
                mark, anew = NOWHERE, True
                continue
            if step.after == mark or not self._add(path.stem, mark, step):
                break
            mark, added = step.after, added + len(step.rows)
        return added

    def forget(self, segments: Iterable[str]) -> None:
        """Drop what retention took away."""
        gone = list(segments)
        if not gone:
            return
        with self._writing() as connection:
            for segment in gone:
                connection.execute(t.decision.delete().where(t.decision.c.segment == segment))
                connection.execute(t.progress.delete().where(t.progress.c.segment == segment))

    def rebuild(self) -> int:
        """Drop what the index holds of this machine's segments and read them again; the number of records added."""
        self.forget(path.stem for path in sorted(self._folder.glob(f"*{SUFFIX}")))
        return self.catch_up()

    def search(
        self,
        wanted: Wanted,
        *,
        newest_first: bool = False,
        after: Position | None = None,
        at_once: int = LINES_AT_ONCE,
    ) -> Iterator[Found]:
        """Every record that is wanted, in the order of time; there is no limit, stop when you have enough.

        Args:
            at_once: rows of one look at the database.
        """
        c = t.decision.c
        order = (c.at, c.segment, c.seq)
        while True:
            query = sa.select(c.at, c.segment, c.seq, c.line).where(*_conditions(wanted))
            if after is not None:
                here = sa.tuple_(*order)
                there = sa.tuple_(*(sa.literal(part, column.type) for part, column in zip(after, order, strict=True)))
                query = query.where(here < there if newest_first else here > there)
            query = query.order_by(*(column.desc() if newest_first else column for column in order))
            with self._reading() as connection:
                rows = connection.execute(query.limit(at_once)).all()
            for at, segment, seq, line in rows:
                after = Position(at, segment, seq)
                yield Found(after, line)
            if len(rows) < at_once:
                return

    def counts(self, wanted: Wanted, characters: int) -> list[Count]:
        """How many records of each reason, by spans of time: 10 characters of an instant are a day, 13 an hour."""
        c = t.decision.c
        span = sa.func.substr(c.at, 1, characters)
        query = (
            sa.select(span, c.reason, c.allowed, sa.func.count())
            .where(*_conditions(wanted))
            .group_by(span, c.reason, c.allowed)
            .order_by(span, c.reason, c.allowed)
        )
        with self._reading() as connection:
            return [Count(*row) for row in connection.execute(query)]

    def last_uses(self) -> dict[str, str]:
        """The newest instant of each subject reference."""
        c = t.decision.c
        query = sa.select(c.subject_ref, sa.func.max(c.at)).where(c.subject_ref.is_not(None)).group_by(c.subject_ref)
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def begins(self) -> str:
        """The instant of the oldest record; empty where there is none."""
        with self._reading() as connection:
            return connection.execute(sa.select(sa.func.min(t.decision.c.at))).scalar() or ""

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
                begun = {
                    "segment": segment,
                    "indexed_to": step.after.to,
                    "head": step.after.head,
                    "folder": self._folder_id(),
                }
                made = connection.execute(insert(table).values(begun).on_conflict_do_nothing())
                if mark.to or not made.rowcount:
                    return False
            if step.rows:  # in a log that somebody changed a number may stand twice; the first counts
                connection.exec_driver_sql(_ADD[connection.dialect.name], step.rows)
        return True


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    c = t.decision.c
    for column, values in (
        (c.tenant_id, wanted.tenants),
        (c.subject_ref, wanted.subjects),
        (c.resource_ref, wanted.resources),
    ):
        if values is not None:
            yield column.in_(sorted(values))
    equal = {
        c.action: wanted.action, c.reason: wanted.reason, c.caller: wanted.caller, c.request_id: wanted.request_id,
        c.id: wanted.id,
    }  # fmt: skip
    for column, value in equal.items():
        if value:
            yield column == value
    if wanted.decision is not None:
        yield c.allowed.is_(wanted.decision)
    if wanted.since:
        yield c.at >= wanted.since
    if wanted.until:
        yield c.at < wanted.until
