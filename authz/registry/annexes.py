"""The annexes of one tenant as recorded: those that count, those that wait for a second person, and who did what.

Of one tenant only, and drafts included; what decisions are made from is `registry.rows`'.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.errors import NotFound
from authz.registry import tables as t
from authz.registry.checking import out_of_order
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.rows import attributes_in, state_of
from authz.registry.store import RegistryStore

DRAFT: Final = "draft"
APPROVED: Final = "approved"
SUPERSEDED: Final = "superseded"
PROPOSED: Final = "annex_proposed"
"""Kind of change; its details hold the contract's number as the document gives it, if it gives one."""


class AnnexRecord(NamedTuple):
    """One recorded annex. `state` is `draft`, `approved` or `superseded`, `origin` is `signed` or `loaded`.

    Instants are RFC 3339 in UTC; `approved_by` and `approved_at` are empty while nobody approved. `positions`: of each
    contact the number of its line, as read from the database; erased lines leave gaps.
    """

    id: int
    entry: AnnexEntry
    state: str
    origin: str
    entered_by: str
    entered_at: str
    approved_by: str = ""
    approved_at: str = ""
    positions: tuple[int, ...] = ()


class TenantAnnexes(NamedTuple):
    """A tenant with all its recorded annexes by number, then id. `contract_number` is that of the newest document."""

    id: str
    set_id: str
    name: str
    languages: tuple[str, ...]
    annexes: tuple[AnnexRecord, ...]
    suspended: Mapping[SubjectKey, ContactState]
    contract_number: str = ""

    @property
    def approved(self) -> tuple[AnnexRecord, ...]:
        """The annexes that count from their days on."""
        return tuple(one for one in self.annexes if one.state == APPROVED)

    @property
    def newest(self) -> AnnexRecord | None:
        """The approved annex that the next one replaces."""
        return self.approved[-1] if self.approved else None

    def objections(self, annex: AnnexEntry) -> list[str]:
        """Why an annex cannot be approved after those that are: numbers and dates must not run backwards (1.6)."""
        newest = self.newest
        same = next((one for one in self.approved if one.entry.number == annex.number), None)
        if same is not None:
            return [f"annex {annex.number} is already recorded with other contents; a change needs a new annex"]
        if newest is None:
            return []
        if annex.number < newest.entry.number:
            return [f"annex {annex.number} comes after annex {newest.entry.number}, which is already recorded"]
        return out_of_order(newest.entry, annex)

    def state_of_person(self, contact: ContactEntry) -> ContactState:
        """Whether the person of a new line is suspended or revoked already.

        By any id; and where all ids are new, by the name of a person who was suspended under another one: an annex adds
        and removes people, it lifts no suspension.
        """
        state = state_of(contact.keys, self.suspended)
        if state is not ContactState.ACTIVE or not self.suspended:
            return state
        lines = [line for annex in self.approved for line in annex.entry.contacts]
        if any(set(line.keys) & set(contact.keys) for line in lines):
            return state
        ids = [key for line in lines if same_name(line.name, contact.name) for key in line.keys]
        return state_of(tuple(ids), self.suspended) if ids else state


def same_name(one: str, other: str) -> bool:
    """Whether two names are written alike, case and blanks aside."""
    return one.casefold().split() == other.casefold().split()


def tenant_annexes(store: RegistryStore, tenant_id: str) -> TenantAnnexes:
    """The tenant as recorded now.

    Raises:
        NotFound: there is no such tenant, or it was closed.
        RegistryUnavailable: the database cannot be reached.
    """
    with store.reading() as connection:
        return read_annexes(connection, tenant_id)


def tenant_of(connection: sa.Connection, annex_id: int) -> str:
    """Whose annex it is.

    Raises:
        NotFound: there is no such annex.
    """
    tenant_id = connection.execute(sa.select(t.annex.c.tenant_id).where(t.annex.c.id == annex_id)).scalar()
    if tenant_id is None:
        raise NotFound(f"there is no annex with the id {annex_id}")
    return str(tenant_id)


def read_annexes(connection: sa.Connection, tenant_id: str, *, closed_too: bool = False) -> TenantAnnexes:
    """The tenant as the open transaction sees it.

    Raises:
        NotFound: there is no such tenant, or it was closed (unless `closed_too`).
    """
    row = connection.execute(sa.select(t.tenant).where(t.tenant.c.id == tenant_id)).mappings().first()
    if row is None or (row["closed"] and not closed_too):
        raise NotFound(f"there is no tenant `{tenant_id}`" if row is None else f"tenant `{tenant_id}` was closed")
    table = t.suspension.c
    suspended = sa.select(table.subject_key, table.state).where(table.tenant_id == tenant_id)
    return TenantAnnexes(
        tenant_id,
        row["set_id"],
        row["name"],
        tuple(json.loads(row["languages"])),
        tuple(_records(connection, tenant_id)),
        {SubjectKey(key): ContactState(state) for key, state in connection.execute(suspended)},
        _contract_number(connection, tenant_id),
    )


def _records(connection: sa.Connection, tenant_id: str) -> Iterator[AnnexRecord]:
    contacts: dict[int, list[ContactEntry]] = {}
    positions: dict[int, list[int]] = {}
    lines = (
        sa.select(t.contact)
        .join_from(t.contact, t.annex)
        .where(t.annex.c.tenant_id == tenant_id)
        .order_by(t.contact.c.annex_id, t.contact.c.position)
    )
    for line in connection.execute(lines).mappings():
        contacts.setdefault(line["annex_id"], []).append(_contact(line))
        positions.setdefault(line["annex_id"], []).append(line["position"])
    query = sa.select(t.annex).where(t.annex.c.tenant_id == tenant_id).order_by(t.annex.c.number, t.annex.c.id)
    for row in connection.execute(query).mappings():
        entry = AnnexEntry(
            row["number"],
            row["signed_on"],
            row["effective_from"],
            NetworkChoice(row["network"]),
            row["document_sha256"],
            tuple(contacts.get(row["id"], ())),
        )
        yield AnnexRecord(
            row["id"],
            entry,
            row["state"],
            row["origin"],
            row["entered_by"],
            row["entered_at"],
            row["approved_by"] or "",
            row["approved_at"] or "",
            tuple(positions.get(row["id"], ())),
        )


def _contact(row: sa.RowMapping) -> ContactEntry:
    return ContactEntry(
        row["name"],
        row["role"],
        row["function"],
        row["email"],
        row["phone"],
        row["login"],
        attributes_in(row["attributes"]),
    )


def _contract_number(connection: sa.Connection, tenant_id: str) -> str:
    change = t.change.c
    query = (
        sa.select(change.details)
        .where(change.tenant_id == tenant_id, change.kind == PROPOSED)
        .order_by(change.revision.desc(), change.position.desc())
    )
    numbers = (str(json.loads(details).get("contract", "")) for details in connection.scalars(query))
    return next(filter(None, numbers), "")
