"""A signed annex in the registry: entered by one person, approved by another, whole or not at all."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.errors import Conflict, NotFound
from authz.registry import tables as t
from authz.registry.annexes import APPROVED, DRAFT, SUPERSEDED, tenant_annexes
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.load import load_file
from authz.registry.proposals import approve, enter_draft, same_person, staff_name, withdraw
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from authz.registry.tenants import close_tenant
from authz.registry.trail import trail

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
MAY = dt.date(2026, 5, 1)
ANA = SubjectKey("ana@acme.example")
PEOPLE = (
    ContactEntry("Ana Pop", "admin", "IT", "ana@acme.example", "+40213000001", "ana.pop"),
    ContactEntry("Mihai Stoica", "user", "", "mihai@acme.example"),
)
DOCUMENT = "d" * 64


@pytest.fixture(autouse=True)
def _loaded(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")


def annex(number: int = 3, day: dt.date = MAY, *contacts: ContactEntry, document: str = DOCUMENT) -> AnnexEntry:
    return AnnexEntry(number, day, day, NetworkChoice.ANY, document, contacts or PEOPLE)


def numbers_in_directory(store: RegistryStore) -> list[int]:
    """The annexes that decisions know."""
    return [one.number for one in store.directory().tenants["acme"].annexes]


def state_of(store: RegistryStore, key: str, number: int = 3) -> ContactState:
    """The state of a contact on an annex, as decisions see it."""
    found = next(one for one in store.directory().tenants["acme"].annexes if one.number == number)
    contact = found.contact(SubjectKey(key))
    assert contact is not None
    return contact.state


def states(store: RegistryStore) -> dict[int, str]:
    """State of each annex by id."""
    return {one.id: one.state for one in tenant_annexes(store, "acme").annexes}


def test_a_draft_changes_nothing_until_a_second_person_approves(store: RegistryStore) -> None:
    draft = enter_draft(store, "acme", annex(), "Mara")
    before = numbers_in_directory(store)

    approval = approve(store, draft.id, "Ion")

    assert before == [1, 2]
    assert numbers_in_directory(store) == [1, 2, 3]
    assert (approval.annex.state, approval.annex.entered_by, approval.annex.approved_by) == (APPROVED, "Mara", "Ion")
    assert approval.revision == store.revision().number == 3
    newest = store.directory().tenants["acme"].annexes[-1]
    assert (newest.origin, newest.document_sha256, [one.name for one in newest.contacts]) == (
        "signed",
        DOCUMENT,
        ["Ana Pop", "Mihai Stoica"],
    )


def test_a_future_date_waits_by_itself(store: RegistryStore) -> None:
    approve(store, enter_draft(store, "acme", annex(3, dt.date(2036, 1, 1)), "mara").id, "ion")
    tenant = store.directory().tenants["acme"]

    before = tenant.annex_in_force(dt.date(2035, 12, 31).toordinal())
    after = tenant.annex_in_force(dt.date(2036, 1, 1).toordinal())

    assert (before and before.number, after and after.number) == (2, 3)


@pytest.mark.parametrize(
    "name",
    [
        "Mara Ionescu",
        "mara  IONESCU",
        " Mara Ionescu ",
        "Mará Ionescu",
        "ＭＡＲＡ Ionescu",
        "\u041cara Ionescu",
        "Mar\u0430 I\u03bfnescu",
    ],
)
def test_nobody_approves_what_he_entered_however_he_writes_his_name(store: RegistryStore, name: str) -> None:
    draft = enter_draft(store, "acme", annex(), "Mara Ionescu")

    with pytest.raises(Conflict, match="a second person has to approve"):
        approve(store, draft.id, name)

    assert states(store)[draft.id] == DRAFT
    assert numbers_in_directory(store) == [1, 2]


def test_different_names_are_different_people() -> None:
    assert not same_person("Mara Ionescu", "Mara Ionesca")
    assert not same_person("Іван", "Иван")


@pytest.mark.parametrize("name", ["", "  ", "a\x1bb", "x" * 201])
def test_a_name_that_is_none_enters_nothing(store: RegistryStore, name: str) -> None:
    with pytest.raises(ValueError, match="visible characters"):
        enter_draft(store, "acme", annex(), name)

    assert staff_name("  Mara   Ionescu ") == "Mara Ionescu"
    assert store.revision().number == 1


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        pytest.param(annex(2), "annex 2 is already recorded with other contents", id="a number that is taken"),
        pytest.param(annex(1), "annex 1 is already recorded with other contents", id="an older number that is taken"),
        pytest.param(annex(3, dt.date(2026, 1, 14)), "takes effect on 2026-01-14, before annex 2", id="a date before"),
        pytest.param(
            annex(3)._replace(signed_on=dt.date(2026, 1, 11)),
            "was signed on 2026-01-11, before annex 2",
            id="signed before",
        ),
    ],
)  # fmt: skip
def test_numbers_and_dates_never_run_backwards(store: RegistryStore, entry: AnnexEntry, text: str) -> None:
    with pytest.raises(Conflict, match=text):
        enter_draft(store, "acme", entry, "mara")

    assert store.revision().number == 1


def test_a_number_between_two_that_are_recorded_is_refused(store: RegistryStore) -> None:
    approve(store, enter_draft(store, "acme", annex(5), "mara").id, "ion")

    with pytest.raises(Conflict, match="annex 4 comes after annex 5"):
        enter_draft(store, "acme", annex(4), "mara")


def test_what_was_recorded_since_is_looked_at_when_a_draft_is_approved(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    draft = enter_draft(store, "acme", annex(3), "mara")
    more = acme + (
        "      - {number: 3, signed_on: 2026-02-01, effective_from: 2026-02-01, network: any,\n"
        "         contacts: [{name: Ana Pop, role: user, email: ana@acme.example}]}\n"
    )
    load_file(write(more), store, sets, "ines")

    with pytest.raises(Conflict, match="annex 3 is already recorded with other contents"):
        approve(store, draft.id, "ion")

    assert states(store)[draft.id] == DRAFT


def test_the_same_document_is_entered_once(store: RegistryStore) -> None:
    first = enter_draft(store, "acme", annex(), "mara")
    again = enter_draft(store, "acme", annex(), "ion")

    assert (again.id, again.entered_by) == (first.id, "mara")
    assert store.revision().number == 2


def test_an_approved_annex_that_says_just_this_is_given_back(store: RegistryStore) -> None:
    draft = enter_draft(store, "acme", annex(), "mara")
    approve(store, draft.id, "ion")

    assert enter_draft(store, "acme", annex(document="e" * 64), "mara").id == draft.id
    assert store.revision().number == 3


def test_a_draft_is_approved_once(store: RegistryStore) -> None:
    draft = enter_draft(store, "acme", annex(), "mara")
    approve(store, draft.id, "ion")

    with pytest.raises(Conflict, match="approved already, by `ion`"):
        approve(store, draft.id, "dana")

    assert store.revision().number == 3


def test_drafts_that_are_overtaken_are_set_aside(store: RegistryStore) -> None:
    older = enter_draft(store, "acme", annex(3), "mara")
    chosen = enter_draft(store, "acme", annex(4), "mara")
    later = enter_draft(store, "acme", annex(5), "mara")

    approval = approve(store, chosen.id, "ion")

    assert approval.set_aside == (older.id,)
    assert [states(store)[one.id] for one in (older, chosen, later)] == [SUPERSEDED, APPROVED, DRAFT]
    with pytest.raises(Conflict, match="was set aside"):
        approve(store, older.id, "ion")


def test_a_suspended_person_stays_suspended_under_a_new_address_too(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara")
    moved = PEOPLE[0]._replace(email="ana.pop@acme.example")

    approve(store, enter_draft(store, "acme", annex(3, MAY, moved), "mara").id, "ion")
    only_new = moved._replace(phone=None, login=None)
    approve(store, enter_draft(store, "acme", annex(4, MAY, only_new, document="e" * 64), "mara").id, "ion")

    assert state_of(store, "ana.pop@acme.example", 3) is ContactState.SUSPENDED
    assert state_of(store, "ana.pop@acme.example", 4) is ContactState.SUSPENDED


def test_a_revoked_person_does_not_come_back_under_ids_that_are_all_new(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara", state=ContactState.REVOKED)
    returned = ContactEntry("ana  POP", "admin", "", "somebody@else.example")

    approve(store, enter_draft(store, "acme", annex(3, MAY, returned), "mara").id, "ion")

    assert state_of(store, "somebody@else.example") is ContactState.REVOKED


def test_a_namesake_who_was_there_before_is_not_suspended_with_another(
    store: RegistryStore, sets: Sets, write: Write
) -> None:
    two = """\
tenants:
  - id: acme
    set: plain
    name: Acme Distribution SRL
    languages: [ro, en]
    annexes:
      - {number: 3, signed_on: 2026-02-01, effective_from: 2026-02-01, network: any, contacts: [
          {name: Ana Pop, role: admin, email: ana@acme.example}, {name: Ana Pop, role: user, email: ana2@acme.example}]}
"""
    load_file(write(two), store, sets, "ines")
    suspend(store, "acme", ANA, "mara")
    both = (PEOPLE[0], ContactEntry("Ana Pop", "user", "", "ana2@acme.example", "+40213000009"))

    approve(store, enter_draft(store, "acme", annex(4, MAY, *both), "mara").id, "ion")

    assert state_of(store, "ana@acme.example", 4) is ContactState.SUSPENDED
    assert state_of(store, "ana2@acme.example", 4) is ContactState.ACTIVE


def test_a_suspension_that_was_carried_over_can_be_lifted(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara")
    moved = PEOPLE[0]._replace(email="ana.pop@acme.example")
    approve(store, enter_draft(store, "acme", annex(3, MAY, moved), "mara").id, "ion")

    restore(store, "acme", SubjectKey("ana.pop@acme.example"), "mara")

    assert state_of(store, "ana.pop@acme.example") is ContactState.ACTIVE


def test_who_left_is_on_no_annex_in_force(store: RegistryStore) -> None:
    approve(store, enter_draft(store, "acme", annex(), "mara").id, "ion")
    in_force = store.directory().tenants["acme"].annex_in_force(MAY.toordinal())

    assert in_force is not None
    assert in_force.contact(SubjectKey("ioana@acme.example")) is None


def test_the_trail_says_who_did_what_when_and_from_which_document(store: RegistryStore) -> None:
    draft = enter_draft(store, "acme", annex(), "Mara", contract_number="12/2025")
    approve(store, draft.id, "Ion")
    suspend(store, "acme", ANA, "Dana")

    lines = trail(store, "acme")

    assert [(line.kind, line.changed_by, line.about, line.document_sha256) for line in lines[-3:]] == [
        ("annex_proposed", "Mara", "annex 3", DOCUMENT),
        ("annex_approved", "Ion", "annex 3", DOCUMENT),
        ("contact_suspended", "Dana", "annex 3 contact 1", ""),
    ]
    assert lines[-2].details["entered_by"] == "Mara"
    assert tenant_annexes(store, "acme").contract_number == "12/2025"
    assert all(line.changed_at == lines[0].changed_at for line in lines)
    assert "ana@acme.example" not in str(lines)


def test_a_tenant_that_is_unknown_or_closed_takes_no_annex(store: RegistryStore) -> None:
    with pytest.raises(NotFound, match="there is no tenant `nobody`"):
        enter_draft(store, "nobody", annex(), "mara")
    close_tenant(store, "acme", "ines")
    with pytest.raises(NotFound, match="was closed"):
        enter_draft(store, "acme", annex(), "mara")


def test_an_annex_that_is_not_there_cannot_be_approved(store: RegistryStore) -> None:
    with pytest.raises(NotFound, match="no annex with the id 99"):
        approve(store, 99, "ion")


def test_the_database_itself_refuses_one_person_twice(store: RegistryStore) -> None:
    draft = enter_draft(store, "acme", annex(), "mara")

    approved = t.annex.update().where(t.annex.c.id == draft.id).values(state=APPROVED, approved_by="mara")

    with pytest.raises(sa.exc.IntegrityError), store.changing("mara") as change:
        change.connection.execute(approved)


STEPS = {
    "import": "enter_draft(store, 'acme', AnnexEntry(4, day, day, NetworkChoice.ANY, 'e' * 64, people), 'mara')",
    "approve": "approve(store, {draft}, 'ion')",
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("killed_at", ["annex", "change", "registry_revision"])
def test_a_kill_in_the_middle_leaves_the_old_annex_whole(
    store: RegistryStore, database: str, step: str, killed_at: str
) -> None:
    draft = enter_draft(store, "acme", annex(), "mara").id
    suspend(store, "acme", ANA, "ines")
    before = (numbers_in_directory(store), states(store), trail(store, "acme"), store.revision())
    program = f"""
import datetime as dt, os, signal
import sqlalchemy as sa
from authz.core.types import NetworkChoice
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.proposals import approve, enter_draft
from authz.registry.store import RegistryStore

def die(connection, cursor, statement, *rest):
    if statement.startswith(("INSERT INTO {killed_at}", "UPDATE {killed_at}", 'INSERT INTO "{killed_at}')):
        os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(sa.Engine, "after_cursor_execute", die)
store, day = RegistryStore({database!r}), dt.date(2026, 6, 1)
people = tuple(ContactEntry(f"P {{n}}", "user", "", f"p{{n}}@acme.example") for n in range(50))
{STEPS[step].format(draft=draft)}
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False, env=dict(os.environ)
    )

    assert ran.returncode == -signal.SIGKILL
    assert (numbers_in_directory(store), states(store), trail(store, "acme"), store.revision()) == before
    approve(store, draft, "ion")
    assert numbers_in_directory(store) == [1, 2, 3]


def test_a_draft_that_was_withdrawn_is_approved_by_nobody_and_changes_nothing(store: RegistryStore) -> None:
    before = numbers_in_directory(store)
    draft = enter_draft(store, "acme", annex(), "Mara Ionescu")

    done = withdraw(store, draft.id, "Mara Ionescu")

    assert (done.tenant_id, done.annex.state) == ("acme", SUPERSEDED)
    with pytest.raises(Conflict, match="set aside"):
        approve(store, draft.id, "Irina Turcanu")
    with pytest.raises(Conflict, match="already"):
        withdraw(store, draft.id, "Mara Ionescu")
    assert numbers_in_directory(store) == before
    last = trail(store, "acme")[-1]
    assert (last.kind, last.changed_by, last.document_sha256) == ("annex_withdrawn", "Mara Ionescu", DOCUMENT)


def test_the_same_paper_can_be_entered_again_after_it_was_withdrawn(store: RegistryStore) -> None:
    first = enter_draft(store, "acme", annex(), "Mara Ionescu")
    withdraw(store, first.id, "Mara Ionescu")

    again = enter_draft(store, "acme", annex(), "Mara Ionescu")
    approve(store, again.id, "Irina Turcanu")

    assert again.id != first.id
    assert numbers_in_directory(store)[-1] == 3


def test_an_approved_annex_cannot_be_withdrawn(store: RegistryStore) -> None:
    draft = enter_draft(store, "acme", annex(), "Mara Ionescu")
    approve(store, draft.id, "Irina Turcanu")

    with pytest.raises(Conflict, match="was approved"):
        withdraw(store, draft.id, "Mara Ionescu")
    with pytest.raises(NotFound):
        withdraw(store, 999, "Mara Ionescu")
