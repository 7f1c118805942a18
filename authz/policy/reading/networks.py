"""The `p2` lines: each by itself, and a tenant's lines together (DESIGN sections 3 and 5; casbin.md section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from authz.core.network import ANY_NETWORK, AddressRange, NetworkLine, parse_cidr
from authz.core.types import Effect
from authz.errors import Problem
from authz.policy.reading.lines import CsvLine
from authz.policy.reading.matrix import tenant_problems

CODE: Final = "network"
_TENANT, _NETWORK, _EFFECT = range(3)


class _Written(NamedTuple):
    line: NetworkLine
    span: AddressRange | None
    at: CsvLine


def read_networks(
    lines: Iterable[CsvLine], roles: Collection[str], set_id: str, folder: str, problems: list[Problem]
) -> Mapping[str, tuple[NetworkLine, ...]]:
    """Every tenant's network lines, tenants in the order of the files; `folder` is `policies/<set>`."""
    tenants: dict[str, list[_Written]] = defaultdict(list)
    unread: set[str] = set()
    for line in lines:
        noted = list(tenant_problems(line, roles, wildcard=False))
        tenant, network, effect = (cell.text for cell in line.cells)
        span = None
        if network != ANY_NETWORK:
            try:
                span = parse_cidr(network)
            except ValueError as error:
                every = network in ("*", "all") or network.lower() == ANY_NETWORK
                noted.append(line.problem(_NETWORK, f"`{network}`: write `any`" if every else str(error), CODE))
        if effect not in tuple(Effect):
            noted.append(line.problem(_EFFECT, f"`{effect}` is not an effect; write `allow` or `deny`", CODE))
        problems.extend(noted)
        if noted:
            unread.add(tenant)
        else:
            source = f"{set_id}/{line.file.removeprefix(folder + '/')}:{line.number}"
            tenants[tenant].append(_Written(NetworkLine(network, Effect(effect), source), span, line))
    for tenant, written in tenants.items():
        problems.extend(_contradictions(written))
        if tenant not in unread and all(entry.line.effect is Effect.DENY for entry in written):
            text = "can never act: the tenant has no allow line; is its id misspelt?"
            problems.extend(entry.at.problem(_TENANT, text, CODE) for entry in written)
    return {tenant: tuple(entry.line for entry in written) for tenant, written in tenants.items()}


def to_read_again(
    known: Mapping[str, tuple[NetworkLine, ...]],
    changed: AbstractSet[str],
    lines_of: Callable[[AbstractSet[str]], list[CsvLine]],
) -> tuple[list[CsvLine], dict[str, tuple[NetworkLine, ...]]]:
    """The lines, in order, of every tenant that a changed file speaks or spoke of, and those of all others as known.

    Args:
        known: a version of the set that was right in itself.
        changed: its files that are there no more or read otherwise now, and files that it has not.
        lines_of: the lines of such files as they are now, none for one that is there no more.
    """
    lines = lines_of(changed)
    files = {tenant: {_file(line) for line in its_lines} for tenant, its_lines in known.items()}
    touched = {line.cells[_TENANT].text for line in lines}
    touched |= {tenant for tenant, its_files in files.items() if not its_files.isdisjoint(changed)}
    further = {file for tenant in touched for file in files.get(tenant, ())}.difference(changed)
    lines += [line for line in lines_of(further) if line.cells[_TENANT].text in touched]
    kept = {tenant: its_lines for tenant, its_lines in known.items() if tenant not in touched}
    return sorted(lines, key=lambda line: (line.file, line.number)), kept


def in_order(networks: Mapping[str, tuple[NetworkLine, ...]]) -> dict[str, tuple[NetworkLine, ...]]:
    """Tenants in the order of the files."""
    return dict(sorted(networks.items(), key=lambda one: (_file(one[1][0]), int(one[1][0].source.rpartition(":")[2]))))


def _file(line: NetworkLine) -> str:
    """Within the set's folder."""
    return line.source.partition("/")[2].rpartition(":")[0]


def _contradictions(written: list[_Written]) -> Iterable[Problem]:
    seen: dict[AddressRange | None, NetworkLine] = {}
    for line, span, at in written:
        first = seen.setdefault(span, line)
        if first is line:
            continue
        if first.effect is line.effect:
            yield at.problem(_NETWORK, f"the same network as {first.source}", CODE)
        else:
            yield at.problem(_EFFECT, f"contradicts {first.source}: allow and deny for the same network", CODE)
    every = seen.get(None)
    if every is None:
        return
    for line, span, at in written:
        if span is not None and line.effect is Effect.ALLOW:
            yield at.problem(_NETWORK, f"a range beside `any` ({every.source}) means nothing", CODE)
