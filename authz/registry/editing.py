"""Tenants, annexes and contacts as staff look at them over HTTP: each with the revision it was seen at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import ContactState
from authz.errors import NotFound
from authz.registry import tables as t
from authz.registry.annexes import AnnexRecord, TenantAnnexes, read_annexes, tenant_of
from authz.registry.entries import ContactEntry
from authz.registry.rows import attributes_in, state_of
from authz.registry.store import RegistryStore

_TENANTS_AT_ONCE: Final = 50


class Seen(NamedTuple):
    """A tenant as looked at; `revision` is the registry's at which anything of it last changed."""

    tenant: TenantAnnexes
    attributes: dict[str, object]
    revision: int
    registry_id: str


class Line(NamedTuple):
    """One contact: a line of an annex, with its tenant as looked at."""

    seen: Seen
    annex: AnnexRecord
    position: int
    contact: ContactEntry

    @property
    def state(self) -> ContactState:
        """Active, suspended or revoked, under any id."""
        return state_of(self.contact.keys, self.seen.tenant.suspended)


def see_tenant(store: RegistryStore, tenant_id: str) -> Seen:
    """One tenant with all its annexes.

    Raises:
        NotFound: there is none, or it was closed.
        RegistryUnavailable: the database cannot be reached.
    """
    with store.reading() as connection:
        return _seen(connection, tenant_id)


def see_annex(store: RegistryStore, annex_id: int) -> tuple[Seen, AnnexRecord]:
    """One annex, and its tenant. Raises: as `see_tenant`."""
    with store.reading() as connection:
        seen = _seen(connection, tenant_of(connection, annex_id))
    return seen, next(one for one in seen.tenant.annexes if one.id == annex_id)


def see_contact(store: RegistryStore, annex_id: int, position: int) -> Line:
    """One line of an approved annex. Raises: as `see_tenant`."""
    seen, annex = see_annex(store, annex_id)
    line = next((one for one in lines_of(seen, [annex]) if one.position == position), None)
    if line is None or annex not in seen.tenant.approved:
        raise NotFound("there is no such contact")
    return line


def owner_of(store: RegistryStore, annex_id: int) -> str | None:
    """Whose annex it is; None where there is none."""
    with store.reading() as connection:
        try:
            return tenant_of(connection, annex_id)
        except NotFound:
            return None


def tenants_after(
    store: RegistryStore, after: str, only: Collection[str] | None = None, *, at_least: bool = False
) -> Iterator[Seen]:
    """Open tenants by id, from the one after `after` on (`at_least`: from itself on), read as they are needed.

    Args:
        only: these tenants; None: all.
    """
    while True:
        row = t.tenant.c
        query = sa.select(row.id).where(~row.closed, (row.id >= after) if at_least else (row.id > after))
        if only is not None:
            query = query.where(row.id.in_(list(only)))
        with store.reading() as connection:
            some = list(connection.scalars(query.order_by(row.id).limit(_TENANTS_AT_ONCE)))
            found = [_seen(connection, tenant_id) for tenant_id in some]
        yield from found
        if len(some) < _TENANTS_AT_ONCE:
            return
        after, at_least = some[-1], False


def lines_of(seen: Seen, annexes: Collection[AnnexRecord]) -> Iterator[Line]:
    """The contacts on some of the tenant's annexes, as on the paper."""
    for annex in annexes:
        for position, contact in zip(annex.positions, annex.entry.contacts, strict=True):
            yield Line(seen, annex, position, contact)


def _seen(connection: sa.Connection, tenant_id: str) -> Seen:
    tenant = read_annexes(connection, tenant_id)
    row = t.tenant.c
    query = sa.select(row.attributes, row.changed_revision).where(row.id == tenant_id)
    attributes, revision = connection.execute(query).one()
    registry_id = connection.execute(sa.select(t.registry_revision.c.registry_id)).scalar_one()
    return Seen(tenant, dict(attributes_in(attributes)), revision, str(registry_id))
