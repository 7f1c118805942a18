"""One change of the registry: all of it under one new revision with its lines in the trail, or nothing at all."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import EMPTY
from authz.errors import Conflict
from authz.registry import tables as t
from authz.registry.listen import tell_listeners
from authz.registry.plain_rows import insert_plain

_IDS_AT_ONCE: Final = 500


def instant_text(now: float) -> str:
    """Seconds since 1970-01-01T00:00Z as the registry writes instants: RFC 3339, UTC, microseconds."""
    return dt.datetime.fromtimestamp(now, dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical_json(value: object) -> str:
    """The one spelling of a JSON value (dates as ISO text)."""
    return _ENCODER.encode(value)


def _as_text(value: object) -> object:
    if isinstance(value, MappingProxyType):
        return dict(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"not a value of the registry: {type(value).__name__}")


_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_as_text, allow_nan=False
)


class Outdated(Conflict):
    """What is to be changed has changed since it was looked at (HTTP 412): nobody overwrites what he has not seen."""

    code = "precondition_failed"


class Through(NamedTuple):
    """How a change reaches the registry, other than by the command line.

    `key`: id of the API key, for the trail. `tenant_id`, `seen`: the tenant, and its `changed_revision` as looked at.
    """

    key: str
    tenant_id: str
    seen: int


class Change:
    """An open write transaction, alone with the revision: `RegistryStore.changing` begins and ends it.

    `revision` is the number that everything changed here will bear, if anything is recorded.
    """

    def __init__(self, connection: sa.Connection, by: str, at: str, through: Through | None = None) -> None:
        """`through`: only while the tenant is as it was seen.

        Raises:
            Outdated: it is not; nothing has happened.
        """
        self.connection = connection
        self._via = {"via_key": through.key} if through is not None else {}
        self.by = by
        self.at = at
        # The row's lock makes writers queue, so that revisions become visible in their order (PostgreSQL).
        current = sa.select(t.registry_revision.c.revision).with_for_update()
        self.revision: int = connection.execute(current).scalar_one() + 1
        if through is not None:
            self._require_as_seen(through)
        self._touched: dict[str, None] = {}
        self._lines: list[dict[str, object]] = []
        self._moved = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recorded."""
        return not self._lines and not self._moved

    def record(
        self,
        kind: str,
        tenant_id: str | None = None,
        *,
        about: str = "",
        document_sha256: str = "",
        details: Mapping[str, object] = EMPTY,
    ) -> None:
        """Write a line into the trail, and mark the tenant as changed. No personal data: people by annex and line."""
        if tenant_id is not None:
            self._touched[tenant_id] = None
        self._lines.append(
            {
                "revision": self.revision,
                "position": self._moved + len(self._lines) + 1,
                "changed_at": self.at,
                "changed_by": self.by,
                "kind": kind,
                "tenant_id": tenant_id,
                "about": about,
                "document_sha256": document_sha256,
                "details": canonical_json({**details, **self._via}),
            }
        )

    def record_all(self, prepared: sa.Table) -> None:
        """Likewise all lines of a temporary table by their `line`, before any others: many, and without going by here.

        It has the columns `tenant_id`, `kind`, `about`, `document_sha256`, `details`.
        """
        names = ("tenant_id", "kind", "about", "document_sha256", "details")
        same = {"revision": self.revision, "changed_at": self.at, "changed_by": self.by}
        values = [sa.bindparam(f"same_{name}", value, t.change.c[name].type) for name, value in same.items()]
        position = sa.func.row_number().over(order_by=prepared.c.line)
        rows = sa.select(*values, position, *(prepared.c[name] for name in names)).order_by(prepared.c.line)
        columns = [*same, "position", *names]
        moved = self.connection.execute(t.change.insert().from_select(columns, rows, include_defaults=False))
        self._moved = moved.rowcount
        touched = t.tenant.c.id.in_(sa.select(prepared.c.tenant_id)) & (t.tenant.c.changed_revision != self.revision)
        self.connection.execute(t.tenant.update().where(touched).values(changed_revision=self.revision))

    def _require_as_seen(self, through: Through) -> None:
        row = t.tenant.c
        newest = sa.select(row.changed_revision).where(row.id == through.tenant_id)
        if self.connection.execute(newest).scalar() != through.seen:
            raise Outdated("the tenant has changed since it was looked at; look again")

    def finish(self) -> None:
        """Give everything recorded its revision; to be called once, before the commit."""
        if self.is_empty:
            return
        insert_plain(self.connection, t.change, self._lines)
        touched = list(self._touched)
        for start in range(0, len(touched), _IDS_AT_ONCE):
            some = touched[start : start + _IDS_AT_ONCE]
            self.connection.execute(
                t.tenant.update().where(t.tenant.c.id.in_(some)).values(changed_revision=self.revision)
            )
        self.connection.execute(t.registry_revision.update().values(revision=self.revision))


@contextmanager
def open_change(
    transaction: sa.Transaction, connection: sa.Connection, by: str, at: str, through: Through | None = None
) -> Iterator[Change]:
    """A change in a transaction that has just begun, finished at its end; undone if it recorded nothing."""
    change = Change(connection, by, at, through)
    yield change
    change.finish()
    if change.is_empty:
        transaction.rollback()
    else:
        tell_listeners(connection)
