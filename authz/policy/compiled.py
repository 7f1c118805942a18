"""A compiled policy set: what Casbin answered, in the form that is written to disk and loaded by workers.

Knows nothing of Casbin, so a worker that only loads never imports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from authz.core.definition import PolicySet
from authz.core.network import NetworkLine
from authz.core.table import Cell, DecisionTable

OWN_LINE: Final = "own:"
"""In a class's cells, `own:<n>` stands for the n-th line of whichever tenant of the class is asked about."""


class JudgedCell(NamedTuple):
    """Casbin's answers of one (tenant class, role, action): `judged[mask]` is (allowed, deciding rule or "").

    Bit i of a mask says that `facts[i]` is true; order of facts as in `core.table.Cell`.
    """

    facts: tuple[str, ...]
    judged: tuple[tuple[bool, str], ...]


Cells = Mapping[str, Mapping[str, JudgedCell]]
"""Role -> action -> cell."""


class TenantClass(NamedTuple):
    """Tenants whose own `p` lines read alike. `cells` holds only what those lines touch; all else is shared.

    `tenants` maps each to the sources of its own lines, in their order.
    """

    cells: Cells
    tenants: Mapping[str, tuple[str, ...]]


class CompiledSet(NamedTuple):
    """Everything a worker needs of one policy set.

    `revision` is the bundle's; `engine` says which versions judged; `table_key` is a digest of all that `shared` and
    `classes` depend on, so that a change of network lines alone need not ask Casbin again.
    """

    definition: PolicySet
    revision: str
    engine: Mapping[str, str]
    table_key: str
    shared: Cells
    classes: tuple[TenantClass, ...]
    networks: Mapping[str, tuple[NetworkLine, ...]]

    def cells_of(self, tenant_id: str) -> Iterator[tuple[str, str, JudgedCell]]:
        """Every (role, action, cell) as it holds for one tenant, rules named by their `<set>/<file>:<line>`."""
        own = next((group for group in self.classes if tenant_id in group.tenants), None)
        for role, actions in self.shared.items():
            for action, cell in actions.items():
                special = own.cells.get(role, {}).get(action) if own is not None else None
                if own is not None and special is not None:
                    yield role, action, named(special, own.tenants[tenant_id])
                else:
                    yield role, action, cell


def named(cell: JudgedCell, sources: tuple[str, ...]) -> JudgedCell:
    """A class's cell with its `own:<n>` rules replaced by one tenant's sources."""
    return JudgedCell(
        cell.facts,
        tuple(
            (allowed, sources[int(rule.removeprefix(OWN_LINE))] if rule.startswith(OWN_LINE) else rule)
            for allowed, rule in cell.judged
        ),
    )


def decision_table(compiled: CompiledSet) -> DecisionTable:
    """The table that decisions look into; equal cells are one object."""
    made: dict[JudgedCell, Cell] = {}

    def cell_for(judged: JudgedCell) -> Cell:
        if judged not in made:
            made[judged] = Cell(judged.facts, judged.judged)
        return made[judged]

    shared = {
        (role, action): cell_for(judged)
        for role, actions in compiled.shared.items()
        for action, judged in actions.items()
    }
    own = {
        tenant: shared
        | {
            (role, action): cell_for(named(judged, sources))
            for role, actions in group.cells.items()
            for action, judged in actions.items()
        }
        for group in compiled.classes
        for tenant, sources in group.tenants.items()
    }
    return DecisionTable(shared, own)
