"""What must never be, proven over the whole compiled set at every load: all tenants, cells and facts (`guards`)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from authz.core.definition import Guard
from authz.core.network import ANY_NETWORK, NetworkLine
from authz.core.types import Effect
from authz.errors import Problem, sorted_problems
from authz.policy.compiled import Cells, CompiledSet, JudgedCell, named

CODE = "guard"
_NETWORK: Final = 2
_EFFECT: Final = 5
"""Which value of a `p2` line is its network, and of a `p` line its effect; its kind is value 0."""

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def guard_problems(compiled: CompiledSet, place: str, files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """One problem for each line and cell that breaks a guard, at the word of that line which does.

    Where a line does so for several tenants, the first is named; none, where it does so for tenants in general.

    Args:
        place: `policies/<set>`. files: the set's files by name, for the column of what breaks the guard.
    """
    at = _Places(place, files)
    found: list[Problem] = []
    for guard in compiled.definition.guards:
        if guard.is_about_networks:
            found.extend(_too_wide(compiled, guard, at))
        else:
            found.extend(_never_allowed(compiled, guard, at))
    return sorted_problems(found)


class _Places:
    """Where in its file a rule given as `<set>/<file>:<line>` says what a guard forbids."""

    def __init__(self, place: str, files: Mapping[str, bytes]) -> None:
        self._place = place
        self._files = files
        self._lines: dict[str, list[str]] = {}

    def problem(self, source: str, cell: int, text: str) -> Problem:
        """A problem at the `cell`-th value of the rule's line (0 is its kind)."""
        file, _, number = source.partition("/")[2].rpartition(":")
        if file not in self._lines:
            self._lines[file] = self._files.get(file, b"").decode(errors="replace").split("\n")
        lines = self._lines[file]
        values = lines[int(number) - 1].split(",") if int(number) <= len(lines) else []
        before, value = ",".join([*values[:cell], ""]), "".join(values[cell : cell + 1])
        column = len(before) + len(value) - len(value.lstrip()) + 1 if value else 1
        return Problem(f"{self._place}/{file}", int(number), column, text, CODE)


_BREAKS: Final = re.compile(r"breaks the guard `([^`]+)` \(set\.yaml:[0-9]+\)\Z")


def _breaks(guard: Guard) -> str:
    return f"breaks the guard `{guard.id}` (set.yaml:{guard.line})"


def broken_guard(problem: Problem) -> str:
    """The id of the guard that a problem of `guard_problems` is about; empty for any other problem."""
    match = _BREAKS.search(problem.text) if problem.code == CODE else None
    return match[1] if match is not None else ""


def _never_allowed(compiled: CompiledSet, guard: Guard, at: _Places) -> Iterator[Problem]:
    named_before: set[tuple[str, str, str]] = set()
    for tenant, cells, sources in _tables(compiled, guard):
        for role, actions in cells.items():
            for action, cell in actions.items():
                if not guard.forbids(role, action):
                    continue
                whose = f" of tenant `{tenant}`" if tenant else ""
                rules = {(role, action, rule) for rule in _allowing(named(cell, sources))} - named_before
                named_before |= rules
                for _, _, rule in sorted(rules):
                    text = f"allows role `{role}`{whose} the action `{action}`: {_breaks(guard)}"
                    yield at.problem(rule, _EFFECT, text)


def _tables(compiled: CompiledSet, guard: Guard) -> Iterable[tuple[str, Cells, tuple[str, ...]]]:
    """The cells that hold for the guarded tenants: the shared ones, and what each tenant's own lines change."""
    with_own = {tenant: group for group in compiled.classes for tenant in group.tenants}
    if not guard.tenants:
        yield "", compiled.shared, ()
    for tenant in guard.tenants or with_own:
        group = with_own.get(tenant)
        if group is not None:
            yield tenant, group.cells, group.tenants[tenant]
        if guard.tenants:
            untouched = {
                role: {
                    action: cell
                    for action, cell in actions.items()
                    if group is None or action not in group.cells.get(role, {})
                }
                for role, actions in compiled.shared.items()
            }
            yield tenant, untouched, ()


def _allowing(cell: JudgedCell) -> set[str]:
    return {rule for allowed, rule in cell.judged if allowed}


def _too_wide(compiled: CompiledSet, guard: Guard, at: _Places) -> Iterator[Problem]:
    for lines in compiled.networks.values():
        allowed = [line for line in lines if line.effect is Effect.ALLOW]
        ranges = []
        for line in allowed:
            if line.network != ANY_NETWORK:
                ranges.append((ipaddress.ip_network(line.network), line))
            elif guard.no_any:
                yield at.problem(line.source, _NETWORK, f"`{line.network}` is every address: {_breaks(guard)}")
        for family, widest in ((4, guard.widest_ipv4), (6, guard.widest_ipv6)):
            yield from _wider([one for one in ranges if one[0].version == family], widest, guard, at)


def _wider(ranges: list[tuple[_Network, NetworkLine]], widest: int, guard: Guard, at: _Places) -> Iterator[Problem]:
    """One tenant's ranges of one family, each by itself, and what neighbours make together."""
    for network, line in ranges:
        if network.prefixlen < widest:
            yield at.problem(line.source, _NETWORK, f"`{network}` is wider than /{widest}: {_breaks(guard)}")
    if not widest or len(ranges) < 2:  # noqa: PLR2004 - one range has no neighbour
        return
    for whole in ipaddress.collapse_addresses(network for network, _ in ranges):  # type: ignore[type-var]
        inside = [(network, line) for network, line in ranges if network.subnet_of(whole)]  # type: ignore[arg-type]
        if whole.prefixlen < widest and all(network.prefixlen >= widest for network, _ in inside):
            last = inside[-1]
            text = f"`{last[0]}` and its neighbours make `{whole}`, wider than /{widest}: {_breaks(guard)}"
            yield at.problem(last[1].source, _NETWORK, text)
