"""What an answer hangs on: whether a fact that becomes true lets somebody in, and whether it shuts somebody out. Pure.

A deny line may name any fact, so a surer sender or a wider range can take access as well as give it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from authz.core.generation import Generation
from authz.core.table import Cell


class Bearing(NamedTuple):
    """What a fact does when it becomes true: `helps` lets somebody in, `hinders` shuts somebody out."""

    helps: bool = False
    hinders: bool = False

    def or_else(self, other: Bearing) -> Bearing:
        """What either does."""
        return Bearing(self.helps or other.helps, self.hinders or other.hinders)

    @property
    def turned(self) -> Bearing:
        """What the fact does when it becomes false: it helps whom it hinders."""
        return Bearing(self.hinders, self.helps)


def can_be_allowed(side: Generation, action: str) -> bool:
    """Whether anybody may request the action in any case."""
    return any(cell.can_allow for cell in _cells(side, action))


def names_fact(side: Generation, fact: str) -> bool:
    """Whether some line that an answer can hang on names the fact."""
    return any(fact in cell.facts for table in _tables(side) for cell in table.values())


def bearing_of_sender(side: Generation, action: str) -> Bearing:
    """What `sender_ok` does for an action."""
    found = Bearing()
    for cell in _cells(side, action):
        found = found.or_else(sender_in(cell))
    return found


def sender_in(cell: Cell) -> Bearing:
    """What `sender_ok` does in one cell.

    By mail, telephone and chat `network_ok` is the same as `sender_ok` (R5), so a cell that names it alone counts too.
    """
    return bearing_on(cell, cell.sender_bit).or_else(bearing_on(cell, cell.sender_bit | cell.network_bit))


def bearing_of_network(table: Mapping[tuple[str, str], Cell]) -> Bearing:
    """What `network_ok` does for the tenants of a table where the channel has an address (R5).

    It always helps: the gate lets connections in by the lines alone (`core.gate`).
    """
    found = Bearing(helps=True)
    for cell in table.values():
        found = found.or_else(bearing_on(cell, cell.network_bit))
    return found


def bearing_on(cell: Cell, bits: int) -> Bearing:
    """What the bits do together when they become true, whatever else is true; none of them is true before."""
    helps = hinders = False
    for mask, without in enumerate(cell.answers) if bits else ():
        if not mask & bits:
            given = cell.answers[mask | bits]
            helps = helps or (given.allowed and not without.allowed)
            hinders = hinders or (without.allowed and not given.allowed)
    return Bearing(helps, hinders)


def hangs_on(cell: Cell, facts: Collection[str]) -> bool:
    """Whether the answer can hang on the value of one of the facts."""
    bits = (1 << at for at, fact in enumerate(cell.facts) if fact in facts)
    return any(bearing_on(cell, bit) != Bearing() for bit in bits)


def _tables(side: Generation) -> tuple[Mapping[tuple[str, str], Cell], ...]:
    return (side.table.shared, *side.table.own.values())


def _cells(side: Generation, action: str) -> Iterator[Cell]:
    for table in _tables(side):
        for (_, asked), cell in table.items():
            if asked == action:
                yield cell
