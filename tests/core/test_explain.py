from __future__ import annotations

import pytest

from authz.core.decision import Decision
from authz.core.explain import NOT_REACHED, steps
from authz.core.types import Reason, Request

REQUEST = Request("contact", "ana@acme.example", "open_gate")


@pytest.mark.parametrize("reason", [Reason.AMBIGUOUS_REQUEST, Reason.REGISTRY_TOO_OLD, Reason.INTERNAL_ERROR])
def test_no_rule_is_said_to_have_passed_where_none_was_asked(reason: Reason) -> None:
    assert {step.outcome for step in steps(Decision(False, reason), REQUEST)} == {NOT_REACHED}
