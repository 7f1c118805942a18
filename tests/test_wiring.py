"""A worker's own parts, put together as the service puts them together."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from authz.core.types import NetworkChoice, SubjectKey
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.load import load_file
from authz.registry.proposals import approve, enter_draft
from authz.registry.store import RegistryStore
from authz.settings import Settings
from authz.wiring import NotYetVisible, Service, prepare
from tests.web.test_registry_routes import PEOPLE
from tests.web.world import generation

ION = SubjectKey("ion@acme.example")
PATIENCE_S = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path)


@pytest.fixture
def store(settings: Settings, tmp_path: Path) -> Iterator[RegistryStore]:
    store = RegistryStore(settings.registry_url.get_secret_value())
    store.migrate()
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE, encoding="utf-8")
    load_file(path, store, {"demo": generation().definition}, "ines")
    yield store
    store.close()


def approved(store: RegistryStore) -> int:
    day = dt.date(2026, 3, 1)
    contacts = (ContactEntry("Ion Barbu", "admin", email=ION),)
    draft = enter_draft(store, "acme", AnnexEntry(3, day, day, NetworkChoice.ANY, contacts=contacts), "mara")
    return approve(store, draft.id, "ines").revision


def test_a_committed_change_is_in_memory_when_catching_up_returns(settings: Settings, store: RegistryStore) -> None:
    service = Service(settings)
    revision = approved(store)
    assert service.directory().tenants_listing(ION) == ()

    service.people.catch_up("acme", revision)

    assert service.directory().revision == revision
    assert service.directory().tenants_listing(ION) == ("acme",)


def test_a_change_is_not_waited_for_longer_than_until_its_tenant_is_in_memory(
    settings: Settings, store: RegistryStore
) -> None:
    """A look-out that takes over many tenants has the registry for seconds."""
    service = Service(settings)
    watch = service.registry
    assert watch is not None
    with service._one_look_at_a_time:
        revision = approved(store)
        waits = threading.Thread(target=service.people.catch_up, args=("acme", revision))
        waits.start()
        while not watch._asked.waiting():
            time.sleep(0.01)
        watch.poll()
        waits.join(PATIENCE_S)

        assert not waits.is_alive()
    assert watch.has("acme", revision)


def test_a_change_that_cannot_be_read_back_is_told_and_read_later(settings: Settings, store: RegistryStore) -> None:
    service = Service(settings)
    revision = approved(store)
    path = store.sqlite_file
    assert path is not None
    hidden = path.rename(path.with_name("hidden"))

    with pytest.raises(NotYetVisible):
        service.people.catch_up("acme", revision)

    hidden.rename(path)
    service.refresh_registry()
    assert service.directory().revision == revision


@pytest.mark.parametrize("copy", ["registry.snapshot", "keys.snapshot"])
def test_a_database_that_left_a_copy_of_people_or_keys_is_away_and_no_empty_one_takes_its_place(
    settings: Settings, store: RegistryStore, copy: str
) -> None:
    path = store.sqlite_file
    assert path is not None
    store.close()
    path.unlink()
    (settings.data / copy).write_bytes(b"")

    prepare(settings)

    assert not path.exists()


def test_where_nothing_was_left_an_empty_registry_is_made(settings: Settings) -> None:
    prepare(settings)

    assert (settings.data / "registry.sqlite").exists()
