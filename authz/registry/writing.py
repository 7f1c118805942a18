"""Checked tenants into the database, in two steps: prepared beside everybody, then written at once (DESIGN section 4).

What is prepared was compared with the database as it was at some revision. Under the lock it is asked which tenants of
the load have changed since; those are compared anew, so that a load is what it would be if it had been made then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from authz.core.types import ContactState, SubjectKey
from authz.registry import tables as t
from authz.registry.aside import InTemporaryTables, InTheirPlace
from authz.registry.change import Change
from authz.registry.comparing import (
    ANNEX_LOADED,
    RESOURCES_CHANGED,
    TENANT_ADDED,
    TENANT_CHANGED,
    Recorded,
    compare,
)
from authz.registry.entries import TenantEntry
from authz.registry.findings import Finding
from authz.registry.log_keys import known_log_keys
from authz.registry.preparing import Preparation
from authz.registry.revision import revision_of
from authz.registry.rows import changed_tenants

FEW: Final = 200
"""So many tenants are compared anew while everybody else waits; more are not."""
_COUNTED: Final = {
    TENANT_ADDED: "tenants_added",
    TENANT_CHANGED: "tenants_changed",
    ANNEX_LOADED: "contacts_added",
    RESOURCES_CHANGED: "resources_changed",
    "contact_suspended": "contacts_suspended",
    "contact_revoked": "contacts_suspended",
}


class Loader:
    """Prepares entries, and writes them as one change; `counts` then says what it did, by the kinds of `LoadReport`."""

    def __init__(self, preparation: Preparation, by: str) -> None:
        self.counts: Counter[str] = Counter()
        self._preparation = preparation
        self._connection = preparation.connection
        self._by = by
        self._prepared: set[str] = set()
        aside = InTemporaryTables if self._connection.dialect.name == "sqlite" else InTheirPlace
        with preparation.looking():
            self._seen = revision_of(self._connection).number
            self._aside = aside(self._connection, by, preparation.now())

    def prepare(self, entries: Sequence[TenantEntry], *, sound: bool) -> list[list[Finding]]:
        """Compare some tenants and put aside what is to be written; for each what speaks against it.

        Nothing may be written if anything does. Tenants that were prepared before are prepared anew.

        Args:
            sound: no problem was found so far; otherwise the tenants are only held against the database.
        """
        with self._preparation.looking():
            self._aside.take_back([entry.id for entry in entries if entry.id in self._prepared])
            recorded = self._recorded([entry.id for entry in entries])
            ids = self._aside.annex_ids(sum(_new_annexes(entry, recorded[entry.id]) for entry in entries))
            compared = [compare(entry, recorded[entry.id], ids) for entry in entries]
            findings = [found for _, found in compared]
            if sound and not any(findings):
                self._aside.put([work for work, _ in compared])
                self._prepared.update(entry.id for entry in entries)
        return findings

    def write(self, anew: Callable[[list[str]], None]) -> int:
        """Write what was prepared; the registry revision at which it holds, the old one where nothing was new.

        Args:
            anew: prepares tenants of the load again, because they changed meanwhile; raises where that cannot be.
        """
        while True:
            with self._preparation.locked(self._by) as change:
                changed = self._changed_since_seen(change)
                if len(changed) <= FEW or not self._preparation.lets_go:
                    anew(changed)
                    self._write(change)
                    return change.revision - 1 if change.is_empty else change.revision
            anew(changed)

    def _changed_since_seen(self, change: Change) -> list[str]:
        changed = [one for one in changed_tenants(self._connection, self._seen) if one in self._prepared]
        self._seen = change.revision - 1
        return changed

    def _write(self, change: Change) -> None:
        for tally in self._aside.tallies():
            self.counts[_COUNTED[tally.kind]] += tally.number
            if tally.kind == ANNEX_LOADED:
                self.counts["annexes_added"] += tally.lines
        if self.counts:
            self._aside.land(change)

    def _recorded(self, ids: list[str]) -> dict[str, Recorded]:
        def rows(table: sa.Table, column: sa.Column[Any]) -> Iterable[sa.RowMapping]:
            return self._connection.execute(sa.select(table).where(column.in_(ids))).mappings()

        tenants = {row["id"]: row for row in rows(t.tenant, t.tenant.c.id)}
        annexes: dict[str, list[sa.RowMapping]] = {}
        suspensions: dict[str, dict[SubjectKey, ContactState]] = {}
        resources: dict[str, dict[tuple[str, str], str]] = {}
        if not tenants:
            return dict.fromkeys(ids, Recorded())
        for row in rows(t.annex, t.annex.c.tenant_id):
            if row["state"] == "approved":
                annexes.setdefault(row["tenant_id"], []).append(row)
        for row in rows(t.suspension, t.suspension.c.tenant_id):
            of_tenant = suspensions.setdefault(row["tenant_id"], {})
            of_tenant[SubjectKey(row["subject_key"])] = ContactState(row["state"])
        for row in rows(t.resource, t.resource.c.tenant_id):
            resources.setdefault(row["tenant_id"], {})[row["type"], row["id"]] = row["attributes"]
        log_keys = known_log_keys(self._connection, ids)
        return {
            one: Recorded(
                tenants.get(one),
                annexes.get(one, ()),
                suspensions.get(one, {}),
                resources.get(one, {}),
                log_keys.get(one, {}),
            )
            for one in ids
        }


def _new_annexes(entry: TenantEntry, recorded: Recorded) -> int:
    known = {row["number"] for row in recorded.annexes}
    return sum(annex.number not in known for annex in entry.annexes)
