"""What changed in the database into a directory: some tenants at a look, and before all others whom a right was taken.

Each look is one consistent state of the database, and never an older one than the look before. A look that finds a
newer revision puts the tenants that lost somebody since (a suspension, a revocation, an erasure, an end) before all
that wait. So a load of many thousand tenants holds up no suspension, nor one committed while they are taken over.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import Final

import sqlalchemy as sa

from authz.core.directory import Directory
from authz.registry import tables as t
from authz.registry.revision import Revision, goes_on_from, revision_of
from authz.registry.rows import changed_tenants, read_tenants, tenants_of

TENANTS_AT_ONCE: Final = 100
CONTACTS_AT_ONCE: Final = 2_000
"""After so many tenants or contacts a look ends: some tens of milliseconds. A tenant is always taken whole."""
READ_AT_ONCE: Final = 10
"""Tenants of one query: little enough that a look of large ones ends soon behind `CONTACTS_AT_ONCE`."""
TAKES_AWAY: Final = ("contact_suspended", "contact_revoked", "contact_erased", "tenant_closed", "annex_approved")
"""Kinds of changes that do not wait behind others."""


class Asked:
    """Tenants of which somebody waits to have the newest state in memory: who has just changed them. Any thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}
        self._reached: dict[str, int] = {}

    def ask(self, tenant_id: str) -> None:
        """Have the tenant taken at the next look. What was reached before says nothing: it may be another database."""
        self._reached.pop(tenant_id, None)
        self._waiting[tenant_id] = None

    def waiting(self) -> list[str]:
        """Those to take first."""
        return list(self._waiting)

    def taken(self, tenant_ids: Iterable[str], revision: int) -> None:
        """They are in memory as they were at that revision of the registry."""
        for tenant_id in tenant_ids:
            if tenant_id in self._waiting:
                self._reached[tenant_id] = revision
                del self._waiting[tenant_id]

    def has(self, tenant_id: str, revision: int) -> bool:
        """Whether the tenant, asked for, is in memory as of that revision or a newer one."""
        return self._reached.get(tenant_id, -1) >= revision


class TakeOver:
    """Brings one directory to the newest revision of the database at the first look.

    The directory states its old revision until every tenant is of the new one at least; what is taken over first may be
    of a still newer one. Its `ahead` says which: a database that never was there is read anew.

    Attributes:
        waits: whether a further look is needed.
    """

    def __init__(self, directory: Directory, asked: Asked | None = None) -> None:
        """`asked`: tenants to take first, besides."""
        self.waits = True
        self._asked = asked or Asked()
        self._directory = directory
        self._known = state_of_memory(directory)
        self._seen = self._known if directory.ahead is None else Revision._make(directory.ahead)
        self._target: Revision | None = None
        self._waiting: dict[str, None] = {}

    def look(self, connection: sa.Connection) -> Revision:
        """Take over what cannot wait, or else what waits longest. The newest revision, as this look sees it."""
        newest = revision_of(connection)
        if newest == self._known == self._seen:
            self.waits = False
        elif newest != self._seen and not goes_on_from(connection, self._seen, newest):
            self._anew(connection, newest)
        else:
            self._await(connection, newest)
            self._put_first(self._asked.waiting())
            self._some(connection)
            if not self._waiting:
                self._state(self._target or newest)
        return newest

    def _await(self, connection: sa.Connection, newest: Revision) -> None:
        if self._target is None:
            self._target = newest
            self._waiting = dict.fromkeys(changed_tenants(connection, self._known.number))
            self._put_first(taken_from(connection, self._known.number))
        elif newest != self._seen:
            self._put_first(taken_from(connection, self._seen.number))
        self._seen = newest

    def _put_first(self, tenant_ids: list[str]) -> None:
        self._waiting = dict.fromkeys(tenant_ids) | self._waiting

    def _some(self, connection: sa.Connection) -> None:
        self._directory.ahead = self._seen
        tenants = contacts = 0
        while self._waiting and tenants < TENANTS_AT_ONCE and contacts < CONTACTS_AT_ONCE:
            ids = list(islice(self._waiting, min(READ_AT_ONCE, TENANTS_AT_ONCE - tenants)))
            there = {tenant.id: tenant for tenant in tenants_of(connection, ids)}
            for tenant_id in ids:
                if tenant_id in there:
                    self._directory.replace(there[tenant_id])
                else:
                    self._directory.remove(tenant_id)
                del self._waiting[tenant_id]
            self._asked.taken(ids, self._seen.number)
            tenants += len(ids)
            contacts += sum(len(annex.contacts) for tenant in there.values() for annex in tenant.annexes)

    def _anew(self, connection: sa.Connection, newest: Revision) -> None:
        """At one look, so that nobody is answered for long from two databases at once."""
        tenants = list(read_tenants(connection))
        there = {tenant.id for tenant in tenants}
        for tenant_id in [one for one in self._directory.tenants if one not in there]:
            self._directory.remove(tenant_id)
        for tenant in tenants:
            self._directory.replace(tenant)
        self._seen = newest
        self._asked.taken(self._asked.waiting(), newest.number)
        self._state(newest)

    def _state(self, reached: Revision) -> None:
        directory = self._directory
        directory.revision, directory.registry_id, directory.change = reached
        directory.ahead = None if self._seen == reached else self._seen
        self.waits = False


def state_of_memory(directory: Directory) -> Revision:
    """The revision that a directory states."""
    return Revision(directory.revision, directory.registry_id, directory.change)


def taken_from(connection: sa.Connection, since: int) -> list[str]:
    """Ids of the tenants somebody of whom lost a right after the registry revision `since`; those first whose change
    was of the fewest tenants, so that somebody's suspension does not wait behind those that a load brought.
    """
    row = t.change.c
    query = sa.select(row.revision, row.tenant_id).where(
        row.revision > since, row.kind.in_(TAKES_AWAY), row.tenant_id.is_not(None)
    )
    together: dict[int, list[str]] = {}
    for revision, tenant_id in connection.execute(query.order_by(row.revision.desc(), row.position)):
        together.setdefault(revision, []).append(tenant_id)
    fewest_first: list[list[str]] = sorted(together.values(), key=len)
    return list(dict.fromkeys(chain.from_iterable(fewest_first)))
