"""What a caller's key lets it ask (DESIGN section 6): beyond it a question is refused, never silently narrowed."""

from __future__ import annotations

from typing import Final, NamedTuple

from authz.core.decision import Decision
from authz.core.standing import INFER_TENANT, TENANT_RESOURCE
from authz.core.types import Assurance, Channel, Reason, Request

_STRENGTH: Final = {assurance: at for at, assurance in enumerate(Assurance)}


class Limits(NamedTuple):
    """`tenants`, `channels`: those the caller may ask about and state, None is all; the most it may claim."""

    tenants: frozenset[str] | None = None
    channels: frozenset[Channel] | None = None
    highest_assurance: Assurance = Assurance.CONFIRMED

    def may_claim(self, assurance: Assurance) -> bool:
        """Whether the caller may state this assurance; stating more is a fault of the caller (HTTP 403)."""
        return _STRENGTH[assurance] <= _STRENGTH[self.highest_assurance]

    def refusal(self, request: Request) -> Reason | None:
        """What in the question itself is beyond the limits: its channel, or the tenant it names."""
        if self.channels is not None and request.channel not in self.channels:
            return Reason.CHANNEL_NOT_ALLOWED
        if self.tenants is None:
            return None
        named = request.resource_properties.get(TENANT_RESOURCE)
        if request.resource_type == TENANT_RESOURCE:
            named = request.resource_id
        if named is None or named == INFER_TENANT or named in self.tenants:
            return None
        return Reason.TENANT_NOT_ALLOWED

    def applied(self, decision: Decision) -> Decision:
        """The decision, or in its place a deny that names nothing, where it is about a tenant beyond the limits."""
        if self.tenants is None or decision.tenant is None or decision.tenant.id in self.tenants:
            return decision
        return Decision(False, Reason.TENANT_NOT_ALLOWED)


NO_LIMITS: Final = Limits()
