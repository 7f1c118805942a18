"""The builder as it really runs: a process of its own, killed at any moment, watched over by nobody."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authz.policy.generations.builder_lock import BuilderLock
from authz.policy.generations.store import PolicyStore
from tests.policy.small_set import NETWORKS, write_checkout

pytestmark = pytest.mark.e2e

LONG_S = 60.0
"""Seconds after which a test gives up; on any machine the answer is there much earlier."""


def arguments(root: Path, parent: int) -> list[str]:
    options = {"policies": root / "policies", "model": root / "model.conf", "data": root / "data", "parent": parent}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return [sys.executable, "-m", "authz.policy.generations.builder", *words]


@contextmanager
def building(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(arguments(root, os.getpid()), stderr=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


def until(answer: Callable[[], bool]) -> None:
    """Ask again and again until the answer is yes."""
    end = time.monotonic() + LONG_S
    while not answer():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def is_live(store: PolicyStore, networks: int) -> bool:
    """Whether the revision with that many network lines answers and counts as current."""
    store.refresh()
    generation = store.current().get("library")
    if generation is None or store.status()["library"]["stale"]:
        return False
    return len(generation.networks["north"].lines) == networks


def tells(store: PolicyStore, place: str) -> bool:
    """Whether the status names a problem at that place."""
    store.refresh()
    return any(problem.startswith(place) for problem in store.status()["library"]["problems"])


def write_networks(root: Path, extra: int) -> None:
    lines = "".join(f"p2, north, 203.0.113.{100 + at}/32, deny\n" for at in range(extra))
    (root / "policies" / "library" / "networks" / "north.csv").write_text(NETWORKS + lines)


def test_a_change_of_files_reaches_the_workers_and_a_bad_one_is_reported(tmp_path: Path) -> None:
    write_checkout(tmp_path)
    store = PolicyStore(tmp_path / "data")
    with building(tmp_path) as child:
        until(lambda: is_live(store, 2))
        write_networks(tmp_path, 1)
        until(lambda: is_live(store, 3))

        (tmp_path / "policies" / "library" / "networks" / "north.csv").write_text(
            "p2, north, 203.0.113.0/24, perhaps\n"
        )
        until(lambda: tells(store, "policies/library/networks/north.csv:1:"))
        assert len(store.current()["library"].networks["north"].lines) == 3

        child.send_signal(signal.SIGTERM)
        assert child.wait(LONG_S) == 0


def test_a_builder_that_starts_again_activates_nothing(tmp_path: Path) -> None:
    write_checkout(tmp_path)
    pointer = tmp_path / "data" / "generations" / "library" / "pointer.json"
    lock = BuilderLock(tmp_path / "data")
    with building(tmp_path):
        until(lambda: is_live(PolicyStore(tmp_path / "data"), 2))
    written = pointer.read_bytes()

    os.utime(tmp_path / "data" / "builder.lock", (0, 0))
    with building(tmp_path):
        until(lambda: (lock.last_beat() or 0) > 0)

    assert pointer.read_bytes() == written


def test_a_builder_killed_at_any_moment_leaves_a_store_that_loads(tmp_path: Path) -> None:
    write_checkout(tmp_path)
    chance = random.Random(7)
    with building(tmp_path):
        until(lambda: is_live(PolicyStore(tmp_path / "data"), 2))
    for extra in range(1, 7):
        write_networks(tmp_path, extra)
        with building(tmp_path) as child:
            time.sleep(chance.uniform(0.0, 1.5))
            child.kill()
        survivor = PolicyStore(tmp_path / "data")
        survivor.refresh()
        assert 2 <= len(survivor.current()["library"].networks["north"].lines) <= 2 + extra

    with building(tmp_path):
        until(lambda: is_live(PolicyStore(tmp_path / "data"), 2 + extra))
    assert not list((tmp_path / "data").rglob("*.unfinished"))


def test_a_builder_ends_when_its_parent_ends(tmp_path: Path) -> None:
    write_checkout(tmp_path)
    parent = (
        "import os, subprocess, sys; subprocess.Popen([*sys.argv[1:], '--parent', str(os.getpid())]); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent, *arguments(tmp_path, 0)[:-2]], stdin=subprocess.PIPE
    ) as between:
        lock = BuilderLock(tmp_path / "data")
        until(lock.is_held)
        between.kill()
    until(lambda: not lock.is_held())


def test_of_two_builders_one_waits_and_takes_over(tmp_path: Path) -> None:
    write_checkout(tmp_path)
    store = PolicyStore(tmp_path / "data")
    with building(tmp_path) as first:
        until(lambda: is_live(store, 2))
        with building(tmp_path) as second:
            first.kill()
            first.wait(LONG_S)
            write_networks(tmp_path, 2)
            until(lambda: is_live(store, 4))
            assert second.poll() is None


def test_the_command_line_of_the_builder_is_strict(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "authz.policy.generations.builder", "--data", str(tmp_path)],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 2
    assert b"--policies" in done.stderr
