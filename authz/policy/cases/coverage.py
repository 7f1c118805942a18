"""Which cells of the contract's table the cases of `tests.yaml` hold in place (docs/checks.md).

A cell can give an allow, a refusal, or both, by its facts. It is tested when passing cases have had every answer that
it can give. Only refusals by the judge count (R5's facts and R6): an unknown contact says nothing about a cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from authz.core.definition import PolicySet
from authz.core.table import Cell, DecisionTable
from authz.policy.cases.suite import CaseResult


class CellCoverage(NamedTuple):
    """One cell: what it can answer, and how many passing cases had an allow and a refusal of it."""

    role: str
    action: str
    can_allow: bool
    can_refuse: bool
    allows: int = 0
    refusals: int = 0

    @property
    def tested(self) -> bool:
        """Whether every answer that it can give was had."""
        return bool((self.allows or not self.can_allow) and (self.refusals or not self.can_refuse))


class Coverage(NamedTuple):
    """The cells of the contract's table in the order of its actions, then roles.

    `own`: cells that lines of single tenants have made different, for each such tenant that a case asked about; they
    are shown and not counted.
    """

    cells: tuple[CellCoverage, ...]
    own: tuple[tuple[str, CellCoverage], ...] = ()

    @property
    def tested(self) -> int:
        """How many of the contract's cells are tested."""
        return sum(cell.tested for cell in self.cells)

    @property
    def percent(self) -> int:
        """Whole percent of the cells, cut off and never rounded: 299 of 300 are 99."""
        return 100 * self.tested // len(self.cells) if self.cells else 0


def coverage_of(definition: PolicySet, table: DecisionTable, results: Iterable[CaseResult]) -> Coverage:
    """What the passing ones among `results` have tested."""
    had: Counter[tuple[str, str, str, bool]] = Counter()
    for result in results:
        decision = result.decision
        if result.differences or decision is None or decision.contact is None or decision.cell is None:
            continue
        role, action = decision.contact.role, decision.action
        tenant = decision.tenant.id if decision.tenant is not None else ""
        own = tenant if decision.cell is not table.shared.get((role, action)) else ""
        had[own, role, action, decision.allowed] += 1
    order = [(role, action) for action in definition.actions for role in definition.roles]
    cells = tuple(_covered(role, action, table.shared[role, action], "", had) for role, action in order)
    own_cells = tuple(
        (tenant, _covered(role, action, table.own[tenant][role, action], tenant, had))
        for tenant in dict.fromkeys(tenant for tenant, *_ in had if tenant)
        for role, action in order
        if had[tenant, role, action, True] or had[tenant, role, action, False]
    )
    return Coverage(cells, own_cells)


def _covered(role: str, action: str, cell: Cell, tenant: str, had: Counter[tuple[str, str, str, bool]]) -> CellCoverage:
    return CellCoverage(
        role,
        action,
        cell.can_allow,
        any(not answer.allowed for answer in cell.answers),
        had[tenant, role, action, True],
        had[tenant, role, action, False],
    )
