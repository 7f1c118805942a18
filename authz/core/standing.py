"""Who asks, and for which tenant: R1 and R2 of docs/semantics.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from authz.core.contacts import Contact
from authz.core.decision import Decision
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import BUILT_IN_SUBJECT_TYPES, subject_key
from authz.core.types import Reason, Request, SubjectKey
from authz.errors import NoActivePolicy

INFER_TENANT: Final = "*"
TENANT_RESOURCE: Final = "tenant"


class Standing(NamedTuple):
    """Where a subject stands: on which annex of which tenant, under which live policy."""

    tenant: Tenant
    annex: Annex
    contact: Contact
    generation: Generation
    key: SubjectKey


def identify(
    request: Request, directory: Directory, generations: Mapping[str, Generation], now: float
) -> Standing | Decision:
    """R1 and R2: the one standing that the question is about, or the refusal. `now`: seconds since 1970-01-01T00:00Z.

    Raises:
        NoActivePolicy: the answer hangs on a policy set that has no good generation.
    """
    return _usual(request, directory, generations, now) or _identify(request, directory, generations, now)


def _usual(
    request: Request, directory: Directory, generations: Mapping[str, Generation], now: float
) -> Standing | None:
    """The short way for a contact of exactly one tenant who asks about that tenant; None: take the careful way.

    The index holds canonical ids only, so an id found there as written is canonical; `:` and the missing `@` keep
    logins and phones, which are other types of subject, out.
    """
    written, wanted = request.subject_id, request.resource_id
    if request.subject_type != "contact" or request.resource_type != TENANT_RESOURCE:
        return None
    listed = directory.recent.get(written) or directory.look_up(written)
    if listed is None or "@" not in written or ":" in written:
        return None
    tenant, annex, contact = listed
    generation = generations.get(tenant.set_id)
    if wanted not in (tenant.id, INFER_TENANT) or generation is None:
        return None
    if tenant.newest_from > generation.local_day.ordinal(now):
        return None
    return Standing(tenant, annex, contact, generation, SubjectKey(written))


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
    owners = directory.owners_of(request.resource_type, request.resource_id)
    if stated is not None:
        contradicted = owners and stated not in owners
        return stated if type(stated) is str and stated != INFER_TENANT and not contradicted else Reason.TENANT_UNKNOWN
    if len(owners) == 1:
        return owners[0]
    if owners:
        return Reason.TENANT_AMBIGUOUS
    declared = (standing.generation.definition.resource_types.get(request.resource_type) for standing in in_force)
    if any(resource_type is not None and resource_type.tenant_free for resource_type in declared):
        return INFER_TENANT
    return Reason.TENANT_UNKNOWN
