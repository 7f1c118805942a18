"""What the obligations of one version ask of a caller and those of another do not. Pure.

A caller that cannot perform an obligation is refused (AuthZEN obligations profile), so each is a condition of an allow.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import product
from math import prod
from typing import Final, NamedTuple

from authz.core.definition import ObligationDef, PolicySet
from authz.core.diff.bearing import can_be_allowed
from authz.core.generation import Generation
from authz.core.types import Assurance

_UNUSABLE: Final = ("", "a value of the wrong type")
_ANOTHER: Final = ("", "no value, or one that no obligation names")
_MOST_CASES: Final = 5000
_NO_TEXTS: Final = frozenset({"acr_values", "max_age", "kind"})
"""Properties that the caller acts on, also where what they hold looks like a text by language."""
"""More are not told apart: the demands then count as other ones."""
Match = Mapping[str, tuple[object, ...]]
_Case = Mapping[str, tuple[str, object]]
"""Attribute -> its value with its type, `_UNUSABLE` or `_ANOTHER`."""
_Closed = Mapping[str, frozenset[tuple[str, object]]]
"""Built-in attribute -> every value that it can have, with its type."""


class Demand(NamedTuple):
    """A type that the caller must support, for one action, where the attributes match.

    `properties`: what exactly it has to do, as `properties_of` gives them; whoever does it with others, be it a
    `custom` one of another kind or a step-up to a weaker sign-in, has not done it.
    """

    type: str
    properties: Hashable
    action: str
    match: Match

    def asks_at(self, case: _Case) -> bool:
        """Whether it is asked where the attributes are so; a value that is not usable gets rid of nothing."""
        return all(case[name] in {_UNUSABLE, *map(_typed, values)} for name, values in self.match.items())


class Duties(NamedTuple):
    """`gone`: what one obligation asked for and no obligation asks for any more; `new`: what none asked for before."""

    gone: tuple[Demand, ...] = ()
    new: tuple[Demand, ...] = ()


def changed_duties(base: Generation, head: Generation, was: ObligationDef | None, now: ObligationDef | None) -> Duties:
    """What an obligation that differs, comes (`was` None) or goes (`now` None) does beside all the others."""
    asked = demands(base, head, base.definition.obligations)
    asks = demands(head, base, head.definition.obligations)
    closed = _closed(base.definition, head.definition)
    return Duties(
        _uncovered(demands(base, head, [was] if was else []), asks, closed),
        _uncovered(demands(head, base, [now] if now else []), asked, closed),
    )


def asked_alike(base: Generation, head: Generation, was: ObligationDef | None, now: ObligationDef | None) -> bool:
    """Whether all that the one asks, and all that the other did, is asked on both sides in the same words: it is split,
    joined, or named otherwise.
    """
    actions = {one for side in (base, head) for one in side.definition.actions if can_be_allowed(side, one)}
    asked, asks = (_in_words(side.definition.obligations, actions) for side in (base, head))
    closed = _closed(base.definition, head.definition)
    mine = (_in_words([one] if one else [], actions) for one in (was, now))
    return not any(_uncovered(one, others, closed) for one, others in zip(mine, (asks, asked), strict=True))


def _in_words(declared: Iterable[ObligationDef], actions: Collection[str]) -> tuple[Demand, ...]:
    """With texts and clause among what is asked."""
    return tuple(
        Demand(one.type, (properties_of(one, ()), one.clause), action, one.match)
        for one in declared
        for action in one.actions or actions
        if action in actions
    )


def demands(side: Generation, other: Generation, declared: Iterable[ObligationDef]) -> tuple[Demand, ...]:
    """What they ask for, of actions that both versions allow to somebody."""
    common = [one for one in side.definition.actions if can_be_allowed(side, one) and can_be_allowed(other, one)]
    languages = {*side.definition.languages, *other.definition.languages}
    return tuple(
        Demand(one.type, properties_of(one, languages), action, one.match)
        for one in declared
        for action in common
        if not one.actions or action in one.actions
    )


def properties_of(duty: ObligationDef, languages: Collection[str]) -> Hashable:
    """All its properties but texts by language, which only say the same to people; equal where they are equal."""
    return _without_texts(duty.properties, frozenset(languages))


def _without_texts(value: object, languages: Collection[str]) -> Hashable:
    if isinstance(value, Mapping):
        kept = {name: inner for name, inner in value.items() if name in _NO_TEXTS or not _is_text(inner, languages)}
        return "mapping", frozenset((name, _without_texts(inner, languages)) for name, inner in kept.items())
    if isinstance(value, (list, tuple)):
        return "list", tuple(_without_texts(inner, languages) for inner in value)
    return _typed(value)


def _is_text(value: object, languages: Collection[str]) -> bool:
    """Whether it is a text in some of the languages, and nothing else."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(name in languages and isinstance(text, str) for name, text in value.items())
    )


def _closed(before: PolicySet, after: PolicySet) -> _Closed:
    """Of words that are always there: those that both versions know; under the others nobody is allowed by both."""
    words: dict[str, set[str]] = {
        "channel": {one.value for one in before.channels} & {one.value for one in after.channels},
        "assurance": {one.value for one in Assurance},
        "subject.role": before.roles.keys() & after.roles.keys(),
    }
    declared = before.attributes.keys() | after.attributes.keys()
    return {name: frozenset(map(_typed, known)) for name, known in words.items() if name not in declared}


def _uncovered(mine: Iterable[Demand], others: tuple[Demand, ...], closed: _Closed) -> tuple[Demand, ...]:
    """Those that in some case none of the others asks for."""
    return tuple(one for one in mine if not _covered(one, [two for two in others if one[:3] == two[:3]], closed))


def _covered(one: Demand, others: list[Demand], closed: _Closed) -> bool:
    """Whether in every case in which it is asked some other of its type, properties and action is asked too."""
    spread: dict[str, set[tuple[str, object]]] = {}
    for name in dict.fromkeys(name for demand in (one, *others) for name in demand.match):
        asked = set(map(_typed, one.match.get(name, ())))
        named = {_typed(value) for demand in others for value in demand.match.get(name, ())}
        if name in closed:
            spread[name] = {*(asked & closed[name] if asked else closed[name])}
        else:
            spread[name] = {*(asked or {*named, _ANOTHER}), _UNUSABLE}
    if prod(map(len, spread.values())) > _MOST_CASES:
        return False
    cases = (dict(zip(spread, values, strict=True)) for values in product(*spread.values()))
    return all(any(other.asks_at(case) for other in others) for case in cases)


def _typed(value: object) -> tuple[str, object]:
    """So that `true` and 1 stay two values."""
    return type(value).__name__, value
