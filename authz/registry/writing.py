"""Checked tenants into the database: what is new is added, what is there already must agree (DESIGN section 4).

Adds and extends only: no annex is changed or removed, no suspension or revocation lifted, no tenant moved.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.registry import tables as t
from authz.registry.change import Change, canonical_json
from authz.registry.checking import out_of_order
from authz.registry.contact_rows import contact_rows, insert_contacts
from authz.registry.entries import AnnexEntry, TenantEntry
from authz.registry.findings import Finding
from authz.registry.log_keys import Known, known_log_keys
from authz.registry.rows import is_stricter, state_of

Row = dict[str, Any]

_CACHE_KIB: Final = 64 << 10
"""SQLite's own 2 MiB hold no index of many thousand ids: the pages would be written again and again."""


class _Known(NamedTuple):
    """What the database holds of some tenants, by tenant id."""

    tenants: Mapping[str, sa.RowMapping]
    annexes: Mapping[str, list[sa.RowMapping]]
    suspensions: Mapping[str, dict[SubjectKey, ContactState]]
    resources: Mapping[str, dict[tuple[str, str], str]]
    log_keys: Mapping[str, Known]


class Loader:
    """Writes entries into one change; `counts` says what it did, by the kinds of `LoadReport`."""

    def __init__(self, change: Change) -> None:
        self.counts: Counter[str] = Counter()
        self._change = change
        if change.connection.dialect.name == "sqlite":
            change.connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._last_annex_id: int = change.connection.execute(sa.select(sa.func.max(t.annex.c.id))).scalar() or 0

    def write(self, entries: Sequence[TenantEntry], *, sound: bool) -> list[list[Finding]]:
        """Write some tenants at once; for each what speaks against it. Nothing may be committed if anything does.

        Args:
            sound: no problem was found so far; otherwise the tenants are only held against the database.
        """
        known = self._known([entry.id for entry in entries])
        batch = _Batch()
        findings = [self._tenant(entry, known, batch) for entry in entries]
        if sound and not any(findings):
            batch.execute(self._change.connection)
        return findings

    def _known(self, ids: list[str]) -> _Known:
        def rows(table: sa.Table, column: sa.Column[Any]) -> Iterable[sa.RowMapping]:
            return self._change.connection.execute(sa.select(table).where(column.in_(ids))).mappings()

        tenants = {row["id"]: row for row in rows(t.tenant, t.tenant.c.id)}
        annexes: dict[str, list[sa.RowMapping]] = {}
        suspensions: dict[str, dict[SubjectKey, ContactState]] = {}
        resources: dict[str, dict[tuple[str, str], str]] = {}
        if tenants:
            for row in rows(t.annex, t.annex.c.tenant_id):
                if row["state"] == "approved":
                    annexes.setdefault(row["tenant_id"], []).append(row)
            for row in rows(t.suspension, t.suspension.c.tenant_id):
                of_tenant = suspensions.setdefault(row["tenant_id"], {})
                of_tenant[SubjectKey(row["subject_key"])] = ContactState(row["state"])
            for row in rows(t.resource, t.resource.c.tenant_id):
                resources.setdefault(row["tenant_id"], {})[row["type"], row["id"]] = row["attributes"]
        log_keys = known_log_keys(self._change.connection, ids) if tenants else {}
        return _Known(tenants, annexes, suspensions, resources, log_keys)

    def _tenant(self, entry: TenantEntry, known: _Known, batch: _Batch) -> list[Finding]:
        findings = self._own_row(entry, known.tenants.get(entry.id), batch)
        if findings:
            return findings
        log_keys = known.log_keys.get(entry.id, {})
        recorded = sorted(known.annexes.get(entry.id, ()), key=lambda row: row["number"])
        for annex in entry.annexes:
            same = next((row for row in recorded if row["number"] == annex.number), None)
            texts = _contradictions(annex, recorded, same)
            findings += [Finding(("annexes", annex.position), text) for text in texts]
            if same is None and not texts:
                self._annex(entry.id, annex, log_keys, batch)
        self._suspensions(entry, known.suspensions.get(entry.id, {}), batch)
        self._resources(entry, known.resources.get(entry.id, {}), batch)
        return findings

    def _own_row(self, entry: TenantEntry, row: sa.RowMapping | None, batch: _Batch) -> list[Finding]:
        stated = {
            "name": entry.name,
            "languages": canonical_json(entry.languages),
            "attributes": canonical_json(entry.attributes),
        }
        if row is None:
            revision = self._change.revision
            batch.tenants.append({"id": entry.id, "set_id": entry.set_id, "changed_revision": revision, **stated})
            self._change.record("tenant_added", entry.id, details={"set": entry.set_id})
            self.counts["tenants_added"] += 1
            return []
        if row["set_id"] != entry.set_id:
            text = f"tenant `{entry.id}` stands under the policy set `{row['set_id']}` and cannot move to another"
            return [Finding(("set",), text)]
        if row["closed"]:
            return [Finding(("id",), f"tenant `{entry.id}` was closed")]
        different = [member for member, value in stated.items() if row[member] != value]
        if different:
            self._change.connection.execute(t.tenant.update().where(t.tenant.c.id == entry.id).values(stated))
            before = _kept_in_trail(row["attributes"]) if "attributes" in different else {}
            self._change.record("tenant_changed", entry.id, details={"members": different, **before})
            self.counts["tenants_changed"] += 1
        return []

    def _annex(self, tenant_id: str, annex: AnnexEntry, log_keys: Known, batch: _Batch) -> None:
        self._last_annex_id += 1
        batch.annexes.append(
            {
                "id": self._last_annex_id,
                "tenant_id": tenant_id,
                "number": annex.number,
                "signed_on": annex.signed_on,
                "effective_from": annex.effective_from,
                "network": annex.network.value,
                "document_sha256": annex.document_sha256,
                "content_sha256": annex.content_sha256,
                "state": "approved",
                "origin": "loaded",
                "entered_by": self._change.by,
                "entered_at": self._change.at,
                "approved_by": self._change.by,
                "approved_at": self._change.at,
            }
        )
        batch.contacts += contact_rows(self._last_annex_id, annex.contacts, log_keys)
        self._change.record(
            "annex_loaded",
            tenant_id,
            about=f"annex {annex.number}",
            document_sha256=annex.document_sha256,
            details={"contacts": len(annex.contacts), "content_sha256": annex.content_sha256},
        )
        self.counts["annexes_added"] += 1
        self.counts["contacts_added"] += len(annex.contacts)

    def _suspensions(self, entry: TenantEntry, known: dict[SubjectKey, ContactState], batch: _Batch) -> None:
        for annex in entry.annexes:
            for position, contact in enumerate(annex.contacts, start=1):
                if contact.state is ContactState.ACTIVE:
                    continue
                stricter = [key for key in contact.keys if is_stricter(contact.state, state_of((key,), known))]
                if not stricter:
                    continue
                known.update(dict.fromkeys(stricter, contact.state))
                batch.suspensions += [
                    {
                        "tenant_id": entry.id,
                        "subject_key": key,
                        "state": contact.state.value,
                        "since": self._change.at,
                        "suspended_by": self._change.by,
                    }
                    for key in stricter
                ]
                about = f"annex {annex.number} contact {position}"
                self._change.record(f"contact_{contact.state.value}", entry.id, about=about)
                self.counts["contacts_suspended"] += 1

    def _resources(self, entry: TenantEntry, known: Mapping[tuple[str, str], str], batch: _Batch) -> None:
        different = [
            {"tenant_id": entry.id, "type": resource.type, "id": resource.id, "attributes": attributes}
            for resource in entry.resources
            if known.get((resource.type, resource.id)) != (attributes := canonical_json(resource.attributes))
        ]
        if different:
            batch.resources += different
            self._change.record("resources_changed", entry.id, details={"resources": len(different)})
            self.counts["resources_changed"] += len(different)


class _Batch:
    """Rows to write at once, each table's after those it refers to."""

    def __init__(self) -> None:
        self.tenants: list[Row] = []
        self.annexes: list[Row] = []
        self.contacts: list[Row] = []
        self.suspensions: list[Row] = []
        self.resources: list[Row] = []

    def execute(self, connection: sa.Connection) -> None:
        for table, rows in ((t.tenant, self.tenants), (t.annex, self.annexes)):
            if rows:
                connection.execute(table.insert(), rows)
        if self.contacts:
            insert_contacts(connection, self.contacts)
        for table, rows in ((t.suspension, self.suspensions), (t.resource, self.resources)):
            if rows:
                self._replace(connection, table, rows)

    @staticmethod
    def _replace(connection: sa.Connection, table: sa.Table, rows: list[Row]) -> None:
        """Rows by primary key, the last one of a key: delete and insert is the same on both databases."""
        key = [column.name for column in table.primary_key]
        last = {tuple(row[name] for name in key): row for row in rows}
        matching = [table.c[name] == sa.bindparam(f"key_{name}") for name in key]
        connection.execute(
            table.delete().where(*matching),
            [{f"key_{name}": value for name, value in zip(key, values, strict=True)} for values in last],
        )
        connection.execute(table.insert(), list(last.values()))


def _kept_in_trail(attributes: str) -> dict[str, object]:
    """The attributes before a change, for questions about the past; not where one of them may name a person."""
    before = json.loads(attributes)
    texts = [one for value in before.values() for one in (value if isinstance(value, list) else [value])]
    named = any(isinstance(one, str) and ("@" in one or one.startswith("+")) for one in texts)
    return {} if named else {"before": before}


def _contradictions(annex: AnnexEntry, recorded: Sequence[sa.RowMapping], same: sa.RowMapping | None) -> list[str]:
    """Why an annex cannot be added to those recorded (by number)."""
    if same is not None:
        if same["content_sha256"] == annex.content_sha256:
            return []
        return [f"annex {annex.number} is already recorded with other contents; a change needs a new annex"]
    if not recorded:
        return []
    newest = recorded[-1]
    if annex.number < newest["number"]:
        return [f"annex {annex.number} comes after annex {newest['number']}, which is already recorded"]
    return out_of_order(_as_entry(newest), annex)


def _as_entry(row: sa.RowMapping) -> AnnexEntry:
    signed_on: dt.date = row["signed_on"]
    return AnnexEntry(row["number"], signed_on, row["effective_from"], NetworkChoice(row["network"]))
