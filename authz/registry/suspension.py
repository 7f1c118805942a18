"""Suspending, revoking and restoring a contact at once: our own safeguard beside the annexes (R3; DESIGN section 4).

It holds for every id of the person on every annex of the tenant, past and future, until it is lifted by hand; loading
files or newer annexes never lifts it.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from authz.core.types import ContactState, SubjectKey
from authz.errors import Conflict, NotFound
from authz.registry import tables as t
from authz.registry.change import Change
from authz.registry.rows import is_stricter, state_of, subject_keys
from authz.registry.store import RegistryStore

LONGEST_CAUSE: Final = 500


def suspend(
    store: RegistryStore,
    tenant_id: str,
    key: SubjectKey,
    by: str,
    *,
    state: ContactState = ContactState.SUSPENDED,
    cause: str = "",
) -> int:
    """Suspend or revoke the contact with that canonical id; the registry revision at which it holds.

    Nothing happens, and no new revision is made, if it is so already. Suspending does not soften a revocation.

    Raises:
        ValueError: `state` is `active`, or `cause` is too long.
        NotFound: the tenant has no such contact on any of its annexes.
        RegistryUnavailable: the database cannot be reached.
    """
    if state is ContactState.ACTIVE or len(cause) > LONGEST_CAUSE:
        raise ValueError("expected a state other than active, and a cause of at most 500 characters")
    with store.changing(by, urgent=True) as change:
        lines = _lines_of(change, tenant_id, key)
        keys = sorted({every for _, keys in lines for every in keys})
        known = _suspended(change, tenant_id)
        stricter = [every for every in keys if is_stricter(state, state_of((every,), known))]
        if not stricter:
            return change.revision - 1
        _forget(change, tenant_id, stricter)
        change.connection.execute(
            t.suspension.insert(),
            [
                {
                    "tenant_id": tenant_id,
                    "subject_key": every,
                    "state": state.value,
                    "since": change.at,
                    "suspended_by": by,
                    "cause": cause,
                }
                for every in stricter
            ],
        )
        change.record(f"contact_{state.value}", tenant_id, about=lines[-1][0])
        return change.revision


def restore(store: RegistryStore, tenant_id: str, key: SubjectKey, by: str, *, revoked_too: bool = False) -> int:
    """Lift a suspension from every id of the contact; the registry revision at which that holds.

    Raises:
        NotFound: the tenant has no such contact.
        Conflict: the contact is neither suspended nor revoked, or it is revoked and `revoked_too` was not said.
        RegistryUnavailable: the database cannot be reached.
    """
    with store.changing(by) as change:
        lines = _lines_of(change, tenant_id, key)
        known = _suspended(change, tenant_id)
        suspended = sorted({every for _, keys in lines for every in keys if every in known})
        if not suspended:
            raise Conflict("the contact is not suspended")
        if not revoked_too and any(known[every] is ContactState.REVOKED for every in suspended):
            raise Conflict("the contact was revoked, not suspended")
        _forget(change, tenant_id, suspended)
        change.record("contact_restored", tenant_id, about=lines[-1][0])
        return change.revision


def _lines_of(change: Change, tenant_id: str, key: SubjectKey) -> list[tuple[str, tuple[SubjectKey, ...]]]:
    """Each line of the tenant's approved annexes that bears the id, oldest first: its name in the trail and its ids."""
    annex, contact = t.annex.c, t.contact.c
    query = (
        sa.select(annex.number, contact.position, contact.email, contact.phone, contact.login)
        .join_from(t.contact, t.annex)
        .where(annex.tenant_id == tenant_id, annex.state == "approved")
        .order_by(annex.number, contact.position)
    )
    found = [
        (f"annex {number} contact {position}", keys)
        for number, position, *ids in change.connection.execute(query)
        if key in (keys := subject_keys(*ids))
    ]
    if not found:
        raise NotFound("the tenant has no such contact")
    return found


def _suspended(change: Change, tenant_id: str) -> dict[SubjectKey, ContactState]:
    table = t.suspension.c
    query = sa.select(table.subject_key, table.state).where(table.tenant_id == tenant_id)
    return {SubjectKey(key): ContactState(state) for key, state in change.connection.execute(query)}


def _forget(change: Change, tenant_id: str, keys: list[SubjectKey]) -> None:
    table = t.suspension
    change.connection.execute(table.delete().where(table.c.tenant_id == tenant_id, table.c.subject_key.in_(keys)))
