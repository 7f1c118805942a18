"""Which state of which database: what a worker's memory, a snapshot and a list of keys are compared by."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import sqlalchemy as sa

from authz.registry import tables as t
from authz.registry.change import canonical_json


class Revision(NamedTuple):
    """A growing number, the database in which it grows, and the change that made it.

    Another database's numbers mean nothing here. The same database, set back to an older state, comes to the same
    numbers again by other changes: `change` tells them apart (empty before the first one).
    """

    number: int
    registry_id: str
    change: str


def revision_of(connection: sa.Connection) -> Revision:
    """The newest revision that this look at the database sees: two rows, cheap enough to ask every second."""
    row = t.registry_revision.c
    number, registry_id = connection.execute(sa.select(row.revision, row.registry_id)).one()
    return Revision(number, registry_id, change_of(connection, number))


def change_of(connection: sa.Connection, number: int) -> str:
    """What tells the change that made a revision from every other one; empty where there is no such change."""
    row = t.change.c
    query = sa.select(row.position, row.changed_at, row.kind, row.tenant_id, row.about, row.details)
    first = connection.execute(query.where(row.revision == number).order_by(row.position).limit(1)).one_or_none()
    return "" if first is None else hashlib.sha256(canonical_json(list(first)).encode()).hexdigest()


def goes_on_from(connection: sa.Connection, known: Revision, newest: Revision) -> bool:
    """Whether the database, now at `newest`, was once at `known`, so that only what changed since has to be read."""
    return (
        known.registry_id == newest.registry_id
        and known.number <= newest.number
        and known.change == change_of(connection, known.number)
    )
