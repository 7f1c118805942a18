"""What happens to others while a file is loaded, and to the load by what they do: on both databases, in a set order."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.errors import RegistryInvalid, RegistryUnavailable
from authz.registry import tables as t
from authz.registry.callers import callers, create_caller
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.erasure import erase
from authz.registry.keys import KeyWatch
from authz.registry.load import LoadReport, load_file
from authz.registry.proposals import approve, enter_draft
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend
from authz.registry.tenants import close_tenant

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@t0.example")
SOON_S = 60.0
"""How long a thread may take to come to its end; none of them should need a second."""


def person(tenant: int, name: str, **more: str) -> dict[str, str]:
    return {"name": name, "role": "user", "email": f"{name.lower()}@t{tenant}.example", **more}


def tenant_of(tenant: int, *numbers: int, name: str = "Client", **more: str) -> dict[str, Any]:
    """A tenant with annexes of these numbers; the same person is on each."""
    annexes = [
        {
            "number": number,
            "signed_on": f"2026-01-0{number}",
            "effective_from": f"2026-01-0{number}",
            "network": "any",
            "contacts": [person(tenant, "Ana", **more), person(tenant, f"Zoe{number}")],
        }
        for number in numbers
    ]
    return {"id": f"t{tenant}", "set": "plain", "name": f"{name} {tenant}", "annexes": annexes}


def lines_of(*tenants: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in tenants)


@pytest.fixture
def other(database: str) -> Iterator[RegistryStore]:
    """The same registry as another process has it."""
    store = RegistryStore(database)
    yield store
    store.close()


@pytest.fixture(params=["jsonl", "json"])
def file_of(request: pytest.FixtureRequest, write: Write) -> Callable[..., Path]:
    """Writes tenants in either form of a file."""

    def written(*tenants: dict[str, Any], name: str = "people") -> Path:
        text = lines_of(*tenants) if request.param == "jsonl" else json.dumps({"tenants": tenants})
        return write(text, f"{name}.{request.param}")

    return written


@pytest.fixture
def loaded(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write(lines_of(*(tenant_of(one, 1) for one in range(3))), "first.jsonl"), store, sets, "ines")


def load(store: RegistryStore, sets: Sets, path: Path, meanwhile: Callable[[], object]) -> LoadReport:
    """A load during which something happens once: after all of the file is prepared, and before it is written."""

    def progress(done: int, total: int) -> None:
        if done == total:
            meanwhile()

    return load_file(path, store, sets, "mara", progress)


def trail(store: RegistryStore) -> list[tuple[Any, ...]]:
    c = t.change.c
    query = sa.select(c.revision, c.position, c.kind, c.tenant_id, c.about).order_by(c.revision, c.position)
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(query.where(c.revision > 1))]


def ana(store: RegistryStore, tenant: int = 0) -> ContactState:
    """Her state on the newest annex."""
    contact = store.directory().tenants[f"t{tenant}"].annexes[-1].contact(SubjectKey(f"ana@t{tenant}.example"))
    assert contact is not None
    return contact.state


@contextmanager
def running(what: Callable[[], object]) -> Iterator[threading.Thread]:
    """Something in a thread of its own, at an end when the block is."""
    thread = threading.Thread(target=what, daemon=True)
    thread.start()
    yield thread
    thread.join(SOON_S)
    assert not thread.is_alive()


@pytest.mark.usefixtures("loaded")
def test_who_is_suspended_while_a_load_is_prepared_is_suspended_before_it_and_after_it(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    path = file_of(*(tenant_of(one, 1, 2, name="Customer") for one in range(3)))

    report = load(store, sets, path, lambda: suspend(other, "t0", ANA, "ion"))

    assert (report.tenants_changed, report.annexes_added, report.contacts_added, report.revision) == (3, 3, 6, 3)
    assert (ana(store, 0), ana(store, 1)) == (ContactState.SUSPENDED, ContactState.ACTIVE)
    assert [len(tenant.annexes) for tenant in store.directory().tenants.values()] == [2, 2, 2]
    assert trail(store) == [
        (2, 1, "contact_suspended", "t0", "annex 1 contact 1"),
        (3, 1, "tenant_changed", "t1", ""),
        (3, 2, "annex_loaded", "t1", "annex 2"),
        (3, 3, "tenant_changed", "t2", ""),
        (3, 4, "annex_loaded", "t2", "annex 2"),
        (3, 5, "tenant_changed", "t0", ""),
        (3, 6, "annex_loaded", "t0", "annex 2"),
    ]


@pytest.mark.usefixtures("loaded")
def test_a_stated_suspension_does_not_soften_a_revocation_made_meanwhile(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    path = file_of(tenant_of(0, 1, 2, state="suspended"))

    report = load(store, sets, path, lambda: suspend(other, "t0", ANA, "ion", state=ContactState.REVOKED))

    assert report.contacts_suspended == 0
    assert ana(store) is ContactState.REVOKED


@pytest.mark.usefixtures("loaded")
def test_a_load_is_refused_as_a_whole_if_an_annex_was_approved_meanwhile_that_contradicts_it(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    path = file_of(tenant_of(1, 1, 2), tenant_of(0, 1, 2))
    signed = AnnexEntry(2, dt.date(2026, 1, 2), dt.date(2026, 1, 2), NetworkChoice.ANY, "d" * 64, ())

    def meanwhile() -> None:
        approve(other, enter_draft(other, "t0", signed, "Ion").id, "Eva")

    with pytest.raises(RegistryInvalid, match="annex 2 is already recorded with other contents"):
        load(store, sets, path, meanwhile)

    tenants = store.directory().tenants
    assert [one.origin for one in tenants["t0"].annexes] == ["loaded", "signed"]
    assert len(tenants["t1"].annexes) == 1
    assert store.revision().number == 3


@pytest.mark.usefixtures("loaded")
def test_a_tenant_that_was_closed_meanwhile_is_not_loaded_again(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    with pytest.raises(RegistryInvalid, match="tenant `t0` was closed"):
        load(store, sets, file_of(tenant_of(0, 1, 2)), lambda: close_tenant(other, "t0", "ion"))

    assert "t0" not in store.directory().tenants


@pytest.mark.usefixtures("loaded")
def test_an_annex_entered_meanwhile_and_those_of_the_load_are_not_confused(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    people = (ContactEntry("Eva", "user", "", "eva@t1.example"),)
    signed = AnnexEntry(3, dt.date(2026, 1, 3), dt.date(2026, 1, 3), NetworkChoice.ANY, "d" * 64, people)
    entered = []

    load(
        store,
        sets,
        file_of(*(tenant_of(one, 1, 2) for one in range(5))),
        lambda: entered.append(enter_draft(other, "t1", signed, "Ion").id),
    )
    approve(other, entered[0], "Eva")

    found = {
        tenant.id: [[one.keys for one in annex.contacts] for annex in tenant.annexes]
        for tenant in store.directory().tenants.values()
    }
    loaded = {
        f"t{one}": [[(f"ana@t{one}.example",), (f"zoe{number}@t{one}.example",)] for number in (1, 2)]
        for one in range(5)
    }
    loaded["t1"].append([("eva@t1.example",)])
    assert found == loaded


@pytest.mark.usefixtures("loaded")
def test_who_was_erased_meanwhile_comes_back_as_somebody_new(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    before = store.directory().tenants["t0"].annexes[0].contact(ANA)

    load(store, sets, file_of(tenant_of(0, 1, 2)), lambda: erase(other, ANA, "ion"))

    after = store.directory().tenants["t0"].annexes[1].contact(ANA)
    assert before is not None
    assert after is not None
    assert after.log_key != before.log_key


@pytest.mark.usefixtures("loaded")
def test_where_more_changed_meanwhile_than_is_compared_under_the_lock_it_is_compared_before(
    store: RegistryStore,
    other: RegistryStore,
    sets: Sets,
    file_of: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("authz.registry.writing.FEW", 0)
    path = file_of(*(tenant_of(one, 1, 2) for one in range(3)))

    report = load(store, sets, path, lambda: suspend(other, "t0", ANA, "ion"))

    assert (report.annexes_added, report.revision) == (3, 3)
    assert ana(store) is ContactState.SUSPENDED


@pytest.mark.usefixtures("loaded")
def test_two_loads_of_the_same_file_at_once_load_it_once(
    database: str, store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    path = file_of(*(tenant_of(one, 1, 2) for one in range(5)))
    reports = []
    second = threading.Thread(target=lambda: reports.append(load_file(path, other, sets, "ion")), daemon=True)

    def meanwhile() -> None:
        second.start()
        if database.startswith("sqlite"):
            second.join(SOON_S)  # on PostgreSQL it waits for the first one's end

    reports.append(load(store, sets, path, meanwhile))
    second.join(SOON_S)

    assert sorted((one.tenants_added, one.annexes_added) for one in reports) == [(0, 0), (2, 7)]
    assert [one.revision for one in reports] == [2, 2]


@pytest.mark.usefixtures("loaded")
def test_a_line_that_was_changed_after_it_was_read_is_not_guessed_at(
    store: RegistryStore, other: RegistryStore, sets: Sets, write: Write
) -> None:
    path = write(lines_of(tenant_of(0, 1, 2)), "people.jsonl")

    def meanwhile() -> None:
        suspend(other, "t0", ANA, "ion")
        path.write_text(lines_of(tenant_of(0, 1, 3)))

    with pytest.raises(RegistryInvalid, match=r"people.jsonl:1:1: was changed while it was being read"):
        load(store, sets, path, meanwhile)

    assert store.revision().number == 2


@pytest.mark.usefixtures("loaded")
def test_a_file_with_problems_is_refused_while_somebody_else_writes(
    store: RegistryStore, other: RegistryStore, sets: Sets, file_of: Callable[..., Path]
) -> None:
    with other.changing("ion"), pytest.raises(RegistryInvalid, match="`admin` is the name of a role"):
        load_file(file_of({**tenant_of(4, 1), "id": "admin"}), store, sets, "ines")


@pytest.mark.usefixtures("loaded")
def test_a_suspension_outwaits_the_writing_of_a_load_that_other_changes_are_refused_for(
    store: RegistryStore, other: RegistryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz.registry.store.BUSY_TIMEOUT_S", 0.1)
    with store.changing("ines") as change:
        change.record("a_long_load")
        with pytest.raises(RegistryUnavailable, match="changed by somebody else; nothing was changed, try again"):
            create_caller(other, "desk", "ion", scopes=["decide"])
        thread = threading.Thread(target=partial(suspend, other, "t0", ANA, "ion"), daemon=True)
        thread.start()
        with pytest.raises(RegistryUnavailable, match="changed by somebody else"):
            create_caller(store, "desk", "ion", scopes=["decide"])
        assert thread.is_alive()
    thread.join(SOON_S)

    assert ana(store) is ContactState.SUSPENDED
    assert [line[2] for line in trail(store)] == ["a_long_load", "contact_suspended"]


def test_the_look_out_for_keys_does_not_wait_to_note_their_uses(
    store: RegistryStore, other: RegistryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authz.registry.store.BUSY_TIMEOUT_S", 3600.0)
    made = create_caller(store, "desk", "ines", scopes=["decide"])
    watch = KeyWatch(other)
    watch.note_use(made.id, 1_780_000_000.0)
    with store.changing("ines") as change:
        change.connection.execute(t.caller.update().values(name="desk 2"))
        with running(partial(watch.write_uses, at_once=True)):
            pass

    unwritten = callers(store)[0].last_used_at
    watch.write_uses(at_once=True)

    assert unwritten is None
    assert callers(store)[0].last_used_at is not None


@pytest.mark.usefixtures("loaded")
def test_an_erasure_that_rewrites_tables_during_a_load_keeps_nobody_from_them(
    database: str, store: RegistryStore, other: RegistryStore, sets: Sets, write: Write
) -> None:
    if database.startswith("sqlite"):
        pytest.skip("there is one file, and its rewriting waits like any change")
    rewriting = threading.Thread(target=other.compact, daemon=True)

    def meanwhile() -> None:
        rewriting.start()
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        for _ in range(int(SOON_S * 100)):
            with other.reading() as connection:
                if connection.execute(waiting).scalar_one():
                    break
            rewriting.join(0.01)
        suspend(other, "t0", ANA, "ion")

    load(store, sets, write(lines_of(*(tenant_of(one, 1, 2) for one in range(5))), "people.jsonl"), meanwhile)
    rewriting.join(SOON_S)

    assert not rewriting.is_alive()
    assert ana(store) is ContactState.SUSPENDED
