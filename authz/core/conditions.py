"""When a cell of the table allows, as the shortest words for it. Pure.

A cell is a yes or no for each subset of its facts. `ways` are the ways to a yes: in each, some facts must be true and
some must be false, and the others do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from authz.core.table import Cell

NEVER: Final = "never"
ALWAYS: Final = "always"


class Way(NamedTuple):
    """Facts that must be true, and facts that must be false."""

    true: frozenset[str]
    false: frozenset[str]

    def __str__(self) -> str:
        """`network_ok + not login_blocked`."""
        words = [*sorted(self.true, key=_order), *(f"not {fact}" for fact in sorted(self.false))]
        return " + ".join(words) or ALWAYS


def _order(fact: str) -> tuple[bool, bool, str]:
    return fact != "network_ok", fact != "sender_ok", fact


def allowed_when(cell: Cell | None) -> str:
    """`never`, `always`, or the ways to an allow: `network_ok + sender_ok, or: network_ok + own_request`."""
    if cell is None or not cell.can_allow:
        return NEVER
    return ", or: ".join(map(str, ways(cell.facts, [mask for mask, one in enumerate(cell.answers) if one.allowed])))


def ways(facts: tuple[str, ...], masks: Iterable[int]) -> list[Way]:
    """The shortest ways that together cover exactly these subsets of the facts, in a stable order."""
    wanted = set(masks)
    primes = _primes({(mask, 0) for mask in wanted})
    chosen: list[tuple[int, int]] = []
    left = set(wanted)
    while left:  # most first, then the shortest; at most 64 subsets, so greedy is good enough to read
        best = max(primes, key=lambda one: (len(_covered(one) & left), one[1].bit_count(), -one[0], -one[1]))
        chosen.append(best)
        left -= _covered(best)
    return sorted((_way(facts, *one) for one in chosen), key=str)


def _primes(terms: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Terms (values, bits that do not matter) that cannot be joined with another into a shorter one."""
    found: set[tuple[int, int]] = set()
    while terms:
        joined: set[tuple[int, int]] = set()
        used: set[tuple[int, int]] = set()
        for values, free in terms:
            for bit in _bits(max(values | free for values, free in terms)):
                other = (values | bit, free)
                if not values & bit and not free & bit and other in terms:
                    joined.add((values, free | bit))
                    used |= {(values, free), other}
        found |= terms - used
        terms = joined
    return found


def _covered(term: tuple[int, int]) -> set[int]:
    values, free = term
    masks = {values}
    for bit in _bits(free):
        masks |= {mask | bit for mask in masks}
    return masks


def _bits(mask: int) -> list[int]:
    return [1 << at for at in range(mask.bit_length()) if mask >> at & 1]


def _way(facts: tuple[str, ...], values: int, free: int) -> Way:
    true = frozenset(fact for at, fact in enumerate(facts) if values >> at & 1)
    false = frozenset(fact for at, fact in enumerate(facts) if not (values | free) >> at & 1)
    return Way(true, false)
