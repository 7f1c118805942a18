"""A recorded question put to other rules: would the answer be another? (docs/decision-log.md)

What a record cannot tell (`log.reading.again`) is said to be so, never guessed. Where the rules of the record are at
hand too, more can be told: which facts mean something else today, and from which part of a range a request can have
come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from itertools import product
from typing import Any, Final, NamedTuple

from authz.core.assurance import channel_refusal
from authz.core.generation import Generation
from authz.core.obligations import SUPPORTED_OBLIGATIONS
from authz.core.table import Cell
from authz.core.types import Reason
from authz.log.lines.record import DECISION
from authz.log.reading.again import Asked, Fact, answer_of, asked_in, fact_again

_OF_PEOPLE: Final = frozenset(
    {
        Reason.CONTACT_UNREGISTERED, Reason.CONTACT_SUSPENDED, Reason.ANNEX_NOT_IN_FORCE, Reason.TENANT_UNKNOWN,
        Reason.TENANT_AMBIGUOUS, Reason.CONTACT_OF_OTHER_TENANT, Reason.TENANT_NOT_ALLOWED, Reason.AMBIGUOUS_REQUEST,
        Reason.REGISTRY_TOO_OLD, Reason.INTERNAL_ERROR,
    }
)  # fmt: skip
"""Refusals that no policy file has a part in."""

Then = Callable[[str, str], Generation | None]
"""Set id and revision -> the rules of a record; None where they are not at hand."""


class Verdict(StrEnum):
    """What became of one recorded answer."""

    SAME = "same"
    OTHERWISE = "otherwise"
    UNTOLD = "untold"


class Rejudged(NamedTuple):
    """One recorded question under other rules. `cause`: the policy line or the reason why it cannot be told."""

    verdict: Verdict
    was: bool
    now: bool | None
    cause: str = ""


class Group(NamedTuple):
    """Recorded questions whose answer changes by one cause."""

    set_id: str
    tenant: str
    role: str
    action: str
    was: bool
    now: bool
    cause: str


class Replayed(NamedTuple):
    """`groups`: how many answers change, by cause. `untold`: how many cannot be told, by why."""

    records: int
    changed: int
    groups: Mapping[Group, int]
    untold: Mapping[str, int]


def _not_at_hand(_set_id: str, _revision: str) -> None:
    return None


def replay(
    records: Iterable[Mapping[str, Any]], generations: Mapping[str, Generation], then: Then = _not_at_hand
) -> Replayed:
    """Put every recorded decision to these policy sets; other records are passed over."""
    seen = changed = 0
    groups: Counter[Group] = Counter()
    untold: Counter[str] = Counter()
    for record in records:
        if record.get("kind") != DECISION or "as_of" in record:
            continue
        seen += 1
        found = rejudge(record, generations, then)
        if found.verdict is Verdict.UNTOLD:
            untold[found.cause] += 1
        elif found.verdict is Verdict.OTHERWISE and found.now is not None:
            changed += 1
            set_id, tenant, role, action = (str(record.get(name, "")) for name in ("set", "tenant", "role", "action"))
            groups[Group(set_id, tenant, role, action, found.was, found.now, found.cause)] += 1
    return Replayed(seen, changed, groups, untold)


def rejudge(record: Mapping[str, Any], generations: Mapping[str, Generation], then: Then = _not_at_hand) -> Rejudged:
    """One record under these policy sets."""
    was = record.get("decision") is True
    reason = record.get("reason")
    if reason in _OF_PEOPLE:
        return Rejudged(Verdict.SAME, was, was)
    set_id, revision = str(record.get("set", "")), str(record.get("policy", ""))
    generation = generations.get(set_id)
    if generation is not None and generation.revision == revision:
        return Rejudged(Verdict.SAME, was, was, str(record.get("rule", "")))
    asked = asked_in(record)
    if asked is None:
        return _untold(was, "the record does not say which action was asked for")
    if generation is None:
        return _told(was, False, f"there is no policy set `{set_id}` any more")
    if asked.action not in generation.definition.actions:
        return _told(was, False, f"{set_id}/set.yaml: there is no action `{asked.action}` any more")
    if channel_refusal(asked.channel, generation.definition.channels, None) is not None:
        return _told(was, False, f"{set_id}/set.yaml: the channel `{asked.channel}` is closed")
    cell = generation.table.cell(asked.tenant_id, asked.role, asked.action)
    if cell is None:
        return _told(was, False, f"{set_id}/matrix.csv: no line for `{asked.role}`")
    if reason == Reason.CHANNEL_NOT_ALLOWED and cell.can_allow:
        return _untold(was, "the channel was closed then, so no fact was computed")
    return _judged(
        asked, was, cell, {fact: fact_again(fact, asked, generation, then(set_id, revision)) for fact in cell.facts}
    )


def _judged(asked: Asked, was: bool, cell: Cell, known: Mapping[str, Fact]) -> Rejudged:
    """R5 and R6 under every value that a fact which is not told can have."""
    untold = [fact for fact, value in known.items() if value is None]
    answers = [
        answer_of(cell, {**known, **dict(zip(untold, choice, strict=True))})
        for choice in product((False, True), repeat=len(untold))
    ]
    if len({answer.allowed for answer in answers}) > 1:
        return _untold(was, f"the record does not tell whether `{_telling(cell, known, untold)}` would hold")
    answer = answers[0]
    if answer.allowed and asked.members.get("fact") == SUPPORTED_OBLIGATIONS:
        return _untold(was, "the caller could not perform an obligation; whether it would be asked for is not told")
    turned = [
        f"`{fact}` would {'' if value else 'not '}hold"
        for fact, value in known.items()
        if type(value) is bool and type(asked.recorded(fact)) is bool and value is not asked.recorded(fact)
    ]
    return _told(was, answer.allowed, "; ".join(filter(None, (answer.rule, *turned))))


def _telling(cell: Cell, known: Mapping[str, Fact], untold: list[str]) -> str:
    """The first fact on which the answer hangs."""
    for fact in untold:
        others = [one for one in untold if one != fact]
        for choice in product((False, True), repeat=len(others)):
            rest = {**known, **dict(zip(others, choice, strict=True))}
            if answer_of(cell, {**rest, fact: True}).allowed != answer_of(cell, {**rest, fact: False}).allowed:
                return fact
    raise AssertionError("answers differ, so some fact changes them")


def _told(was: bool, now: bool, cause: str) -> Rejudged:
    return Rejudged(Verdict.SAME if was is now else Verdict.OTHERWISE, was, now, cause)


def _untold(was: bool, why: str) -> Rejudged:
    return Rejudged(Verdict.UNTOLD, was, None, why)


def sentence(group: Group, count: int) -> str:
    """One cause for a person to read."""
    times = "1 question" if count == 1 else f"{count:,} questions"
    turned = "allowed, would be refused" if group.was else "refused, would be allowed"
    by = (" by " if group.cause.startswith(f"{group.set_id}/") else ": ") + group.cause if group.cause else ""
    return f"{times} of {group.tenant} ({group.set_id}): {group.role}, {group.action}: {turned}{by}"
