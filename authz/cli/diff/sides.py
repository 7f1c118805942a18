"""The two sides of a comparison, read and compiled: policy sets ready to compare."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from authz.cli.diff.approvals import FOLDER as APPROVALS
from authz.cli.diff.approvals import Approval, read_approvals
from authz.cli.diff.opened import Opened
from authz.cli.failures import Usage
from authz.cli.terminal import bar
from authz.core.definition import PolicySet
from authz.core.generation import Generation
from authz.errors import PolicyInvalid, Problem
from authz.policy.bundle import Bundle
from authz.policy.compiled import CompiledSet
from authz.policy.live import generation_of
from authz.policy.parse import Known, parse_set
from authz.policy.pipeline import judge_set


class Side(NamedTuple):
    """One side. `invalid`: why sets do not compile, `broken`: which; `failing`: guards broken, tests failing."""

    name: str
    bundles: Mapping[str, Bundle]
    generations: Mapping[str, Generation]
    invalid: tuple[Problem, ...]
    failing: tuple[Problem, ...]
    approvals: tuple[Approval, ...]
    broken: frozenset[str]

    def definitions(self) -> dict[str, PolicySet]:
        """What every set declares, also those that are the same on both sides and not compiled."""
        return {
            name: self.generations[name].definition if name in self.generations else parse_set(bundle).definition
            for name, bundle in self.bundles.items()
            if name not in self.broken
        }


def read_bundles(side: Opened) -> tuple[dict[str, Bundle], list[Problem]]:
    """Every set of a side as read, and what cannot be read."""
    bundles: dict[str, Bundle] = {}
    problems: list[Problem] = []
    with bar(f"{side.name}: files read") as advance:
        for set_dir in side.place.set_dirs:
            try:
                bundles[set_dir.name] = side.place.bundle(set_dir, advance)
            except PolicyInvalid as invalid:
                problems.extend(invalid.problems)
    return bundles, problems


def compiled_sides(base: Opened, head: Opened, cache: Path | None, *, whole: bool) -> tuple[Side, Side]:
    """Both sides, read once; compiled is only what differs: other sets, and of those the tenants with other lines.

    Args:
        whole: with the networks of every tenant, for whoever asks more of a side than how it differs.

    Raises:
        Usage: HEAD has approvals, and whether they are new cannot be told.
    """
    if not base.none_is_none and any(head.approvals.glob("*.yaml")):
        raise Usage(
            f"`{base.name}` has no `{APPROVALS}/`, so nobody can tell which approvals are new; copy it too, or make an "
            "empty one where there was none"
        )
    read = [(side, *read_bundles(side)) for side in (base, head)]
    (_, of_base, wrong_in_base), (_, of_head, wrong_in_head) = read
    before = _judged(base, of_base, of_head, wrong_in_base, cache, {})
    known = {name: Known(of_base[name], one.definition.roles, one.networks) for name, one in before.compiled.items()}
    after = _judged(head, of_head, of_base, wrong_in_head, cache, known)
    return before.side(after.compiled, whole=whole), after.side(before.compiled, whole=whole)


class _Judged(NamedTuple):
    """A side whose sets are compiled and not loaded yet."""

    opened: Opened
    bundles: Mapping[str, Bundle]
    compiled: Mapping[str, CompiledSet]
    invalid: tuple[Problem, ...]
    failing: tuple[Problem, ...]
    broken: frozenset[str]

    def side(self, other: Mapping[str, CompiledSet], *, whole: bool) -> Side:
        """Loaded, beside the compiled sets of the other side."""
        generations = {
            name: generation_of(one if whole or name not in other else _other_lines(one, other[name]))
            for name, one in self.compiled.items()
        }
        approvals, wrong = read_approvals(self.opened.approvals)
        invalid = (*self.invalid, *wrong)
        return Side(self.opened.name, self.bundles, generations, invalid, self.failing, approvals, self.broken)


def _other_lines(one: CompiledSet, other: CompiledSet) -> CompiledSet:
    """Without the networks of tenants whose lines are the same on both sides."""
    changed = {tenant: lines for tenant, lines in one.networks.items() if other.networks.get(tenant) != lines}
    return one._replace(networks=changed)


def _judged(
    side: Opened,
    bundles: Mapping[str, Bundle],
    other: Mapping[str, Bundle],
    problems: list[Problem],
    cache: Path | None,
    known: Mapping[str, Known],
) -> _Judged:
    compiled: dict[str, CompiledSet] = {}
    failing: list[Problem] = []
    changed = {name: one for name, one in bundles.items() if name not in other or other[name].revision != one.revision}
    with bar(f"{side.name}: files compiled", sum(len(one.files) for one in changed.values())) as advance:
        for name, bundle in changed.items():
            try:
                judged = judge_set(bundle, cache, known.get(name))
                compiled[name] = judged.compiled
                failing.extend(judged.problems)
            except PolicyInvalid as invalid:
                problems.extend(invalid.problems)
            advance(len(bundle.files))
    broken = {set_dir.name for set_dir in side.place.set_dirs} - (bundles.keys() - (changed.keys() - compiled.keys()))
    return _Judged(side, bundles, compiled, tuple(problems), tuple(failing), frozenset(broken))
