"""AuthZEN search (sections 8.4 to 8.6): who, what and which, answered from the decision table.

Everything that is the same for all candidates of one tenant (the channel, the address, how sure the sender is) is
established once; a role whose cell of the table has no allow left under it is passed over as a whole. Each remaining
candidate is decided like any single question, so a search lists exactly what evaluation one by one would permit.
Candidates come in a stable order, each with its place, from which a later page goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from authz.core.assurance import EMAIL_REQUESTS, channel_refusal, sender_refusal
from authz.core.contacts import Contact
from authz.core.decide import network_refusal
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import BUILT_IN_SUBJECT_TYPES, kind_of, shown_id, subject_key
from authz.core.standing import INFER_TENANT, TENANT_RESOURCE
from authz.core.table import Cell
from authz.core.types import ContactState, Request
from authz.errors import NoActivePolicy

Place = tuple[str, ...]
"""Where a candidate stands in the order of its search."""


class Candidate(NamedTuple):
    """One entity that may be permitted: its id (an action's name), the question about it, and its place."""

    id: str
    request: Request
    place: Place


class World(NamedTuple):
    """What a search looks at, read once. `now`: seconds since 1970-01-01T00:00Z.

    `tenants`: those that the caller may ask about, None is all; the others are not looked at.
    """

    directory: Directory
    generations: Mapping[str, Generation]
    now: float
    tenants: frozenset[str] | None = None


def subject_candidates(question: Request, world: World, after: Place = ()) -> Iterator[Candidate]:
    """The subjects of `question.subject_type` that may be permitted; the question's own `subject_id` is ignored.

    Raises:
        NoActivePolicy: not one of the tenants that the question is about has a live policy set.
    """
    for stand in _stands(_tenants_of(question, world), world, after[:1]):
        tenant, annex, generation = stand
        action = generation.words.get(question.action)
        kind = _kind(question.subject_type, generation)
        if action is None or kind is None:
            continue
        may = _table(question, stand, action)
        keys = sorted(
            key
            for contact in annex.contacts
            if contact.state is ContactState.ACTIVE and may(contact.role)
            for key in contact.keys
            if kind_of(key) == kind and (tenant.id, key) > after
        )
        for key in keys:
            subject_id = shown_id(key)
            yield Candidate(subject_id, question._replace(subject_id=subject_id), (tenant.id, key))


def resource_candidates(question: Request, world: World, after: Place = ()) -> Iterator[Candidate]:
    """The registry's resources of `question.resource_type` that may be permitted; the question's own id is ignored.

    Raises:
        NoActivePolicy: as `subject_candidates`.
    """
    kind = question.resource_type
    stated = None if kind == TENANT_RESOURCE else question.resource_properties.get(TENANT_RESOURCE)
    tenants = sorted(one for one in _listing(question, world) if stated is None or stated == one)
    for stand in _stands(tenants, world, after[:1]):
        tenant, _, generation = stand
        contact = _contact(question, stand)
        action = generation.words.get(question.action)
        if contact is None or action is None or not _table(question, stand, action)(contact.role):
            continue
        ids = (
            [tenant.id]
            if kind == TENANT_RESOURCE
            else [known for of_kind, known in tenant.resources if of_kind == kind]
        )
        for resource_id in sorted(ids):
            if (tenant.id, resource_id) > after:
                yield Candidate(resource_id, question._replace(resource_id=resource_id), (tenant.id, resource_id))


def action_candidates(question: Request, world: World, after: Place = ()) -> Iterator[Candidate]:
    """The actions that may be permitted to the subject on the resource; the question's own `action` is ignored.

    Raises:
        NoActivePolicy: as `subject_candidates`.
    """
    names: set[str] = set()
    for stand in _stands(sorted(_listing(question, world)), world):
        contact = _contact(question, stand)
        if contact is not None:
            actions = stand.generation.definition.actions
            names.update(name for name in actions if _table(question, stand, name)(contact.role))
    for name in sorted(names):
        if (name,) > after:
            yield Candidate(name, question._replace(action=name), (name,))


class _Stand(NamedTuple):
    """A tenant with the annex in force and the policy that it stands under."""

    tenant: Tenant
    annex: Annex
    generation: Generation


def _stands(tenant_ids: list[str], world: World, first: Place = ()) -> Iterator[_Stand]:
    """Those of the tenants, not before the `first`, that have an annex in force and a live policy set."""
    tenants = [tenant for one in tenant_ids if (tenant := world.directory.tenants.get(one)) is not None]
    if tenants and not any(tenant.set_id in world.generations for tenant in tenants):
        raise NoActivePolicy("the contract's policy set has no good generation")
    for tenant in tenants:
        generation = world.generations.get(tenant.set_id)
        if generation is None or (tenant.id,) < first:
            continue
        annex = tenant.annex_in_force(generation.local_day.ordinal(world.now))
        if annex is not None:
            yield _Stand(tenant, annex, generation)


def _contact(question: Request, stand: _Stand) -> Contact | None:
    """The subject of the question on that annex, if it is active there."""
    kind = _kind(question.subject_type, stand.generation)
    key = subject_key(kind, question.subject_id) if kind is not None else None
    contact = stand.annex.contact(key) if key is not None else None
    return contact if contact is not None and contact.state is ContactState.ACTIVE else None


def _table(question: Request, stand: _Stand, action: str) -> Callable[[str], bool]:
    """Role -> whether an answer of its cell is an allow, given the built-in facts of the question at that tenant."""
    tenant, annex, generation = stand
    definition = generation.definition
    email_requests = tenant.attributes.get(EMAIL_REQUESTS)
    if channel_refusal(question.channel, definition.channels, email_requests) is not None:
        return lambda _: False
    high_risk = definition.actions[action].high_risk
    network = sender = sender_refusal(question.channel, question.assurance, high_risk, email_requests)
    if question.channel.has_address:
        network, _ = network_refusal(question.address, annex, generation.networks.get(tenant.id))
    known: dict[str, bool] = {}

    def may(role: str) -> bool:
        answer = known.get(role)
        if answer is None:
            cell = generation.table.cell(tenant.id, role, action)
            answer = known[role] = cell is not None and _can_allow(cell, network is None, sender is None)
        return answer

    return may


def _can_allow(cell: Cell, network_ok: bool, sender_ok: bool) -> bool:
    """Whether any answer of the cell is an allow while the built-in facts are as given."""
    fixed = cell.network_bit | cell.sender_bit
    given = (cell.network_bit if network_ok else 0) | (cell.sender_bit if sender_ok else 0)
    return cell.can_allow and any(
        answer.allowed for mask, answer in enumerate(cell.answers) if mask & fixed == given
    )  # fmt: skip


def _kind(subject_type: str, generation: Generation) -> str | None:
    return BUILT_IN_SUBJECT_TYPES.get(subject_type) or generation.definition.subject_types.get(subject_type)


def _listing(question: Request, world: World) -> set[str]:
    """The tenants that may list the subject of the question, as far as the caller may ask about them."""
    kinds = {_kind(question.subject_type, generation) for generation in world.generations.values()}
    keys = [subject_key(kind, question.subject_id) for kind in kinds if kind is not None]
    listing = {tenant for key in keys if key is not None for tenant in world.directory.tenants_listing(key)}
    return listing if world.tenants is None else listing & world.tenants


def _tenants_of(question: Request, world: World) -> list[str]:
    """The tenants that the resource may belong to (R2), in the order of their ids."""
    stated = question.resource_properties.get(TENANT_RESOURCE)
    if question.resource_type == TENANT_RESOURCE:
        if question.resource_id == INFER_TENANT:
            return _all_tenants(world)
        named: tuple[object, ...] = (question.resource_id,)
    elif stated is not None:
        named = (stated,)
    else:
        named = world.directory.owners_of(question.resource_type, question.resource_id)
        if not named and any(_is_tenant_free(question.resource_type, live) for live in world.generations.values()):
            return _all_tenants(world)
    return sorted(
        one for one in named if isinstance(one, str) and (world.tenants is None or one in world.tenants)
    )  # fmt: skip


def _all_tenants(world: World) -> list[str]:
    return sorted(world.directory.tenants if world.tenants is None else world.tenants)


def _is_tenant_free(resource_type: str, generation: Generation) -> bool:
    declared = generation.definition.resource_types.get(resource_type)
    return declared is not None and declared.tenant_free
