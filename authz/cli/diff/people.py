"""The people behind a change: contacts of the annexes in force today, and of those that are to come.

`core.diff.reach` says what becomes of each.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from authz.cli.failures import Usage
from authz.core.definition import PolicySet
from authz.core.diff.chances import Place
from authz.core.diff.reach import Difference, Reach, Way
from authz.core.directory import Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import kind_of
from authz.core.types import ContactState, SubjectKey
from authz.core.values import written_id
from authz.registry.load import load_file
from authz.registry.store import RegistryStore


class Person(str):
    """Somebody at one tenant, as a sentence names them; `keys`: every id by which the same person is known.

    An e-mail address or a telephone number is the same person at every tenant, a login is one tenant's own.

    The ids are not shown: under pseudonyms the name has none of them.
    """

    __slots__ = ("keys",)
    keys: tuple[tuple[str, SubjectKey], ...]
    """(tenant, id) of a login, ("", id) of the others."""

    @classmethod
    def named(cls, text: str, tenant: str, ids: Iterable[SubjectKey]) -> Person:
        """With those ids, at that tenant."""
        person = cls(text)
        person.keys = tuple((tenant if kind_of(one) == "login" else "", one) for one in ids)
        return person


class Touched(NamedTuple):
    """Whom a difference touches: who gains, who loses, who may gain or lose as the case may be, and who may do the same
    as before and is only told or promised something else.
    """

    gains: tuple[Person, ...] = ()
    loses: tuple[Person, ...] = ()
    either: tuple[Person, ...] = ()
    otherwise: tuple[Person, ...] = ()

    @property
    def everybody(self) -> tuple[Person, ...]:
        """All of them."""
        return (*self.gains, *self.loses, *self.either, *self.otherwise)


def number_of(people: Iterable[Person]) -> int:
    """How many different people: whoever shares a key is one, at whatever tenant and on whatever annex."""
    leader: dict[tuple[str, SubjectKey], tuple[str, SubjectKey]] = {}

    def leader_of(key: tuple[str, SubjectKey]) -> tuple[str, SubjectKey]:
        while (above := leader.setdefault(key, key)) != key:
            key = above
        return key

    for person in people:
        first, *others = map(leader_of, person.keys)
        leader.update(dict.fromkeys(others, first))
    return sum(key == above for key, above in leader.items())


class People:
    """Who stands where at this moment, and what a difference between two versions of a set does to them."""

    def __init__(
        self,
        directory: Directory,
        base: Mapping[str, Generation],
        head: Mapping[str, Generation],
        *,
        pseudonyms: bool,
    ) -> None:
        self._directory = directory
        self._base = base
        self._head = head
        self._pseudonyms = pseudonyms
        self._now = time.time()

    def touched(self, set_id: str, difference: Difference) -> Touched:
        """Everybody, by the way in which the difference touches them."""
        base, head = self._base.get(set_id), self._head.get(set_id)
        reach = Reach(set_id, base, head, self._directory)
        found: dict[Way, list[Person]] = {way: [] for way in Way}
        for tenant in reach.tenants(difference):
            side = self._head.get(tenant.set_id) or self._base.get(tenant.set_id) or head or base
            told: set[tuple[SubjectKey, Way]] = set()
            for place, name, since in self._places(tenant, side) if side is not None else ():
                way = reach.way(difference, place)
                one = place.contact.keys[0]
                if way is not None and (one, way) not in told:
                    told.add((one, way))
                    found[way].append(Person.named(f"{tenant.id}: {name}{since}", tenant.id, place.contact.keys))
        return Touched(**{way.value: tuple(people) for way, people in found.items()})

    def _places(self, tenant: Tenant, side: Generation) -> Iterator[tuple[Place, str, str]]:
        """Each active contact of the annex in force, then of those to come: its place, its name, and since when."""
        today = side.local_day.ordinal(self._now)
        current = tenant.annex_in_force(today)
        coming = tenant.future_annexes(today)
        for annex in (*((current,) if current is not None else ()), *coming):
            starts = annex.effective_from
            day = today if annex is current else starts.toordinal()
            since = "" if annex is current else f", from {starts.isoformat()} (annex {annex.number})"
            for at, contact in enumerate(annex.contacts, start=1):
                if contact.state is ContactState.ACTIVE:
                    name = f"{contact.name} <{written_id(contact.keys[0])}>"
                    if self._pseudonyms:  # the place on the annex; on another annex it may be somebody else's
                        name = f"contact {at}" if annex is current else f"contact {at} of annex {annex.number}"
                    yield Place(tenant, annex, contact, day), name, since


def directory_of(registry: str, declared: Mapping[str, PolicySet]) -> Directory:
    """People and contracts, from a database (a URL) or from a file as `authz registry load` takes it.

    `declared`: the sets by which a file is read, by id.

    Raises:
        Usage: there is neither. RegistryInvalid: the file is not fit. RegistryUnavailable: the database is away.
    """
    if "://" in registry:
        with closing(RegistryStore(registry)) as store:
            return store.directory()
    if not Path(registry).is_file():
        raise Usage(f"`{registry}` is neither a database's URL nor a file")
    with (
        tempfile.TemporaryDirectory(prefix="authz-people-") as folder,
        closing(RegistryStore(f"sqlite:///{folder}/registry.sqlite")) as store,
    ):
        store.migrate()
        load_file(Path(registry), store, declared, "authz diff")
        return store.directory()
