"""The two sides of a comparison: each a folder, or a revision that git knows, as policy sets ready to compare."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from authz.cli.approvals import FOLDER as APPROVALS
from authz.cli.approvals import Approval, read_approvals
from authz.cli.compiled import Place
from authz.cli.failures import Usage
from authz.cli.revision import unpack
from authz.cli.terminal import bar
from authz.core.generation import Generation
from authz.errors import PolicyInvalid, Problem
from authz.policy.bundle import MODEL_FILE, POLICIES_FOLDER, SET_FILE, Bundle, find_model, find_sets
from authz.policy.live import generation_of
from authz.policy.pipeline import judge_set
from authz.settings import Settings


class Side(NamedTuple):
    """One side. `invalid`: why sets do not compile; `failing`: guards broken, tests failing; `approvals`: accepted."""

    name: str
    bundles: Mapping[str, Bundle]
    generations: Mapping[str, Generation]
    invalid: tuple[Problem, ...]
    failing: tuple[Problem, ...]
    approvals: tuple[Approval, ...]


class Opened(NamedTuple):
    """A side before it is compiled. `only`: the set's name where the side is the folder of one set, else empty."""

    name: str
    place: Place
    approvals: Path
    only: str

    def beside(self, other: Opened) -> Opened:
        """This side without the sets that cannot be on the other one, which is one set."""
        if self.only or not other.only:
            return self
        mine = [set_dir for set_dir in self.place.set_dirs if set_dir.name == other.only]
        return self._replace(place=self.place._replace(set_dirs=mine))


@contextmanager
def opened(stated: str, settings: Settings) -> Iterator[Opened]:
    """A folder, or a revision unpacked into a folder that goes when the block ends.

    Raises:
        Usage: there is neither, or it holds no policy set.
        GitFailed: git cannot be asked.
    """
    folder = Path(stated)
    if folder.is_dir():
        yield _opened(stated, folder, settings)
        return
    with tempfile.TemporaryDirectory(prefix="authz-diff-") as made:
        unpacked = Path(made)
        unpack(stated, unpacked, (POLICIES_FOLDER, MODEL_FILE, APPROVALS))
        yield _opened(stated, unpacked, settings)


def _opened(name: str, folder: Path, settings: Settings) -> Opened:
    found = find_sets(folder)
    if not found:
        raise Usage(f"`{name}` holds no policy set: neither set.yaml, nor folders with one, nor policies/")
    resolved = folder.resolve()
    only = resolved.name if found == [resolved] else ""
    return Opened(name, Place(found, find_model(folder, settings.model)), _top(resolved) / APPROVALS, only)


def _top(folder: Path) -> Path:
    """The checkout that a set, or a folder of sets, lies in."""
    if (folder / SET_FILE).exists():
        folder = folder.parent
    return folder.parent if folder.name == POLICIES_FOLDER else folder


def read_bundles(side: Opened) -> tuple[dict[str, Bundle], list[Problem]]:
    """Every set of a side as read, and what cannot be read."""
    bundles: dict[str, Bundle] = {}
    problems: list[Problem] = []
    for set_dir in side.place.set_dirs:
        try:
            bundles[set_dir.name] = side.place.bundle(set_dir)
        except PolicyInvalid as invalid:
            problems.extend(invalid.problems)
    return bundles, problems


def compiled_side(side: Opened, same: Mapping[str, Bundle], cache: Path) -> Side:
    """Compile what differs from the other side; sets whose files are the `same` are left out."""
    bundles, problems = read_bundles(side)
    generations: dict[str, Generation] = {}
    failing: list[Problem] = []
    changed = {name: one for name, one in bundles.items() if name not in same or same[name].revision != one.revision}
    with bar(f"{side.name}: compiling", len(changed)) as advance:
        for name, bundle in changed.items():
            try:
                judged = judge_set(bundle, cache)
                generations[name] = generation_of(judged.compiled)
                failing.extend(judged.problems)
            except PolicyInvalid as invalid:
                problems.extend(invalid.problems)
            advance(1)
    approvals, wrong = read_approvals(side.approvals)
    return Side(side.name, bundles, generations, (*problems, *wrong), tuple(failing), approvals)
