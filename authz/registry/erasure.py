"""Erasing a person: gone from every annex, past ones and drafts too, from suspensions and from what names the person.

What has to stay is told, not hidden: the trail (which names nobody), the hash of each signed paper, and what lies
outside of the registry. A decision of then can no longer be explained afterwards; that is the price of erasure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.identity import subject_key
from authz.core.types import SubjectKey
from authz.registry import tables as t
from authz.registry.change import Change, canonical_json
from authz.registry.proposals import staff_name
from authz.registry.rows import subject_keys
from authz.registry.store import RegistryStore

_SEARCHED: Final = (t.tenant, t.annex, t.contact, t.suspension, t.resource, t.caller, t.change)
_EXACT: Final = ("contact.email", "contact.phone", "contact.login", "suspension.subject_key")
"""Columns of whole ids, from which the person's are gone; another's may end alike."""
_KINDS: Final = ("email", "phone", "login")
_CONTACT_ERASED: Final = "contact_erased"
_SUSPENSION_ERASED: Final = "suspension_erased"
_MENTION_ERASED: Final = "mention_erased"


def erased_since(connection: sa.Connection, revision: int) -> bool:
    """Whether anybody was erased after a registry revision, so that no copy of before may be kept."""
    kinds = (_CONTACT_ERASED, _SUSPENSION_ERASED, _MENTION_ERASED)
    row = t.change.c
    query = sa.select(row.revision).where(row.revision > revision, row.kind.in_(kinds)).limit(1)
    return connection.execute(query).first() is not None


class Erasure(NamedTuple):
    """What was erased, and what stays.

    `lines`: `acme: annex 2 contact 1` for each line of an annex. `suspensions`, `mentions`: how many suspensions, and
    attributes of others or of resources that named the person. `drafts`: ids of drafts that lost a line.
    `in_force`: tenants whose newest approved annex lost a line: the person can request nothing there any more.
    `namesakes`: lines that bear the name under other ids; another person, or the same. `still_named_in`: columns whose
    text holds one of the ids all the same.
    """

    lines: tuple[str, ...]
    suspensions: int
    mentions: int
    drafts: tuple[int, ...]
    in_force: tuple[str, ...]
    namesakes: tuple[str, ...]
    still_named_in: tuple[str, ...]
    revision: int


class _Line(NamedTuple):
    annex_id: int
    position: int
    tenant_id: str
    number: int
    state: str
    name: str
    keys: tuple[SubjectKey, ...]

    @property
    def place(self) -> str:
        return f"annex {self.number} contact {self.position}"


def erase(store: RegistryStore, key: SubjectKey, by: str, tenant_id: str = "") -> Erasure:
    """Erase the person with that canonical id, under every id that lines with it give the person.

    Doing it again does nothing more. The database's files hold remains until `store.compact()`.

    Args:
        tenant_id: only at this tenant; empty: at every tenant, closed ones too.

    Raises:
        ValueError: `by` is no name.
        RegistryUnavailable: the database cannot be reached; nothing has changed.
    """
    by = staff_name(by)
    with store.changing(by, urgent=True) as change:
        every = [line for line in _lines(change) if tenant_id in ("", line.tenant_id)]
        found = _of_person(every, key)
        keys = sorted({key, *(one for line in found for one in line.keys)})
        newest = _newest(every)
        for line in found:
            row = t.contact.c
            change.connection.execute(
                t.contact.delete().where(row.annex_id == line.annex_id, row.position == line.position)
            )
            change.record(_CONTACT_ERASED, line.tenant_id, about=line.place, details={"annex": line.annex_id})
        suspensions = _forget_suspensions(change, keys, tenant_id)
        mentions = _forget_mentions(change, frozenset(keys), tenant_id)
        names = {line.name for line in found}
        gone = set(found)
        return Erasure(
            tuple(f"{line.tenant_id}: {line.place}" for line in found),
            suspensions,
            mentions,
            tuple(sorted({line.annex_id for line in found if line.state == "draft"})),
            tuple(sorted({line.tenant_id for line in found if newest.get(line.tenant_id) == line.annex_id})),
            tuple(f"{line.tenant_id}: {line.place}" for line in every if line.name in names and line not in gone),
            _still_named_in(change, keys),
            change.revision - 1 if change.is_empty else change.revision,
        )


def _lines(change: Change) -> list[_Line]:
    annex, contact = t.annex.c, t.contact.c
    columns = (annex.id, contact.position, annex.tenant_id, annex.number, annex.state, contact.name)
    query = (
        sa.select(*columns, contact.email, contact.phone, contact.login)
        .join_from(t.contact, t.annex)
        .order_by(annex.tenant_id, annex.number, annex.id, contact.position)
    )
    return [_Line(*row[:-3], subject_keys(*row[-3:])) for row in change.connection.execute(query)]


def _of_person(lines: Iterable[_Line], key: SubjectKey) -> list[_Line]:
    """The lines with the id, and those of the same tenants that share another id with them."""
    lines = list(lines)
    first = [line for line in lines if key in line.keys]
    own: dict[str, set[SubjectKey]] = {}
    for line in first:
        own.setdefault(line.tenant_id, set()).update(line.keys)
    return [line for line in lines if own.get(line.tenant_id, set()) & set(line.keys)]


def _newest(lines: Iterable[_Line]) -> dict[str, int]:
    """By tenant the approved annex with the highest number that has any line."""
    best: dict[str, tuple[int, int]] = {}
    for line in lines:
        if line.state == "approved":
            best[line.tenant_id] = max(best.get(line.tenant_id, (0, 0)), (line.number, line.annex_id))
    return {tenant_id: annex_id for tenant_id, (_, annex_id) in best.items()}


def _forget_suspensions(change: Change, keys: Iterable[SubjectKey], tenant_id: str) -> int:
    row = t.suspension.c
    mine = (
        row.subject_key.in_(list(keys)) if not tenant_id else (row.tenant_id == tenant_id) & row.subject_key.in_(keys)
    )
    found = list(change.connection.scalars(sa.select(row.tenant_id).where(mine)))
    change.connection.execute(t.suspension.delete().where(mine))
    for one in sorted(set(found)):
        change.record(_SUSPENSION_ERASED, one)
    return len(found)


def _forget_mentions(change: Change, keys: frozenset[SubjectKey], tenant_id: str) -> int:
    """Attributes of resources, tenants and other contacts whose value is one of the ids: the attribute goes."""
    found = 0
    owner = {t.resource: t.resource.c.tenant_id, t.tenant: t.tenant.c.id, t.contact: t.annex.c.tenant_id}
    for table, tenant_column in owner.items():
        key_columns = list(table.primary_key)
        query = sa.select(tenant_column, table.c.attributes, *key_columns).where(table.c.attributes != "{}")
        if table is t.contact:
            query = query.join_from(t.contact, t.annex)
        if tenant_id:
            query = query.where(tenant_column == tenant_id)
        for of_tenant, text, *values in change.connection.execute(query).all():
            before = json.loads(text)
            after = _without(before, keys)
            if after == before:
                continue
            mine = [column == value for column, value in zip(key_columns, values, strict=True)]
            change.connection.execute(table.update().where(*mine).values(attributes=canonical_json(after)))
            change.record(_MENTION_ERASED, of_tenant, about=f"attributes of a {table.name}")
            found += 1
    return found


def _without(attributes: Mapping[str, object], keys: frozenset[SubjectKey]) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in attributes.items():
        if isinstance(value, list):
            kept[name] = [one for one in value if not _names(one, keys)]
        elif not _names(value, keys):
            kept[name] = value
    return kept


def _names(value: object, keys: frozenset[SubjectKey]) -> bool:
    return isinstance(value, str) and any(subject_key(kind, value) in keys for kind in _KINDS)


def _still_named_in(change: Change, keys: Iterable[SubjectKey]) -> tuple[str, ...]:
    """Columns in which one of the ids stands inside a longer text (a reason, a staff member's name)."""
    ids = [key.removeprefix("login:") for key in keys if "@" in key or key.startswith("+")]
    found = set()
    for table in _SEARCHED:
        for column in table.columns:
            if isinstance(column.type, sa.Text) and ids and f"{table.name}.{column.name}" not in _EXACT:
                holds = sa.or_(*(sa.func.lower(column).contains(one, autoescape=True) for one in ids))
                if change.connection.execute(sa.select(column).where(holds).limit(1)).first() is not None:
                    found.add(f"{table.name}.{column.name}")
    return tuple(sorted(found))
