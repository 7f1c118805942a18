"""The decision: R3..R7 of docs/semantics.md after `core.standing`. Pure; everything it needs was fetched before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple

from authz.core.assurance import EMAIL_REQUESTS, channel_refusal, sender_refusal
from authz.core.attributes import bindings
from authz.core.decision import Decision
from authz.core.directory import Annex, Directory
from authz.core.generation import Generation
from authz.core.network import TenantNetworks
from authz.core.standing import INFER_TENANT, TENANT_RESOURCE, Standing, identify
from authz.core.table import Answer, Cell
from authz.core.types import (
    ADDRESSED,
    Address,
    Assurance,
    Channel,
    ContactState,
    Missing,
    NetworkChoice,
    Reason,
    Request,
)

# Reading an enumeration's member costs more than comparing it.
_ACTIVE: Final = ContactState.ACTIVE
_DECLARED: Final = NetworkChoice.DECLARED
_PERMITTED: Final = Reason.PERMITTED
_NOT_PERMITTED: Final = Reason.ROLE_NOT_PERMITTED
_NOT_DECLARED: Final = Reason.NETWORK_NOT_DECLARED
_WEB: Final = Channel.WEB
_SESSION: Final = Assurance.SESSION
_new: Final = tuple.__new__
"""Makes a named tuple from all of its members in order, without looking at their names."""


class Established(NamedTuple):
    """R5: what is true and what is not known, and why the built-in facts are not true (None: they are)."""

    mask: int
    unknown: int
    network: Reason | None
    sender: Reason | None
    network_rule: str


def decide(request: Request, directory: Directory, generations: Mapping[str, Generation], now: float) -> Decision:
    """May the subject do the action? `now`: seconds since 1970-01-01T00:00Z.

    Raises:
        NoActivePolicy: the answer hangs on a policy set that has no good generation.
    """
    return _at_once(request, directory, generations, now) or _with_care(request, directory, generations, now)


def _at_once(
    request: Request, directory: Directory, generations: Mapping[str, Generation], now: float
) -> Decision | None:
    """The usual question in one go, without a call: an active contact of exactly one tenant, over the web, under a cell
    without facts of the set. It says what `_with_care` says (tests/differential holds them equal); None: ask that.
    """
    kind, written, word, resource, wanted, address, channel, assurance, _, _, _, _ = request
    if kind != "contact" or resource != TENANT_RESOURCE or channel is not _WEB or assurance is not _SESSION:
        return None
    # R1, R2: an id found as written is canonical; `:` and the missing `@` keep logins and phones out
    listed = directory.recent.get(written) or directory.look_up(written)
    if listed is None or ":" in written or "@" not in written:
        return None
    tenant, annex, contact = listed
    tenant_id = tenant.id
    generation = generations.get(tenant.set_id)
    if wanted not in (tenant_id, INFER_TENANT) or generation is None or not generation.answers_web:
        return None
    # R3
    midnight, following, day = generation.local_day.known
    if not (midnight <= now < following and tenant.newest_from <= day):
        return None
    # R4
    action = generation.words.get(word)
    if contact.state is not _ACTIVE or action is None:
        return None
    cell = generation.table.own.get(tenant_id, generation.table.shared).get((contact.role, action))
    if cell is None or cell.others:
        return None
    # R5, R7
    lines = generation.networks.get(tenant_id)
    if lines is None or address is None or lines.has_any:
        network, network_rule = network_refusal(address, annex, lines)
    else:
        inside, network_rule = lines.verdicts[bisect_right(lines.bounds, address)]
        network = None if inside else _NOT_DECLARED
    # R6
    mask = cell.sender_bit if network is not None else cell.sender_bit | cell.network_bit
    allowed, rule, lacking, unwanted = cell.answers[mask]
    if allowed:
        return _new(Decision, (
            True, _PERMITTED, action, tenant, annex, contact, generation, cell, mask, 0, rule, network_rule, "",
            (), written,
        ))  # fmt: skip
    reason = _NOT_PERMITTED if network is None or not cell.network_bit & (lacking | unwanted) else network
    return _new(Decision, (
        False, reason, action, tenant, annex, contact, generation, cell, mask, 0, rule, network_rule, "",
        cell.missing[mask], None,
    ))  # fmt: skip


def _with_care(request: Request, directory: Directory, generations: Mapping[str, Generation], now: float) -> Decision:
    """R1 to R6 in their order, for every question there can be."""
    standing = identify(request, directory, generations, now)
    if not isinstance(standing, Standing):
        return standing
    tenant, annex, contact, generation, _ = standing
    if contact.state is not _ACTIVE:
        return Decision(False, Reason.CONTACT_SUSPENDED, "", tenant, annex, contact, generation)
    action = generation.words.get(request.action)
    if action is None:
        return Decision(False, Reason.ACTION_UNKNOWN, "", tenant, annex, contact, generation)
    email_requests = tenant.attributes.get(EMAIL_REQUESTS)
    closed = channel_refusal(request.channel, generation.definition.channels, email_requests)
    if closed is not None:
        return Decision(False, closed, action, tenant, annex, contact, generation)
    cell = generation.table.cell(tenant.id, contact.role, action)
    if cell is None:
        return Decision(False, Reason.ROLE_NOT_PERMITTED, action, tenant, annex, contact, generation)
    return _judge(standing, request, action, cell, now)


def _judge(standing: Standing, request: Request, action: str, cell: Cell, now: float) -> Decision:
    """R5 and R6: establish the facts that the cell names, then read what Casbin answered for them."""
    tenant, annex, contact, generation, key = standing
    facts = _establish(standing, request, action, cell, now)
    undecided = ""
    if facts.unknown:
        answer, undecided = _under_uncertainty(cell, facts.mask, facts.unknown)
    else:
        answer = cell.answers[facts.mask]
    if answer.allowed:
        return Decision(
            True, _PERMITTED, action, tenant, annex, contact, generation, cell, facts.mask, facts.unknown,
            answer.rule, facts.network_rule, key=key,
        )  # fmt: skip
    reason, fact = (Reason.FACT_UNKNOWN, undecided) if undecided else _first_missing(cell, answer, facts)
    return Decision(
        False, reason, action, tenant, annex, contact, generation, cell, facts.mask, facts.unknown,
        answer.rule, facts.network_rule, fact, _missing(standing, request, action, cell, answer, now),
    )  # fmt: skip


def _establish(standing: Standing, request: Request, action: str, cell: Cell, now: float) -> Established:
    """R5: the built-in facts, and of the set's facts those that some line able to match this cell names."""
    tenant, annex, contact, generation, key = standing
    definition = generation.definition
    high_risk = definition.actions[action].high_risk
    sender = sender_refusal(request.channel, request.assurance, high_risk, tenant.attributes.get(EMAIL_REQUESTS))
    network, network_rule = sender, ""
    if request.channel in ADDRESSED:
        network, network_rule = network_refusal(request.address, annex, generation.networks.get(tenant.id))
    mask = (0 if network else cell.network_bit) | (0 if sender else cell.sender_bit)
    unknown = 0
    if cell.others:
        known = bindings(definition, request, tenant, contact, key, action, generation.local_day.ordinal(now), now)
        for bit, fact in cell.others:
            value = generation.facts(fact, known)
            if value is None:
                unknown |= bit
            elif value:
                mask |= bit
    return Established(mask, unknown, network, sender, network_rule)


def network_refusal(address: Address | None, annex: Annex, lines: TenantNetworks | None) -> tuple[Reason | None, str]:
    """R5 `network_ok` and R7: None where the address is inside, else the reason; and the network line that spoke."""
    if lines is None:
        return Reason.NETWORK_NOT_DECLARED, ""
    if lines.has_any and annex.network is _DECLARED:
        return Reason.NETWORK_CHOICE_MISMATCH, ""
    if address is None:
        return (None if lines.has_any else Reason.IP_MISSING), ""
    inside, source = lines.verdict(address)
    return (None if inside else Reason.NETWORK_NOT_DECLARED), source


def _under_uncertainty(cell: Cell, mask: int, unknown: int) -> tuple[Answer, str]:
    """R5: the answer that holds whatever the unknown facts are, or the first unknown fact that could change it."""
    answers = cell.answers_for(mask, unknown)
    if all(answer.allowed for answer in answers):
        return answers[0], ""
    refusals = [answer for answer in answers if not answer.allowed]
    worst = max(refusals, key=lambda answer: answer.missing.bit_count())
    if len(refusals) == len(answers):
        return worst, ""
    for bit, fact in cell.others:
        if unknown & bit:
            rest = unknown & ~bit
            without = cell.answers_for(mask, rest)
            with_it = cell.answers_for(mask | bit, rest)
            if any(a.allowed != b.allowed for a, b in zip(without, with_it, strict=True)):
                return worst, fact
    raise AssertionError("answers differ, so some unknown fact changes them")


def _first_missing(cell: Cell, answer: Answer, facts: Established) -> tuple[Reason, str]:
    """R6: the reason of a refusal by the judge, and the fact it hangs on where it is a fact of the set."""
    if not answer.missing:
        return Reason.ROLE_NOT_PERMITTED, ""
    if facts.network is not None and cell.network_bit & answer.missing:
        return facts.network, ""
    if facts.sender is not None and cell.sender_bit & answer.missing:
        return facts.sender, ""
    for bit, fact in cell.others:
        if bit & answer.missing:
            return (Reason.FACT_UNKNOWN if facts.unknown & bit else Reason.FACT_NOT_MET), fact
    return Reason.ROLE_NOT_PERMITTED, ""


def _missing(
    standing: Standing, request: Request, action: str, cell: Cell, answer: Answer, now: float
) -> tuple[Missing, ...]:
    """R9: what would have to be different, in the order network, sender, other facts of the line."""
    if not answer.missing:
        return ()
    tenant, _, contact, generation, key = standing
    known = None
    found = []
    for at, fact in enumerate(cell.facts):
        bit = 1 << at
        if not bit & answer.missing:
            continue
        parts: tuple[str, ...] = ()
        declared = generation.definition.facts.get(fact)
        if declared is not None and declared.parts:
            if known is None:
                day = generation.local_day.ordinal(now)
                known = bindings(generation.definition, request, tenant, contact, key, action, day, now)
            parts = generation.facts.unmet_parts(fact, known)
        found.append(Missing(fact, bool(bit & answer.wanted), parts))
    return tuple(found)
