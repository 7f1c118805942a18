"""What somebody who stands on an annex could be allowed in some case, as far as annex and registry tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from authz.core.attributes import bindings, unusable
from authz.core.contacts import Contact
from authz.core.definition import Origin, PolicySet
from authz.core.directory import Annex, Tenant
from authz.core.generation import Generation
from authz.core.matching import is_one_of
from authz.core.table import Cell
from authz.core.types import EMPTY, Request

_TOLD: Final = frozenset({"subject.role", "tenant.id", "action.name"})
"""Built-in names whose value hangs on no request."""


class Place(NamedTuple):
    """Where somebody stands; `day`: a proleptic ordinal on which the annex is in force."""

    tenant: Tenant
    annex: Annex
    contact: Contact
    day: int


def cells_of(side: Generation | None, place: Place) -> Iterator[tuple[str, Cell]]:
    """(action, cell) of the tenant and the role."""
    if side is not None:
        table = side.table.own.get(place.tenant.id, side.table.shared)
        for action in side.definition.actions:
            cell = table.get((place.contact.role, action))
            if cell is not None:
                yield action, cell


def may(side: Generation | None, place: Place, action: str | None) -> bool:
    """Whether some facts allow it the action."""
    if side is None or action is None:
        return False
    cell = side.table.cell(place.tenant.id, place.contact.role, action)
    return cell is not None and cell.can_allow


def may_anything(side: Generation | None, place: Place) -> bool:
    """Whether some facts allow it some action."""
    return any(cell.can_allow for _, cell in cells_of(side, place))


def may_any(
    side: Generation,
    place: Place,
    actions: Iterable[str],
    match: Mapping[str, tuple[object, ...]] = EMPTY,  # type: ignore[assignment]
    *,
    obliges: bool = False,
) -> bool:
    """Whether some facts allow one of the actions (none: any of the set) where the attributes may match."""
    return any(
        may(side, place, action) and can_match(side, place, action, match, obliges=obliges)
        for action in actions or side.definition.actions
    )


def can_match(
    side: Generation, place: Place, action: str, match: Mapping[str, tuple[object, ...]], *, obliges: bool = False
) -> bool:
    """Whether a request could fit a row of obligations or service terms; a request's own words could be any.

    `obliges`: a value of the wrong type does not get rid of an obligation.
    """
    key = place.contact.keys[0]
    request = Request("contact", key, action, "tenant", place.tenant.id)
    values = bindings(side.definition, request, place.tenant, place.contact, key, action, place.day, 0.0)
    return all(
        not _is_told(side.definition, name)
        or is_one_of(values.get(name), wanted)
        or (obliges and unusable(values, name))
        for name, wanted in match.items()
    )


def _is_told(definition: PolicySet, name: str) -> bool:
    """Whether annex and registry alone say what the value is."""
    declared = definition.attributes.get(name)
    if declared is None:
        return name in _TOLD
    return declared.origin is Origin.REGISTRY and name.partition(".")[0] in {"subject", "tenant"}
