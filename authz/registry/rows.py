"""Rows to immutable tenants: the one way from the database into memory (R1..R3; DESIGN section 4).

Straight selects, no objects in between: this is what a start with a million contacts has to wait for.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from sys import intern
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.contacts import Contact
from authz.core.directory import Annex, Tenant
from authz.core.types import EMPTY, ContactState, NetworkChoice, SubjectKey
from authz.registry import tables as t

EVERYTHING: Final = -1
"""A revision before any tenant's."""

_TENANTS_AT_ONCE: Final = 500
_LOGIN: Final = "login:"
_STRICTNESS: Final = (ContactState.ACTIVE, ContactState.SUSPENDED, ContactState.REVOKED)

Suspensions = Mapping[SubjectKey, ContactState]


class TenantRow(NamedTuple):
    """A tenant's own row."""

    id: str
    set_id: str
    name: str
    languages: str
    attributes: str


class AnnexRow(NamedTuple):
    """An annex's own row."""

    id: int
    tenant_id: str
    number: int
    signed_on: dt.date
    effective_from: dt.date
    network: str
    document_sha256: str
    origin: str


def read_tenants(connection: sa.Connection, since: int = EVERYTHING) -> Iterator[Tenant]:
    """Every open tenant that changed after the registry revision `since`, with all its approved annexes.

    Some at a time, in the order of their ids, so that what is read and not yet taken stays small.
    """
    changed = (t.tenant.c.changed_revision > since) & ~t.tenant.c.closed
    columns = [t.tenant.c[name] for name in TenantRow._fields]
    query = sa.select(*columns).order_by(t.tenant.c.id).limit(_TENANTS_AT_ONCE)
    last: str | None = None
    while True:
        further = changed if last is None else changed & (t.tenant.c.id > last)
        rows = [TenantRow._make(row) for row in connection.execute(query.where(further))]
        if rows:
            last = rows[-1].id
            yield from _tenants(connection, rows, changed & (t.tenant.c.id >= rows[0].id) & (t.tenant.c.id <= last))
        if len(rows) < _TENANTS_AT_ONCE:
            return


def _tenants(connection: sa.Connection, rows: list[TenantRow], these: sa.ColumnElement[bool]) -> Iterator[Tenant]:
    """The tenants of some rows. `these`: the condition that holds for the rows and no others."""
    annexes = _annexes(connection, these)
    suspensions = _suspensions(connection, these)
    resources = _resources(connection, these)
    owners = {annex.id: annex.tenant_id for found in annexes.values() for annex in found}
    contacts = _contacts(connection, these, owners, suspensions)
    for tenant in rows:
        yield Tenant(
            tenant.id,
            intern(tenant.set_id),
            tenant.name,
            [_annex(annex, contacts.pop(annex.id, [])) for annex in annexes.pop(tenant.id, ())],
            tuple(intern(language) for language in json.loads(tenant.languages)),
            attributes_in(tenant.attributes),
            resources.pop(tenant.id, {}),
        )


def tenants_of(connection: sa.Connection, ids: Collection[str]) -> list[Tenant]:
    """The open ones among some tenants; some hundreds at most."""
    these = t.tenant.c.id.in_(ids) & ~t.tenant.c.closed
    rows = connection.execute(sa.select(*(t.tenant.c[name] for name in TenantRow._fields)).where(these))
    return list(_tenants(connection, [TenantRow._make(row) for row in rows], these))


def changed_tenants(connection: sa.Connection, since: int) -> list[str]:
    """Ids of the tenants, closed ones too, that changed after the registry revision `since`."""
    return list(connection.scalars(sa.select(t.tenant.c.id).where(t.tenant.c.changed_revision > since)))


def closed_tenants(connection: sa.Connection, since: int) -> list[str]:
    """Ids of the tenants that were closed after the registry revision `since`."""
    closed = sa.select(t.tenant.c.id).where(t.tenant.c.closed, t.tenant.c.changed_revision > since)
    return list(connection.scalars(closed))


def attributes_in(text: str) -> Mapping[str, object]:
    """Flat attributes from their column."""
    return EMPTY if text == "{}" else json.loads(text)


def subject_keys(email: str | None, phone: str | None, login: str | None) -> tuple[SubjectKey, ...]:
    """The canonical ids of a contact, from its columns."""
    if phone is None and login is None and email is not None:
        return (SubjectKey(email),)
    keys = (email, phone, None if login is None else _LOGIN + login)
    return tuple(SubjectKey(key) for key in keys if key is not None)


def _annex(row: AnnexRow, contacts: list[Contact]) -> Annex:
    return Annex(
        row.number,
        row.signed_on,
        row.effective_from,
        NetworkChoice(row.network),
        contacts,
        row.document_sha256,
        intern(row.origin),
    )


def _annexes(connection: sa.Connection, changed: sa.ColumnElement[bool]) -> dict[str, list[AnnexRow]]:
    columns = [t.annex.c[name] for name in AnnexRow._fields]
    query = sa.select(*columns).join_from(t.annex, t.tenant).where(changed, t.annex.c.state == "approved")
    found: dict[str, list[AnnexRow]] = {}
    for row in connection.execute(query):
        annex = AnnexRow._make(row)
        found.setdefault(annex.tenant_id, []).append(annex)
    return found


def _suspensions(
    connection: sa.Connection, changed: sa.ColumnElement[bool]
) -> dict[str, dict[SubjectKey, ContactState]]:
    table = t.suspension
    query = sa.select(table.c.tenant_id, table.c.subject_key, table.c.state).join_from(table, t.tenant).where(changed)
    found: dict[str, dict[SubjectKey, ContactState]] = {}
    for tenant_id, key, state in connection.execute(query):
        found.setdefault(tenant_id, {})[SubjectKey(key)] = ContactState(state)
    return found


def _resources(
    connection: sa.Connection, changed: sa.ColumnElement[bool]
) -> dict[str, dict[tuple[str, str], Mapping[str, object]]]:
    table = t.resource
    columns = (table.c.tenant_id, table.c.type, table.c.id, table.c.attributes)
    query = sa.select(*columns).join_from(table, t.tenant).where(changed).order_by(*columns[:3])
    found: dict[str, dict[tuple[str, str], Mapping[str, object]]] = {}
    for tenant_id, kind, resource_id, attributes in connection.execute(query):
        found.setdefault(tenant_id, {})[intern(kind), resource_id] = attributes_in(attributes)
    return found


def _contacts(
    connection: sa.Connection,
    changed: sa.ColumnElement[bool],
    owners: Mapping[int, str],
    suspensions: Mapping[str, Suspensions],
) -> dict[int, list[Contact]]:
    """The contacts of each approved annex, in the order of the paper."""
    c = t.contact.c
    query = (
        sa.select(c.annex_id, c.name, c.role, c.function, c.email, c.phone, c.login, c.attributes, c.log_key)
        .join_from(t.contact, t.annex)
        .join(t.tenant)
        .where(changed, t.annex.c.state == "approved")
        .order_by(c.annex_id, c.position)
    )
    found: dict[int, list[Contact]] = {}
    for annex_id, rows in groupby(connection.execute(query), key=itemgetter(0)):
        suspended = suspensions.get(owners[annex_id], EMPTY_SUSPENSIONS)
        found[annex_id] = [
            Contact(
                name,
                intern(role),
                keys := subject_keys(email, phone, login),
                state_of(keys, suspended) if suspended else ContactState.ACTIVE,
                intern(function),
                attributes_in(attributes),
                log_key,
            )
            for _, name, role, function, email, phone, login, attributes, log_key in rows
        ]
    return found


EMPTY_SUSPENSIONS: Final[Suspensions] = {}


def state_of(keys: tuple[SubjectKey, ...], suspended: Suspensions) -> ContactState:
    """The strictest state of any of the ids: who is suspended under one address is so under the others."""
    return max((suspended.get(key, ContactState.ACTIVE) for key in keys), key=_STRICTNESS.index)


def is_stricter(state: ContactState, than: ContactState) -> bool:
    """Whether a state takes away more than another: revoked, suspended, active."""
    return _STRICTNESS.index(state) > _STRICTNESS.index(than)
