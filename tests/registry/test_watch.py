from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.types import ContactState, SubjectKey
from authz.errors import RegistryUnavailable
from authz.registry.keeping import SnapshotKeeper
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from authz.registry.watch import KEPT_WITHIN_S, RegistryWatch
from tests.registry.conftest import Clock

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")


def test_a_look_brings_the_changes(store: RegistryStore, sets: Sets, write: Write, acme: str, clock: Clock) -> None:
    watch = RegistryWatch(store, clock=clock)
    assert not watch.poll()

    load_file(write(acme), store, sets, "ines")
    clock.now += 5

    assert watch.age_s() == 5
    assert watch.poll()
    assert set(watch.directory.tenants) == {"acme"}
    assert watch.age_s() == 0
    assert not watch.poll()


@pytest.fixture
def file_store(tmp_path: Path, clock: Clock, sets: Sets, write: Write, acme: str) -> RegistryStore:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}", clock)
    store.migrate()
    load_file(write(acme), store, sets, "ines")
    return store


def test_with_the_database_gone_the_directory_stays_and_ages(
    file_store: RegistryStore, tmp_path: Path, clock: Clock
) -> None:
    watch = RegistryWatch(file_store, clock=clock)
    (tmp_path / "registry.db").rename(tmp_path / "away.db")
    clock.now += 90

    assert not watch.poll()
    assert "unable to open" in watch.stale_reason
    assert watch.age_s() == 90
    assert watch.directory.tenants["acme"].annexes[-1].contact(ANA) is not None

    (tmp_path / "away.db").rename(tmp_path / "registry.db")
    suspend(file_store, "acme", ANA, "ines")

    assert watch.poll()
    assert watch.stale_reason == ""
    assert watch.age_s() == 0


def test_a_restart_with_the_database_away_serves_the_snapshot(
    file_store: RegistryStore, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "registry.snapshot"
    keeper = SnapshotKeeper(file_store, path)
    keeper.keep()
    suspend(file_store, "acme", ANA, "ines")
    keeper.keep()
    (tmp_path / "registry.db").unlink()
    clock.now += 3600

    restarted = RegistryWatch(file_store, path, clock)

    assert restarted.stale_reason
    assert restarted.age_s() == 3600
    assert state_of_ana(restarted) is ContactState.SUSPENDED


def test_a_start_takes_from_the_database_what_the_snapshot_does_not_have_yet(
    file_store: RegistryStore, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "registry.snapshot"
    SnapshotKeeper(file_store, path).keep()
    suspend(file_store, "acme", ANA, "ines")
    clock.now += 60

    watch = RegistryWatch(file_store, path, clock)

    assert state_of_ana(watch) is ContactState.SUSPENDED
    assert watch.directory.revision == file_store.revision().number
    assert watch.age_s() == 0


def test_a_damaged_snapshot_holds_up_no_start(file_store: RegistryStore, tmp_path: Path) -> None:
    path = tmp_path / "registry.snapshot"
    SnapshotKeeper(file_store, path).keep()
    path.write_bytes(path.read_bytes().replace(b"ana@", b"eve@"))

    watch = RegistryWatch(file_store, path)

    assert state_of_ana(watch) is ContactState.ACTIVE
    assert watch.directory.tenants_listing(SubjectKey("eve@acme.example")) == ()


def test_a_snapshot_of_what_the_database_was_before_it_was_set_back_counts_for_nothing(
    file_store: RegistryStore, tmp_path: Path, clock: Clock, sets: Sets, write: Write, acme: str
) -> None:
    path, database = tmp_path / "registry.snapshot", tmp_path / "registry.db"
    file_store.close()
    backup = database.read_bytes()
    load_file(write(acme.replace("acme", "later")), file_store, sets, "ines")
    SnapshotKeeper(file_store, path).keep()
    kept = file_store.revision()
    file_store.close()
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    database.write_bytes(backup)
    clock.now += 60
    while file_store.revision().number <= kept.number:
        suspend(file_store, "acme", ANA, "ines")
        restore(file_store, "acme", ANA, "ines")

    watch = RegistryWatch(file_store, path, clock)

    assert set(watch.directory.tenants) == {"acme"}
    assert watch.directory.tenants_listing(SubjectKey("ana@later.example")) == ()


def state_of_ana(watch: RegistryWatch) -> ContactState | None:
    ana = watch.directory.tenants["acme"].annexes[-1].contact(ANA)
    return ana.state if ana is not None else None


def test_a_restart_with_neither_is_unavailable(tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'none.db'}")

    with pytest.raises(RegistryUnavailable, match="unable to open"):
        RegistryWatch(store)
    with pytest.raises(RegistryUnavailable, match=r"unable to open.*; .*No such file"):
        RegistryWatch(store, tmp_path / "none.snapshot")


def test_a_snapshot_that_nobody_writes_is_told_in_time(file_store: RegistryStore, tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "registry.snapshot"
    watch = RegistryWatch(file_store, path, clock)
    begun = clock.now

    clock.now = begun + KEPT_WITHIN_S
    watch.poll()
    assert watch.snapshot_problem == ""

    clock.now = begun + KEPT_WITHIN_S + 1
    watch.poll()
    assert "was not written so far" in watch.snapshot_problem

    SnapshotKeeper(file_store, path).keep()
    watch.poll()
    assert watch.snapshot_problem == ""

    clock.now += KEPT_WITHIN_S + 5
    watch.poll()
    assert "was not written for 125 s" in watch.snapshot_problem


def test_a_clock_set_back_makes_nothing_younger_than_now(file_store: RegistryStore, clock: Clock) -> None:
    watch = RegistryWatch(file_store, clock=clock)
    clock.now -= 1000

    assert watch.age_s() == 0
