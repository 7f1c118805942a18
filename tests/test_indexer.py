"""The indexer as a process: it indexes by itself, and ends with its parent."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from authz.beside import Task
from authz.children import indexer_command
from authz.log.index import LogIndex
from authz.log.pieces import Wanted
from authz.registry.store import RegistryStore
from tests.log.segments import decision, write_segment

PATIENCE_S = 60


@pytest.fixture
def store(tmp_path: Path) -> RegistryStore:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    return store


def started(tmp_path: Path, parent: int) -> subprocess.Popen[bytes]:
    task = Task(str(tmp_path / "log"), f"sqlite:///{tmp_path / 'registry.sqlite'}", parent)
    process = subprocess.Popen(indexer_command(), stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(task.told())
    process.stdin.close()
    return process


def test_what_is_recorded_is_found_in_the_index_by_and_by(tmp_path: Path, store: RegistryStore) -> None:
    index = LogIndex(tmp_path / "log", store.reading, store.noting)
    with started(tmp_path, os.getpid()) as process:
        try:
            write_segment(tmp_path / "log" / "a.jsonl", [decision(1), decision(2)])
            until = time.monotonic() + PATIENCE_S
            while len(list(index.search(Wanted()))) < 2:
                assert time.monotonic() < until
                time.sleep(0.1)
        finally:
            process.terminate()

    assert process.returncode == 0


def test_it_ends_when_its_parent_is_gone(tmp_path: Path, store: RegistryStore) -> None:
    with started(tmp_path, parent=1) as process:
        assert process.wait(PATIENCE_S) == 0
