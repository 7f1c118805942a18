"""Really compiled revisions of the small set, and a clock that is told the time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from authz.policy.bundle import read_bundle
from authz.policy.compiled import CompiledSet
from authz.policy.pipeline import build_set
from tests.policy.small_set import MODEL, NETWORKS, write_set

Revise = Callable[[int], CompiledSet]


class Clock:
    """A clock that stands still until told."""

    def __init__(self, now: float = 1_780_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def revise(tmp_path_factory: pytest.TempPathFactory) -> Revise:
    """Revision n of the same set, really compiled: n more denied addresses."""
    root = tmp_path_factory.mktemp("revisions")
    folder = write_set(root / "policies")
    made: dict[int, CompiledSet] = {}

    def compiled(number: int) -> CompiledSet:
        if number not in made:
            lines = "".join(f"p2, north, 203.0.113.{at}/32, deny\n" for at in range(100, 100 + number))
            (folder / "networks" / "north.csv").write_text(NETWORKS + lines)
            made[number] = build_set(read_bundle(folder, MODEL), root / "cache")
        return made[number]

    return compiled
