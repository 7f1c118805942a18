"""Ending a tenant's contract in the registry."""

from __future__ import annotations

import sqlalchemy as sa

from authz.errors import NotFound
from authz.registry import tables as t
from authz.registry.store import RegistryStore


def close_tenant(store: RegistryStore, tenant_id: str, by: str) -> int:
    """Close a tenant: its contacts are registered nowhere from then on; its annexes and the trail stay.

    Returns the registry revision at which it holds; no new one is made if it is closed already.

    Raises:
        NotFound: there is no such tenant.
        RegistryUnavailable: the database cannot be reached.
    """
    with store.changing(by, urgent=True) as change:
        row = t.tenant.c
        closed = change.connection.execute(sa.select(row.closed).where(row.id == tenant_id)).scalar()
        if closed is None:
            raise NotFound("there is no such tenant")
        if closed:
            return change.revision - 1
        change.connection.execute(t.tenant.update().where(row.id == tenant_id).values(closed=True))
        change.record("tenant_closed", tenant_id)
        return change.revision
