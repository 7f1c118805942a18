"""What must never be, proven over the whole compiled set at every load: all tenants, cells and facts (`guards`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from authz.core.definition import Guard
from authz.core.network import ANY_NETWORK
from authz.core.types import Effect
from authz.errors import Problem, sorted_problems
from authz.policy.compiled import Cells, CompiledSet, JudgedCell, named

CODE = "guard"


def guard_problems(compiled: CompiledSet, place: str) -> tuple[Problem, ...]:
    """One problem for each line and cell that breaks a guard, at that line. `place` is `policies/<set>`.

    Where a line does so for several tenants, the first is named; none, where it does so for tenants in general.
    """
    found: list[Problem] = []
    for guard in compiled.definition.guards:
        if guard.widest_ipv4 or guard.widest_ipv6:
            found.extend(_too_wide(compiled, guard, place))
        else:
            found.extend(_never_allowed(compiled, guard, place))
    return sorted_problems(found)


def _at(place: str, source: str, text: str) -> Problem:
    """A problem at a rule given as `<set>/<file>:<line>`."""
    file, _, line = source.partition("/")[2].rpartition(":")
    return Problem(f"{place}/{file}", int(line), 1, text, CODE)


def _breaks(guard: Guard) -> str:
    return f"breaks the guard `{guard.id}` (set.yaml:{guard.line})"


def _never_allowed(compiled: CompiledSet, guard: Guard, place: str) -> Iterator[Problem]:
    named_before: set[tuple[str, str, str]] = set()
    for tenant, cells, sources in _tables(compiled, guard):
        for role, actions in cells.items():
            if guard.roles and role not in guard.roles:
                continue
            for action, cell in actions.items():
                if guard.actions and action not in guard.actions:
                    continue
                whose = f" of tenant `{tenant}`" if tenant else ""
                rules = {(role, action, rule) for rule in _allowing(named(cell, sources))} - named_before
                named_before |= rules
                for _, _, rule in sorted(rules):
                    yield _at(place, rule, f"allows role `{role}`{whose} the action `{action}`: {_breaks(guard)}")


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


def _too_wide(compiled: CompiledSet, guard: Guard, place: str) -> Iterator[Problem]:
    for lines in compiled.networks.values():
        for line in lines:
            if line.effect is not Effect.ALLOW or line.network == ANY_NETWORK:
                continue
            network = ipaddress.ip_network(line.network)
            widest = guard.widest_ipv4 if isinstance(network, ipaddress.IPv4Network) else guard.widest_ipv6
            if network.prefixlen < widest:
                yield _at(place, line.source, f"`{line.network}` is wider than /{widest}: {_breaks(guard)}")
