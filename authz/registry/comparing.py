"""A checked tenant held against what the database has of it: what a load adds, or why it cannot (DESIGN section 4).

Adds and extends only: no annex is changed or removed, no suspension or revocation lifted, no tenant moved. Nothing here
reads or writes; `registry.writing` does.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import EMPTY, ContactState, NetworkChoice, SubjectKey
from authz.registry.change import canonical_json
from authz.registry.checking import out_of_order
from authz.registry.contact_rows import contact_rows
from authz.registry.entries import AnnexEntry, TenantEntry
from authz.registry.findings import Finding
from authz.registry.log_keys import Known
from authz.registry.rows import is_stricter, state_of

Row = dict[str, Any]

TENANT_ADDED: Final = "tenant_added"
TENANT_CHANGED: Final = "tenant_changed"
ANNEX_LOADED: Final = "annex_loaded"
RESOURCES_CHANGED: Final = "resources_changed"


class Recorded(NamedTuple):
    """What the database holds of one tenant: its row (None: it is new), its approved annexes, and what goes by ids."""

    row: sa.RowMapping | None = None
    annexes: Sequence[sa.RowMapping] = ()
    suspensions: Mapping[SubjectKey, ContactState] = MappingProxyType({})
    resources: Mapping[tuple[str, str], str] = MappingProxyType({})
    log_keys: Mapping[SubjectKey, str] = MappingProxyType({})


class Work:
    """What a load does to one tenant, as rows: `tenant` is its own new row, `changed` what is new in the one it has.

    What only the change itself can say (its revision, its instant, who makes it) is not in them. `annexes` and
    `contacts` bear ids that were given to `compare`. `told` are lines for the trail, see `Change.record`; `number`: of
    how many contacts or resources one tells.
    """

    __slots__ = ("annexes", "changed", "contacts", "resources", "suspensions", "tenant", "told")

    def __init__(self) -> None:
        self.tenant: Row | None = None
        self.changed: Row = {}
        self.annexes: list[Row] = []
        self.contacts: list[Row] = []
        self.suspensions: list[Row] = []
        self.resources: list[Row] = []
        self.told: list[Row] = []

    def tell(
        self,
        kind: str,
        tenant_id: str,
        *,
        about: str = "",
        document_sha256: str = "",
        details: Mapping[str, object] = EMPTY,
        number: int = 1,
    ) -> None:
        """A line for the trail."""
        self.told.append(
            {
                "number": number,
                "tenant_id": tenant_id,
                "kind": kind,
                "about": about,
                "document_sha256": document_sha256,
                "details": canonical_json(details),
            }
        )


def compare(entry: TenantEntry, recorded: Recorded, annex_ids: Iterator[int]) -> tuple[Work, list[Finding]]:
    """What to write, and what speaks against it: nothing of the load may be written if anything does.

    Args:
        annex_ids: an id for each new annex is taken from here.
    """
    work = Work()
    findings = _own_row(entry, recorded.row, work)
    if findings:
        return work, findings
    log_keys = dict(recorded.log_keys)
    annexes = sorted(recorded.annexes, key=lambda row: row["number"])
    for annex in entry.annexes:
        same = next((row for row in annexes if row["number"] == annex.number), None)
        texts = _contradictions(annex, annexes, same)
        findings += [Finding(("annexes", annex.position), text) for text in texts]
        if same is None and not texts:
            _annex(entry.id, annex, next(annex_ids), log_keys, work)
    _suspensions(entry, dict(recorded.suspensions), work)
    _resources(entry, recorded.resources, work)
    return work, findings


def _own_row(entry: TenantEntry, row: sa.RowMapping | None, work: Work) -> list[Finding]:
    stated = {
        "name": entry.name,
        "languages": canonical_json(entry.languages),
        "attributes": canonical_json(entry.attributes),
    }
    if row is None:
        work.tenant = {"id": entry.id, "set_id": entry.set_id, **stated}
        work.tell(TENANT_ADDED, entry.id, details={"set": entry.set_id})
        return []
    if row["set_id"] != entry.set_id:
        text = f"tenant `{entry.id}` stands under the policy set `{row['set_id']}` and cannot move to another"
        return [Finding(("set",), text)]
    if row["closed"]:
        return [Finding(("id",), f"tenant `{entry.id}` was closed")]
    different = [member for member, value in stated.items() if row[member] != value]
    if different:
        work.changed = {"id": entry.id, **stated}
        before = _kept_in_trail(row["attributes"]) if "attributes" in different else {}
        work.tell(TENANT_CHANGED, entry.id, details={"members": different, **before})
    return []


def _annex(tenant_id: str, annex: AnnexEntry, annex_id: int, log_keys: Known, work: Work) -> None:
    content_sha256 = annex.content_sha256
    work.annexes.append(
        {
            "id": annex_id,
            "tenant_id": tenant_id,
            "number": annex.number,
            "signed_on": annex.signed_on,
            "effective_from": annex.effective_from,
            "network": annex.network.value,
            "document_sha256": annex.document_sha256,
            "content_sha256": content_sha256,
        }
    )
    work.contacts += contact_rows(annex_id, annex.contacts, log_keys)
    details = {"contacts": len(annex.contacts), "content_sha256": content_sha256}
    work.tell(
        ANNEX_LOADED,
        tenant_id,
        about=f"annex {annex.number}",
        document_sha256=annex.document_sha256,
        details=details,
        number=len(annex.contacts),
    )


def _suspensions(entry: TenantEntry, known: dict[SubjectKey, ContactState], work: Work) -> None:
    suspended: dict[SubjectKey, ContactState] = {}
    for annex in entry.annexes:
        for position, contact in enumerate(annex.contacts, start=1):
            if contact.state is ContactState.ACTIVE:
                continue
            stricter = [key for key in contact.keys if is_stricter(contact.state, state_of((key,), known))]
            if not stricter:
                continue
            known.update(dict.fromkeys(stricter, contact.state))
            suspended.update(dict.fromkeys(stricter, contact.state))
            about = f"annex {annex.number} contact {position}"
            work.tell(f"contact_{contact.state.value}", entry.id, about=about)
    work.suspensions = [
        {"tenant_id": entry.id, "subject_key": key, "state": state.value} for key, state in suspended.items()
    ]


def _resources(entry: TenantEntry, known: Mapping[tuple[str, str], str], work: Work) -> None:
    work.resources = [
        {"tenant_id": entry.id, "type": resource.type, "id": resource.id, "attributes": attributes}
        for resource in entry.resources
        if known.get((resource.type, resource.id)) != (attributes := canonical_json(resource.attributes))
    ]
    if work.resources:
        number = len(work.resources)
        work.tell(RESOURCES_CHANGED, entry.id, details={"resources": number}, number=number)


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
