"""The contract's table of permissions as the compiled policy answers, in words for people who sign it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from authz.core.definition import PolicySet
from authz.core.generation import Generation
from authz.core.table import BUILT_IN_FACTS, Cell
from authz.texts import label


class PermissionRow(NamedTuple):
    """One action, and for each role whether it may be requested, with the numbers of the notes that limit it."""

    action: str
    cells: tuple[tuple[bool, tuple[int, ...]], ...]


class PermissionTable(NamedTuple):
    """The whole table: labels of the roles, rows in the set's order, notes counted from 1."""

    roles: tuple[str, ...]
    rows: tuple[PermissionRow, ...]
    notes: tuple[str, ...]


def permission_table(
    generation: Generation, tenant_id: str, language: str, words: Mapping[str, Any]
) -> PermissionTable:
    """What each role of the tenant may request, with lines of its own if it has any.

    Args:
        words: of the form, for what is said around a fact's label.
    """
    definition = generation.definition
    notes: dict[str, int] = {}
    rows = []
    for action in definition.actions.values():
        cells = []
        for role in definition.roles:
            cell = generation.table.cell(tenant_id, role, action.id)
            said = _limits(cell, definition, language, words) if cell is not None and cell.can_allow else []
            numbers = tuple(sorted(notes.setdefault(text, len(notes) + 1) for text in said))
            cells.append((cell is not None and cell.can_allow, numbers))
        rows.append(PermissionRow(label(action.label, language), tuple(cells)))
    roles = tuple(label(role.label, language) for role in definition.roles.values())
    return PermissionTable(roles, tuple(rows), tuple(notes))


def _limits(cell: Cell, definition: PolicySet, language: str, words: Mapping[str, Any]) -> list[str]:
    """What an allow needs beyond network and sender (the smallest sets of facts), and what refuses all the same."""

    def named(facts: Iterable[str]) -> str:
        return f" {words['and']} ".join(label(definition.facts[fact].label, language) for fact in facts)

    allowing = [mask for mask, answer in enumerate(cell.answers) if answer.allowed]
    smallest = [mask for mask in allowing if not any(mask & other == other != mask for other in allowing)]
    needs = dict.fromkeys(_further(cell, mask) for mask in smallest)
    said = []
    if all(needs):
        said.append(words["only_if"].format(conditions=f"; {words['or']} ".join(map(named, needs))))
    against = [name for bit, name in cell.others if _refuses(cell, bit)]
    said += [words["never_if"].format(conditions=named([name])) for name in against]
    return said


def _further(cell: Cell, mask: int) -> tuple[str, ...]:
    return tuple(fact for at, fact in enumerate(cell.facts) if mask >> at & 1 and fact not in BUILT_IN_FACTS)


def _refuses(cell: Cell, bit: int) -> bool:
    """Whether the fact's truth turns some allow into a deny."""
    return any(
        answer.allowed and not cell.answers[mask | bit].allowed
        for mask, answer in enumerate(cell.answers)
        if not mask & bit
    )
