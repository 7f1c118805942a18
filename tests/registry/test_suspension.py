from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.types import ContactState, SubjectKey
from authz.errors import Conflict, NotFound
from authz.registry import tables as t
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")
ANA_LOGIN = SubjectKey("login:ana.pop")
IOANA = SubjectKey("ioana@acme.example")


@pytest.fixture(autouse=True)
def _loaded(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")


def states(store: RegistryStore, key: SubjectKey = ANA) -> list[ContactState]:
    """The state on every annex that lists the id."""
    found = (annex.contact(key) for annex in store.directory().tenants["acme"].annexes)
    return [contact.state for contact in found if contact is not None]


def test_a_suspension_holds_under_every_id_on_every_annex(store: RegistryStore) -> None:
    revision = suspend(store, "acme", ANA_LOGIN, "mara", cause="laptop stolen")

    assert revision == store.revision().number == 2
    assert states(store, ANA) == [ContactState.SUSPENDED, ContactState.SUSPENDED]
    assert states(store, SubjectKey("+40213000001")) == [ContactState.SUSPENDED]
    assert states(store, IOANA) == [ContactState.ACTIVE]


def test_it_is_recorded_without_the_persons_name(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara", state=ContactState.REVOKED)

    with store.reading() as connection:
        last = connection.execute(sa.select(t.change).order_by(t.change.c.revision.desc())).first()

    assert last is not None
    assert (last.changed_by, last.kind, last.tenant_id) == ("mara", "contact_revoked", "acme")
    assert last.about == "annex 2 contact 1"
    assert not any("ana" in str(value).lower() for value in last)


def test_suspending_twice_is_one_change(store: RegistryStore) -> None:
    assert suspend(store, "acme", ANA, "mara") == suspend(store, "acme", ANA, "ines") == 2


def test_restoring_lifts_it_from_every_id(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara")

    assert restore(store, "acme", ANA_LOGIN, "ines") == 3
    assert states(store) == [ContactState.ACTIVE, ContactState.ACTIVE]


def test_a_revocation_is_not_softened_and_not_lifted_by_accident(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara")
    suspend(store, "acme", ANA, "mara", state=ContactState.REVOKED)
    suspend(store, "acme", ANA, "mara")

    assert set(states(store)) == {ContactState.REVOKED}
    with pytest.raises(Conflict, match="revoked"):
        restore(store, "acme", ANA, "ines")
    assert set(states(store)) == {ContactState.REVOKED}

    restore(store, "acme", ANA, "ines", revoked_too=True)
    assert set(states(store)) == {ContactState.ACTIVE}


def test_a_new_id_on_a_newer_annex_is_no_way_around_it(store: RegistryStore, sets: Sets, write: Write) -> None:
    suspend(store, "acme", IOANA, "mara")
    newer = (
        "tenants: [{id: acme, set: plain, name: Acme Distribution SRL, languages: [ro, en], annexes: [{number: 3, "
        "signed_on: 2026-02-01, effective_from: 2026-02-01, network: any, contacts: "
        "[{name: Ioana Dinu, role: admin, email: ioana@acme.example, login: fresh}]}]}]"
    )
    load_file(write(newer), store, sets, "ines")

    assert states(store, SubjectKey("login:fresh")) == [ContactState.SUSPENDED]


def test_only_contacts_of_the_tenant_can_be_suspended(store: RegistryStore) -> None:
    for tenant, key in (("acme", SubjectKey("nobody@acme.example")), ("beta", ANA)):
        with pytest.raises(NotFound):
            suspend(store, tenant, key, "mara")
        with pytest.raises(NotFound):
            restore(store, tenant, key, "mara")

    assert store.revision().number == 1


def test_nobody_can_be_restored_who_is_not_suspended(store: RegistryStore) -> None:
    with pytest.raises(Conflict):
        restore(store, "acme", ANA, "mara")


def test_suspending_needs_a_state_and_a_cause_that_fits(store: RegistryStore) -> None:
    with pytest.raises(ValueError, match="state"):
        suspend(store, "acme", ANA, "mara", state=ContactState.ACTIVE)
    with pytest.raises(ValueError, match="cause"):
        suspend(store, "acme", ANA, "mara", cause="x" * 501)


def test_writers_at_the_same_time_get_revisions_of_their_own(store: RegistryStore) -> None:
    """Readers meanwhile never see a revision without its changes."""
    seen: list[tuple[int, int]] = []
    keys = [ANA, IOANA, SubjectKey("doru@acme.example")]
    revisions: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            directory = store.directory()
            suspended = {
                key
                for annex in directory.tenants["acme"].annexes
                for key in keys
                if (contact := annex.contact(key)) is not None and contact.state is ContactState.SUSPENDED
            }
            seen.append((directory.revision, len(suspended)))

    reader = threading.Thread(target=look)
    writers = [
        threading.Thread(target=lambda key=key: revisions.append(suspend(store, "acme", key, "m"))) for key in keys
    ]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()

    assert sorted(revisions) == [2, 3, 4]
    assert all(suspended == revision - 1 for revision, suspended in seen)
