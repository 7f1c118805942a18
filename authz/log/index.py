"""The segments, searchable: a copy in the database that follows them and can be built anew (docs/decision-log.md).

Each step adds some lines of one segment and moves that segment's mark in one transaction, so it can be interrupted
anywhere and done by several processes at once. The segments stay the truth; nothing here is on the decision path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from authz.log import tables as t
from authz.log.segment import SUFFIX

_LINES_AT_ONCE: Final = 2_000
_BYTES_AT_ONCE: Final = 4 << 20
_ANSWERS: Final = frozenset({"decision", "gate"})

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


class LogIndex:
    """The index of one database. Every method that asks it raises `RegistryUnavailable` while it is away.

    `folder`: of the segments on this machine; other machines' records are found as far as they have indexed them.
    """

    def __init__(self, folder: Path, reading: Connect, writing: Connect) -> None:
        self._folder = folder
        self._reading = reading
        self._writing = writing

    def catch_up(self) -> int:
        """Index whatever the segments have and the index has not; the number of records added."""
        with self._reading() as connection:
            marks = dict(connection.execute(sa.select(t.progress.c.segment, t.progress.c.indexed_to)).all())
        added = 0
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            mark = int(marks.get(path.stem, 0))
            while path.stat().st_size > mark:
                rows, after = _rows_from(path, mark)
                if after == mark or not self._add(path.stem, mark, after, rows):
                    break
                mark, added = after, added + len(rows)
        return added

    def forget(self, segments: Iterable[str]) -> None:
        """Drop what retention took away."""
        with self._writing() as connection:
            for segment in segments:
                connection.execute(t.decision.delete().where(t.decision.c.segment == segment))
                connection.execute(t.progress.delete().where(t.progress.c.segment == segment))

    def search(self, wanted: Wanted, *, newest_first: bool = False, after: Position | None = None) -> Iterator[Found]:
        """Every record that is wanted, in the order of time; there is no limit, stop when you have enough."""
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
                rows = connection.execute(query.limit(_LINES_AT_ONCE)).all()
            for at, segment, seq, line in rows:
                after = Position(at, segment, seq)
                yield Found(after, line)
            if len(rows) < _LINES_AT_ONCE:
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

    def _add(self, segment: str, mark: int, after: int, rows: list[dict[str, Any]]) -> bool:
        """Whether this process did it; another may have been faster."""
        table = t.progress
        with self._writing() as connection:
            moved = connection.execute(
                table.update().where(table.c.segment == segment, table.c.indexed_to == mark).values(indexed_to=after)
            )
            if not moved.rowcount:
                if mark or connection.execute(sa.select(table.c.segment).where(table.c.segment == segment)).first():
                    return False
                try:
                    with connection.begin_nested():
                        connection.execute(table.insert().values(segment=segment, indexed_to=after))
                except sa.exc.IntegrityError:
                    return False
            if rows:
                connection.execute(t.decision.insert(), rows)
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


def _rows_from(path: Path, mark: int) -> tuple[list[dict[str, Any]], int]:
    """The rows of some whole lines from a place on, and the place after them."""
    with path.open("rb") as stream:
        stream.seek(mark)
        chunk = stream.read(_BYTES_AT_ONCE)
    lines = chunk[: chunk.rfind(b"\n") + 1].splitlines()[:_LINES_AT_ONCE]
    after = mark + sum(len(line) + 1 for line in lines)
    return [row for line in lines if (row := _row(path.stem, line)) is not None], after


def _row(segment: str, line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
        if said["kind"] not in _ANSWERS:
            return None
        return {
            "segment": segment, "seq": said["seq"], "at": said["at"], "id": said["id"], "set_id": said.get("set"),
            "tenant_id": said.get("tenant"), "action": said.get("action"), "allowed": said["decision"],
            "reason": said["reason"], "caller": said.get("caller"), "subject_ref": said.get("subject_ref"),
            "resource_ref": said.get("resource_ref"), "request_id": said.get("request_id"),
            "line": line.decode("ascii"),
        }  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return None  # `authz log verify` names it; the rest can still be found
