"""The registry as it stood at an earlier instant, for the tenants of one question (DESIGN section 6: `as_of`).

Annexes are kept for ever, and the trail says who was suspended when, so both are as they were then. An annex that was
signed counts from its day on but not before a second person had approved it; one that was loaded was in force on paper
before it was loaded. Of the other values `PastTenant.of_now` names those that are not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.types import ContactState, SubjectKey
from authz.registry import tables as t
from authz.registry.annexes import AnnexRecord, TenantAnnexes, read_annexes
from authz.registry.change import instant_text
from authz.registry.revision import revision_of
from authz.registry.rows import attributes_in, is_stricter, state_of
from authz.registry.store import RegistryStore

TENANT_ATTRIBUTES: Final = "tenant_attributes"
RESOURCE_ATTRIBUTES: Final = "resource_attributes"

_LINE: Final = re.compile(r"annex (\d+) contact (\d+)")
_LOGIN: Final = "login:"
_STATES: Final = {
    "contact_suspended": ContactState.SUSPENDED,
    "contact_revoked": ContactState.REVOKED,
    "contact_restored": ContactState.ACTIVE,
}

States = dict[SubjectKey, ContactState]


class About(NamedTuple):
    """What a question is about: the canonical ids its contact may have, tenants by their ids, and a resource."""

    keys: frozenset[SubjectKey]
    tenants: frozenset[str]
    resource: tuple[str, str]


class PastDirectory(NamedTuple):
    """The tenants that the question is about, as they stood.

    `records`: by tenant and annex number, the annexes with who entered and who approved them. `of_now`: by tenant, what
    has changed since then and is not kept: `tenant_attributes`, `resource_attributes`.
    """

    directory: Directory
    records: Mapping[tuple[str, int], AnnexRecord]
    of_now: Mapping[str, tuple[str, ...]]


def directory_as_of(store: RegistryStore, about: About, at: float) -> PastDirectory:
    """What the registry held at `at` (seconds since 1970-01-01T00:00Z) of the tenants that the question is about.

    Its revision is the one that it was read at.

    Raises:
        RegistryUnavailable: the database cannot be reached.
    """
    instant = instant_text(at)
    records: dict[tuple[str, int], AnnexRecord] = {}
    of_now: dict[str, tuple[str, ...]] = {}
    tenants = []
    with store.reading() as connection:
        newest = revision_of(connection)
        for tenant_id in _tenants_of(connection, about):
            past = _tenant_as_of(connection, tenant_id, instant)
            if past is None:
                continue
            tenant, counting, differs = past
            tenants.append(tenant)
            records.update({(tenant_id, one.entry.number): one for one in counting})
            of_now[tenant_id] = differs
    return PastDirectory(Directory(tenants, *newest), records, of_now)


def _tenants_of(connection: sa.Connection, about: About) -> list[str]:
    found = set(connection.scalars(sa.select(t.tenant.c.id).where(t.tenant.c.id.in_(about.tenants))))
    c = t.contact.c
    plain = [key for key in about.keys if not key.startswith(_LOGIN)]
    logins = [key.removeprefix(_LOGIN) for key in about.keys if key.startswith(_LOGIN)]
    for column, values in ((c.email, plain), (c.phone, plain), (c.login, logins)):
        query = sa.select(t.annex.c.tenant_id).join_from(t.contact, t.annex).where(column.in_(values)).distinct()
        found.update(connection.scalars(query))
    kind, resource_id = about.resource
    row = t.resource.c
    found.update(connection.scalars(sa.select(row.tenant_id).where(row.type == kind, row.id == resource_id)))
    return sorted(found)


def _tenant_as_of(
    connection: sa.Connection, tenant_id: str, instant: str
) -> tuple[Tenant, list[AnnexRecord], tuple[str, ...]] | None:
    """The tenant, the annexes that counted, and what is of now; None: it was closed already."""
    recorded = read_annexes(connection, tenant_id, closed_too=True)
    row = connection.execute(sa.select(t.tenant).where(t.tenant.c.id == tenant_id)).mappings().one()
    lines = _trail(connection, tenant_id)
    if row["closed"] and any(line.kind == "tenant_closed" and line.changed_at <= instant for line in lines):
        return None
    counting = [one for one in recorded.approved if one.origin != "signed" or one.approved_at <= instant]
    states = _states_at(recorded, lines, instant)
    later = [line for line in lines if line.changed_at > instant]
    attributes, attributes_known = _attributes_then(row["attributes"], later)
    of_now = [] if attributes_known else [TENANT_ATTRIBUTES]
    if any(line.kind == "resources_changed" for line in later):
        of_now.append(RESOURCE_ATTRIBUTES)
    tenant = Tenant(
        tenant_id,
        recorded.set_id,
        recorded.name,
        [_annex(one, states) for one in counting],
        recorded.languages,
        attributes,
        _resources(connection, tenant_id),
    )
    return tenant, counting, tuple(of_now)


class _Line(NamedTuple):
    """One line of the trail; `details` as JSON."""

    changed_at: str
    kind: str
    about: str
    details: str


def _trail(connection: sa.Connection, tenant_id: str) -> list[_Line]:
    c = t.change.c
    query = sa.select(c.changed_at, c.kind, c.about, c.details).where(c.tenant_id == tenant_id)
    return [_Line._make(row) for row in connection.execute(query.order_by(c.revision, c.position))]


def _states_at(recorded: TenantAnnexes, lines: Iterable[_Line], instant: str) -> Mapping[SubjectKey, ContactState]:
    """Who was suspended or revoked then. Where nothing has changed since, as it is; else by the trail, line by line."""
    changes = [line for line in lines if line.kind in _STATES]
    if not any(line.changed_at > instant for line in changes):
        return recorded.suspended
    ids = [set(line.keys) for annex in recorded.approved for line in annex.entry.contacts]
    by_place = {
        (annex.entry.number, position): set(line.keys)
        for annex in recorded.approved
        for position, line in zip(annex.positions, annex.entry.contacts, strict=True)
    }
    states: States = {}
    for line in changes:
        place = _LINE.fullmatch(line.about)
        if line.changed_at > instant or place is None:
            continue
        own = by_place.get((int(place[1]), int(place[2])), set())
        person = own.union(*(keys for keys in ids if keys & own))
        for key in person:
            _apply(states, key, _STATES[line.kind])
    return states


def _apply(states: States, key: SubjectKey, state: ContactState) -> None:
    if state is ContactState.ACTIVE:
        states.pop(key, None)
    elif is_stricter(state, states.get(key, ContactState.ACTIVE)):
        states[key] = state


def _attributes_then(now: str, later: Iterable[_Line]) -> tuple[Mapping[str, object], bool]:
    """The tenant's attributes before the first later change of them; whether that change kept them."""
    for line in later:
        details = json.loads(line.details)
        if line.kind == "tenant_changed" and "attributes" in details.get("members", ()):
            return (details["before"], True) if "before" in details else (attributes_in(now), False)
    return attributes_in(now), True


def _resources(connection: sa.Connection, tenant_id: str) -> dict[tuple[str, str], Mapping[str, object]]:
    row = t.resource.c
    query = sa.select(row.type, row.id, row.attributes).where(row.tenant_id == tenant_id)
    return {(kind, name): attributes_in(text) for kind, name, text in connection.execute(query)}


def _annex(record: AnnexRecord, states: Mapping[SubjectKey, ContactState]) -> Annex:
    entry = record.entry
    contacts = [
        Contact(one.name, one.role, one.keys, state_of(one.keys, states), one.function, one.attributes)
        for one in entry.contacts
    ]
    return Annex(
        entry.number,
        entry.signed_on,
        entry.effective_from,
        entry.network,
        contacts,
        entry.document_sha256,
        record.origin,
    )
