"""The trail of one tenant: every change of the registry that concerns it (DESIGN section 4), oldest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from authz.registry import tables as t
from authz.registry.store import RegistryStore


class TrailLine(NamedTuple):
    """One change: when, who, what, about what, and the SHA-256 of the document it came from (empty: from none)."""

    revision: int
    changed_at: str
    changed_by: str
    kind: str
    about: str
    document_sha256: str
    details: Mapping[str, Any]


def trail(store: RegistryStore, tenant_id: str) -> list[TrailLine]:
    """Every change of the tenant; of one that is closed as well, and empty for one that never was.

    Raises:
        RegistryUnavailable: the database cannot be reached.
    """
    change = t.change.c
    columns = (
        change.revision,
        change.changed_at,
        change.changed_by,
        change.kind,
        change.about,
        change.document_sha256,
        change.details,
    )
    query = sa.select(*columns).where(change.tenant_id == tenant_id).order_by(change.revision, change.position)
    with store.reading() as connection:
        return [TrailLine(*row[:-1], json.loads(row[-1])) for row in connection.execute(query)]
