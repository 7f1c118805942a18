"""The rows of a load while it is prepared: out of everybody's sight, and in nobody's way (DESIGN section 4).

What is put aside is of one connection alone and gone with it. `land`, which is called while the registry is locked, has
nothing left to do but to move whole tables (SQLite: temporary ones; the lock is on the file) or to make rows count
(PostgreSQL: what is new stands in its place already, in a transaction that nobody sees into).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, count
from operator import attrgetter
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from authz.registry import tables as t
from authz.registry.annex_ids import next_annex_ids
from authz.registry.change import Change
from authz.registry.comparing import Row, Work
from authz.registry.plain_rows import insert_plain

_IDS_AT_ONCE: Final = 500
_metadata: Final = sa.MetaData()


class Tally(NamedTuple):
    """How many lines of one kind a load has for the trail, and of how many things they tell."""

    kind: str
    lines: int
    number: int


def _table(name: str, *columns: sa.Column[Any]) -> sa.Table:
    """A temporary table."""
    return sa.Table(
        f"load_{name}",
        _metadata,
        *columns,
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=False,
        postgresql_on_commit="DROP",
    )


def _aside(table: sa.Table, *names: str, name: str = "") -> sa.Table:
    """A temporary table for some columns of another."""
    columns = (sa.Column(one, table.c[one].type, primary_key=table.c[one].primary_key) for one in names)
    return _table(name or table.name, *columns)


_TENANT: Final = _aside(t.tenant, "id", "set_id", "name", "languages", "attributes")
_MAY_CHANGE: Final = ("name", "languages", "attributes")
_CHANGED: Final = _aside(t.tenant, "id", *_MAY_CHANGE, name="changed")
_ANNEX: Final = _aside(
    t.annex,
    *("id", "tenant_id", "number", "signed_on", "effective_from", "network", "document_sha256", "content_sha256"),
)
_CONTACT: Final = _aside(t.contact, *(column.name for column in t.contact.columns))
_SUSPENSION: Final = _aside(t.suspension, "tenant_id", "subject_key", "state")
_RESOURCE: Final = _aside(t.resource, *(column.name for column in t.resource.columns))
_TOLD: Final = _table(
    "told",
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer),
    *(sa.Column(name, t.change.c[name].type) for name in ("tenant_id", "kind", "about", "document_sha256", "details")),
)


class Aside:
    """What both databases keep apart until the lock: all that replaces something, and the lines for the trail.

    Args:
        by, at: who loads, and the instant at which the load began; they stand on its annexes.
    """

    _NEW: tuple[sa.Table, ...] = ()

    def __init__(self, connection: sa.Connection, by: str, at: str) -> None:
        self._connection = connection
        self._approved = {"origin": "loaded", "entered_by": by, "entered_at": at, "approved_by": by, "approved_at": at}
        self._lines = count(1)
        for table in (*self._NEW, _CHANGED, _SUSPENSION, _RESOURCE, _TOLD):
            table.create(connection)

    def annex_ids(self, many: int) -> Iterator[int]:
        """Ids for so many annexes, to be put aside under them."""
        raise NotImplementedError

    def put(self, works: Sequence[Work]) -> None:
        """Put aside what is to be written of some tenants."""
        self._put_new(works)
        self._put(_CHANGED, [work.changed for work in works if work.changed])
        self._put(_SUSPENSION, _rows("suspensions", works))
        self._put(_RESOURCE, _rows("resources", works))
        self._put(_TOLD, [{"line": next(self._lines), **line} for line in _rows("told", works)])

    def take_back(self, tenant_ids: Collection[str]) -> None:
        """Forget what was put aside of some tenants: it does not fit any more."""
        ids = list(tenant_ids)
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = ids[start : start + _IDS_AT_ONCE]
            self._take_back_new(some)
            self._delete(_CHANGED, _CHANGED.c.id.in_(some))
            for table in (_SUSPENSION, _RESOURCE, _TOLD):
                self._delete(table, table.c.tenant_id.in_(some))

    def tallies(self) -> list[Tally]:
        """What is put aside."""
        query = sa.select(_TOLD.c.kind, sa.func.count(), sa.func.sum(_TOLD.c.number)).group_by(_TOLD.c.kind)
        return [Tally._make(row) for row in self._connection.execute(query)]

    def land(self, change: Change) -> None:
        """Make all of it part of a change."""
        self._land_new(change)
        row, mine = t.tenant.c, _CHANGED.c.id == t.tenant.c.id
        new = {name: sa.select(_CHANGED.c[name]).where(mine).scalar_subquery() for name in _MAY_CHANGE}
        self._connection.execute(t.tenant.update().where(row.id.in_(sa.select(_CHANGED.c.id))).values(new))
        self._replace(t.suspension, _SUSPENSION, {"since": change.at, "suspended_by": change.by})
        self._replace(t.resource, _RESOURCE, {})
        change.record_all(_TOLD)

    def _put_new(self, works: Sequence[Work]) -> None:
        """Put aside new tenants, and new annexes with their contacts."""
        raise NotImplementedError

    def _take_back_new(self, tenant_ids: list[str]) -> None:
        raise NotImplementedError

    def _land_new(self, change: Change) -> None:
        raise NotImplementedError

    def _put(self, table: sa.Table, rows: list[Row]) -> None:
        insert_plain(self._connection, table, rows)

    def _put_annexes(self, table: sa.Table, rows: list[Row]) -> None:
        if rows:  # they bear dates, which each database spells in its own way
            self._connection.execute(table.insert(), rows)

    def _delete(self, table: sa.Table, which: sa.ColumnElement[bool]) -> None:
        self._connection.execute(table.delete().where(which))

    def _move(self, table: sa.Table, aside: sa.Table, more: Row, raised: int = 0) -> None:
        """All rows of a temporary table into another, with what is the same on all; an annex's id raised by so much."""
        names = [column.name for column in aside.columns]
        moved = [aside.c[name] + raised if name in ("id", "annex_id") and raised else aside.c[name] for name in names]
        added = [sa.bindparam(f"more_{name}", value, table.c[name].type) for name, value in more.items()]
        rows = sa.select(*moved, *added).order_by(*aside.primary_key)
        self._connection.execute(table.insert().from_select([*names, *more], rows, include_defaults=False))

    def _replace(self, table: sa.Table, aside: sa.Table, more: Row) -> None:
        """Likewise, in place of the rows with the same keys: delete and insert is the same on both databases."""
        key = [column.name for column in table.primary_key]
        there = sa.tuple_(*(table.c[name] for name in key))
        self._delete(table, there.in_(sa.select(*(aside.c[name] for name in key))))
        self._move(table, aside, more)


class InTemporaryTables(Aside):
    """For SQLite. Annexes get their ids at the lock; until then they are numbered from 1."""

    _NEW = (_TENANT, _ANNEX, _CONTACT)

    def __init__(self, connection: sa.Connection, by: str, at: str) -> None:
        """See `Aside`."""
        super().__init__(connection, by, at)
        self._ids = count(1)

    def annex_ids(self, many: int) -> Iterator[int]:  # noqa: ARG002 - there are always more
        """Numbers from 1."""
        return self._ids

    def _put_new(self, works: Sequence[Work]) -> None:
        self._put(_TENANT, [work.tenant for work in works if work.tenant is not None])
        self._put_annexes(_ANNEX, _rows("annexes", works))
        self._put(_CONTACT, _rows("contacts", works))

    def _take_back_new(self, tenant_ids: list[str]) -> None:
        gone = _ANNEX.c.tenant_id.in_(tenant_ids)
        self._delete(_CONTACT, _CONTACT.c.annex_id.in_(sa.select(_ANNEX.c.id).where(gone)))
        self._delete(_ANNEX, gone)
        self._delete(_TENANT, _TENANT.c.id.in_(tenant_ids))

    def _land_new(self, change: Change) -> None:
        (first,) = next_annex_ids(self._connection, 1)
        self._move(t.tenant, _TENANT, {"changed_revision": change.revision})
        self._move(t.annex, _ANNEX, {"state": "approved", **self._approved}, first - 1)
        self._move(t.contact, _CONTACT, {}, first - 1)


class InTheirPlace(Aside):
    """For PostgreSQL. New annexes of tenants that are there already stand as drafts until the lock: another annex that
    is approved meanwhile must not wait for this transaction to see whether there are two of one number.
    """

    def annex_ids(self, many: int) -> Iterator[int]:
        """Such that nobody else has or gets."""
        return iter(next_annex_ids(self._connection, many) if many else ())

    def _put_new(self, works: Sequence[Work]) -> None:
        unknown_yet = {"changed_revision": 0}
        self._put(t.tenant, [{**work.tenant, **unknown_yet} for work in works if work.tenant is not None])
        self._put_annexes(t.annex, list(chain.from_iterable(map(self._standing, works))))
        self._put(t.contact, _rows("contacts", works))

    def _standing(self, work: Work) -> Iterator[Row]:
        state = "draft" if work.tenant is None else "approved"
        for annex in work.annexes:
            yield {**annex, "state": state, **self._approved}

    def _take_back_new(self, tenant_ids: list[str]) -> None:
        gone = t.annex.c.tenant_id.in_(tenant_ids) & _waits()
        self._delete(t.contact, t.contact.c.annex_id.in_(sa.select(t.annex.c.id).where(gone)))
        self._delete(t.annex, gone)

    def _land_new(self, change: Change) -> None:
        change.connection.execute(t.annex.update().where(_waits()).values(state="approved"))


def _waits() -> sa.ColumnElement[bool]:
    """An annex of this load that does not count yet; nobody else makes such."""
    return (t.annex.c.state == "draft") & (t.annex.c.origin == "loaded")


def _rows(of: str, works: Iterable[Work]) -> list[Row]:
    return list(chain.from_iterable(map(attrgetter(of), works)))
