"""Tenants, annexes and contacts as JSON, their ETags, and an annex as stated back into an entry."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from authz.annex.difference import Permissions, differences
from authz.core.definition import PolicySet
from authz.core.generation import Generation
from authz.errors import NoActivePolicy
from authz.registry import editing
from authz.registry.annexes import DRAFT, AnnexRecord
from authz.registry.checking import check_tenant
from authz.registry.editing import Line, Seen
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.findings import Findings
from authz.web.messages.problem import parts_of
from authz.web.messages.refusals import BodyInvalid, Part

Generations = Mapping[str, Generation]
_BEFORE: Final = ("annexes", 0)
_ETAG: Final = re.compile(r'(?<!W/)"[0-9]+-[0-9a-f]{8}"')


def etag(seen: Seen) -> str:
    """Of everything about the tenant: it changes when anything of it does, and only then (strong, RFC 9110 8.8.3)."""
    registry = hashlib.sha256(seen.registry_id.encode()).hexdigest()[:8]
    return f'"{seen.revision}-{registry}"'


def matches(stated: Iterable[str], seen: Seen) -> bool:
    """Whether one of the ETags in `If-Match` headers is the tenant's."""
    return any(etag(seen) in _ETAG.findall(one) for one in stated)


def in_force(seen: Seen, generations: Generations) -> AnnexRecord | None:
    """R3: the approved annex in force today, in the time zone of the tenant's set (UTC where that is not live)."""
    generation = generations.get(seen.tenant.set_id)
    now = time.time()
    ordinal = generation.local_day.ordinal(now) if generation is not None else int(now // 86400) + _EPOCH
    begun = [one for one in seen.tenant.approved if one.entry.effective_from.toordinal() <= ordinal]
    return max(begun, key=lambda one: (one.entry.effective_from, one.entry.number), default=None)


_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def tenant_summary(seen: Seen, generations: Generations) -> dict[str, Any]:
    """See `registry_schemas.TenantSummary`."""
    tenant, current = seen.tenant, in_force(seen, generations)
    return {
        "id": tenant.id,
        "set": tenant.set_id,
        "name": tenant.name,
        "languages": list(tenant.languages),
        "annex_in_force": current.entry.number if current is not None else None,
        "network": current.entry.network.value if current is not None else None,
        "contacts": len(current.entry.contacts) if current is not None else 0,
        "drafts": sum(1 for one in tenant.annexes if one.state == DRAFT),
    }


def tenant_document(seen: Seen, generations: Generations) -> dict[str, Any]:
    """See `registry_schemas.TenantDocument`."""
    current = in_force(seen, generations)
    return {
        **tenant_summary(seen, generations),
        "attributes": seen.attributes,
        "annexes": [annex_summary(seen, one, current) for one in seen.tenant.annexes],
    }


def annex_summary(seen: Seen, record: AnnexRecord, current: AnnexRecord | None) -> dict[str, Any]:
    """See `registry_schemas.AnnexSummary`."""
    entry = record.entry
    return {
        "id": record.id,
        "tenant": seen.tenant.id,
        "number": entry.number,
        "signed_on": entry.signed_on.isoformat(),
        "effective_from": entry.effective_from.isoformat(),
        "network": entry.network.value,
        "document_sha256": entry.document_sha256,
        "state": record.state,
        "origin": record.origin,
        "in_force": current is not None and current.id == record.id,
        "entered_by": record.entered_by,
        "entered_at": record.entered_at,
        "approved_by": record.approved_by or None,
        "approved_at": record.approved_at or None,
        "contacts": len(entry.contacts),
    }


def annex_document(seen: Seen, record: AnnexRecord, generations: Generations) -> dict[str, Any]:
    """See `registry_schemas.AnnexDocument`."""
    document = annex_summary(seen, record, in_force(seen, generations))
    document["contacts"] = [_on_paper(line) for line in editing.lines_of(seen, [record])]
    if record.state == DRAFT:
        document["changes"] = _changes(seen, record.entry, generations.get(seen.tenant.set_id))
    return document


def contact_document(line: Line, current: AnnexRecord | None) -> dict[str, Any]:
    """See `registry_schemas.ContactDocument`."""
    return {
        **_on_paper(line),
        "tenant": line.seen.tenant.id,
        "annex": line.annex.id,
        "annex_number": line.annex.entry.number,
        "in_force": current is not None and current.id == line.annex.id,
    }


def checked_entry(seen: Seen, stated: Mapping[str, Any], generations: Generations) -> AnnexEntry:
    """An annex as stated, checked as `registry load` checks one.

    Raises:
        BodyInvalid: with every problem.
        NoActivePolicy: the tenant's policy set is not live, so nobody knows its roles.
    """
    definition = _definition(seen, generations)
    tenant = seen.tenant
    findings = Findings()
    whole = {"id": tenant.id, "set": tenant.set_id, "name": tenant.name, "annexes": [dict(stated)]}
    entry = check_tenant(whole, {definition.id: definition}, findings)
    found = parts_of(findings.found, _BEFORE, "/annex", stated)
    found += [
        Part(f"/annex/contacts/{position}/state", "a state is not part of an annex; suspend the contact instead")
        for position, contact in enumerate(_listed(stated))
        if isinstance(contact, Mapping) and "state" in contact
    ]
    if found or entry is None or not entry.annexes:
        raise BodyInvalid(found)
    return entry.annexes[0]


def _listed(stated: Mapping[str, Any]) -> list[Any]:
    contacts = stated.get("contacts")
    return contacts if isinstance(contacts, list) else []


def _definition(seen: Seen, generations: Generations) -> PolicySet:
    generation = generations.get(seen.tenant.set_id)
    if generation is None:
        raise NoActivePolicy("the tenant's policy set has no good generation")
    return generation.definition


def _on_paper(line: Line) -> dict[str, Any]:
    contact: ContactEntry = line.contact
    return {
        "id": f"{line.annex.id}.{line.position}",
        "name": contact.name,
        "role": contact.role,
        "function": contact.function,
        "email": contact.email,
        "phone": contact.phone,
        "login": contact.login,
        "attributes": dict(contact.attributes),
        "state": line.state.value,
    }


def _changes(seen: Seen, entry: AnnexEntry, generation: Generation | None) -> list[dict[str, Any]]:
    """What the draft would change, by the newest approved annex."""
    tenant = seen.tenant
    before = tenant.newest.entry if tenant.newest is not None else None
    permissions = (
        Permissions(generation.definition, generation.table, tenant.id) if generation is not None else Permissions(None)
    )
    states = {position: tenant.state_of_person(contact) for position, contact in enumerate(entry.contacts)}
    return [
        {"sentence": one.sentence, "gains": list(one.gains), "loses": list(one.loses)}
        for one in differences(before, entry, permissions, states)
    ]
