"""Annexes that come from signed documents: entered by one person, approved by another (DESIGN section 4; annex 1.6).

Each step is one transaction: after any interruption the registry holds the old annex or the new one, whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import ContactState, SubjectKey
from authz.errors import Conflict
from authz.registry import tables as t
from authz.registry.annex_ids import next_annex_ids
from authz.registry.annexes import (
    APPROVED,
    DRAFT,
    PROPOSED,
    SUPERSEDED,
    AnnexRecord,
    TenantAnnexes,
    read_annexes,
    tenant_of,
)
from authz.registry.change import Change
from authz.registry.contact_rows import contact_rows
from authz.registry.entries import AnnexEntry
from authz.registry.log_keys import known_log_keys
from authz.registry.rows import is_stricter, state_of
from authz.registry.store import RegistryStore

LONGEST_STAFF_NAME: Final = 200


class Approval(NamedTuple):
    """What an approval did, and the registry revision at which it holds; the drafts `set_aside` can no longer be."""

    tenant_id: str
    annex: AnnexRecord
    revision: int
    set_aside: tuple[int, ...]


def staff_name(by: str) -> str:
    """A name fit for the trail, blanks single.

    Raises:
        ValueError: it is empty, too long, or holds what cannot be seen.
    """
    name = " ".join(by.split())
    if not name or len(name) > LONGEST_STAFF_NAME or not name.isprintable():
        raise ValueError(f"a name of 1 to {LONGEST_STAFF_NAME} visible characters is needed")
    return name


def enter_draft(
    store: RegistryStore, tenant_id: str, annex: AnnexEntry, by: str, *, contract_number: str = ""
) -> AnnexRecord:
    """Store a signed annex as a draft that changes nothing until it is approved.

    The same document with the same contents is entered once: the draft that is there already is returned, and so is the
    approved annex that says exactly this.

    Raises:
        ValueError: `by` is no name.
        NotFound: there is no such tenant.
        Conflict: it contradicts the annexes that are recorded; the text says in what.
        RegistryUnavailable: the database cannot be reached; nothing was stored.
    """
    by = staff_name(by)
    with store.changing(by) as change:
        tenant = read_annexes(change.connection, tenant_id)
        known = recorded_already(tenant, annex)
        if known is not None:
            return known
        objections = tenant.objections(annex)
        if objections:
            raise Conflict("; ".join(objections))
        (annex_id,) = next_annex_ids(change.connection, 1)
        draft = AnnexRecord(annex_id, annex, DRAFT, "signed", by, change.at)
        _insert(change.connection, tenant_id, draft)
        change.record(
            PROPOSED,
            tenant_id,
            about=f"annex {annex.number}",
            document_sha256=annex.document_sha256,
            details={
                "annex": draft.id,
                "contacts": len(annex.contacts),
                "content_sha256": annex.content_sha256,
                "effective_from": annex.effective_from,
                "network": annex.network.value,
                "signed_on": annex.signed_on,
                **({"contract": contract_number} if contract_number else {}),
            },
        )
        return draft


def recorded_already(tenant: TenantAnnexes, annex: AnnexEntry) -> AnnexRecord | None:
    """The draft of the same document, or the approved annex with the same contents whatever file they came in."""
    for one in tenant.annexes:
        if one.state == DRAFT and one.entry.content_sha256 == annex.content_sha256:
            return one
        if one.state == APPROVED and _without_document(one.entry) == _without_document(annex):
            return one
    return None


def approve(store: RegistryStore, annex_id: int, by: str) -> Approval:
    """Approve a draft: from its day on it is the tenant's annex. Drafts that it overtakes are set aside.

    Whoever is suspended or revoked stays so, under every id that the new annex gives the person.

    Raises:
        ValueError: `by` is no name.
        NotFound: there is no such annex.
        Conflict: it is no draft, `by` entered it, or what was recorded since contradicts it.
        RegistryUnavailable: the database cannot be reached; nothing has changed.
    """
    by = staff_name(by)
    with store.changing(by) as change:
        tenant_id, tenant, draft = _entered(change, annex_id)
        objection = _objection(tenant, draft, by)
        if objection:
            raise Conflict(objection)
        row = t.annex.c
        change.connection.execute(
            t.annex.update().where(row.id == annex_id).values(state=APPROVED, approved_by=by, approved_at=change.at)
        )
        change.record(
            "annex_approved",
            tenant_id,
            about=f"annex {draft.entry.number}",
            document_sha256=draft.entry.document_sha256,
            details={
                "annex": annex_id,
                "content_sha256": draft.entry.content_sha256,
                "effective_from": draft.entry.effective_from,
                "entered_by": draft.entered_by,
            },
        )
        _carry_suspensions(change, tenant, draft)
        set_aside = _set_aside(change, tenant, draft)
        approved = draft._replace(state=APPROVED, approved_by=by, approved_at=change.at)
        return Approval(tenant_id, approved, change.revision, set_aside)


def withdraw(store: RegistryStore, annex_id: int, by: str) -> Approval:
    """Set a draft aside: it can no longer be approved. Whoever entered it may do so, or anybody else.

    Raises:
        ValueError: `by` is no name.
        NotFound: there is no such annex.
        Conflict: it is no draft (any more).
        RegistryUnavailable: the database cannot be reached; nothing has changed.
    """
    by = staff_name(by)
    with store.changing(by) as change:
        tenant_id, _, draft = _entered(change, annex_id)
        if draft.state == APPROVED:
            raise Conflict(f"annex {draft.entry.number} was approved; it counts until a newer annex does")
        if draft.state == SUPERSEDED:
            raise Conflict(f"this draft of annex {draft.entry.number} was set aside already")
        change.connection.execute(t.annex.update().where(t.annex.c.id == annex_id).values(state=SUPERSEDED))
        change.record(
            "annex_withdrawn",
            tenant_id,
            about=f"annex {draft.entry.number}",
            document_sha256=draft.entry.document_sha256,
            details={"annex": annex_id, "entered_by": draft.entered_by},
        )
        return Approval(tenant_id, draft._replace(state=SUPERSEDED), change.revision, (annex_id,))


def _entered(change: Change, annex_id: int) -> tuple[str, TenantAnnexes, AnnexRecord]:
    """Whose annex it is, that tenant's annexes, and the annex itself.

    Raises:
        NotFound: there is no such annex.
    """
    tenant_id = tenant_of(change.connection, annex_id)
    tenant = read_annexes(change.connection, tenant_id)
    return tenant_id, tenant, next(one for one in tenant.annexes if one.id == annex_id)


def same_person(one: str, other: str) -> bool:
    """Whether two names in the trail can be one person's to a reader.

    Case, blanks, width and diacritics make no second person, nor do letters of other alphabets that look alike.
    """
    return _plain_name(one) == _plain_name(other)


def _plain_name(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(char for char in decomposed if char.isalnum()).translate(_LOOK_ALIKES)


_LOOK_ALIKES: Final = str.maketrans("авекмнорстухіјѕһԁԛԝ" + "αβεζηικμνορτυχ", "abekmhopctyxijshdqw" + "abezhikmnoptyx")
"""Cyrillic and Greek letters that look like Latin ones, small or capital."""


def _objection(tenant: TenantAnnexes, draft: AnnexRecord, by: str) -> str:
    if draft.state == APPROVED:
        return f"annex {draft.entry.number} was approved already, by `{draft.approved_by}` at {draft.approved_at}"
    if draft.state == SUPERSEDED:
        return f"this draft of annex {draft.entry.number} was set aside when another annex was approved"
    if same_person(draft.entered_by, by):
        return f"`{draft.entered_by}` entered this annex; a second person has to approve it"
    return "; ".join(tenant.objections(draft.entry))


def _without_document(entry: AnnexEntry) -> str:
    return entry._replace(document_sha256="").content_sha256


def _insert(connection: sa.Connection, tenant_id: str, draft: AnnexRecord) -> None:
    entry = draft.entry
    connection.execute(
        t.annex.insert().values(
            id=draft.id,
            tenant_id=tenant_id,
            number=entry.number,
            signed_on=entry.signed_on,
            effective_from=entry.effective_from,
            network=entry.network.value,
            document_sha256=entry.document_sha256,
            content_sha256=entry.content_sha256,
            state=draft.state,
            origin=draft.origin,
            entered_by=draft.entered_by,
            entered_at=draft.entered_at,
        )
    )
    log_keys = known_log_keys(connection, [tenant_id]).get(tenant_id, {})
    rows = contact_rows(draft.id, entry.contacts, log_keys)
    if rows:
        connection.execute(t.contact.insert(), rows)


def _carry_suspensions(change: Change, tenant: TenantAnnexes, draft: AnnexRecord) -> None:
    """Suspensions are kept by id; a person who is suspended under one is so under those that the annex adds."""
    for position, contact in enumerate(draft.entry.contacts, start=1):
        state = tenant.state_of_person(contact)
        lenient = [key for key in contact.keys if is_stricter(state, state_of((key,), tenant.suspended))]
        if not lenient:
            continue
        _suspend(change, tenant.id, lenient, state, f"carried over to annex {draft.entry.number}")
        about = f"annex {draft.entry.number} contact {position}"
        change.record(f"contact_{state.value}", tenant.id, about=about, details={"carried_over": True})


def _suspend(change: Change, tenant_id: str, keys: Iterable[SubjectKey], state: ContactState, cause: str) -> None:
    table = t.suspension
    keys = list(keys)
    change.connection.execute(table.delete().where(table.c.tenant_id == tenant_id, table.c.subject_key.in_(keys)))
    change.connection.execute(
        table.insert(),
        [
            {
                "tenant_id": tenant_id,
                "subject_key": key,
                "state": state.value,
                "since": change.at,
                "suspended_by": change.by,
                "cause": cause,
            }
            for key in keys
        ],
    )


def _set_aside(change: Change, tenant: TenantAnnexes, approved: AnnexRecord) -> tuple[int, ...]:
    """Drafts that can no longer be approved now that this annex is."""
    after = tenant._replace(
        annexes=tuple(one._replace(state=APPROVED) if one.id == approved.id else one for one in tenant.annexes)
    )
    overtaken = [one for one in after.annexes if one.state == DRAFT and after.objections(one.entry)]
    if overtaken:
        ids = [one.id for one in overtaken]
        change.connection.execute(t.annex.update().where(t.annex.c.id.in_(ids)).values(state=SUPERSEDED))
    for one in overtaken:
        change.record(
            "annex_superseded",
            tenant.id,
            about=f"annex {one.entry.number}",
            document_sha256=one.entry.document_sha256,
            details={"annex": one.id, "by": approved.id},
        )
    return tuple(one.id for one in overtaken)
