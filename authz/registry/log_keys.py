"""The key under which a contact's decisions stand in the log: one a person and tenant, gone with the person's lines.

A record of the decision log names nobody; it holds a keyed pseudonym (security.md, section 5). The same person, told by
any shared id, keeps the key from annex to annex of one tenant, so the records of years belong together; when the person
is erased the key is gone, and the records stay valid and name nobody for ever.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from authz.core.types import SubjectKey
from authz.registry import tables as t
from authz.registry.rows import subject_keys

KEY_BYTES: Final = 16

Known = dict[SubjectKey, str]
"""Canonical id -> key, of one tenant."""


def known_log_keys(connection: sa.Connection, tenant_ids: Iterable[str]) -> dict[str, Known]:
    """The keys of everybody who ever stood on an annex or draft of these tenants."""
    annex, contact = t.annex.c, t.contact.c
    query = (
        sa.select(annex.tenant_id, contact.log_key, contact.email, contact.phone, contact.login)
        .join_from(t.contact, t.annex)
        .where(annex.tenant_id.in_(list(tenant_ids)))
        .order_by(annex.number, annex.id, contact.position)
    )
    found: dict[str, Known] = {}
    for tenant_id, key, email, phone, login in connection.execute(query):
        of_tenant = found.setdefault(tenant_id, {})
        for one in subject_keys(email, phone, login):
            of_tenant.setdefault(one, key)
    return found


def log_key(ids: Iterable[SubjectKey], known: Known) -> str:
    """The person's key, as 32 hex digits: the one it has, or a new one, noted in `known` under all its ids."""
    ids = tuple(ids)
    key = next((known[one] for one in ids if known.get(one)), None) or new_log_key()
    for one in ids:
        known.setdefault(one, key)
    return key


def new_log_key() -> str:
    """128 random bits as hex digits."""
    return secrets.token_hex(KEY_BYTES)


def keys_of(connection: sa.Connection, key: SubjectKey) -> Mapping[str, frozenset[str]]:
    """Tenant id -> log keys of the lines on which an id stands, on any annex: whom a search of the log means."""
    annex, contact = t.annex.c, t.contact.c
    columns = {True: contact.login, False: contact.email}
    column = contact.phone if key.startswith("+") else columns[key.startswith("login:")]
    value = key.removeprefix("login:")
    query = sa.select(annex.tenant_id, contact.log_key).join_from(t.contact, t.annex).where(column == value)
    found: dict[str, set[str]] = {}
    for tenant_id, one in connection.execute(query):
        found.setdefault(tenant_id, set()).add(one)
    return {tenant_id: frozenset(keys) for tenant_id, keys in found.items()}
