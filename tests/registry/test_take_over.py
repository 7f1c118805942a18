"""Many changed tenants are taken over some at a look, and whoever lost a right meanwhile comes before the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.directory import Directory, Tenant
from authz.core.types import ContactState, SubjectKey
from authz.errors import RegistryUnavailable
from authz.registry import take_over
from authz.registry.callers import create_caller, revoke_caller
from authz.registry.erasure import erase
from authz.registry.keys import KeyWatch
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from authz.registry.take_over import Asked
from authz.registry.tenants import close_tenant
from authz.registry.watch import RegistryWatch
from tests.registry.test_store import shown

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]

TENANTS = 30
AT_ONCE = 5
LAST = f"t{TENANTS - 1:02}"
SOMEBODY = SubjectKey(f"user@{LAST}.example")


class Slow(Directory):
    """A directory during whose take-over something happens: `then`, once `after` tenants were taken."""

    __slots__ = ("after", "taken", "then")

    def __init__(self, of: Directory, then: Callable[[], object], after: int = 1) -> None:
        self.taken: list[str] = []
        self.then: Callable[[], object] = lambda: None
        self.after = after
        super().__init__(of.tenants.values(), of.revision, of.registry_id, of.change)
        self.taken, self.then = [], then

    def replace(self, tenant: Tenant) -> None:
        super().replace(tenant)
        self._one_more(tenant.id)

    def remove(self, tenant_id: str) -> None:
        super().remove(tenant_id)
        self._one_more(tenant_id)

    def _one_more(self, tenant_id: str) -> None:
        self.taken.append(tenant_id)
        if len(self.taken) == self.after:
            self.then()


@pytest.fixture(autouse=True)
def few_at_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_over, "TENANTS_AT_ONCE", AT_ONCE)


def people(name: str) -> str:
    return "tenants:\n" + "".join(
        f"""\
  - id: t{at:02}
    set: plain
    name: {name} {at}
    annexes:
      - number: 1
        signed_on: 2026-01-01
        effective_from: 2026-01-01
        network: any
        contacts:
          - {{name: A User, role: user, email: user@t{at:02}.example}}
          - {{name: An Admin, role: admin, email: admin@t{at:02}.example}}
"""
        for at in range(TENANTS)
    )


@pytest.fixture
def loads(store: RegistryStore, sets: Sets, write: Write) -> Callable[[str], object]:
    """Loads every tenant under a name."""
    return lambda name: load_file(write(people(name)), store, sets, "ines")


def state(directory: Directory, key: SubjectKey = SOMEBODY) -> ContactState | None:
    """As a decision sees the contact; None: unregistered."""
    listed = directory.look_up(key)
    return listed.contact.state if listed is not None else None


RIGHTS_LOST: dict[str, Callable[[RegistryStore], object]] = {
    "suspended": lambda store: suspend(store, LAST, SOMEBODY, "mara"),
    "revoked": lambda store: suspend(store, LAST, SOMEBODY, "mara", state=ContactState.REVOKED),
    "erased": lambda store: erase(store, SOMEBODY, "mara"),
    "of a tenant that was closed": lambda store: close_tenant(store, LAST, "mara"),
}


@pytest.mark.parametrize("lose", RIGHTS_LOST.values(), ids=RIGHTS_LOST.keys())
def test_whoever_loses_a_right_while_many_tenants_are_taken_over_does_not_wait_for_them(
    store: RegistryStore, loads: Callable[[str], object], lose: Callable[[RegistryStore], object]
) -> None:
    loads("Client")
    slow = Slow(store.directory(), lambda: lose(store))
    reached = slow.revision + 1
    loads("Customer")

    assert store.refresh(slow)

    assert slow.taken.index(LAST) == AT_ONCE  # the first of the look after the one in which it happened
    assert state(slow) is not ContactState.ACTIVE
    assert slow.revision == reached
    assert store.refresh(slow)
    assert shown(slow) == shown(store.directory())
    assert slow.revision == store.revision().number
    assert slow.ahead is None


def test_a_look_at_tenants_with_many_contacts_ends_before_it_has_taken_many_tenants(
    store: RegistryStore, loads: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_over, "TENANTS_AT_ONCE", TENANTS)
    monkeypatch.setattr(take_over, "READ_AT_ONCE", 2)
    monkeypatch.setattr(take_over, "CONTACTS_AT_ONCE", 7)
    loads("Client")
    slow = Slow(store.directory(), lambda: suspend(store, LAST, SOMEBODY, "mara"))
    loads("Customer")

    assert store.refresh(slow)

    assert slow.taken.index(LAST) == 4  # two tenants have four contacts, four have eight
    assert store.refresh(slow)
    assert shown(slow) == shown(store.directory())


def test_what_was_lost_while_the_database_was_away_comes_before_a_load_that_followed(
    store: RegistryStore, loads: Callable[[str], object]
) -> None:
    loads("Client")
    slow = Slow(store.directory(), lambda: None)
    suspend(store, LAST, SOMEBODY, "mara")
    loads("Customer")

    assert store.refresh(slow)

    assert slow.taken[0] == LAST
    assert len(slow.taken) == TENANTS
    assert slow.revision == store.revision().number


def test_a_suspension_comes_before_those_that_a_load_brought_later(
    store: RegistryStore, sets: Sets, write: Write, loads: Callable[[str], object]
) -> None:
    loads("Client")
    slow = Slow(store.directory(), lambda: None)
    suspend(store, LAST, SOMEBODY, "mara")
    suspended = people("Customer").replace("name: An Admin,", "name: An Admin, state: suspended,")
    load_file(write(suspended), store, sets, "ines")

    store.refresh(slow)

    assert slow.taken[0] == LAST
    assert len(slow.taken) == TENANTS


def test_a_tenant_that_somebody_waits_for_is_taken_at_the_next_look(
    store: RegistryStore, loads: Callable[[str], object]
) -> None:
    loads("Client")
    suspend(store, LAST, SOMEBODY, "mara")
    asked, restored = Asked(), list[int]()

    def restore_and_wait() -> None:
        restored.append(restore(store, LAST, SOMEBODY, "mara"))
        asked.ask(LAST)

    slow = Slow(store.directory(), restore_and_wait)
    loads("Customer")

    store.refresh(slow, asked=asked)

    assert LAST in slow.taken[: 2 * AT_ONCE]
    assert asked.has(LAST, restored[0])
    assert not asked.has(LAST, restored[0] + 1)
    assert asked.waiting() == []


def test_what_was_reached_in_one_database_is_not_taken_for_reached_in_the_next() -> None:
    asked = Asked()
    asked.ask("acme")
    asked.taken(["acme"], 500)
    assert asked.has("acme", 120)

    asked.ask("acme")

    assert not asked.has("acme", 120)


def test_the_registry_does_not_grow_old_while_many_tenants_are_taken_over(
    store: RegistryStore, loads: Callable[[str], object]
) -> None:
    loads("Client")
    seconds = count()
    watch = RegistryWatch(store, clock=lambda: float(next(seconds)))
    seen = watch.as_of
    as_of: list[float] = []
    watch.directory = Slow(watch.directory, lambda: as_of.append(watch.as_of), after=2 * AT_ONCE + 1)
    loads("Customer")

    watch.poll()

    assert as_of[0] > seen


def test_the_old_revision_is_stated_until_every_tenant_is_of_the_new_one(
    store: RegistryStore, loads: Callable[[str], object]
) -> None:
    loads("Client")
    stated: list[tuple[int, int]] = []

    def look() -> None:
        old = sum(one.name.startswith("Client") for one in slow.tenants.values())
        stated.append((slow.revision, old))
        slow.after += 1

    slow = Slow(store.directory(), look)
    before = slow.revision
    loads("Customer")

    assert store.refresh(slow)

    assert stated == [(before, TENANTS - 1 - at) for at in range(TENANTS)]
    assert slow.revision == before + 1


def test_a_suspension_that_is_taken_over_early_is_not_lifted_by_what_follows(
    store: RegistryStore, loads: Callable[[str], object]
) -> None:
    loads("Client")
    first = SubjectKey("user@t00.example")

    def suspend_two() -> None:
        suspend(store, "t00", first, "mara")
        suspend(store, LAST, SOMEBODY, "mara")

    slow = Slow(store.directory(), suspend_two, after=AT_ONCE + 1)
    loads("Customer")
    states: list[ContactState | None] = []
    while store.refresh(slow):
        states += [state(slow, first), state(slow)]

    assert set(states) == {ContactState.SUSPENDED}
    restore(store, LAST, SOMEBODY, "mara")
    assert store.refresh(slow)
    assert state(slow) is ContactState.ACTIVE
    assert state(slow, first) is ContactState.SUSPENDED


def test_a_key_that_is_revoked_while_many_tenants_are_taken_over_is_good_no_longer(
    store: RegistryStore, loads: Callable[[str], object]
) -> None:
    loads("Client")
    made = create_caller(store, "desk", "ines", scopes=["decide"])
    keys = KeyWatch(store)
    good: list[bool] = []

    def revoke() -> None:
        revoke_caller(store, made.id, "ines")
        keys.poll()
        good.append(keys.book is not None and made.id in keys.book.by_id)

    slow = Slow(store.directory(), revoke)
    loads("Customer")
    store.refresh(slow)

    assert good == [False]


@pytest.fixture
def halfway(tmp_path: Path, sets: Sets, write: Write) -> tuple[RegistryStore, Slow, bytes]:
    """A file store, a memory that had taken over a part when the database went, and the database as it was before."""
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}")
    store.migrate()
    load_file(write(people("Client")), store, sets, "ines")
    before = (tmp_path / "registry.db").read_bytes()
    slow = Slow(store.directory(), lambda: (tmp_path / "registry.db").rename(tmp_path / "away.db"))
    load_file(write(people("Customer")), store, sets, "ines")
    with pytest.raises(RegistryUnavailable):
        store.refresh(slow)
    assert {one.name.split()[0] for one in slow.tenants.values()} == {"Client", "Customer"}
    return store, slow, before


def test_with_the_database_gone_halfway_what_was_reached_stays_and_the_rest_follows(
    halfway: tuple[RegistryStore, Slow, bytes], tmp_path: Path
) -> None:
    store, slow, _ = halfway
    assert slow.revision == 1
    (tmp_path / "away.db").rename(tmp_path / "registry.db")

    assert store.refresh(slow)

    assert shown(slow) == shown(store.directory())
    assert slow.revision == 2
    assert not store.refresh(slow)


@pytest.mark.parametrize("changed", [False, True], ids=["to what was known", "and changed otherwise"])
def test_a_database_that_was_set_back_halfway_leaves_nothing_of_what_it_was(
    halfway: tuple[RegistryStore, Slow, bytes], tmp_path: Path, changed: bool
) -> None:
    store, slow, before = halfway
    (tmp_path / "registry.db").write_bytes(before)
    if changed:
        for _ in range(3):
            suspend(store, LAST, SOMEBODY, "mara")
            restore(store, LAST, SOMEBODY, "mara")

    store.refresh(slow)

    assert {one.name.split()[0] for one in slow.tenants.values()} == {"Client"}
    assert shown(slow) == shown(store.directory())
    assert slow.revision == store.revision().number
    assert slow.ahead is None


def test_a_database_that_is_put_in_the_place_of_another_halfway_is_read_anew(
    tmp_path: Path, sets: Sets, write: Write
) -> None:
    store, other = (RegistryStore(f"sqlite:///{tmp_path / name}") for name in ("registry.db", "other.db"))
    for one, name in ((store, "Client"), (other, "Stranger")):
        one.migrate()
        load_file(write(people(name)), one, sets, "ines")
    slow = Slow(store.directory(), lambda: (tmp_path / "other.db").replace(tmp_path / "registry.db"))
    load_file(write(people("Customer")), store, sets, "ines")

    assert store.refresh(slow)

    assert {one.name.split()[0] for one in slow.tenants.values()} == {"Stranger"}
    assert slow.registry_id == store.revision().registry_id
