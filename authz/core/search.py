"""AuthZEN search (sections 8.4 to 8.6): who, what and which, answered from the decision table.

A candidate is left out without being asked when its cell of the table allows nothing; every other one is decided like
any single question, so a search lists exactly what evaluation one by one would permit. Candidates come in a stable
order, each with its place, from which a later page goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from authz.core.decide import INFER_TENANT, TENANT_RESOURCE, decide
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import BUILT_IN_SUBJECT_TYPES, kind_of, shown_id, subject_key
from authz.core.types import ContactState, Decision, Request


class Found(NamedTuple):
    """One permitted entity: its id (an action's name), the question that it answers, and where to go on after it."""

    id: str
    request: Request
    decision: Decision
    place: tuple[str, ...]


class World(NamedTuple):
    """What a search looks at, read once. `now`: seconds since 1970-01-01T00:00Z."""

    directory: Directory
    generations: Mapping[str, Generation]
    now: float


def search_subjects(question: Request, world: World, after: tuple[str, ...] = ()) -> Iterator[Found]:
    """The subjects of `question.subject_type` that may do the action on the resource; its `subject_id` is ignored."""
    for tenant, annex, generation in _tenants_in_force(question, world, after):
        action = generation.words.get(question.action)
        kind = _kind(question.subject_type, generation)
        if action is None or kind is None:
            continue
        keys = sorted(
            key
            for contact in annex.contacts
            if contact.state is ContactState.ACTIVE and _can_allow(generation, tenant, contact.role, action)
            for key in contact.keys
            if kind_of(key) == kind and (tenant.id, key) > after
        )
        for key in keys:
            asked = question._replace(subject_id=shown_id(key))
            yield from _if_permitted(asked, asked.subject_id, (tenant.id, key), world)


def search_resources(question: Request, world: World, after: tuple[str, ...] = ()) -> Iterator[Found]:
    """The known resources of `question.resource_type` on which the subject may do the action; its id is ignored."""
    stated = question.resource_properties.get(TENANT_RESOURCE)
    for tenant_id in sorted(_listing(question, world)):
        if stated is not None and stated != tenant_id:
            continue
        tenant = world.directory.tenants.get(tenant_id)
        if tenant is None:
            continue
        if question.resource_type == TENANT_RESOURCE:
            ids = [tenant.id]
        else:
            ids = sorted(known for kind, known in tenant.resources if kind == question.resource_type)
        for resource_id in ids:
            if (tenant.id, resource_id) > after:
                asked = question._replace(resource_id=resource_id)
                yield from _if_permitted(asked, resource_id, (tenant.id, resource_id), world)


def search_actions(question: Request, world: World, after: tuple[str, ...] = ()) -> Iterator[Found]:
    """The actions that the subject may do on the resource; the question's own `action` is ignored."""
    sets = {
        tenant.set_id
        for tenant_id in _listing(question, world)
        if (tenant := world.directory.tenants.get(tenant_id)) is not None
    }
    names = {
        action
        for set_id in sets
        if (generation := world.generations.get(set_id)) is not None
        for action in generation.definition.actions
    }
    for name in sorted(names):
        if (name,) > after:
            yield from _if_permitted(question._replace(action=name), name, (name,), world)


def _if_permitted(asked: Request, found_id: str, place: tuple[str, ...], world: World) -> Iterator[Found]:
    decision = decide(asked, world.directory, world.generations, world.now)
    if decision.allowed:
        yield Found(found_id, asked, decision, place)


def _kind(subject_type: str, generation: Generation) -> str | None:
    return BUILT_IN_SUBJECT_TYPES.get(subject_type) or generation.definition.subject_types.get(subject_type)


def _listing(question: Request, world: World) -> set[str]:
    """The tenants that may list the subject of the question."""
    kinds = {_kind(question.subject_type, generation) for generation in world.generations.values()}
    keys = [subject_key(kind, question.subject_id) for kind in kinds if kind is not None]
    return {tenant for key in keys if key is not None for tenant in world.directory.tenants_listing(key)}


def _can_allow(generation: Generation, tenant: Tenant, role: str, action: str) -> bool:
    """Whether any answer of the cell is an allow: read from the table, whatever the facts are."""
    cell = generation.table.cell(tenant.id, role, action)
    return cell is not None and cell.can_allow


def _tenants_in_force(
    question: Request, world: World, after: tuple[str, ...]
) -> Iterator[tuple[Tenant, Annex, Generation]]:
    """The tenants that the resource may belong to, with their annex in force, in the order of their ids."""
    for tenant_id in _tenants_of(question, world):
        tenant = world.directory.tenants.get(tenant_id)
        generation = world.generations.get(tenant.set_id) if tenant is not None else None
        if tenant is None or generation is None or (after and tenant_id < after[0]):
            continue
        annex = tenant.annex_in_force(generation.local_day.ordinal(world.now))
        if annex is not None:
            yield tenant, annex, generation


def _tenants_of(question: Request, world: World) -> list[str]:
    stated = question.resource_properties.get(TENANT_RESOURCE)
    if question.resource_type == TENANT_RESOURCE:
        stated = question.resource_id
    elif stated is None:
        owners = world.directory.resource_owners.get((question.resource_type, question.resource_id), ())
        free = any(_is_tenant_free(question.resource_type, live) for live in world.generations.values())
        if owners or not free:
            return sorted(owners)
        stated = INFER_TENANT
    if stated == INFER_TENANT:
        return sorted(world.directory.tenants)
    return [stated] if isinstance(stated, str) else []


def _is_tenant_free(resource_type: str, generation: Generation) -> bool:
    declared = generation.definition.resource_types.get(resource_type)
    return declared is not None and declared.tenant_free
