"""Every set under policies/ goes live, its own suite passes, and that suite asks about everything the set says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import pytest

from authz.core.definition import FactDef
from authz.core.table import BUILT_IN_FACTS
from authz.core.types import Effect, Reason
from authz.policy.cases.coverage import coverage_of
from authz.policy.cases.suite import run_suite
from authz.policy.lint.linter import lint_set
from tests.policies.shipped import ROOT, SETS, decisions, shipped, telling_values

ALL_SETS = pytest.mark.parametrize("set_id", sorted(SETS))


def values_of(fact: FactDef, attributes: Iterable[str]) -> set[bool | None]:
    """What a fact can come out as: one that looks at no attribute but asks whether it is known can never be unknown."""
    code = " ".join((fact.expression, *(part.expression for part in fact.parts)))
    looks = any(re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.]*_known)(?!\w)", code) for name in attributes)
    return {True, False, None} if looks else {True, False}


def test_there_are_sets_to_test() -> None:
    assert {"calltrack", "certification", "ciel"} <= set(SETS)


def test_every_folder_of_policies_is_a_set() -> None:
    folders = {entry.name for entry in (ROOT / "policies").iterdir() if entry.is_dir()}

    assert folders == set(SETS)


@ALL_SETS
def test_a_shipped_set_goes_live_and_its_suite_passes(set_id: str) -> None:
    subject = shipped(set_id)

    report = run_suite(subject.parsed.tests, subject.generation)

    assert report.problems == ()
    assert report.cases == len(subject.parsed.tests.cases) > 0


@ALL_SETS
def test_a_shipped_set_has_no_finding_that_it_does_not_accept_with_a_reason(set_id: str) -> None:
    findings = lint_set(shipped(set_id).parsed)

    assert [str(finding) for finding in findings if not finding.accepted] == []
    assert all(len(finding.accepted) > 20 for finding in findings)


@ALL_SETS
def test_the_cases_of_a_shipped_set_hold_every_cell_in_place(set_id: str) -> None:
    subject = shipped(set_id)
    report = run_suite(subject.parsed.tests, subject.generation)

    covered = coverage_of(subject.parsed.definition, subject.generation.table, report.results)

    assert covered.percent == 100, [cell for cell in covered.cells if not cell.tested]


@ALL_SETS
def test_every_cell_is_asked_and_every_allow_cell_answers_both_ways(set_id: str) -> None:
    subject = shipped(set_id)
    answers = defaultdict(set)
    for decision in decisions(set_id):
        if decision.contact is not None and decision.cell is not None:
            answers[decision.contact.role, decision.action].add(decision.allowed)

    expected = {
        (line.role, line.action): {True, False} if line.effect is Effect.ALLOW else {False}
        for line in subject.parsed.matrix
        if "*" not in (line.role, line.action)
        and line.tenant == "*"
        and not (line.effect is Effect.DENY and line.facts)
    }

    assert {cell: answers[cell] for cell in expected} == expected


@ALL_SETS
def test_every_fact_stands_on_a_line(set_id: str) -> None:
    parsed = shipped(set_id).parsed

    on_lines = {fact for line in parsed.matrix for fact in line.facts}

    assert set(parsed.definition.facts) - on_lines == set()


@ALL_SETS
def test_every_fact_decides_a_case_when_true_when_false_and_when_unknown(set_id: str) -> None:
    definition = shipped(set_id).parsed.definition
    wanted = {fact.id: values_of(fact, definition.attributes) for fact in definition.facts.values()}
    wanted |= {fact: {True, False} for fact in BUILT_IN_FACTS}
    seen: dict[str, set[bool | None]] = {fact: set() for fact in wanted}
    for decision in decisions(set_id):
        for fact, value in telling_values(decision).items():
            seen[fact].add(value)

    assert {fact: wanted[fact] - seen[fact] for fact in wanted if wanted[fact] - seen[fact]} == {}


@ALL_SETS
def test_every_part_of_a_fact_is_named_when_it_is_missing(set_id: str) -> None:
    facts = shipped(set_id).parsed.definition.facts
    named = {
        (missing.fact, part) for decision in decisions(set_id) for missing in decision.missing for part in missing.parts
    }

    declared = {(fact.id, part.id) for fact in facts.values() for part in fact.parts}

    assert declared - named == set()


@ALL_SETS
def test_the_suite_asks_who_is_unregistered_suspended_or_asks_for_an_unknown_action(set_id: str) -> None:
    reasons = {decision.reason for decision in decisions(set_id)}

    assert {Reason.CONTACT_UNREGISTERED, Reason.CONTACT_SUSPENDED, Reason.ACTION_UNKNOWN} <= reasons


@ALL_SETS
def test_every_obligation_and_every_service_row_is_expected_by_a_case(set_id: str) -> None:
    parsed = shipped(set_id).parsed
    duties: set[object] = set()
    classes: set[object] = set()
    for case in parsed.tests.cases:
        obligations, service = case.expect.get("obligations"), case.expect.get("service")
        duties.update(obligations if isinstance(obligations, list) else ())
        classes.add(service.get("class") if isinstance(service, dict) else None)

    assert {duty.id for duty in parsed.definition.obligations} - duties == set()
    assert {row.service_class for row in parsed.definition.service} - classes == set()
