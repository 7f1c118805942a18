"""A look at a SQLite registry that nobody has written since opens nothing, and no change goes unseen for it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from authz.registry import untouched
from authz.registry.callers import create_caller
from authz.registry.store import RegistryStore

SETTLED_S = 2.1


class Opened:
    """How often the database was opened."""

    def __init__(self) -> None:
        self.times = 0


@pytest.fixture
def store(tmp_path: Path) -> RegistryStore:
    made = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}")
    made.migrate()
    return made


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    counted, connect = Opened(), sqlite3.connect

    def counting(*arguments: object, **options: object) -> sqlite3.Connection:
        counted.times += 1
        return connect(*arguments, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(sqlite3, "connect", counting)
    return counted


def change(store: RegistryStore) -> None:
    create_caller(store, "desk", "ines", scopes=["decide"])


def test_files_that_were_written_a_moment_ago_are_opened_at_each_look(store: RegistryStore, opened: Opened) -> None:
    change(store)
    before = opened.times

    assert len({store.revision() for _ in range(3)}) == 1
    assert opened.times == before + 3


def test_files_that_have_settled_are_opened_once_until_somebody_writes(store: RegistryStore, opened: Opened) -> None:
    other = RegistryStore(f"sqlite:///{store.sqlite_file}")
    time.sleep(SETTLED_S)
    known = store.revision()
    before = opened.times
    assert [store.revision() for _ in range(5)] == [known] * 5
    assert opened.times == before

    for _ in range(3):
        change(other)
        assert store.revision() == other.revision() != known
        known = store.revision()


def test_a_database_put_in_the_place_of_another_is_seen(store: RegistryStore, tmp_path: Path) -> None:
    other = RegistryStore(f"sqlite:///{tmp_path / 'other.db'}")
    other.migrate()
    time.sleep(SETTLED_S)
    known = store.revision()
    (tmp_path / "other.db").replace(tmp_path / "registry.db")

    assert store.revision() != known


def test_files_that_say_nothing_new_are_opened_again_after_a_while(
    store: RegistryStore, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(SETTLED_S)
    store.revision()
    before = opened.times
    monkeypatch.setattr(untouched, "LOOK_EVERY_S", 0.0)
    store.revision()

    assert opened.times == before + 1
