"""The use case `as of`: one question, answered by the annex and the policy bundle of an earlier instant, both named."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from authz.core.calendar import LegalHolidays
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import BUILT_IN_SUBJECT_TYPES, subject_key
from authz.core.limits import NO_LIMITS, Limits
from authz.core.outcome import Outcome
from authz.core.standing import TENANT_RESOURCE
from authz.core.types import Request
from authz.errors import AuthzError, NoActivePolicy, NotFound
from authz.pdp import Pdp, PolicySource
from authz.policy.generations.history import BeforeHistory
from authz.policy.generations.past import PastGenerations, PastPolicies
from authz.registry.annexes import AnnexRecord
from authz.registry.past import About, directory_as_of
from authz.registry.store import RegistryStore

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class PastOutcome(NamedTuple):
    """A decision as of an earlier instant.

    `annex`: the one then in force, with who entered and approved it; None where the decision ended before it was known.
    `policy_since`: when the deciding bundle had gone live, in seconds since 1970-01-01T00:00Z. `of_now`: what of the
    tenant is not kept and has changed since (`tenant_attributes`, `resource_attributes`): facts on it may differ.
    """

    outcome: Outcome
    annex: AnnexRecord | None
    policy_since: float | None
    of_now: tuple[str, ...]


class PastStanding(NamedTuple):
    """How a tenant stood at an earlier instant, in seconds since 1970-01-01T00:00Z.

    `annex`, `record`: the one then in force, None where none was. `policy_since`, `of_now`: as in `PastOutcome`.
    """

    at: float
    tenant: Tenant
    generation: Generation
    annex: Annex | None
    record: AnnexRecord | None
    policy_since: float | None
    of_now: tuple[str, ...]


class Present(NamedTuple):
    """What is live: the policy sets, and the registry in memory."""

    policies: PolicySource
    directory: Callable[[], Directory]


class Past:
    """Answers questions as of then. Reads disk and database, so never on the event loop and never in a PEP's way."""

    def __init__(
        self, policies: PastPolicies, registry: RegistryStore, present: Present, legal_holidays: LegalHolidays
    ) -> None:
        self._policies = policies
        self._registry = registry
        self._present = present
        self._legal_holidays = legal_holidays

    def instant(self, text: str, request: Request) -> float:
        """See `instant_of`; a date begins in the time zone of the set that the question falls under."""
        return instant_of(text, lambda: zone_of(request, self._present.directory(), self._present.policies.current()))

    def decide(self, request: Request, at: float, limits: Limits = NO_LIMITS) -> PastOutcome:
        """Decide as of `at`, in seconds since 1970-01-01T00:00Z. It is no decision of today: nobody counts it.

        Raises:
            BeforeHistory: no policy of that instant is recorded for the contact's contract.
            HistoryDamaged: one is, and cannot be read.
            RegistryUnavailable: the database cannot be reached.
        """
        policies = self._policies.in_force(at)
        past = directory_as_of(self._registry, _about(request, policies.generations), at)
        if policies.unknown and request.subject_type not in BUILT_IN_SUBJECT_TYPES:
            raise next(iter(policies.unknown.values()))  # a set that is not known may know this type of subject
        pdp = Pdp(_Fixed(policies.generations), lambda: past.directory, self._legal_holidays)
        try:
            outcome = pdp.decide(request, at, limits)
        except NoActivePolicy:
            raise _missing(policies, past.directory) from None
        decision = outcome.decision
        tenant_id = decision.tenant.id if decision.tenant is not None else ""
        number = decision.annex.number if decision.annex is not None else 0
        set_id = decision.generation.definition.id if decision.generation is not None else ""
        return PastOutcome(
            outcome, past.records.get((tenant_id, number)), policies.since.get(set_id), past.of_now.get(tenant_id, ())
        )


def standing(policies: PastGenerations, registry: RegistryStore, tenant_id: str, at: float) -> PastStanding:
    """How a tenant stood at `at`, in seconds since 1970-01-01T00:00Z, under the policy sets of then.

    Raises:
        NotFound: there was no such tenant.
        BeforeHistory, HistoryDamaged: the policy of its set is not known.
        RegistryUnavailable: the database cannot be reached.
    """
    past = directory_as_of(registry, About(frozenset(), frozenset({tenant_id}), ("", "")), at)
    tenant = past.directory.tenants.get(tenant_id)
    if tenant is None:
        raise NotFound("there was no such tenant")
    generation = policies.generations.get(tenant.set_id)
    if generation is None:
        raise _missing(policies, past.directory)
    annex = tenant.annex_in_force(generation.local_day.ordinal(at))
    record = past.records.get((tenant_id, annex.number)) if annex is not None else None
    since = policies.since.get(tenant.set_id)
    return PastStanding(at, tenant, generation, annex, record, since, past.of_now.get(tenant_id, ()))


class _Fixed:
    """The policy sets of one instant (`pdp.PolicySource`)."""

    def __init__(self, generations: Mapping[str, Generation]) -> None:
        self._generations = generations

    def current(self) -> Mapping[str, Generation]:
        return self._generations


def _missing(policies: PastGenerations, directory: Directory) -> AuthzError:
    """Why the policy that the answer hangs on is not known."""
    sets = {tenant.set_id for tenant in directory.tenants.values()}
    errors = [error for set_id, error in policies.unknown.items() if set_id in sets]
    return errors[0] if errors else BeforeHistory("no policy of that instant is recorded")


def _about(request: Request, generations: Mapping[str, Generation]) -> About:
    kinds = {BUILT_IN_SUBJECT_TYPES.get(request.subject_type)}
    kinds.update(one.definition.subject_types.get(request.subject_type) for one in generations.values())
    keys = (subject_key(kind, request.subject_id) for kind in kinds if kind is not None)
    return About(
        frozenset(key for key in keys if key is not None),
        frozenset(_stated_tenants(request)),
        (request.resource_type, request.resource_id),
    )


def _stated_tenants(request: Request) -> tuple[str, ...]:
    stated = request.resource_properties.get(TENANT_RESOURCE)
    if isinstance(stated, str):
        return (stated,)
    return (request.resource_id,) if request.resource_type == TENANT_RESOURCE else ()


def zone_of(request: Request, directory: Directory, generations: Mapping[str, Generation]) -> dt.tzinfo:
    """The time zone of the set that the question falls under; UTC where that cannot be told."""
    tenants = tuple(tenant for tenant in _stated_tenants(request) if tenant in directory.tenants)
    if not tenants:
        about = _about(request, generations)
        tenants = tuple(tenant for key in about.keys for tenant in directory.tenants_listing(key))
    sets = {directory.tenants[tenant].set_id for tenant in tenants if tenant in directory.tenants}
    zones = {
        generation.definition.time_zone: generation.local_day.zone
        for set_id, generation in generations.items()
        if set_id in (sets or generations)
    }
    return next(iter(zones.values())) if len(zones) == 1 else dt.UTC


def instant_of(text: str, zone: Callable[[], dt.tzinfo]) -> float:
    """Seconds since 1970-01-01T00:00Z of an RFC 3339 instant, or of 00:00 of a date in the zone (R3).

    Raises:
        ValueError: neither.
    """
    if _DATE.fullmatch(text):
        return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), zone()).timestamp()
    if _INSTANT.fullmatch(text) is None:
        raise ValueError("neither a date nor an instant with its offset")
    return dt.datetime.fromisoformat(text.upper()).timestamp()


def as_of_document(past: PastOutcome) -> dict[str, Any]:
    """`{"at", "policy"?: {"set", "revision", "since"}, "annex"?: {...}, "of_now"?}`: what the answer is by."""
    outcome, record = past.outcome, past.annex
    generation = outcome.decision.generation
    zone = generation.local_day.zone if generation is not None else dt.UTC
    document: dict[str, Any] = {"at": _instant(outcome.at, zone)}
    if generation is not None and past.policy_since is not None:
        document["policy"] = {
            "set": generation.definition.id,
            "revision": generation.revision,
            "since": _instant(past.policy_since, zone),
        }
    if record is not None:
        document["annex"] = annex_of(record)
    if past.of_now:
        document["of_now"] = list(past.of_now)
    return document


def annex_of(record: AnnexRecord) -> dict[str, Any]:
    """The signed paper, and who entered and approved it."""
    return {
        "id": record.id,
        "number": record.entry.number,
        "signed_on": record.entry.signed_on.isoformat(),
        "effective_from": record.entry.effective_from.isoformat(),
        "document_sha256": record.entry.document_sha256,
        "origin": record.origin,
        "entered_by": record.entered_by,
        "entered_at": record.entered_at,
        "approved_by": record.approved_by,
        "approved_at": record.approved_at,
    }


def _instant(seconds: float, zone: dt.tzinfo) -> str:
    return dt.datetime.fromtimestamp(seconds, zone).isoformat(timespec="seconds")
