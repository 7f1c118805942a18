"""What the obligations of one version ask of a caller and those of another do not. Pure.

A caller that cannot perform an obligation is refused (AuthZEN obligations profile), so each is a condition of an allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from authz.core.definition import ObligationDef
from authz.core.diff.bearing import can_be_allowed
from authz.core.generation import Generation

_CUSTOM: Final = "custom"
Match = Mapping[str, tuple[object, ...]]


class Demand(NamedTuple):
    """A type that the caller must support, for one action, where the attributes match.

    `kind`: of a `custom` one, what it is; a caller that can do another kind cannot do this one.
    """

    type: str
    kind: str
    action: str
    match: Match

    def covers(self, other: Demand) -> bool:
        """Whether it is asked wherever the other one is."""
        return (self.type, self.kind, self.action) == (other.type, other.kind, other.action) and all(
            name in other.match and set(map(_typed, other.match[name])) <= set(map(_typed, values))
            for name, values in self.match.items()
        )


class Duties(NamedTuple):
    """`gone`: what one obligation asked for and no obligation asks for any more; `new`: what none asked for before."""

    gone: tuple[Demand, ...] = ()
    new: tuple[Demand, ...] = ()


def changed_duties(base: Generation, head: Generation, was: ObligationDef | None, now: ObligationDef | None) -> Duties:
    """What an obligation that differs, comes (`was` None) or goes (`now` None) does beside all the others."""
    asked = demands(base, head, base.definition.obligations)
    asks = demands(head, base, head.definition.obligations)
    return Duties(
        _uncovered(demands(base, head, [was] if was else []), asks),
        _uncovered(demands(head, base, [now] if now else []), asked),
    )


def demands(side: Generation, other: Generation, declared: Iterable[ObligationDef]) -> tuple[Demand, ...]:
    """What they ask for, of actions that both versions allow to somebody."""
    common = [one for one in side.definition.actions if can_be_allowed(side, one) and can_be_allowed(other, one)]
    return tuple(
        Demand(one.type, str(one.properties.get("kind", "")) if one.type == _CUSTOM else "", action, one.match)
        for one in declared
        for action in common
        if not one.actions or action in one.actions
    )


def _uncovered(mine: Iterable[Demand], others: tuple[Demand, ...]) -> tuple[Demand, ...]:
    return tuple(one for one in mine if not any(other.covers(one) for other in others))


def _typed(value: object) -> tuple[str, object]:
    """So that `true` and 1 stay two values."""
    return type(value).__name__, value
