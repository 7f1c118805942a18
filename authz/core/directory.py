"""People and contracts in memory: immutable tenants, their annexes and contacts (R1..R3; DESIGN section 4). Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from authz.core.contacts import Contact, Contacts
from authz.core.key_index import KeyIndex
from authz.core.types import EMPTY, NetworkChoice

_NEVER: Final = dt.date.max.toordinal() + 1


class Annex:
    """One numbered, dated list of contacts with its network choice. Immutable; in force by date, see `Tenant`."""

    __slots__ = ("contacts", "document_sha256", "effective_from", "network", "number", "origin", "signed_on")

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
        self.contacts = contacts if isinstance(contacts, Contacts) else Contacts(contacts)
        self.document_sha256 = document_sha256
        self.origin = origin

    def keys(self) -> list[str]:
        """Every canonical id on this annex."""
        return self.contacts.keys()

    def contact(self, key: str) -> Contact | None:
        """The contact with that canonical id."""
        return self.contacts.get(key)


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

    def subject_keys(self) -> Iterator[str]:
        """Every canonical id on any of its annexes, past ones too."""
        for annex in self.annexes:
            yield from annex.keys()

    def lists(self, key: str) -> bool:
        """Whether the id stands on any of its annexes, past and coming ones too."""
        return any(annex.contact(key) is not None for annex in self.annexes)


_NOWHERE: Final[tuple[str, ...]] = ()
MOST_RECENT: Final = 20_000
"""Contacts that are kept as objects between two changes: some 8 MiB."""


class Listed(NamedTuple):
    """A contact whom no other tenant's annexes name, on the tenant's newest annex."""

    tenant: Tenant
    annex: Annex
    contact: Contact


class Directory:
    """All tenants, and for each canonical subject id the tenants that may list it.

    The subject index is only a hint of where to look; a tenant's own annex says whether the subject stands on it. So
    one tenant is replaced by one assignment, and an annex comes into force for all its contacts at once. The same
    holds for `resource_owners`: (type, id) -> tenants that know that resource. `registry_id` names the registry whose
    `revision` it is, `change` what made it; the number means nothing without them. Every tenant is of that revision or
    a newer one: while a change of many is taken over some are there before others, of the state `ahead` at most, which
    is None when all are of `revision`. `recent`: canonical id -> what `look_up` found since the last change; read it
    before asking.
    """

    __slots__ = (
        "_ids", "_index", "_numbers",
        "ahead", "change", "recent", "registry_id", "resource_owners", "revision", "tenants",
    )  # fmt: skip

    def __init__(
        self,
        tenants: Iterable[Tenant] = (),
        revision: int = 0,
        registry_id: str = "",
        change: str = "",
        expected_keys: int = 0,
    ) -> None:
        """`expected_keys`: how many ids will come, where that is known."""
        self.tenants: dict[str, Tenant] = {}
        self.resource_owners: dict[tuple[str, str], tuple[str, ...]] = {}
        self.revision = revision
        self.registry_id = registry_id
        self.change = change
        self.ahead: tuple[int, str, str] | None = None
        self.recent: dict[str, Listed] = {}
        self._index = KeyIndex(expected_keys)
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}
        for tenant in tenants:
            self.replace(tenant)

    def replace(self, tenant: Tenant) -> None:
        """Add the tenant, or put it in the place of the one with its id. Readers see the old one or the new one."""
        number = self._numbers.get(tenant.id)
        if number is None:
            number = self._numbers[tenant.id] = len(self._ids)
            self._ids.append(tenant.id)
        for annex in tenant.annexes:
            self._index.add(annex.keys(), number)
        for resource in tenant.resources:
            owners = self.resource_owners.get(resource, _NOWHERE)
            if tenant.id not in owners:
                self.resource_owners[resource] = (*owners, tenant.id)
        self.tenants[tenant.id] = tenant
        self.recent = {}

    def remove(self, tenant_id: str) -> None:
        """Forget a tenant; its ids then stand on no annex."""
        self.tenants.pop(tenant_id, None)
        self.recent = {}

    def look_up(self, key: str) -> Listed | None:
        """The contact that the id can only be: listed by one tenant, past annexes counted, and on its newest annex.

        None says nothing: `tenants_listing` does. What is found is kept in the `recent` of before the search, which a
        change that comes meanwhile puts aside; so nothing outlives a change.
        """
        recent = self.recent
        numbers = self._index.numbers(key)
        if len(numbers) != 1:
            return None
        tenant = self.tenants.get(self._ids[numbers[0]])
        if tenant is None or not tenant.annexes:
            return None
        annex = tenant.annexes[-1]
        contact = annex.contact(key)
        if contact is None:
            return None
        if len(recent) >= MOST_RECENT:
            recent.clear()
        found = recent[key] = Listed(tenant, annex, contact)
        return found

    def owners_of(self, resource_type: str, resource_id: str) -> tuple[str, ...]:
        """Ids of the tenants that know the resource now."""
        resource = (resource_type, resource_id)
        return tuple(
            owner
            for owner in self.resource_owners.get(resource, _NOWHERE)
            if (tenant := self.tenants.get(owner)) is not None and resource in tenant.resources
        )

    def tenants_listing(self, key: str) -> tuple[str, ...]:
        """Ids of the tenants that list the subject on any annex, past and coming ones too, as they first did."""
        ids = (self._ids[number] for number in self._index.numbers(key))
        return tuple(one for one in ids if (tenant := self.tenants.get(one)) is not None and tenant.lists(key))
