"""The processes beside the workers: each does its work by itself, and ends with its parent."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from authz.beside import Task
from authz.children import indexer_command, keeper_command
from authz.indexer import log_index
from authz.log.index.pieces import Wanted
from authz.registry.snapshot import load_snapshot
from authz.registry.store import RegistryStore
from tests.log.segments import decision, write_segment

PATIENCE_S = 60


@pytest.fixture
def store(tmp_path: Path) -> RegistryStore:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    return store


def started(command: Sequence[str], kept: Path, parent: int) -> subprocess.Popen[bytes]:
    task = Task(str(kept), f"sqlite:///{kept.parent / 'registry.sqlite'}", parent)
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(task.told())
    process.stdin.close()
    return process


def works_until(command: Sequence[str], kept: Path, done: Callable[[], bool]) -> int:
    """Its exit status, when it was told to end after its work was done."""
    with started(command, kept, os.getpid()) as process:
        try:
            until = time.monotonic() + PATIENCE_S
            while not done():
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            process.terminate()
    return process.returncode


def test_what_is_recorded_is_found_in_the_index_by_and_by(tmp_path: Path, store: RegistryStore) -> None:
    log = tmp_path / "log"
    index = log_index(log, store)
    write_segment(log / "a.jsonl", [decision(1), decision(2)])

    assert works_until(indexer_command(), log, lambda: len(list(index.search(Wanted()))) == 2) == 0


def test_the_snapshot_is_there_by_and_by(tmp_path: Path, store: RegistryStore) -> None:
    path = tmp_path / "registry.snapshot"

    assert works_until(keeper_command(), path, path.exists) == 0
    assert load_snapshot(path).directory.registry_id == store.revision().registry_id


@pytest.mark.parametrize("command", [indexer_command(), keeper_command()], ids=["indexer", "keeper"])
def test_it_ends_when_its_parent_is_gone(tmp_path: Path, store: RegistryStore, command: Sequence[str]) -> None:
    with started(command, tmp_path / "kept", parent=1) as process:
        assert process.wait(PATIENCE_S) == 0
