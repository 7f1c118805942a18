from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from authz.core.definition import PolicySet
from authz.core.types import ContactState, SubjectKey
from authz.errors import RegistryUnavailable
from authz.registry.load import load_file
from authz.registry.snapshot import load_snapshot
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend
from authz.registry.watch import CONFIRM_EVERY_S, RegistryWatch

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")


class SettableClock(Protocol):
    now: float

    def __call__(self) -> float: ...


def test_a_look_brings_the_changes(
    store: RegistryStore, sets: Sets, write: Write, acme: str, clock: SettableClock
) -> None:
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
def file_store(tmp_path: Path, clock: SettableClock, sets: Sets, write: Write, acme: str) -> RegistryStore:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}", clock)
    store.migrate()
    load_file(write(acme), store, sets, "ines")
    return store


def test_with_the_database_gone_the_directory_stays_and_ages(
    file_store: RegistryStore, tmp_path: Path, clock: SettableClock
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
    file_store: RegistryStore, tmp_path: Path, clock: SettableClock
) -> None:
    path = tmp_path / "registry.snapshot"
    watch = RegistryWatch(file_store, path, clock)
    suspend(file_store, "acme", ANA, "ines")
    watch.poll()
    (tmp_path / "registry.db").unlink()
    clock.now += 3600

    restarted = RegistryWatch(file_store, path, clock)

    assert restarted.stale_reason
    assert restarted.age_s() == 3600
    ana = restarted.directory.tenants["acme"].annexes[-1].contact(ANA)
    assert ana is not None
    assert ana.state is ContactState.SUSPENDED


def test_a_restart_with_neither_is_unavailable(tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'none.db'}")

    with pytest.raises(RegistryUnavailable, match="unable to open"):
        RegistryWatch(store)
    with pytest.raises(RegistryUnavailable, match=r"unable to open.*; .*No such file"):
        RegistryWatch(store, tmp_path / "none.snapshot")


def test_quiet_looks_keep_the_snapshot_young(file_store: RegistryStore, tmp_path: Path, clock: SettableClock) -> None:
    path = tmp_path / "registry.snapshot"
    watch = RegistryWatch(file_store, path, clock)
    begun = clock.now

    clock.now = begun + CONFIRM_EVERY_S - 1
    watch.poll()
    assert load_snapshot(path).as_of == begun

    clock.now = begun + CONFIRM_EVERY_S
    watch.poll()
    assert load_snapshot(path).as_of == clock.now


def test_a_snapshot_that_cannot_be_written_stops_nothing_and_is_told(
    file_store: RegistryStore, tmp_path: Path, clock: SettableClock
) -> None:
    blocked = tmp_path / "blocked"
    blocked.touch()
    watch = RegistryWatch(file_store, blocked / "registry.snapshot", clock)

    assert watch.directory.tenants
    assert "cannot be written" in watch.snapshot_problem

    blocked.unlink()
    watch.poll()

    assert watch.snapshot_problem == ""
    assert load_snapshot(blocked / "registry.snapshot").directory.tenants


def test_a_clock_set_back_makes_nothing_younger_than_now(file_store: RegistryStore, clock: SettableClock) -> None:
    watch = RegistryWatch(file_store, clock=clock)
    clock.now -= 1000

    assert watch.age_s() == 0
