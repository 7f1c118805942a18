"""The snapshot's keeper as a process: it writes by itself, and ends with its parent."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from authz.beside import Task
from authz.children import keeper_command
from authz.registry.snapshot import load_snapshot
from authz.registry.store import RegistryStore

PATIENCE_S = 60


@pytest.fixture
def store(tmp_path: Path) -> RegistryStore:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    return store


def started(tmp_path: Path, parent: int) -> subprocess.Popen[bytes]:
    task = Task(str(tmp_path / "registry.snapshot"), f"sqlite:///{tmp_path / 'registry.sqlite'}", parent)
    process = subprocess.Popen(keeper_command(), stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(task.told())
    process.stdin.close()
    return process


def test_the_snapshot_is_there_by_and_by(tmp_path: Path, store: RegistryStore) -> None:
    path = tmp_path / "registry.snapshot"
    with started(tmp_path, os.getpid()) as process:
        try:
            until = time.monotonic() + PATIENCE_S
            while not path.exists():
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            process.terminate()

    assert process.returncode == 0
    assert load_snapshot(path).directory.registry_id == store.revision().registry_id


def test_it_ends_when_its_parent_is_gone(tmp_path: Path, store: RegistryStore) -> None:
    with started(tmp_path, parent=1) as process:
        assert process.wait(PATIENCE_S) == 0
