"""A signed document becomes a proposal: read, checked, held against what is recorded, stored as a draft (annex 1.6)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

from authz.annex.container import read_file
from authz.annex.difference import Difference, Permissions, differences
from authz.annex.form import ReadForm, TenantNames, checked_annex, read_form, unread
from authz.annex.network_patch import NetworkFiles, network_patch
from authz.annex.problems import Code, DocumentProblem, Refused
from authz.core.generation import Generation
from authz.core.types import ContactState
from authz.errors import Conflict
from authz.registry.annexes import APPROVED, AnnexRecord, TenantAnnexes
from authz.registry.entries import AnnexEntry
from authz.registry.proposals import enter_draft, recorded_already
from authz.registry.store import RegistryStore


class Signing(NamedTuple):
    """Who enters a document, and its two dates; None: not stated, so today, and the day it takes effect."""

    by: str
    signed_on: dt.date | None = None
    effective_from: dt.date | None = None


class Proposal(NamedTuple):
    """What became of a document.

    `annex`: the draft (or what was recorded already), None with problems. `remarks`: what the document leaves open and
    nobody has to settle.
    """

    annex: AnnexRecord | None
    problems: tuple[DocumentProblem, ...]
    changes: tuple[Difference, ...]
    remarks: tuple[str, ...] = ()


def read_document(path: Path, generation: Generation) -> ReadForm:
    """The file as a form; a file that is not opened is a form with one problem.

    Raises:
        OSError: it cannot be read.
    """
    try:
        raw = read_file(path)
    except Refused as refused:
        return unread(refused.problem, sha256="")
    return read_form(raw, path.name, generation.definition)


def propose(
    store: RegistryStore,
    tenant: TenantAnnexes,
    form: ReadForm,
    generation: Generation,
    signing: Signing,
    today: dt.date,
) -> Proposal:
    """Check a form and store it as a draft: all of it, or nothing if it has a problem.

    Args:
        tenant: as recorded just now; what was recorded since is looked at again when the draft is stored.
        generation: of the tenant's policy set.
        today: in the set's time zone.

    Raises:
        RegistryUnavailable: the database cannot be reached; nothing was stored.
    """
    signed_on, effective_from = _dates(tenant, form, signing, today)
    names = TenantNames(tenant.id, tenant.name)
    entry, problems = checked_annex(form, names, generation.definition, signed_on, effective_from)
    if entry is None:
        number = form.parties.annex_number
        if number is not None and form.network is not None:
            partial = AnnexEntry(number, signed_on, effective_from, form.network)
            problems += [
                DocumentProblem(Code.ANNEX, text)
                for text in tenant.objections(partial)
                if number not in {one.entry.number for one in tenant.approved}
            ]
        return Proposal(None, tuple(problems), ())
    known = recorded_already(tenant, entry)
    objections = tenant.objections(entry) if known is None else []
    if objections:
        return Proposal(None, tuple(DocumentProblem(Code.ANNEX, text) for text in objections), ())
    try:
        record = enter_draft(store, tenant.id, entry, signing.by, contract_number=form.parties.contract_number)
    except Conflict as conflict:  # somebody else's annex was recorded in between
        return Proposal(None, (DocumentProblem(Code.ANNEX, str(conflict)),), ())
    if record.state == APPROVED:
        return Proposal(record, (), (), remarks=(f"annex {entry.number} is recorded with just these contents already",))
    return Proposal(record, (), changes_of(tenant, entry, generation), remarks=tuple(_remarks(tenant, form)))


def changes_of(tenant: TenantAnnexes, entry: AnnexEntry, generation: Generation) -> tuple[Difference, ...]:
    """What the annex changes when it replaces the newest approved one."""
    before = tenant.newest.entry if tenant.newest is not None else None
    permissions = Permissions(generation.definition, generation.table, tenant.id)
    states: dict[int, ContactState] = {
        position: tenant.state_of_person(contact) for position, contact in enumerate(entry.contacts)
    }
    return tuple(differences(before, entry, permissions, states))


def patch_of(tenant: TenantAnnexes, entry: AnnexEntry, files: NetworkFiles) -> str:
    """The change of network lines that a changed choice asks for; empty where it is the same, or the lines agree."""
    before = tenant.newest.entry.network if tenant.newest is not None else None
    return "" if before is entry.network else network_patch(tenant.id, entry.number, entry.network, files)


def _dates(tenant: TenantAnnexes, form: ReadForm, signing: Signing, today: dt.date) -> tuple[dt.date, dt.date]:
    """The dates as stated; of a number that is approved already its own, where none was stated."""
    number = form.parties.annex_number
    known = next((one.entry for one in tenant.approved if one.entry.number == number), None)
    effective_from = signing.effective_from or (known.effective_from if known is not None else today)
    fallback = known.signed_on if known is not None and signing.effective_from is None else effective_from
    return signing.signed_on or fallback, effective_from


def _remarks(tenant: TenantAnnexes, form: ReadForm) -> list[str]:
    parties = form.parties
    known = tenant.contract_number
    return [
        *([] if parties.contract_number else ["the document names no contract number"]),
        *([] if parties.client else ["the document names no client"]),
        *([] if parties.representative else ["the document names no representative"]),
        *(
            [f"contract number `{parties.contract_number}`; the document before named `{known}`"]
            if known and parties.contract_number and known != parties.contract_number
            else []
        ),
    ]
