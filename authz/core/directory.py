"""People and contracts in memory: immutable tenants, their annexes and contacts (R1..R3; DESIGN section 4)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from authz.core.types import EMPTY, ContactState, NetworkChoice, SubjectKey

_NEVER: Final = dt.date.max.toordinal() + 1


class Contact(NamedTuple):
    """One person or login of one annex. `attributes` is flat: dotted name without the leading `subject.` -> value.

    `log_key`: the person's secret key for the decision log, in hex; empty for a person who has none (of a past day, or
    stated inline).
    """

    name: str
    role: str
    keys: tuple[SubjectKey, ...]
    state: ContactState = ContactState.ACTIVE
    function: str = ""
    attributes: Mapping[str, object] = EMPTY
    log_key: str = ""


class Annex:
    """One numbered, dated list of contacts with its network choice. Immutable; in force by date, see `Tenant`.

    `by_key`: canonical id -> contact.
    """

    __slots__ = ("by_key", "contacts", "document_sha256", "effective_from", "network", "number", "origin", "signed_on")

    def __init__(
        self,
        number: int,
        signed_on: dt.date,
        effective_from: dt.date,
        network: NetworkChoice,
        contacts: Iterable[Contact],
        document_sha256: str = "",
        origin: str = "loaded",
    ) -> None:
        self.number = number
        self.signed_on = signed_on
        self.effective_from = effective_from
        self.network = network
        self.contacts = tuple(contacts)
        self.document_sha256 = document_sha256
        self.origin = origin
        self.by_key = {key: contact for contact in self.contacts for key in contact.keys}

    def keys(self) -> Iterable[SubjectKey]:
        """Every canonical id on this annex."""
        return self.by_key.keys()

    def contact(self, key: SubjectKey) -> Contact | None:
        """The contact with that canonical id."""
        return self.by_key.get(key)


class Tenant:
    """One client company: its approved annexes by date, its attributes, its known resources. Immutable.

    `attributes` is flat: dotted name without the leading `tenant.` -> value as the registry holds it.
    `resources` maps (type, id) to flat attributes. `newest_from`: the ordinal of the day from which the last of
    `annexes` is in force; without any: of a day that never comes.
    """

    __slots__ = ("_starts", "annexes", "attributes", "id", "languages", "name", "newest_from", "resources", "set_id")

    def __init__(
        self,
        id: str,  # noqa: A002 - the AuthZEN word
        set_id: str,
        name: str,
        annexes: Iterable[Annex],
        languages: tuple[str, ...] = (),
        attributes: Mapping[str, object] = EMPTY,
        resources: Mapping[tuple[str, str], Mapping[str, object]] = MappingProxyType({}),
    ) -> None:
        self.id = id
        self.set_id = set_id
        self.name = name
        self.annexes = tuple(sorted(annexes, key=lambda annex: (annex.effective_from, annex.number)))
        self.languages = languages
        self.attributes = attributes
        self.resources = resources
        self._starts = tuple(annex.effective_from.toordinal() for annex in self.annexes)
        self.newest_from = self._starts[-1] if self._starts else _NEVER

    def annex_in_force(self, day: int) -> Annex | None:
        """R3: the newest annex whose `effective_from` is not after `day` (proleptic ordinal in the set's time zone)."""
        if self.newest_from <= day:
            return self.annexes[-1]
        position = bisect_right(self._starts, day)
        return self.annexes[position - 1] if position else None

    def future_annexes(self, day: int) -> tuple[Annex, ...]:
        """The annexes that are not in force yet on `day`."""
        return self.annexes[bisect_right(self._starts, day) :]

    def subject_keys(self) -> Iterator[SubjectKey]:
        """Every canonical id on any of its annexes, past ones too."""
        for annex in self.annexes:
            yield from annex.keys()


_NOWHERE: Final[tuple[str, ...]] = ()


class Directory:
    """All tenants, and for each canonical subject id the tenants that may list it.

    The subject index is only a hint of where to look; a tenant's own annex says whether the subject stands on it. So
    one tenant is replaced by one assignment, and an annex comes into force for all its contacts at once. The same
    holds for `resource_owners`: (type, id) -> tenants that know that resource. `registry_id` names the registry whose
    `revision` it is; the number means nothing beside another registry. `listings`: canonical id -> the tenant, or the
    tenants, that list it.
    """

    __slots__ = ("listings", "registry_id", "resource_owners", "revision", "tenants")

    def __init__(self, tenants: Iterable[Tenant] = (), revision: int = 0, registry_id: str = "") -> None:
        self.tenants: dict[str, Tenant] = {}
        self.listings: dict[SubjectKey, str | tuple[str, ...]] = {}
        self.resource_owners: dict[tuple[str, str], tuple[str, ...]] = {}
        self.revision = revision
        self.registry_id = registry_id
        for tenant in tenants:
            self.replace(tenant)

    def replace(self, tenant: Tenant) -> None:
        """Add the tenant, or put it in the place of the one with its id. Readers see the old one or the new one."""
        index = self.listings
        for key in tenant.subject_keys():
            known = index.get(key)
            if known is None:
                index[key] = tenant.id
            elif isinstance(known, str):
                if known != tenant.id:
                    index[key] = (known, tenant.id)
            elif tenant.id not in known:
                index[key] = (*known, tenant.id)
        for resource in tenant.resources:
            owners = self.resource_owners.get(resource, _NOWHERE)
            if tenant.id not in owners:
                self.resource_owners[resource] = (*owners, tenant.id)
        self.tenants[tenant.id] = tenant

    def remove(self, tenant_id: str) -> None:
        """Forget a tenant; its ids then stand on no annex."""
        self.tenants.pop(tenant_id, None)

    def sole_listing(self, key: str) -> str | None:
        """The one tenant that lists (or once listed) the canonical id `key`; None for no tenant and for several."""
        known = self.listings.get(SubjectKey(key))
        return known if isinstance(known, str) else None

    def owners_of(self, resource_type: str, resource_id: str) -> tuple[str, ...]:
        """Ids of the tenants that know the resource now."""
        resource = (resource_type, resource_id)
        return tuple(
            owner
            for owner in self.resource_owners.get(resource, _NOWHERE)
            if (tenant := self.tenants.get(owner)) is not None and resource in tenant.resources
        )

    def tenants_listing(self, key: SubjectKey) -> tuple[str, ...]:
        """Ids of the tenants that list (or once listed) the subject; each must be asked for its annex."""
        known = self.listings.get(key, _NOWHERE)
        return (known,) if isinstance(known, str) else known
