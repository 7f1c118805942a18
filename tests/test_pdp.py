"""The use case around the decision: what happens when something is wrong with the service itself (R8)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.core.types import Address, Reason, Request
from authz.errors import NoActivePolicy
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from tests.core.test_decide import DEFINITION, DIRECTORY, GENERATION, NETWORKS, NOON, TABLE, ZONE

QUESTION = Request("contact", "sia@x.example", "read")
ALLOWED = Request("contact", "rev@x.example", "read")


class Policies:
    def __init__(self, **generations: Generation) -> None:
        self._generations = generations

    def current(self) -> Mapping[str, Generation]:
        return self._generations


class Breaking:
    """Facts that cannot be evaluated, as a fault of ours would have it."""

    def __call__(self, fact: str, bindings: Mapping[str, object]) -> bool | None:
        raise RuntimeError(fact)

    def unmet_parts(self, fact: str, bindings: Mapping[str, object]) -> tuple[str, ...]:
        raise RuntimeError(fact)


def pdp(generation: Generation = GENERATION, *, too_old: bool = False) -> Pdp:
    live = Policies(set=generation)
    return Pdp(live, lambda: DIRECTORY, legal_holidays, lambda: NOON, registry_is_too_old=lambda: too_old)


def test_r8_an_error_while_deciding_is_a_counted_deny_that_says_so() -> None:
    broken = pdp(Generation(DEFINITION, TABLE, NETWORKS, Breaking(), ZONE, "sha256:1"))

    outcome = broken.decide(Request("contact", "rev@x.example", "own"))

    assert (outcome.decision.allowed, outcome.decision.reason) == (False, Reason.INTERNAL_ERROR)
    assert outcome.obligations == ()
    assert broken.internal_errors == 1


def test_a_registry_older_than_allowed_refuses_what_it_would_have_allowed() -> None:
    assert pdp().decide(ALLOWED).decision.allowed

    outcome = pdp(too_old=True).decide(ALLOWED)

    assert (outcome.decision.allowed, outcome.decision.reason) == (False, Reason.REGISTRY_TOO_OLD)


def test_without_any_good_policy_there_is_no_answer() -> None:
    with pytest.raises(NoActivePolicy):
        Pdp(Policies(), lambda: DIRECTORY, legal_holidays).decide(QUESTION)


def test_every_answer_has_its_own_id_and_both_revisions() -> None:
    first, second = pdp().decide(QUESTION), pdp().decide(QUESTION)

    assert first.decision_id != second.decision_id
    assert first.policy_revision == "sha256:1"
    assert first.registry_revision == DIRECTORY.revision


def test_a_registry_that_changes_while_a_question_is_decided_is_not_stated() -> None:
    directory = Directory(DIRECTORY.tenants.values(), revision=7)

    def changes() -> bool:
        directory.revision += 1
        return False

    deciding = Pdp(Policies(set=GENERATION), lambda: directory, legal_holidays, registry_is_too_old=changes)

    assert deciding.decide(QUESTION, NOON).registry_revision == 7
    assert deciding.gate("acme", Address(1), NOON).registry_revision == 8
    assert directory.revision == 9


def test_what_comes_with_an_allow_looks_at_the_id_that_was_asked_with() -> None:
    by_login = Request("login", "rev", "read")

    assert pdp().decide(ALLOWED).decision.key == "rev@x.example"
    assert pdp().decide(by_login).decision.key == "login:rev"
