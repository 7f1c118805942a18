"""The use case: one request in, one explained decision out (R8, R9)."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import structlog

from authz.core.attributes import bindings
from authz.core.calendar import LegalHolidays, WorkingCalendar
from authz.core.decide import decide
from authz.core.decision import Decision
from authz.core.directory import Directory
from authz.core.gate import Passage, passage
from authz.core.generation import Generation
from authz.core.limits import NO_LIMITS, Limits
from authz.core.obligations import Obligation, negotiated, obligations
from authz.core.outcome import Outcome
from authz.core.search import Place, World, action_candidates, resource_candidates, subject_candidates
from authz.core.service import ServiceTerms, service_terms
from authz.core.types import Address, Assurance, Reason, Request
from authz.errors import NoActivePolicy, Unavailable

_log = structlog.get_logger(__name__)


class PolicySource(Protocol):
    """Where the live generations come from; one atomic read."""

    def current(self) -> Mapping[str, Generation]:
        """Policy set id -> live generation; the same mapping object while nothing changed."""
        ...


class GateOutcome(NamedTuple):
    """What the gate says of one connection, with all that goes into its answer and into the record of it.

    `at`: seconds since 1970-01-01T00:00Z. `policy_revision`: of the set, or over all sets where the set was not known.
    """

    passage: Passage
    decision_id: str
    at: float
    policy_revision: str
    registry_revision: int


class SearchFor(StrEnum):
    """Which entity a search looks for (AuthZEN 1.0 sections 8.4 to 8.6)."""

    SUBJECT = "subject"
    RESOURCE = "resource"
    ACTION = "action"


_SEARCHES: Final = {
    SearchFor.SUBJECT: subject_candidates,
    SearchFor.RESOURCE: resource_candidates,
    SearchFor.ACTION: action_candidates,
}


class Permitted(NamedTuple):
    """One result of a search: the entity's id, the obligations of that allow, and the place to go on from."""

    id: str
    obligations: tuple[Obligation, ...]
    place: Place


class Search(NamedTuple):
    """The results, found one by one as they are asked for, and what they are found in."""

    results: Iterator[Permitted]
    policy_revision: str
    registry_revision: int


_new: Final = tuple.__new__
_seconds: Final = time.perf_counter

Promises = tuple[tuple[Obligation, ...], ServiceTerms | None]
_NO_PROMISES: Final[Promises] = ((), None)


Observer = Callable[[Outcome, float], None]
"""Told of each decision, and how many seconds it took."""


def _unobserved(_outcome: Outcome, _seconds: float) -> None:
    """Nobody counts."""


class Pdp:
    """The policy decision point. Reads the generations and the directory once per request.

    Decision ids are 80 random bits of the process and a count: unique, and not to be guessed from outside.

    `observe`: told of each decision; whoever counts them puts itself there.
    """

    def __init__(
        self,
        policies: PolicySource,
        directory: Callable[[], Directory],
        legal_holidays: LegalHolidays,
        clock: Callable[[], float] = time.time,
        registry_is_too_old: Callable[[], bool] = lambda: False,
    ) -> None:
        self._policies = policies
        self._directory = directory
        self._legal_holidays = legal_holidays
        self._clock = clock
        self._registry_is_too_old = registry_is_too_old
        self._calendars: dict[tuple[str, str], WorkingCalendar] = {}
        self._id_prefix = secrets.token_hex(10)
        self._ids = count(1)
        self._combined: tuple[Mapping[str, Generation], str] = ({}, "")
        self.internal_errors = 0
        self.observe: Observer = _unobserved

    def decide(self, request: Request, now: float | None = None, limits: Limits = NO_LIMITS) -> Outcome:
        """Decide one request within the caller's limits, at the service's own time unless `now` is given.

        An error inside is a deny with reason `internal_error`, counted and logged with its trace (R8).

        Raises:
            NoActivePolicy: no policy set has ever been good, or the tenant's own has not.
        """
        began = _seconds()
        generations = self._policies.current()
        if not generations:
            raise NoActivePolicy("no policy set has a good generation")
        directory = self._directory()
        stated = directory.revision  # before any tenant is read: a look-out may replace them at any moment
        at = self._clock() if now is None else now
        decision, (duties, terms) = self._judged(request, directory, generations, at, limits)
        known, combined = self._combined
        if known is not generations:
            combined = self._combined_revision(generations)
        generation = decision.generation
        revision = combined if generation is None else generation.revision
        decision_id = f"{self._id_prefix}{next(self._ids):012x}"
        seconds = _seconds() - began
        outcome = _new(Outcome, (
            decision, request, decision_id, at, revision, combined, stated, duties, terms,
            int(seconds * 1e6),
        ))  # fmt: skip
        self.observe(outcome, seconds)
        return outcome

    def gate(self, tenant_id: str, address: Address, now: float | None = None) -> GateOutcome:
        """Whether a connection from `address` may reach the tenant's application, before anybody has logged in.

        An error inside is a refusal with reason `internal_error`, counted and logged with its trace (R8).

        Raises:
            NoActivePolicy: as `decide`.
        """
        generations = self._policies.current()
        if not generations:
            raise NoActivePolicy("no policy set has a good generation")
        directory = self._directory()
        stated = directory.revision  # before any tenant is read: a look-out may replace them at any moment
        at = self._clock() if now is None else now
        try:
            if self._registry_is_too_old():
                found = Passage(False, Reason.REGISTRY_TOO_OLD)
            else:
                found = passage(tenant_id, address, directory, generations, at)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - R8: whatever went wrong, the answer is a refusal that says so
            self.internal_errors += 1
            _log.exception("gate_failed")
            found = Passage(False, Reason.INTERNAL_ERROR)
        revision = found.generation.revision if found.generation is not None else self._combined_revision(generations)
        return GateOutcome(found, secrets.token_hex(16), at, revision, stated)

    def search(self, what: SearchFor, question: Request, limits: Limits = NO_LIMITS, after: Place = ()) -> Search:
        """The entities for which the question would be permitted within the limits, in a stable order.

        Each candidate is decided as by `decide` in its turn; one about which `decide` has no answer is left out.

        Raises:
            NoActivePolicy: no policy set has ever been good; from the results, too, where none of the question's
                tenants has a live policy set.
        """
        generations = self._policies.current()
        if not generations:
            raise NoActivePolicy("no policy set has a good generation")
        world = World(self._directory(), generations, self._clock(), limits.tenants)
        revision = self._combined_revision(generations)
        return Search(self._permitted(what, question, world, limits, after), revision, world.directory.revision)

    def obligation_types(self) -> tuple[str, ...]:
        """The types of obligation that the live policy sets can ask for, sorted (AuthZEN obligations profile)."""
        live = self._policies.current().values()
        return tuple(sorted({declared.type for generation in live for declared in generation.definition.obligations}))

    def _permitted(
        self, what: SearchFor, question: Request, world: World, limits: Limits, after: Place
    ) -> Iterator[Permitted]:
        for candidate in _SEARCHES[what](question, world, after):
            try:
                decision, (duties, _) = self._judged(
                    candidate.request, world.directory, world.generations, world.now, limits
                )
            except NoActivePolicy:
                continue
            if decision.allowed:
                yield Permitted(candidate.id, duties, candidate.place)

    def _judged(
        self,
        request: Request,
        directory: Directory,
        generations: Mapping[str, Generation],
        at: float,
        limits: Limits,
    ) -> tuple[Decision, Promises]:
        """The decision within the limits, and what comes with an allow."""
        try:
            if self._registry_is_too_old():
                return Decision(False, Reason.REGISTRY_TOO_OLD), _NO_PROMISES
            if limits is not NO_LIMITS:
                beyond = limits.refusal(request)
                if beyond is not None:
                    return Decision(False, beyond), _NO_PROMISES
            decision = decide(request, directory, generations, at)
            if limits is not NO_LIMITS:
                decision = limits.applied(decision)
            generation = decision.generation
            if not decision.allowed or (generation is not None and decision.action not in generation.promises):
                return decision, _NO_PROMISES
            promises = self._promises(decision, request, at)
            decision = negotiated(decision, promises[0], request.supported_obligations)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - R8: whatever went wrong, the answer is a deny that says so
            self.internal_errors += 1
            _log.exception("decision_failed")
            return Decision(False, Reason.INTERNAL_ERROR), _NO_PROMISES
        return decision, promises if decision.allowed else _NO_PROMISES

    def _promises(self, decision: Decision, request: Request, at: float) -> Promises:
        generation, tenant, contact = decision.generation, decision.tenant, decision.contact
        if generation is None or tenant is None or contact is None:
            raise AssertionError("an allow names its generation, tenant and contact")
        definition = generation.definition
        if not definition.obligations and not definition.service:
            return (), None
        day = generation.local_day.ordinal(at)
        values = bindings(
            definition, request, tenant, contact, decision.key or contact.keys[0], decision.action, day, at
        )
        received = dt.datetime.fromtimestamp(at, dt.UTC)
        return (
            obligations(definition, decision.action, values),
            service_terms(
                definition, decision.action, request.channel, values, received,
                lambda calendar: self._calendar(generation, calendar),
            ),
        )  # fmt: skip

    def _calendar(self, generation: Generation, calendar_id: str) -> WorkingCalendar:
        key = (generation.revision, calendar_id)
        calendar = self._calendars.get(key)
        if calendar is None:
            if len(self._calendars) > 1000:  # noqa: PLR2004 - generations come and go; calendars are cheap to make again
                self._calendars.clear()
            definition = generation.definition.calendars[calendar_id]
            calendar = WorkingCalendar(definition, ZoneInfo(definition.time_zone), self._legal_holidays)
            self._calendars[key] = calendar
        return calendar

    def _combined_revision(self, generations: Mapping[str, Generation]) -> str:
        known, revision = self._combined
        if known is not generations:
            revision = combined_revision(generations)
            self._combined = (generations, revision)
        return revision


def combined_revision(generations: Mapping[str, Generation]) -> str:
    """One revision over all live sets: for answers that belong to no set, and for those that must look alike."""
    lines = "\n".join(f"{set_id} {generations[set_id].revision}" for set_id in sorted(generations))
    return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def sender_is_sure(request: Request) -> bool:
    """Whether the requester may be told a specific reason: not when the identity is only claimed."""
    return request.assurance is not Assurance.CLAIMED
