"""A checked registry file as values: what `registry.checking` makes and `registry.writing` stores."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from authz.core.types import EMPTY, ContactState, NetworkChoice, SubjectKey
from authz.registry.change import canonical_json
from authz.registry.rows import subject_keys


class ContactEntry(NamedTuple):
    """One line of an annex; `email`, `phone`, `login` canonical or None, at least one there. Attributes flat."""

    name: str
    role: str
    function: str = ""
    email: str | None = None
    phone: str | None = None
    login: str | None = None
    attributes: Mapping[str, object] = EMPTY
    state: ContactState = ContactState.ACTIVE

    @property
    def keys(self) -> tuple[SubjectKey, ...]:
        """The canonical ids, as decisions know them."""
        return subject_keys(self.email, self.phone, self.login)


class AnnexEntry(NamedTuple):
    """One annex as stated; `position` is its place in the file's list, from 0."""

    number: int
    signed_on: dt.date
    effective_from: dt.date
    network: NetworkChoice
    document_sha256: str = ""
    contacts: tuple[ContactEntry, ...] = ()
    position: int = 0

    @property
    def content_sha256(self) -> str:
        """SHA-256 of what the paper says; not of the order of its lines, nor of states, which no paper gives."""
        lines = sorted(canonical_json([*contact[:-2], contact.attributes or {}]) for contact in self.contacts)
        paper = [self.number, self.signed_on, self.effective_from, self.network, self.document_sha256, lines]
        return hashlib.sha256(canonical_json(paper).encode()).hexdigest()


class ResourceEntry(NamedTuple):
    """One known resource of a tenant. Attributes flat."""

    type: str
    id: str
    attributes: Mapping[str, object] = EMPTY


class TenantEntry(NamedTuple):
    """One tenant with its annexes by number. Attributes flat."""

    id: str
    set_id: str
    name: str
    languages: tuple[str, ...] = ()
    attributes: Mapping[str, object] = EMPTY
    annexes: tuple[AnnexEntry, ...] = ()
    resources: tuple[ResourceEntry, ...] = ()
