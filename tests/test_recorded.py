"""Contacts that nobody asked about for half a year are told once the log is old enough to know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.indexer import log_index
from authz.log.lines.pseudonyms import subject_ref
from authz.log.lines.record import instant
from authz.recorded import Recorded
from authz.registry.store import RegistryStore
from tests.log.segments import decision, write_segment
from tests.web.world import generation

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC).timestamp()
DAY_S = 86_400
LONG_AGO = dt.date(2020, 1, 1)
KEYS = {name: f"{at:032x}" for at, name in enumerate(("ana", "ion", "eva", "dan"), start=1)}


def contact(name: str, state: ContactState = ContactState.ACTIVE) -> Contact:
    return Contact(name, "user", (SubjectKey(f"{name}@acme.example"),), state, log_key=KEYS[name])


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}")
    store.migrate()
    folder = tmp_path / "log"
    return Recorded(store, log_index(folder, store), folder)


def used(folder: Path, days_ago: Mapping[str, int]) -> None:
    bodies = [
        decision(at, subject_ref=subject_ref(KEYS[name], "acme"), at=instant(NOW - days * DAY_S))
        for at, (name, days) in enumerate(days_ago.items(), start=1)
    ]
    write_segment(folder / "20260101T000000Z-aaaaaaaa-0.jsonl", bodies)


def people(*contacts: Contact, since: dt.date = LONG_AGO) -> Directory:
    annex = Annex(1, since, since, NetworkChoice.DECLARED, contacts)
    return Directory([Tenant("acme", "demo", "Acme", [annex])])


LIVE: Mapping[str, Generation] = {"demo": generation()}


def test_who_was_not_asked_about_for_half_a_year_is_told_and_nobody_else(recorded: Recorded, tmp_path: Path) -> None:
    used(tmp_path / "log", {"ana": 300, "ion": 10})
    listed = people(contact("ana"), contact("ion"), contact("eva"), contact("dan", ContactState.SUSPENDED))

    found, not_checked = recorded.unused(listed, LIVE, NOW)

    assert not_checked == []
    assert [(one.tenant, one.text.partition(":")[0]) for one in found] == [
        ("acme", "line 1 of annex 1"), ("acme", "line 3 of annex 1"),
    ]  # fmt: skip
    assert "last on 2026-01-30" in found[0].text
    assert "never" in found[1].text


def test_a_log_that_is_too_young_accuses_nobody_and_says_so(recorded: Recorded, tmp_path: Path) -> None:
    assert recorded.unused(people(contact("ana")), LIVE, NOW)[1][0].why.endswith("(it holds no decision)")

    used(tmp_path / "log", {"ion": 100})
    found, not_checked = recorded.unused(people(contact("ana")), LIVE, NOW)

    assert found == []
    assert "it begins at 2026-08-18" in not_checked[0].why


def test_whoever_came_later_than_that_is_not_told(recorded: Recorded, tmp_path: Path) -> None:
    used(tmp_path / "log", {"ion": 300})

    found, _ = recorded.unused(people(contact("ana"), since=dt.date(2026, 9, 1)), LIVE, NOW)

    assert found == []
