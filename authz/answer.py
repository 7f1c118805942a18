"""The answer of the public interface (DESIGN section 6; AuthZEN 1.0 section 5.5), the same for HTTP and CLI."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from authz.core.decision import Decision
from authz.core.identity import shown_id
from authz.core.outcome import Outcome
from authz.core.service import ServiceTerms
from authz.core.types import Missing, Reason
from authz.pdp import sender_is_sure
from authz.texts import Texts


def answer_document(outcome: Outcome, texts: Texts, explain: bool) -> dict[str, Any]:
    """The JSON answer. Without `explain` every refusal reads `refused`, alike whatever its reason."""
    decision = outcome.decision
    if not explain and not decision.allowed:
        return {
            "decision": False,
            "context": {
                "reason": Reason.REFUSED.value,
                "reason_user": dict(texts.refusal),
                "revision": {"policy": outcome.all_policies_revision, "registry": outcome.registry_revision},
                "decision_id": outcome.decision_id,
            },
        }
    context: dict[str, Any] = {
        "reason": decision.reason.value,
        "reason_user": texts.user(decision, sender_is_sure(outcome.request)),
    }
    if explain:
        context.update(_explanation(decision, texts))
    context["revision"] = {"policy": outcome.policy_revision, "registry": outcome.registry_revision}
    context["decision_id"] = outcome.decision_id
    if outcome.obligations:
        context["obligations"] = obligation_documents(outcome)
    if outcome.service_terms is not None:
        context["service_terms"] = service_terms_document(outcome.service_terms)
    return {"decision": decision.allowed, "context": context}


def obligation_documents(outcome: Outcome) -> list[dict[str, Any]]:
    """What the caller has to do."""
    return [{"id": duty.id, "type": duty.type, "properties": duty.properties} for duty in outcome.obligations]


def service_terms_document(terms: ServiceTerms) -> dict[str, Any]:
    """What the contract promises in return; a member that it does not promise is absent."""
    document: dict[str, Any] = {"class": terms.service_class, "received_at": _instant(terms.received_at)}
    if terms.support_level:
        document["support_level"] = terms.support_level
    for member, due in (
        ("reaction_due", terms.reaction_due),
        ("completion_due", terms.completion_due),
        ("lapses_at", terms.lapses_at),
    ):
        if due is not None:
            document[member] = _instant(due)
    if terms.lapses_to:
        document["lapses_to"] = terms.lapses_to
    document["best_effort"] = terms.best_effort
    document["clause"] = terms.clause
    return document


def missing_words(missing: Missing) -> list[str]:
    """`own_request`, `not login_blocked`, or for a fact with parts `report_complete.licence_number`, one for each."""
    if missing.parts:
        return [f"{missing.fact}.{part}" for part in missing.parts]
    return [str(missing)]


def _explanation(decision: Decision, texts: Texts) -> dict[str, Any]:
    said: dict[str, Any] = {"reason_admin": texts.admin(decision)}
    if decision.rule:
        said["rule"] = decision.rule
    if decision.network_rule:
        said["network_rule"] = decision.network_rule
    if decision.fact:
        said["fact"] = decision.fact
    if not decision.allowed and decision.cell is not None:
        said["missing"] = [word for missing in decision.missing for word in missing_words(missing)]
    said["contact"] = _contact(decision)
    return said


_FOUND: Final = frozenset({Reason.TENANT_UNKNOWN, Reason.TENANT_AMBIGUOUS, Reason.CONTACT_OF_OTHER_TENANT})
"""Refusals that name no tenant though the subject stands on an annex in force; any other came before R1 was asked."""


def _contact(decision: Decision) -> dict[str, Any]:
    contact, tenant, annex = decision.contact, decision.tenant, decision.annex
    if contact is None or tenant is None or annex is None:
        if decision.reason is Reason.CONTACT_UNREGISTERED:
            return {"registered": False, "status": "unauthorised"}
        if decision.reason is Reason.ANNEX_NOT_IN_FORCE:
            return {"registered": False, "status": "not_in_force"}
        if decision.reason in _FOUND:
            return {"registered": True, "status": "unassigned"}
        return {"registered": False, "status": "unknown"}
    return {
        "registered": True,
        "status": contact.state.value,
        "name": contact.name,
        "ids": [shown_id(key) for key in contact.keys],
        "tenant": tenant.id,
        "role": contact.role,
        "annex": annex.number,
    }


def _instant(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="seconds")
