"""The decision rule by rule (R9), from what the decision already holds: nothing is decided again here."""

from __future__ import annotations

from typing import Final, NamedTuple

from authz.core.decision import Decision
from authz.core.table import BUILT_IN_FACTS
from authz.core.types import Channel, Reason, Request

PASSED: Final = "passed"
FAILED: Final = "failed"
NOT_REACHED: Final = "not reached"

_FAILS_AT: Final = {
    Reason.CONTACT_UNREGISTERED: "R1",
    Reason.ANNEX_NOT_IN_FORCE: "R1",
    Reason.TENANT_UNKNOWN: "R2",
    Reason.TENANT_AMBIGUOUS: "R2",
    Reason.CONTACT_OF_OTHER_TENANT: "R2",
    Reason.TENANT_NOT_ALLOWED: "R2",
    Reason.CONTACT_SUSPENDED: "R3",
    Reason.ACTION_UNKNOWN: "R4",
    Reason.CHANNEL_NOT_ALLOWED: "R5",
    Reason.FACT_UNKNOWN: "R5",
}
_BEFORE_R1: Final = frozenset({Reason.AMBIGUOUS_REQUEST, Reason.REGISTRY_TOO_OLD, Reason.INTERNAL_ERROR})
"""Refusals of which no rule knows anything."""
_RULES: Final = ("R1", "R2", "R3", "R4", "R5", "R6")
_TITLES: Final = {
    "R1": "identify the contact",
    "R2": "tell the tenant",
    "R3": "annex in force, contact active",
    "R4": "recognise the action",
    "R5": "establish the facts",
    "R6": "judge",
}


class Step(NamedTuple):
    """One rule: `outcome` is passed, failed or not reached; `source` is `<set>/<file>:<line>` where a line spoke."""

    rule: str
    title: str
    outcome: str
    text: str
    source: str = ""


def steps(decision: Decision, request: Request) -> tuple[Step, ...]:
    """R1 to R6 in order, each with what it found."""
    failing = "" if decision.allowed else _FAILS_AT.get(decision.reason, "R6")
    outcomes = []
    reached = decision.reason not in _BEFORE_R1
    for rule in _RULES:
        outcome = (FAILED if rule == failing else PASSED) if reached else NOT_REACHED
        text, source = _found(rule, outcome, decision, request) if reached else ("", "")
        outcomes.append(Step(rule, _TITLES[rule], outcome, text, source))
        reached = reached and rule != failing
    return tuple(outcomes)


def _found(rule: str, outcome: str, decision: Decision, request: Request) -> tuple[str, str]:
    if outcome == FAILED and rule not in ("R5", "R6"):
        return decision.reason.value, ""
    contact, tenant, annex, generation = decision.contact, decision.tenant, decision.annex, decision.generation
    if rule == "R1":
        return (f"{contact.name}, {contact.role}" if contact else "stands on an annex in force"), ""
    if rule == "R2" and tenant:
        return f"{tenant.name} ({tenant.id}), policy set {tenant.set_id}", ""
    if rule == "R3" and annex:
        return f"annex {annex.number}, in force from {annex.effective_from.isoformat()}, network: {annex.network}", ""
    if rule == "R4" and generation:
        action = generation.definition.actions[decision.action]
        return f"{decision.action} (clause {action.clause})", ""
    if rule == "R5":
        return _facts(decision, request), decision.network_rule
    return decision.reason.value, decision.rule


def _facts(decision: Decision, request: Request) -> str:
    if decision.reason is Reason.CHANNEL_NOT_ALLOWED:
        return f"channel {request.channel} is not allowed"
    if decision.cell is None:
        return "none"
    said = [f"{fact} {_value(decision, 1 << at)}{_how(fact, request)}" for at, fact in enumerate(decision.cell.facts)]
    return ", ".join(said) or "none needed"


def _value(decision: Decision, bit: int) -> str:
    if decision.unknown & bit:
        return "unknown"
    return "true" if decision.mask & bit else "false"


def _how(fact: str, request: Request) -> str:
    if fact not in BUILT_IN_FACTS:
        return ""
    if fact == "sender_ok":
        return f" (assurance {request.assurance})"
    return "" if Channel(request.channel).has_address else f" (channel {request.channel}: as sender_ok)"
