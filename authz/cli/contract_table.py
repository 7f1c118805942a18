"""A compiled set's decision table read back as the contract's own table: one effect per role and action.

A cell's answers are a yes/no function of its facts. What a reader wants of it: with which facts it allows, what of that
is more than the two built-in facts, which facts would still refuse, and the lines that say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from authz.core.definition import PolicySet
from authz.core.table import BUILT_IN_FACTS, Answer, Cell, DecisionTable


class Condition(NamedTuple):
    """One smallest set of facts that must all be true, and the line that then decides. Empty `facts`: always."""

    facts: tuple[str, ...]
    rule: str


class Entry(NamedTuple):
    """One cell of the contract's table.

    `allows`: every smallest condition for an allow; empty means deny, whatever the facts. `refusals`: what refuses
    although a condition of `allows` is met. `rule`: the line to show for the cell.
    """

    role: str
    action: str
    allows: tuple[Condition, ...]
    refusals: tuple[Condition, ...]
    rule: str

    @property
    def allowed(self) -> bool:
        """Whether some request of the role for the action is allowed."""
        return bool(self.allows)


def contract_table(definition: PolicySet, table: DecisionTable, tenant: str | None = None) -> tuple[Entry, ...]:
    """Every cell in the order of the set's actions, then roles; `tenant`: with that tenant's own lines."""
    cells = table.shared if tenant is None else table.own.get(tenant, table.shared)
    return tuple(
        _entry(role, action, cells[role, action])
        for action in definition.actions
        for role in definition.roles
        if (role, action) in cells
    )


def own_entries(definition: PolicySet, table: DecisionTable, tenant: str) -> tuple[Entry, ...]:
    """The cells in which lines of the tenant's own change something, or are named as deciding."""
    shared = {(entry.role, entry.action): entry for entry in contract_table(definition, table)}
    entries = contract_table(definition, table, tenant)
    return tuple(entry for entry in entries if entry != shared.get((entry.role, entry.action)))


def further_facts(condition: Condition) -> tuple[str, ...]:
    """The facts of a condition beyond the two that every line names."""
    return tuple(fact for fact in condition.facts if fact not in BUILT_IN_FACTS)


def waived_facts(condition: Condition) -> tuple[str, ...]:
    """The built-in facts that a condition does without (R7, `open_to_any_sender`)."""
    return tuple(fact for fact in BUILT_IN_FACTS if fact not in condition.facts)


def _entry(role: str, action: str, cell: Cell) -> Entry:
    answers = cell.answers
    granting = _smallest(mask for mask, answer in enumerate(answers) if answer.allowed)
    if not granting:
        # A line that needs no fact denies whatever holds; only without one does it take facts to be denied by a line.
        return Entry(role, action, (), (), answers[0].rule or answers[-1].rule)
    refusing = _smallest(
        mask for mask, answer in enumerate(answers) if not answer.allowed and _holds_one(mask, granting)
    )
    allows = tuple(Condition(_names(cell, mask), answers[mask].rule) for mask in granting)
    refusals = {_names(cell, _essence(mask, granting, answers)): answers[mask].rule for mask in refusing}
    return Entry(role, action, allows, tuple(map(Condition._make, refusals.items())), allows[0].rule)


def _smallest(masks: Iterable[int]) -> list[int]:
    """The masks that hold no other one of `masks`, fewest facts first."""
    kept: list[int] = []
    for mask in sorted(masks, key=lambda mask: (mask.bit_count(), mask)):
        if not any(mask & smaller == smaller for smaller in kept):
            kept.append(mask)
    return kept


def _holds_one(mask: int, granting: Iterable[int]) -> bool:
    return any(mask & allow == allow for allow in granting)


def _essence(refusing: int, granting: list[int], answers: Sequence[Answer]) -> int:
    """What of a refusing mask refuses: facts that an allow needs are left out where they make no difference."""
    kept = refusing
    for bit in (1 << at for at in range(refusing.bit_length())):
        fewer = kept & ~bit
        if all(
            not answer.allowed
            for mask, answer in enumerate(answers)
            if mask & fewer == fewer and _holds_one(mask, granting)
        ):
            kept = fewer
    return kept


def _names(cell: Cell, mask: int) -> tuple[str, ...]:
    return tuple(fact for at, fact in enumerate(cell.facts) if mask >> at & 1)
