"""The decision: R1..R7 of docs/semantics.md, in their order. Pure; everything it needs was fetched before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from authz.core.assurance import EMAIL_REQUESTS, channel_refusal, sender_refusal
from authz.core.attributes import bindings
from authz.core.directory import Annex, Contact, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import BUILT_IN_SUBJECT_TYPES, subject_key
from authz.core.network import TenantNetworks
from authz.core.table import Answer, Cell
from authz.core.types import ContactState, Decision, Missing, NetworkChoice, Reason, Request, SubjectKey
from authz.errors import NoActivePolicy

INFER_TENANT = "*"
TENANT_RESOURCE = "tenant"


class Standing(NamedTuple):
    """Where a subject stands: on which annex of which tenant, under which live policy."""

    tenant: Tenant
    annex: Annex
    contact: Contact
    generation: Generation
    key: SubjectKey


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
    standing = _identify(request, directory, generations, now)
    if not isinstance(standing, Standing):
        return standing
    tenant, annex, contact, generation, _ = standing
    if contact.state is not ContactState.ACTIVE:
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
    tenant, annex, contact, generation, _ = standing
    facts = _establish(standing, request, action, cell, now)
    undecided = ""
    if facts.unknown:
        answer, undecided = _under_uncertainty(cell, facts.mask, facts.unknown)
    else:
        answer = cell.answers[facts.mask]
    if answer.allowed:
        return Decision(
            True, Reason.PERMITTED, action, tenant, annex, contact, generation, cell, facts.mask, facts.unknown,
            answer.rule, facts.network_rule,
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
    if request.channel.has_address:
        network, network_rule = network_refusal(request, annex, generation.networks.get(tenant.id))
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


def _identify(
    request: Request, directory: Directory, generations: Mapping[str, Generation], now: float
) -> Standing | Decision:
    """R1 and R2: the one standing that the question is about, or the refusal."""
    in_force, future, without_policy = _standings(request, directory, generations, now)
    if not in_force and not without_policy:
        return Decision(False, Reason.ANNEX_NOT_IN_FORCE if future else Reason.CONTACT_UNREGISTERED)

    wanted = _tenant_of_resource(request, directory, in_force)
    if isinstance(wanted, Reason):
        return Decision(False, wanted)
    if without_policy and (wanted in without_policy or wanted == INFER_TENANT or not in_force):
        raise NoActivePolicy("the contract's policy set has no good generation")
    if wanted == INFER_TENANT:
        return _known_type(request, in_force[0]) if len(in_force) == 1 else Decision(False, Reason.TENANT_AMBIGUOUS)
    for standing in in_force:
        if standing.tenant.id == wanted:
            return _known_type(request, standing)
    if wanted not in directory.tenants:
        return Decision(False, Reason.TENANT_UNKNOWN)
    return Decision(False, Reason.ANNEX_NOT_IN_FORCE if wanted in future else Reason.CONTACT_OF_OTHER_TENANT)


def _standings(
    request: Request, directory: Directory, generations: Mapping[str, Generation], now: float
) -> tuple[list[Standing], list[str], list[str]]:
    """R1: where the subject stands; the tenants with a future annex only; those whose policy set is not live."""
    in_force: list[Standing] = []
    future: list[str] = []
    without_policy: list[str] = []
    for key, tenant in _candidates(request, directory, generations):
        generation = generations.get(tenant.set_id)
        if generation is None:
            without_policy.append(tenant.id)
            continue
        day = generation.local_day.ordinal(now)
        annex = tenant.annex_in_force(day)
        contact = annex.contact(key) if annex is not None else None
        if annex is not None and contact is not None:
            in_force.append(Standing(tenant, annex, contact, generation, key))
        elif any(coming.contact(key) for coming in tenant.future_annexes(day)):
            future.append(tenant.id)
    return in_force, future, without_policy


def _known_type(request: Request, standing: Standing) -> Standing | Decision:
    """R2: a resource type that the tenant's set does not have belongs to no tenant that could be told."""
    known = request.resource_type == TENANT_RESOURCE
    if known or request.resource_type in standing.generation.definition.resource_types:
        return standing
    return Decision(False, Reason.TENANT_UNKNOWN)


def _candidates(
    request: Request, directory: Directory, generations: Mapping[str, Generation]
) -> list[tuple[SubjectKey, Tenant]]:
    """Every tenant that may list the subject, with the canonical id under which it would (R1)."""
    kind = BUILT_IN_SUBJECT_TYPES.get(request.subject_type)
    if kind is not None:
        key = subject_key(kind, request.subject_id)
        if key is None:
            return []
        tenants = directory.tenants
        return [(key, tenants[tenant]) for tenant in directory.tenants_listing(key) if tenant in tenants]
    found: list[tuple[SubjectKey, Tenant]] = []
    for set_id, generation in generations.items():
        kind = generation.definition.subject_types.get(request.subject_type)
        key = subject_key(kind, request.subject_id) if kind is not None else None
        if key is None:
            continue
        listed = (directory.tenants.get(tenant) for tenant in directory.tenants_listing(key))
        found.extend((key, tenant) for tenant in listed if tenant is not None and tenant.set_id == set_id)
    return found


def _tenant_of_resource(request: Request, directory: Directory, in_force: list[Standing]) -> str | Reason:
    """R2: the tenant that the resource belongs to, `INFER_TENANT`, or why it cannot be told."""
    if request.resource_type == TENANT_RESOURCE:
        return request.resource_id
    stated = request.resource_properties.get(TENANT_RESOURCE)
    if stated is not None:
        return stated if type(stated) is str and stated != INFER_TENANT else Reason.TENANT_UNKNOWN
    owners = directory.resource_owners.get((request.resource_type, request.resource_id), ())
    if len(owners) == 1:
        return owners[0]
    if owners:
        return Reason.TENANT_AMBIGUOUS
    declared = (standing.generation.definition.resource_types.get(request.resource_type) for standing in in_force)
    if any(resource_type is not None and resource_type.tenant_free for resource_type in declared):
        return INFER_TENANT
    return Reason.TENANT_UNKNOWN


def network_refusal(request: Request, annex: Annex, lines: TenantNetworks | None) -> tuple[Reason | None, str]:
    """R5 `network_ok` and R7: None where the address is inside, else the reason; and the network line that spoke."""
    if lines is None:
        return Reason.NETWORK_NOT_DECLARED, ""
    if lines.has_any and annex.network is NetworkChoice.DECLARED:
        return Reason.NETWORK_CHOICE_MISMATCH, ""
    if request.address is None:
        return (None if lines.has_any else Reason.IP_MISSING), ""
    inside, source = lines.verdict(request.address)
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
