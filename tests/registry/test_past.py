from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.load import load_file
from authz.registry.past import About, PastDirectory, directory_as_of
from authz.registry.proposals import approve, enter_draft
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from authz.registry.tenants import close_tenant
from tests.registry.conftest import NOON, Clock

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")
DAY = 86_400.0
TODAY = dt.date(2026, 5, 28)  # NOON


@pytest.fixture(autouse=True)
def _loaded(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")


def then(store: RegistryStore, at: float, key: SubjectKey = ANA, tenant: str = "") -> PastDirectory:
    return directory_as_of(store, About(frozenset({key}), frozenset({tenant} - {""}), ("tenant", "*")), at)


def state(store: RegistryStore, at: float, key: SubjectKey = ANA) -> set[ContactState]:
    annexes = then(store, at, key).directory.tenants["acme"].annexes
    return {contact.state for annex in annexes if (contact := annex.contact(key)) is not None}


def annex(number: int, effective_from: dt.date, *people: ContactEntry) -> AnnexEntry:
    return AnnexEntry(number, effective_from, effective_from, NetworkChoice.ANY, contacts=people)


def test_a_loaded_annex_counts_from_its_day_though_it_was_loaded_later(store: RegistryStore) -> None:
    tenant = then(store, NOON - 400 * DAY).directory.tenants["acme"]

    assert [one.number for one in tenant.annexes] == [1, 2]
    in_force = tenant.annex_in_force(dt.date(2025, 12, 31).toordinal())
    assert in_force is not None
    assert in_force.number == 1


def test_a_signed_annex_counts_only_from_its_approval_on(store: RegistryStore, clock: Clock) -> None:
    new = ContactEntry("Doru Vasile", "admin", email="doru@acme.example")
    draft = enter_draft(store, "acme", annex(3, TODAY, new), "Mara Ionescu")
    clock.now += 3 * DAY
    approve(store, draft.id, "Ion Rusu")

    before, after = then(store, clock.now - 1), then(store, clock.now)

    assert [one.number for one in before.directory.tenants["acme"].annexes] == [1, 2]
    assert [one.number for one in after.directory.tenants["acme"].annexes] == [1, 2, 3]
    record = after.records["acme", 3]
    assert (record.entered_by, record.approved_by) == ("Mara Ionescu", "Ion Rusu")


def test_who_was_suspended_then_is_told_by_the_trail(store: RegistryStore, clock: Clock) -> None:
    moments = [clock.now]
    changes: list[Callable[[], int]] = [
        lambda: suspend(store, "acme", ANA, "mara"),
        lambda: restore(store, "acme", ANA, "mara"),
        lambda: suspend(store, "acme", SubjectKey("login:ana.pop"), "mara", state=ContactState.REVOKED),
        lambda: restore(store, "acme", ANA, "mara", revoked_too=True),
    ]
    for change in changes:
        clock.now += DAY
        moments.append(clock.now)
        change()

    assert [state(store, at) for at in moments] == [
        {ContactState.ACTIVE},
        {ContactState.SUSPENDED},
        {ContactState.ACTIVE},
        {ContactState.REVOKED},
        {ContactState.ACTIVE},
    ]
    assert state(store, moments[1], SubjectKey("+40213000001")) == {ContactState.SUSPENDED}
    assert state(store, moments[1], SubjectKey("ioana@acme.example")) == {ContactState.ACTIVE}


def test_a_suspension_of_before_still_holds_when_a_later_one_came(store: RegistryStore, clock: Clock) -> None:
    suspend(store, "acme", ANA, "mara")
    clock.now += DAY
    suspend(store, "acme", ANA, "mara", state=ContactState.REVOKED)

    assert state(store, clock.now - 1) == {ContactState.SUSPENDED}


def test_a_tenant_that_was_closed_since_was_open_then(store: RegistryStore, clock: Clock) -> None:
    clock.now += DAY
    close_tenant(store, "acme", "mara")

    assert set(then(store, clock.now - 1).directory.tenants) == {"acme"}
    assert set(then(store, clock.now).directory.tenants) == set()


def test_the_tenants_of_a_question_are_found_by_every_id_and_by_name(store: RegistryStore) -> None:
    for key in ("ana@acme.example", "+40213000001", "login:ana.pop"):
        assert set(then(store, NOON, SubjectKey(key)).directory.tenants) == {"acme"}
    stranger = SubjectKey("eve@nowhere.example")
    assert set(then(store, NOON, stranger).directory.tenants) == set()
    assert set(then(store, NOON, stranger, "acme").directory.tenants) == {"acme"}


RICH = """\
tenants:
  - id: rich-one
    set: rich
    name: Riche SARL
    attributes: {seats: SEATS, contract: {paid: true}}
    annexes:
      - {number: 1, signed_on: 2026-01-05, effective_from: 2026-01-12, network: any,
         contacts: [{name: Zoé Roy, role: chief, email: zoe@riche.example}]}
    resources: [{type: ticket, id: t-1, attributes: {owner: OWNER}}]
"""


def test_attributes_are_those_of_then_and_what_is_not_kept_is_named(
    store: RegistryStore, sets: Sets, write: Write, clock: Clock
) -> None:
    zoe = SubjectKey("zoe@riche.example")
    text = RICH.replace("SEATS", "5").replace("OWNER", "zoe@riche.example")
    load_file(write(text), store, sets, "ines")
    clock.now += DAY
    load_file(write(text.replace("seats: 5", "seats: 7")), store, sets, "ines")

    past = then(store, clock.now - 1, zoe)
    assert past.directory.tenants["rich-one"].attributes["seats"] == 5
    assert past.of_now["rich-one"] == ()
    assert then(store, clock.now, zoe).directory.tenants["rich-one"].attributes["seats"] == 7

    clock.now += DAY
    load_file(write(text.replace("seats: 5", "seats: 7").replace("owner: zoe@", "owner: eva@")), store, sets, "ines")
    assert then(store, clock.now - 1, zoe).of_now["rich-one"] == ("resource_attributes",)
