"""What somebody who stands on an annex could be allowed in some case, as far as annex and registry tell. Pure.

A fact that reads nothing but what they tell, and the day, has its one value for a contact: its tenant is closed, or it
is not; its subscription has ended, or it has not. All other facts are left to the request, and may be either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from authz.core.attributes import BUILT_IN, KNOWN, bindings, unusable
from authz.core.contacts import Contact
from authz.core.definition import FactDef, Origin, PolicySet
from authz.core.directory import Annex, Tenant
from authz.core.expressions import names_read
from authz.core.generation import Generation
from authz.core.matching import is_one_of
from authz.core.table import Cell
from authz.core.types import EMPTY, Request

_TOLD: Final = frozenset({"subject.role", "subject.ids", "tenant.id", "action.name", "today"})
"""Built-in names whose value hangs on no request; `today` is the day of the place."""


class Place(NamedTuple):
    """Where somebody stands; `day`: by which it is judged, a proleptic ordinal on which the annex is in force."""

    tenant: Tenant
    annex: Annex
    contact: Contact
    day: int


class Chances:
    """One version of a set, and what it can come to for whoever stands somewhere."""

    def __init__(self, side: Generation) -> None:
        self.side = side
        self._told = frozenset(fact.id for fact in side.definition.facts.values() if _is_told_fact(side, fact))

    def cell(self, place: Place, action: str) -> Cell | None:
        """The cell of the tenant and the role, without the facts that annex and registry tell."""
        cell = self.side.table.cell(place.tenant.id, place.contact.role, action)
        if cell is None or not any(fact in self._told for _, fact in cell.others):
            return cell
        values = self._values(place, action)
        told = {bit: self.side.facts(fact, values) for bit, fact in cell.others if fact in self._told}
        fixed = sum(told)
        true = sum(bit for bit, value in told.items() if value)
        return _reduced(cell, fixed, true, sum(bit for bit, value in told.items() if value is None))

    def cells_of(self, place: Place) -> Iterator[tuple[str, Cell]]:
        """(action, cell) of the tenant and the role, as `cell` gives them."""
        for action in self.side.definition.actions:
            cell = self.cell(place, action)
            if cell is not None:
                yield action, cell

    def may(self, place: Place, action: str | None) -> bool:
        """Whether some facts allow it the action."""
        cell = self.cell(place, action) if action is not None else None
        return cell is not None and cell.can_allow

    def may_anything(self, place: Place) -> bool:
        """Whether some facts allow it some action."""
        return any(cell.can_allow for _, cell in self.cells_of(place))

    def may_any(
        self,
        place: Place,
        actions: Iterable[str],
        match: Mapping[str, tuple[object, ...]] = EMPTY,  # type: ignore[assignment]
        *,
        obliges: bool = False,
    ) -> bool:
        """Whether some facts allow one of the actions (none: any of the set) where the attributes may match."""
        return any(
            self.may(place, action) and self.can_match(place, action, match, obliges=obliges)
            for action in actions or self.side.definition.actions
        )

    def can_match(
        self, place: Place, action: str, match: Mapping[str, tuple[object, ...]], *, obliges: bool = False
    ) -> bool:
        """Whether a request could fit a row of obligations or service terms; a request's own words could be any.

        `obliges`: a value of the wrong type does not get rid of an obligation.
        """
        values = self._values(place, action)
        return all(
            not _is_told(self.side.definition, name)
            or is_one_of(values.get(name), wanted)
            or (obliges and unusable(values, name))
            for name, wanted in match.items()
        )

    def _values(self, place: Place, action: str) -> Mapping[str, object]:
        key = place.contact.keys[0]
        request = Request("contact", key, action, "tenant", place.tenant.id)
        return bindings(self.side.definition, request, place.tenant, place.contact, key, action, place.day, 0.0)


@lru_cache(maxsize=4096)
def _reduced(cell: Cell, fixed: int, true: int, unknown: int) -> Cell:
    """The cell over its other facts, where the `fixed` bits are `true`, false or `unknown`.

    R5: what is unknown refuses, unless it is allowed either way.
    """
    free = [1 << at for at in range(len(cell.facts)) if not fixed >> at & 1]
    judged = []
    for choice in product((False, True), repeat=len(free)):
        mask = true | sum(bit for bit, on in zip(reversed(free), choice, strict=True) if on)
        answers = cell.answers_for(mask, unknown)
        worst = next((answer for answer in answers if not answer.allowed), answers[0])
        judged.append((worst.allowed, worst.rule))
    return Cell([fact for at, fact in enumerate(cell.facts) if not fixed >> at & 1], judged)


def _is_told(definition: PolicySet, name: str) -> bool:
    """Whether annex and registry alone say what the value is."""
    declared = definition.attributes.get(name)
    if declared is None:
        attribute = name.removesuffix(KNOWN)
        return name in _TOLD or (attribute in definition.attributes and _is_told(definition, attribute))
    return declared.origin is Origin.REGISTRY and name.partition(".")[0] in {"subject", "tenant"}


def _is_told_fact(side: Generation, fact: FactDef) -> bool:
    """Whether every name that the fact reads is told."""
    attributes = side.definition.attributes
    names = [*BUILT_IN, *attributes, *(name + KNOWN for name in attributes)]
    texts = [part.expression for part in fact.parts] or [fact.expression]
    return all(_is_told(side.definition, name) for text in texts for name in names_read(text, names))
