from __future__ import annotations

import datetime as dt

import pytest

from authz.core import directory as module
from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.types import ContactState, NetworkChoice, SubjectKey

ANA = "ana@acme.example"
DAY = dt.date(2026, 1, 1)


def annex(*keys: str, number: int = 1, state: ContactState = ContactState.ACTIVE) -> Annex:
    contacts = [Contact(key, "user", (SubjectKey(key),), state) for key in keys]
    return Annex(number, DAY, DAY + dt.timedelta(days=number), NetworkChoice.ANY, contacts)


def tenant(tenant_id: str, *annexes: Annex) -> Tenant:
    return Tenant(tenant_id, "demo", tenant_id, annexes)


def found(directory: Directory, key: str = ANA) -> Contact | None:
    """As a decision asks: what was found lately, else the search."""
    listed = directory.recent.get(key) or directory.look_up(key)
    return listed.contact if listed is not None else None


def test_what_was_found_does_not_outlive_a_change_of_the_tenant() -> None:
    directory = Directory([tenant("acme", annex(ANA))])
    assert found(directory) == found(directory) == Contact(ANA, "user", (SubjectKey(ANA),))

    directory.replace(tenant("acme", annex(ANA, state=ContactState.SUSPENDED)))
    suspended = found(directory)
    assert suspended is not None
    assert suspended.state is ContactState.SUSPENDED

    directory.replace(tenant("acme", annex(ANA), annex("dan@acme.example", number=2)))
    assert found(directory) is None

    directory.replace(tenant("acme", annex(ANA)))
    assert found(directory) is not None
    directory.remove("acme")
    assert found(directory) is None
    assert directory.tenants_listing(SubjectKey(ANA)) == ()


def test_what_a_search_keeps_when_a_change_came_meanwhile_is_not_looked_at_again() -> None:
    directory = Directory([tenant("acme", annex(ANA))])
    lookups = directory.recent

    directory.look_up(ANA)
    assert ANA in lookups
    directory.replace(tenant("acme"))
    # a search that began before ends now
    lookups[ANA] = module.Listed(tenant("acme"), annex(ANA), Contact(ANA, "user", (SubjectKey(ANA),)))

    assert found(directory) is None


def test_somebody_whom_two_tenants_list_is_found_at_neither_and_named_at_both() -> None:
    directory = Directory([tenant("acme", annex(ANA)), tenant("beta", annex(ANA, "eva@beta.example"))])

    assert found(directory) is None
    assert directory.tenants_listing(SubjectKey(ANA)) == ("acme", "beta")
    assert found(directory, "eva@beta.example") is not None
    assert directory.tenants_listing(SubjectKey("eve@beta.example")) == ()


def test_past_annexes_list_too_and_who_is_erased_from_all_is_listed_nowhere() -> None:
    directory = Directory([tenant("acme", annex(ANA), annex("dan@acme.example", number=2))])
    assert directory.tenants_listing(SubjectKey(ANA)) == ("acme",)
    assert found(directory) is None

    directory.replace(tenant("acme", annex("dan@acme.example", number=2)))
    assert directory.tenants_listing(SubjectKey(ANA)) == ()


def test_contacts_that_were_asked_about_are_kept_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RECENT", 3)
    keys = [f"person{at}@acme.example" for at in range(10)]
    directory = Directory([tenant("acme", annex(*keys))])

    for key in keys:
        assert found(directory, key) is not None
        assert len(directory.recent) <= 3
