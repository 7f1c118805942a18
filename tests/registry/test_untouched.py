"""A look at a SQLite registry that nobody has written since opens nothing, and no change goes unseen for it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from authz.registry import untouched
from authz.registry.callers import create_caller
from authz.registry.revision import Revision
from authz.registry.store import RegistryStore
from authz.registry.untouched import Untouched

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


def test_a_look_that_finds_a_change_takes_it_over_without_opening_the_files_again(
    store: RegistryStore, opened: Opened
) -> None:
    directory = store.directory()
    change(store)
    before = opened.times

    assert store.refresh(directory)
    assert opened.times == before + 1


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


@pytest.mark.parametrize("beside", ["registry.db-wal", "registry.db-journal"])
def test_nothing_is_kept_while_a_log_stands_beside_the_database(tmp_path: Path, beside: str) -> None:
    """What is written there counts from a moment on that no file shows."""
    looks, found = Untouched(tmp_path / "registry.db"), Revision(1, "registry", "change")
    (tmp_path / "registry.db").touch()
    (tmp_path / beside).touch()
    time.sleep(SETTLED_S)
    files = looks.files()
    looks.keep(files, found)
    assert looks.revision(files) is None

    (tmp_path / beside).unlink()
    files = looks.files()
    looks.keep(files, found)
    assert looks.revision(files) == found


def test_a_change_is_seen_where_the_registry_is_reached_by_a_link(store: RegistryStore, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "registry.db")
    linked = RegistryStore(f"sqlite:///{link}")
    with closing(sqlite3.connect(str(store.sqlite_file))) as reader:
        time.sleep(SETTLED_S)
        known = linked.revision()
        reader.execute("SELECT count(*) FROM tenant").fetchone()
        change(store)

        assert linked.revision() != known
