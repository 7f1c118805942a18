"""What a record tells of the facts under other rules (docs/decision-log.md). Pure.

A record holds no person and no full address. A fact is known again only where every person, tenant and address that
the record may be about would have it so; else it is not told, and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from authz.core.assurance import sender_refusal
from authz.core.definition import FactDef, PolicySet
from authz.core.generation import Generation
from authz.core.network import ANY_NETWORK, IPV6_BASE, AddressRange, TenantNetworks, parse_cidr
from authz.core.table import NETWORK_OK, SENDER_OK, Answer, Cell
from authz.core.types import Address, Assurance, Channel, Reason

UNKNOWN: Final = "unknown"
Fact = bool | str | None
"""True, False, `UNKNOWN` (the decision point itself did not know, R5), or None: the record does not tell."""

_CONFIRM: Final = "confirm"
_EVERYTHING: Final = AddressRange(Address(0), Address(IPV6_BASE + (1 << 128) - 1))


class Asked(NamedTuple):
    """A recorded question whose role, action, channel, set and tenant are known. `members`: of the whole record."""

    members: Mapping[str, Any]
    role: str
    action: str
    channel: Channel
    assurance: Assurance
    set_id: str
    tenant_id: str

    def recorded(self, fact: str) -> Fact:
        """The fact's value as it was recorded."""
        value = self.members.get("facts", {}).get(fact)
        return value if type(value) is bool or value == UNKNOWN else None


def asked_in(members: Mapping[str, Any]) -> Asked | None:
    """The question of a record; None where it ended before all of this was known."""
    try:
        asked = Asked(
            members,
            members["role"],
            members["action"],
            Channel(members["channel"]),
            Assurance(members["assurance"]),
            members["set"],
            members["tenant"],
        )
    except (KeyError, ValueError):
        return None
    return (
        asked if all(type(part) is str for part in (asked.role, asked.action, asked.set_id, asked.tenant_id)) else None
    )


def fact_again(fact: str, asked: Asked, now: Generation, then: Generation | None) -> Fact:
    """The fact under the rules `now`. `then`: the rules of the record, None where they are not at hand."""
    if fact == SENDER_OK or (fact == NETWORK_OK and not asked.channel.has_address):
        return _sender(asked, now, then)
    if fact == NETWORK_OK:
        before = then.networks.get(asked.tenant_id) if then is not None else None
        return _network(asked, now.networks.get(asked.tenant_id), before)
    if then is not None and not _means_the_same(fact, now.definition, then.definition):
        return None
    return asked.recorded(fact)


def answer_of(cell: Cell, facts: Mapping[str, Fact]) -> Answer:
    """What the judge said for these values; one that is unknown and could change the answer refuses (R5)."""
    answers = cell.answers_for(*_bits(cell, facts))
    refusals = [answer for answer in answers if not answer.allowed]
    return max(refusals, key=lambda answer: answer.missing.bit_count()) if refusals else answers[0]


def undecided(cell: Cell, facts: Mapping[str, Fact]) -> str:
    """The first unknown fact that could change the answer (R5); empty where none could."""
    mask, unknown = _bits(cell, facts)
    for bit, fact in cell.others:
        if unknown & bit:
            rest = unknown & ~bit
            pairs = zip(cell.answers_for(mask, rest), cell.answers_for(mask | bit, rest), strict=True)
            if any(without.allowed is not with_it.allowed for without, with_it in pairs):
                return fact
    return ""


def _bits(cell: Cell, facts: Mapping[str, Fact]) -> tuple[int, int]:
    """(true ones, unknown ones), in the cell's order of facts."""
    mask = sum(1 << at for at, fact in enumerate(cell.facts) if facts[fact] is True)
    return mask, sum(1 << at for at, fact in enumerate(cell.facts) if facts[fact] == UNKNOWN)


def _sender(asked: Asked, now: Generation, then: Generation | None) -> Fact:
    """R5 `sender_ok`. Whether the tenant wants each mail confirmed is in no record, but may follow from it."""
    high_risk = now.definition.actions[asked.action].high_risk
    trusting = sender_refusal(asked.channel, asked.assurance, high_risk, None) is None
    confirming = sender_refusal(asked.channel, asked.assurance, high_risk, _CONFIRM) is None
    if trusting is confirming:
        return trusting
    recorded = asked.recorded(SENDER_OK)
    if recorded is None and not asked.channel.has_address:
        recorded = asked.recorded(NETWORK_OK)
    if recorded is True:
        return True
    before = then.definition.actions.get(asked.action) if then is not None else None
    return False if recorded is False and before is not None and not before.high_risk else None


def _network(asked: Asked, lines: TenantNetworks | None, before: TenantNetworks | None) -> Fact:
    """R5 `network_ok` over a channel that has addresses."""
    if lines is None:
        return False
    recorded = asked.recorded(NETWORK_OK)
    if recorded in (True, False) and before is not None and _pairs(lines) == _pairs(before):
        return recorded
    if lines.has_any:
        declared = _declared_only(asked, recorded, before)
        if declared is not False:
            return False if declared else None
    around = asked.members.get("ip_network", asked.members.get("ip_ref"))
    if around is None:  # there was no address; or it was let in by a rule that did not ask where it is
        return lines.has_any if recorded is not None or asked.members.get("decision") is False else None
    try:
        span = _EVERYTHING if around == ANY_NETWORK else parse_cidr(around)
    except ValueError:
        return None  # the network is kept no more, or was never a range
    possible = {
        lines.inside(first) for first in _parts(span, lines, before) if _possible(first, asked, recorded, before)
    }
    return possible.pop() if len(possible) == 1 else None


def network_may_be(value: bool, asked: Asked, lines: TenantNetworks | None) -> bool:
    """Whether `network_ok` can have had this value by these lines, as far as the record tells where it came from."""
    if lines is None:
        return not value
    around = asked.members.get("ip_network", asked.members.get("ip_ref"))
    if lines.has_any and asked.members.get("reason") == Reason.NETWORK_CHOICE_MISMATCH:
        return not value
    if around is None:
        return not value or lines.has_any
    try:
        span = _EVERYTHING if around == ANY_NETWORK else parse_cidr(around)
    except ValueError:
        return True
    verdicts = [lines.verdict(first) for first in _parts(span, lines)]
    rule = asked.members.get("network_rule")
    return any(one.inside is value and (not rule or one.source == rule) for one in verdicts) or (
        not value and lines.has_any  # an annex of declared networks, and a line `any` (R7)
    )


def _declared_only(asked: Asked, recorded: Fact, before: TenantNetworks | None) -> bool | None:
    """Whether the annex lets in declared networks only, by which a line `any` is a mismatch (R7); None: not told."""
    if asked.members.get("reason") == Reason.NETWORK_CHOICE_MISMATCH:
        return True
    around = asked.members.get("ip_ref", ANY_NETWORK)
    let_in_by_any = around == ANY_NETWORK or (before is not None and before.has_any)
    return False if recorded is True and let_in_by_any else None


def _parts(span: AddressRange, *several: TenantNetworks | None) -> Iterator[Address]:
    """The first address of each part of the span in which all addresses fare alike."""
    cuts = {bound for lines in several if lines is not None for bound in lines.boundaries}
    yield span.first
    yield from (Address(cut) for cut in sorted(cuts) if span.first < cut <= span.last)


def _possible(address: Address, asked: Asked, recorded: Fact, before: TenantNetworks | None) -> bool:
    """Whether the recorded question can have come from there."""
    if before is None or type(recorded) is not bool:
        return True
    verdict = before.verdict(address)
    if recorded:
        return verdict.inside and verdict.source == asked.members.get("network_rule", verdict.source)
    return not verdict.inside or asked.members.get("reason") == Reason.NETWORK_CHOICE_MISMATCH


def _pairs(lines: TenantNetworks) -> list[tuple[str, str]]:
    return sorted((line.network, line.effect.value) for line in lines.lines)


def _means_the_same(fact: str, now: PolicySet, then: PolicySet) -> bool:
    """Whether the fact has the same expressions over attributes declared alike."""
    mine, yours = now.facts.get(fact), then.facts.get(fact)
    if mine is None or yours is None or _expressions(mine) != _expressions(yours) or now.time_zone != then.time_zone:
        return False
    text = " ".join(_expressions(mine))
    named = {name for name in {*now.attributes, *then.attributes} if name in text}
    return all(now.attributes.get(name) == then.attributes.get(name) for name in named)


def _expressions(fact: FactDef) -> list[str]:
    return [fact.expression, *(part.expression for part in fact.parts)]
