"""Matrix lines that do nothing, and lines that do more than the contract (R6; docs/findings/).

A line matches where all its facts are true, so whether it can make a difference is a question about sets of facts:
an allow matters unless the facts of another line that speaks already lie within its own; a deny matters where some
allow is left that no other deny takes away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from authz.core.definition import PolicySet
from authz.core.network import NetworkLine
from authz.core.types import Effect
from authz.policy.finding import Finding
from authz.policy.lint.places import CsvPlaces
from authz.policy.parse import ParsedSet
from authz.policy.reading.fields import near_miss
from authz.policy.reading.matrix import ANY, NO_FACTS, MatrixLine

_TENANT, _ROLE, _ACTION, _FACTS, _EFFECT = range(5)
_PRINTED: Final = {Effect.ALLOW: "allows", Effect.DENY: "denies"}


def about_line(line: MatrixLine) -> str:
    """The line's own words, with single blanks."""
    facts = "+".join(line.facts) or NO_FACTS
    return f"{line.tenant} {line.role} {line.action} {facts} {line.effect}"


class Idle(NamedTuple):
    """A line that changes no answer, and the line that makes it so (None: nothing allows what it denies)."""

    line: MatrixLine
    because: MatrixLine | None


def idle_lines(definition: PolicySet, matrix: tuple[MatrixLine, ...]) -> list[Idle]:
    """Lines that can all be removed together without changing an answer; what the form requires is not among them.

    Of several lines that make each other idle, a tenant's own, then the more special, then the later one is told.
    """
    left: dict[str, list[MatrixLine]] = {ANY: []}
    for line in matrix:
        left.setdefault(line.tenant, []).append(line)
    specials_first = sorted(
        enumerate(matrix), key=lambda one: (one[1].tenant == ANY, (one[1].role, one[1].action).count(ANY), -one[0])
    )
    open_ones = [line for _, line in specials_first if not _is_required(line)]
    found: list[Idle] = []
    before = -1
    while before < len(found):  # a line may be idle only once another one is gone
        before = len(found)
        for line in open_ones:
            because = _because(line, left, definition)
            if because is not _MATTERS:
                found.append(Idle(line, because))
                left[line.tenant].remove(line)
        gone = {entry.line for entry in found}
        open_ones = [line for line in open_ones if line not in gone]
    return found


def shadowed_bases(matrix: tuple[MatrixLine, ...]) -> Iterator[Idle]:
    """Base allow lines that a deny line for everybody switches off altogether."""
    denies = [line for line in matrix if line.effect is Effect.DENY and line.tenant == ANY]
    for line in matrix:
        if line.effect is Effect.ALLOW and line.tenant == ANY:
            over = next((deny for deny in denies if _covers(deny, line)), None)
            if over is not None:
                yield Idle(line, over)


_MATTERS: Final = MatrixLine("", "", "", (), Effect.DENY, "", 0)


def _is_required(line: MatrixLine) -> bool:
    """A base line: every cell has exactly one, whatever it does."""
    return line.tenant == ANY and ANY not in (line.role, line.action) and (
        line.effect is Effect.ALLOW or not line.facts
    )  # fmt: skip


def _because(line: MatrixLine, left: Mapping[str, list[MatrixLine]], definition: PolicySet) -> MatrixLine | None:
    """`_MATTERS`, or why the line matters in no cell of no tenant."""
    because: MatrixLine | None = None
    for tenant in left if line.tenant == ANY else (line.tenant,):
        own = left[tenant] if tenant != ANY else []
        others = [other for other in (*left[ANY], *own) if other is not line]
        for role in definition.roles:
            for action in definition.actions:
                if not line.fits(role, action):
                    continue
                cause = _cause(line, [other for other in others if other.fits(role, action)])
                if cause is _MATTERS:
                    return _MATTERS
                because = because or cause
    return because


def _cause(line: MatrixLine, others: list[MatrixLine]) -> MatrixLine | None:
    """Why the line matters not in one cell; `_MATTERS` where it does."""
    facts = set(line.facts)
    denies = [other for other in others if other.effect is Effect.DENY]
    allows = [other for other in others if other.effect is Effect.ALLOW]
    if line.effect is Effect.ALLOW:
        return next((other for other in (*denies, *allows) if facts.issuperset(other.facts)), _MATTERS)
    over: MatrixLine | None = None
    for allow in allows:
        met = facts.union(allow.facts)
        over = next((deny for deny in denies if met.issuperset(deny.facts)), None)
        if over is None:
            return _MATTERS
    return over


def _covers(deny: MatrixLine, line: MatrixLine) -> bool:
    return deny.fits(line.role, line.action) and set(deny.facts) <= set(line.facts)


def matrix_findings(parsed: ParsedSet, places: CsvPlaces) -> Iterator[Finding]:
    """Lines that do nothing, lines that widen the contract for one tenant, tenants that look misspelt."""
    idle = idle_lines(parsed.definition, parsed.matrix)
    for line, because in idle:
        yield _finding(places, line, _EFFECT, "redundant-line", _redundant(line, because))
    for line, because in shadowed_bases(parsed.matrix):
        text = f"can never act: {because.source if because else ''} denies whatever it allows, to everybody"
        yield _finding(places, line, _EFFECT, "shadowed-line", text)
    removable = {entry.line for entry in idle}
    bases = {(line.role, line.action): line for line in parsed.matrix if _is_required(line)}
    for line in parsed.matrix:
        if line.effect is Effect.ALLOW and line.tenant != ANY and line not in removable:
            yield _finding(places, line, _EFFECT, "wider-than-contract", _wider(line, bases[line.role, line.action]))
    yield from _without_networks(parsed.matrix, parsed.networks, places)


def _redundant(line: MatrixLine, because: MatrixLine | None) -> str:
    if because is None:
        return "changes no answer: no line allows what it denies"
    text = f"changes no answer: {because.source} {_PRINTED[because.effect]} it already"
    if line.effect is Effect.ALLOW and set(because.facts) < set(line.facts):
        more = " + ".join(fact for fact in line.facts if fact not in because.facts)
        text += f", without `{more}` (allow lines add up; only a deny line takes away)"
    return text


def _wider(line: MatrixLine, base: MatrixLine) -> str:
    spared = " + ".join(fact for fact in base.facts if fact not in line.facts)
    return f"allows tenant `{line.tenant}` without `{spared}`, which {base.source} asks of everybody"


def _without_networks(
    matrix: tuple[MatrixLine, ...], networks: Mapping[str, tuple[NetworkLine, ...]], places: CsvPlaces
) -> Iterator[Finding]:
    first: dict[str, MatrixLine] = {}
    count: dict[str, int] = defaultdict(int)
    for line in matrix:
        if line.tenant != ANY and line.tenant not in networks:
            first.setdefault(line.tenant, line)
            count[line.tenant] += 1
    for tenant, line in first.items():
        text = (
            f"tenant `{tenant}` has {count[tenant]} matrix line{'s' if count[tenant] > 1 else ''} and no network line, "
            f"so it is refused from every address{near_miss(tenant, networks)}"
        )
        file, number, column = places.at(line.source, _TENANT)
        yield Finding(file, number, column, "tenant-without-networks", tenant, text)


def _finding(places: CsvPlaces, line: MatrixLine, cell: int, code: str, text: str) -> Finding:
    file, number, column = places.at(line.source, cell)
    return Finding(file, number, column, code, about_line(line), text)
