"""A decision with all that goes into an answer and into the record of it (R9)."""

from __future__ import annotations

from typing import NamedTuple

from authz.core.decision import Decision
from authz.core.obligations import Obligation
from authz.core.service import ServiceTerms
from authz.core.types import Request


class Outcome(NamedTuple):
    """A decision with all that goes into an answer and into the record of it.

    `at`: seconds since 1970-01-01T00:00Z. `policy_revision`: of the set, or over all sets where the set was not known.
    `took_us`: microseconds of the decision alone.
    """

    decision: Decision
    request: Request
    decision_id: str
    at: float
    policy_revision: str
    all_policies_revision: str
    registry_revision: int
    obligations: tuple[Obligation, ...] = ()
    service_terms: ServiceTerms | None = None
    took_us: int = 0
