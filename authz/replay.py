"""A recorded question put to other rules: would the answer be another? (docs/decision-log.md)

A record holds no person and no full address, but what the judge was told: role, action, channel, facts, network.
What cannot be told from that is said to be so, never guessed. The values of facts are those of then: a fact whose
expression has changed since may have another value today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import product
from typing import Any, Final, NamedTuple

from authz.core.assurance import channel_refusal, sender_refusal
from authz.core.generation import Generation
from authz.core.network import TenantNetworks, parse_cidr
from authz.core.table import NETWORK_OK, SENDER_OK, Cell
from authz.core.types import Assurance, Channel, Reason

_OF_PEOPLE: Final = frozenset(
    {
        Reason.CONTACT_UNREGISTERED, Reason.CONTACT_SUSPENDED, Reason.ANNEX_NOT_IN_FORCE, Reason.TENANT_UNKNOWN,
        Reason.TENANT_AMBIGUOUS, Reason.CONTACT_OF_OTHER_TENANT, Reason.TENANT_NOT_ALLOWED, Reason.AMBIGUOUS_REQUEST,
        Reason.REGISTRY_TOO_OLD, Reason.INTERNAL_ERROR,
    }
)  # fmt: skip
"""Refusals that no policy file has a part in."""
_ASKED: Final = ("action", "role", "channel", "assurance", "set", "tenant")


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


def replay(records: Iterable[Mapping[str, Any]], generations: Mapping[str, Generation]) -> Replayed:
    """Put every recorded decision to these policy sets; other records are passed over."""
    seen = changed = 0
    groups: Counter[Group] = Counter()
    untold: Counter[str] = Counter()
    for record in records:
        if record.get("kind") != "decision" or "as_of" in record:
            continue
        seen += 1
        found = rejudge(record, generations)
        if found.verdict is Verdict.UNTOLD:
            untold[found.cause] += 1
        elif found.verdict is Verdict.OTHERWISE and found.now is not None:
            changed += 1
            set_id, tenant, role, action = (str(record.get(name, "")) for name in ("set", "tenant", "role", "action"))
            groups[Group(set_id, tenant, role, action, found.was, found.now, found.cause)] += 1
    return Replayed(seen, changed, groups, untold)


def rejudge(record: Mapping[str, Any], generations: Mapping[str, Generation]) -> Rejudged:
    """One record under these policy sets."""
    was = record.get("decision") is True
    reason = Reason(record["reason"])
    if reason in _OF_PEOPLE:
        return Rejudged(Verdict.SAME, was, was)
    if any(type(record.get(name)) is not str for name in _ASKED):
        return _untold(was, "the record does not say which action was asked for")
    generation = generations.get(record["set"])
    if generation is None:
        return _untold(was, f"there is no policy set `{record['set']}` any more")
    action = record["action"]
    if action not in generation.definition.actions:
        return _told(was, False, f"{record['set']}/set.yaml: there is no action `{action}` any more")
    channel = Channel(record["channel"])
    if channel_refusal(channel, generation.definition.channels, None) is not None:
        return _told(was, False, f"{record['set']}/set.yaml: the channel `{channel}` is closed")
    cell = generation.table.cell(record["tenant"], record["role"], action)
    if cell is None:
        return _told(was, False, f"{record['set']}/matrix.csv: no line for `{record['role']}`")
    if reason is Reason.CHANNEL_NOT_ALLOWED and cell.can_allow:
        return _untold(was, "the channel was closed then, so no fact was computed")
    return _judged(record, was, generation, cell, channel)


def _judged(record: Mapping[str, Any], was: bool, generation: Generation, cell: Cell, channel: Channel) -> Rejudged:
    known = {fact: _fact(record, fact, generation, channel) for fact in cell.facts}
    undecided = [fact for fact, value in known.items() if value is None]
    answers = []
    for choice in product((False, True), repeat=len(undecided)):
        values = {**known, **dict(zip(undecided, choice, strict=True))}
        answers.append(cell.answers[sum(1 << at for at, fact in enumerate(cell.facts) if values[fact])])
    allowed = {answer.allowed for answer in answers}
    if len(allowed) > 1:
        if any(record.get("facts", {}).get(fact) == "unknown" for fact in undecided):
            return _told(was, False, answers[0].rule)  # R5: what is not known and could change the answer refuses
        return _untold(was, f"the record does not say whether `{undecided[0]}` held")
    duties = record.get("reason") == Reason.FACT_NOT_MET and record.get("fact") == "supported_obligations"
    if duties and allowed == {True}:
        return Rejudged(Verdict.SAME, was, was)
    return _told(was, answers[0].allowed, answers[0].rule)


def _fact(record: Mapping[str, Any], fact: str, generation: Generation, channel: Channel) -> bool | None:
    """Whether the fact would hold; None where the record does not say."""
    stated = record.get("facts", {}).get(fact)
    recorded = stated if type(stated) is bool else None
    if fact == SENDER_OK or (fact == NETWORK_OK and not channel.has_address):
        high_risk = generation.definition.actions[record["action"]].high_risk
        if sender_refusal(channel, Assurance(record["assurance"]), high_risk, None) is not None:
            return False
        return recorded is not False  # the tenant's own rule for mails may have refused it
    if fact == NETWORK_OK:
        return _network(record, recorded, generation.networks.get(record["tenant"]))
    return recorded


def _network(record: Mapping[str, Any], recorded: bool | None, lines: TenantNetworks | None) -> bool | None:
    """By the network that the record keeps: all of it inside, all of it outside, or not to be told."""
    if lines is None:
        return False
    around = record.get("ip_network", record.get("ip_ref", ""))
    if around == "any" or (record.get("reason") == Reason.IP_MISSING):
        return lines.has_any
    try:
        span = parse_cidr(around)
    except ValueError:
        return recorded if record.get("reason") == Reason.NETWORK_CHOICE_MISMATCH else None
    edges = [bound for bound in lines.boundaries if span.first < bound <= span.last]
    verdicts = {lines.verdict(address).inside for address in (span.first, *edges)}  # type: ignore[arg-type]
    return verdicts.pop() if len(verdicts) == 1 else None


def _told(was: bool, now: bool, cause: str) -> Rejudged:
    return Rejudged(Verdict.SAME if was is now else Verdict.OTHERWISE, was, now, cause)


def _untold(was: bool, why: str) -> Rejudged:
    return Rejudged(Verdict.UNTOLD, was, None, why)


def sentence(group: Group, count: int) -> str:
    """One cause for a person to read."""
    times = "1 question" if count == 1 else f"{count:,} questions"
    turned = "allowed, would be refused" if group.was else "refused, would be allowed"
    by = f" by {group.cause}" if group.cause else ""
    return f"{times} of {group.tenant} ({group.set_id}): {group.role}, {group.action}: {turned}{by}"
