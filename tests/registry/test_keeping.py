from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.directory import Directory
from authz.core.types import ContactState, SubjectKey
from authz.errors import RegistryUnavailable
from authz.registry.erasure import erase
from authz.registry.keeping import CONFIRM_EVERY_S, SnapshotKeeper
from authz.registry.load import load_file
from authz.registry.snapshot import load_snapshot, parts_of, seen_at
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from tests.registry.conftest import Clock

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "registry.snapshot"


@pytest.fixture
def loaded(store: RegistryStore, sets: Sets, write: Write, acme: str) -> RegistryStore:
    load_file(write(acme), store, sets, "ines")
    return store


def ana(directory: Directory) -> ContactState | None:
    found = directory.tenants["acme"].annexes[-1].contact(ANA)
    return found.state if found is not None else None


def test_the_first_look_writes_the_whole_registry_and_the_next_ones_only_what_changed(
    loaded: RegistryStore, path: Path
) -> None:
    keeper = SnapshotKeeper(loaded, path)

    assert keeper.keep()
    assert not keeper.keep()
    first = path.read_bytes()
    suspend(loaded, "acme", ANA, "ines")
    assert keeper.keep()

    assert path.read_bytes().startswith(first)
    kept = load_snapshot(path).directory
    assert ana(kept) is ContactState.SUSPENDED
    assert (kept.revision, kept.registry_id, kept.change) == loaded.revision()


def test_many_changes_between_two_looks_are_one_part(loaded: RegistryStore, path: Path) -> None:
    keeper = SnapshotKeeper(loaded, path)
    keeper.keep()
    for _ in range(3):
        suspend(loaded, "acme", ANA, "ines")
        restore(loaded, "acme", ANA, "ines")
    keeper.keep()

    assert len(parts_of(path)) == 2
    assert ana(load_snapshot(path).directory) is ContactState.ACTIVE


def test_parts_that_have_become_long_are_put_together_again(loaded: RegistryStore, path: Path) -> None:
    keeper = SnapshotKeeper(loaded, path)
    most = 0
    for _ in range(6):
        suspend(loaded, "acme", ANA, "ines")
        keeper.keep()
        restore(loaded, "acme", ANA, "ines")
        keeper.keep()
        most = max(most, len(parts_of(path)))

    assert most == 2
    assert len(parts_of(path)) <= 2
    assert ana(load_snapshot(path).directory) is ContactState.ACTIVE


def test_a_keeper_goes_on_from_what_another_one_wrote(loaded: RegistryStore, path: Path) -> None:
    one, other = SnapshotKeeper(loaded, path), SnapshotKeeper(loaded, path)
    one.keep()
    assert not other.keep() or len(parts_of(path)) == 1
    suspend(loaded, "acme", ANA, "ines")
    other.keep()
    one.keep()

    assert len(parts_of(path)) == 2
    assert ana(load_snapshot(path).directory) is ContactState.SUSPENDED


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_a_damaged_file_or_none_is_written_anew(loaded: RegistryStore, path: Path, damage: bytes | None) -> None:
    SnapshotKeeper(loaded, path).keep()
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + damage)

    SnapshotKeeper(loaded, path).keep()

    assert len(parts_of(path)) == 1
    assert ana(load_snapshot(path).directory) is ContactState.ACTIVE


def test_a_torn_end_is_not_built_upon(loaded: RegistryStore, path: Path) -> None:
    keeper = SnapshotKeeper(loaded, path)
    keeper.keep()
    with path.open("ab") as stream:
        stream.write(b" " * 700)
    suspend(loaded, "acme", ANA, "ines")
    keeper.keep()

    assert ana(load_snapshot(path).directory) is ContactState.SUSPENDED
    assert parts_of(path)


def test_quiet_looks_keep_the_snapshot_young(loaded: RegistryStore, path: Path, clock: Clock) -> None:
    keeper = SnapshotKeeper(loaded, path)
    begun = clock.now
    keeper.keep()

    clock.now = begun + CONFIRM_EVERY_S - 1
    keeper.keep()
    assert load_snapshot(path).as_of == begun

    clock.now = begun + CONFIRM_EVERY_S
    keeper.keep()
    assert load_snapshot(path).as_of == clock.now
    assert load_snapshot(path).directory.tenants


def test_with_the_database_away_the_file_stays_and_ages(tmp_path: Path, path: Path) -> None:
    database = tmp_path / "registry.db"
    store = RegistryStore(f"sqlite:///{database}")
    store.migrate()
    keeper = SnapshotKeeper(store, path)
    keeper.keep()
    before = path.stat()
    store.close()
    database.rename(tmp_path / "away.db")

    with pytest.raises(RegistryUnavailable):
        keeper.keep()
    assert path.stat() == before


def test_after_an_erasure_anywhere_the_file_is_written_whole_and_without_the_person(
    loaded: RegistryStore, path: Path
) -> None:
    keeper = SnapshotKeeper(loaded, path)
    keeper.keep()
    erase(loaded, ANA, "ines")  # by another server on the same database, say
    suspend(loaded, "acme", SubjectKey("ioana@acme.example"), "ines")
    keeper.keep()

    assert ana(load_snapshot(path).directory) is None
    assert b'"ana@acme.example"' not in path.read_bytes()
    assert len(parts_of(path)) == 1


def test_a_look_that_cannot_write_makes_the_file_no_younger(
    loaded: RegistryStore, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = SnapshotKeeper(loaded, path)
    keeper.keep()
    suspend(loaded, "acme", ANA, "ines")
    before = load_snapshot(path).as_of
    clock.now += 3600

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            keeper.keep()
    assert load_snapshot(path).as_of == seen_at(path) == before
    assert ana(load_snapshot(path).directory) is ContactState.ACTIVE

    keeper.keep()
    assert ana(load_snapshot(path).directory) is ContactState.SUSPENDED
    assert load_snapshot(path).as_of == seen_at(path) == clock.now


def test_who_waits_for_the_lock_writes_what_the_database_holds_when_it_is_his_turn(
    loaded: RegistryStore, path: Path
) -> None:
    keeper = SnapshotKeeper(loaded, path)
    keeper.keep()
    suspend(loaded, "acme", ANA, "ines")
    lock = path.with_name("registry.snapshot.lock")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=keeper.keep)
        waiting.start()
        time.sleep(0.2)
        erase(loaded, ANA, "ines")
        fcntl.flock(held, fcntl.LOCK_UN)
    waiting.join(30)

    assert ana(load_snapshot(path).directory) is None
    assert b'"ana@acme.example"' not in path.read_bytes()


def test_file_and_lock_are_their_owners_alone_and_what_killed_writers_left_goes(
    loaded: RegistryStore, path: Path
) -> None:
    path.parent.mkdir()
    left = path.with_name(".registry.snapshot.killed")
    left.write_bytes(b"ana@acme.example")
    SnapshotKeeper(loaded, path).keep()

    assert not left.exists()
    assert {one.name for one in path.parent.iterdir()} == {
        "registry.snapshot",
        "registry.snapshot.lock",
        "registry.snapshot.seen",
    }
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    assert os.getuid() == path.stat().st_uid
