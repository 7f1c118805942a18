"""What the caller must do when it carries out an allowed request (AuthZEN obligations profile, draft 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from authz.core.attributes import unusable
from authz.core.decision import Decision
from authz.core.definition import ObligationDef, PolicySet
from authz.core.matching import is_one_of
from authz.core.types import Missing, Reason

SUPPORTED_OBLIGATIONS: Final = "supported_obligations"
"""The member of the request's context, and what `context.fact` names where the caller cannot perform an obligation."""


class Obligation(NamedTuple):
    """`id` is unique in the answer; a caller that cannot perform one has to refuse."""

    id: str
    type: str
    properties: Mapping[str, object]


def obligations(definition: PolicySet, action: str, values: Mapping[str, object]) -> tuple[Obligation, ...]:
    """The obligations that the set declares for an allow of `action`; `values` are the typed attributes.

    A value that is stated in the wrong type does not get rid of an obligation that hangs on it.
    """
    return tuple(
        Obligation(declared.id, declared.type, {**declared.properties, "clause": declared.clause})
        for declared in definition.obligations
        if _applies(declared, action, values)
    )


def _applies(declared: ObligationDef, action: str, values: Mapping[str, object]) -> bool:
    return (not declared.actions or action in declared.actions) and all(
        is_one_of(values.get(name), wanted) or unusable(values, name) for name, wanted in declared.match.items()
    )


def negotiated(decision: Decision, duties: tuple[Obligation, ...], supported: frozenset[str] | None) -> Decision:
    """The allow; or a deny with `fact_not_met` where it needs a type that the caller says it does not support.

    The profile leaves that choice to the PDP (section "Negotiation"). A caller that says nothing (None) gets the
    obligations and is to refuse by itself; types that no obligation needs mean nothing.
    """
    if supported is None:
        return decision
    lacking = tuple(sorted({duty.type for duty in duties} - supported))
    if not lacking:
        return decision
    return decision._replace(
        allowed=False,
        reason=Reason.FACT_NOT_MET,
        fact=SUPPORTED_OBLIGATIONS,
        missing=(Missing(SUPPORTED_OBLIGATIONS, parts=lacking),),
    )
