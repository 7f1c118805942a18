"""Whether policy files bear a recorded answer out: the same look-up by the recorded facts, part by part (R9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from authz.core.assurance import channel_refusal, sender_refusal
from authz.core.generation import Generation
from authz.core.obligations import SUPPORTED_OBLIGATIONS
from authz.core.table import NETWORK_OK, SENDER_OK, Answer, Cell
from authz.core.types import Reason
from authz.log.reading.again import UNKNOWN, Asked, answer_of, asked_in, network_may_be, undecided

_NETWORK: Final = frozenset({Reason.IP_MISSING, Reason.NETWORK_NOT_DECLARED, Reason.NETWORK_CHOICE_MISMATCH})
_SENDER: Final = frozenset({Reason.SENDER_UNVERIFIED, Reason.CONFIRMATION_REQUIRED})
_JUDGED: Final = (
    _NETWORK
    | _SENDER
    | {
        Reason.PERMITTED,
        Reason.ROLE_NOT_PERMITTED,
        Reason.FACT_NOT_MET,
        Reason.FACT_UNKNOWN,
        Reason.CHANNEL_NOT_ALLOWED,
    }
)
"""Reasons that policy files give; all others rest on people, annexes or the caller's key."""


class Held(NamedTuple):
    """`differences`: what the files say otherwise. `beyond`: what no policy file can show."""

    differences: tuple[str, ...]
    beyond: tuple[str, ...] = ()


def held_against(record: Mapping[str, Any], generation: Generation | None) -> Held:
    """The record of an answer held against the rules of its set; None: there are none."""
    reason = record.get("reason")
    if record.get("kind") != "decision" or reason not in _JUDGED:
        return Held((), (f"`{reason}` rests on the annexes and the caller, which are in no policy file",))
    asked = asked_in(record)
    if asked is None:
        return Held(("the record does not say what was asked",))
    if generation is None:
        return Held((f"there is no policy set `{asked.set_id}`",))
    definition = generation.definition
    if asked.action not in definition.actions:
        return Held((f"`{asked.set_id}` has no action `{asked.action}`",))
    if reason == Reason.CHANNEL_NOT_ALLOWED:
        if channel_refusal(asked.channel, definition.channels, None) is not None:
            return Held(())
        return Held((), (f"the channel `{asked.channel}` is closed to this tenant or this caller, not by the set",))
    cell = generation.table.cell(asked.tenant_id, asked.role, asked.action)
    if cell is None:
        refused_alike = record.get("decision") is False and reason == Reason.ROLE_NOT_PERMITTED
        return Held(() if refused_alike else (f"no line lets `{asked.role}` ask for `{asked.action}`",))
    return Held(tuple(_differences(asked, generation, cell)), tuple(_beyond(asked)))


def _differences(asked: Asked, generation: Generation, cell: Cell) -> Iterator[str]:
    facts: Mapping[str, Any] = asked.members.get("facts", {})
    missing, surplus = set(cell.facts) - set(facts), set(facts) - set(cell.facts)
    yield from (f"the line asks for `{fact}`, of which nothing is recorded" for fact in sorted(missing))
    yield from (f"`{fact}` is recorded, and no line asks for it" for fact in sorted(surplus))
    yield from _built_in(asked, generation, facts)
    if missing:
        return
    values = {fact: facts[fact] for fact in cell.facts}
    answer = answer_of(cell, values)
    obligation = asked.members.get("fact") == SUPPORTED_OBLIGATIONS
    if answer.allowed is not (asked.members.get("decision") is True) and not (obligation and answer.allowed):
        said = "allow" if answer.allowed else "refuse"
        yield f"by these facts the rules {said} it ({answer.rule or 'no line'}); the record says otherwise"
        return
    if answer.rule != asked.members.get("rule", ""):
        yield f"the line that decides is {answer.rule or 'none'}; recorded is {asked.members.get('rule', 'none')}"
    if not obligation:
        yield from _reason(asked, cell, answer, values)


def _built_in(asked: Asked, generation: Generation, facts: Mapping[str, Any]) -> Iterator[str]:
    high_risk = generation.definition.actions[asked.action].high_risk
    sure = {sender_refusal(asked.channel, asked.assurance, high_risk, mails) is None for mails in (None, "confirm")}
    names = (SENDER_OK,) if asked.channel.has_address else (SENDER_OK, NETWORK_OK)
    for name in names:
        if name in facts and facts[name] not in sure:
            yield f"`{name}` cannot have been {str(facts[name]).lower()} by {asked.channel} with {asked.assurance}"
    if NETWORK_OK in facts and asked.channel.has_address:
        lines = generation.networks.get(asked.tenant_id)
        if not network_may_be(bool(facts[NETWORK_OK]), asked, lines):
            said = str(facts[NETWORK_OK]).lower()
            yield f"`network_ok` cannot have been {said} by the network lines of {asked.tenant_id}"


def _reason(asked: Asked, cell: Cell, answer: Answer, values: Mapping[str, Any]) -> Iterator[str]:
    """R6: the reason that these facts give, as far as the facts alone give it."""
    expected, fact = _expected(cell, answer, values, has_address=asked.channel.has_address)
    if asked.members.get("reason") not in expected:
        yield f"the reason would be {' or '.join(sorted(expected))}; recorded is {asked.members.get('reason')}"
    elif asked.members.get("fact", "") != fact:
        yield f"the fact it hangs on would be `{fact}`; recorded is `{asked.members.get('fact', '')}`"


def _expected(
    cell: Cell, answer: Answer, values: Mapping[str, Any], *, has_address: bool
) -> tuple[frozenset[Reason], str]:
    if answer.allowed:
        return frozenset({Reason.PERMITTED}), ""
    fact = undecided(cell, values)
    if fact:
        return frozenset({Reason.FACT_UNKNOWN}), fact
    for at, fact in enumerate(cell.facts):
        if not answer.missing >> at & 1:
            continue
        if fact == NETWORK_OK and values[fact] is not True:
            return (_NETWORK if has_address else _SENDER), ""
        if fact == SENDER_OK and values[fact] is not True:
            return _SENDER, ""
        if fact not in (NETWORK_OK, SENDER_OK):
            return frozenset({Reason.FACT_UNKNOWN if values[fact] == UNKNOWN else Reason.FACT_NOT_MET}), fact
    return frozenset({Reason.ROLE_NOT_PERMITTED}), ""


def _beyond(asked: Asked) -> Iterator[str]:
    if asked.members.get("fact") == SUPPORTED_OBLIGATIONS:
        yield "that the caller could not perform an obligation is in no policy file"
