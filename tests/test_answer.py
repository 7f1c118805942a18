from __future__ import annotations

from typing import Any

import pytest

from authz.answer import answer_document
from authz.core.decision import Decision
from authz.core.outcome import Outcome
from authz.core.types import Reason, Request
from authz.texts import Texts

TEXTS = Texts()


def contact_of(reason: Reason) -> Any:
    """What the answer says of the contact, where the refusal names no tenant."""
    request = Request("contact", "nobody@x.example", "open_gate")
    outcome = Outcome(Decision(False, reason), request, "1", 0.0, "sha256:1", "sha256:1", 1)
    return answer_document(outcome, TEXTS, explain=True)["context"]["contact"]


def test_an_unregistered_contact_is_marked_as_unauthorised() -> None:
    assert contact_of(Reason.CONTACT_UNREGISTERED) == {"registered": False, "status": "unauthorised"}
    assert contact_of(Reason.ANNEX_NOT_IN_FORCE) == {"registered": False, "status": "not_in_force"}


@pytest.mark.parametrize("reason", [Reason.TENANT_UNKNOWN, Reason.TENANT_AMBIGUOUS, Reason.CONTACT_OF_OTHER_TENANT])
def test_a_contact_whose_tenant_could_not_be_told_is_registered_all_the_same(reason: Reason) -> None:
    assert contact_of(reason) == {"registered": True, "status": "unassigned"}


@pytest.mark.parametrize(
    "reason",
    [
        Reason.CHANNEL_NOT_ALLOWED,
        Reason.TENANT_NOT_ALLOWED,
        Reason.AMBIGUOUS_REQUEST,
        Reason.REGISTRY_TOO_OLD,
        Reason.INTERNAL_ERROR,
    ],
)
def test_nobody_is_called_registered_where_nobody_looked(reason: Reason) -> None:
    assert contact_of(reason) == {"registered": False, "status": "unknown"}
