"""The decision table: what Casbin answered for every cell of the finite question space (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final, NamedTuple

from authz.core.types import Missing

NETWORK_OK: Final = "network_ok"
SENDER_OK: Final = "sender_ok"
BUILT_IN_FACTS: Final = (NETWORK_OK, SENDER_OK)
MOST_FACTS_PER_CELL: Final = 6


class Answer(NamedTuple):
    """Casbin's answer for one subset of a cell's facts.

    `rule`: the line that decided; for a deny without a matching line, the allow line of the nearest allowed neighbour.
    `wanted` and `unwanted`: the bits (in the cell's order of facts) that would have to become true, and false, for an
    allow; both 0 for an allow and where nothing would help.
    """

    allowed: bool
    rule: str
    wanted: int = 0
    unwanted: int = 0

    @property
    def missing(self) -> int:
        """Every bit that would have to change."""
        return self.wanted | self.unwanted


class Cell:
    """All answers of one (tenant class, role, action). Bit i of a mask says that `facts[i]` is true.

    Order of facts: `network_ok`, `sender_ok`, then the others in the order in which the lines name them.
    `missing[mask]`: what would have to be different for an allow, without the parts of facts.
    """

    __slots__ = ("answers", "can_allow", "facts", "missing", "network_bit", "others", "sender_bit")

    def __init__(self, facts: Sequence[str], judged: Sequence[tuple[bool, str]]) -> None:
        """`judged[mask]` is (allowed, deciding rule or "") as the judge answered, for every mask."""
        if len(judged) != 1 << len(facts):
            raise ValueError("a cell needs one answer per subset of its facts")
        self.facts = tuple(facts)
        self.network_bit = _bit_of(NETWORK_OK, self.facts)
        self.sender_bit = _bit_of(SENDER_OK, self.facts)
        self.others = tuple((1 << at, name) for at, name in enumerate(self.facts) if name not in BUILT_IN_FACTS)
        self.answers = tuple(_explained(mask, judged) for mask in range(len(judged)))
        self.missing = tuple(_missing(self.facts, answer) for answer in self.answers)
        self.can_allow = any(granted for granted, _ in judged)

    def answers_for(self, mask: int, unknown: int) -> tuple[Answer, ...]:
        """The answers under every assignment of the `unknown` bits (R5); `mask` holds the known true ones."""
        bits = [1 << at for at in range(len(self.facts)) if unknown >> at & 1]
        return tuple(
            self.answers[mask | sum(bit for bit, on in zip(bits, choice, strict=True) if on)]
            for choice in product((False, True), repeat=len(bits))
        )


def _missing(facts: tuple[str, ...], answer: Answer) -> tuple[Missing, ...]:
    return tuple(
        Missing(fact, bool(answer.wanted >> at & 1)) for at, fact in enumerate(facts) if answer.missing >> at & 1
    )


def _bit_of(fact: str, facts: tuple[str, ...]) -> int:
    return 1 << facts.index(fact) if fact in facts else 0


def _explained(mask: int, judged: Sequence[tuple[bool, str]]) -> Answer:
    """R9: the nearest allowed neighbour; facts that must become true are preferred to facts that must become false."""
    allowed, rule = judged[mask]
    if allowed:
        return Answer(True, rule)
    reachable = [other for other, (granted, _) in enumerate(judged) if granted]
    if not reachable:
        return Answer(False, rule)
    nearest = min(reachable, key=lambda other: ((mask & ~other).bit_count(), (mask ^ other).bit_count(), mask ^ other))
    return Answer(False, rule or judged[nearest][1], nearest & ~mask, mask & ~nearest)


class DecisionTable:
    """Cells by tenant class, role and action. A tenant without a line of its own uses the shared cells."""

    __slots__ = ("own", "shared")

    def __init__(
        self,
        shared: Mapping[tuple[str, str], Cell],
        own: Mapping[str, Mapping[tuple[str, str], Cell]],
    ) -> None:
        self.shared = shared
        self.own = own

    def cell(self, tenant_id: str, role: str, action: str) -> Cell | None:
        """The cell, or None for a role or action the set does not have (a plain refusal, R6)."""
        return self.own.get(tenant_id, self.shared).get((role, action))
