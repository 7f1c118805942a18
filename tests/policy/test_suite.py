"""`tests.yaml` as a gate: every case is decided as in service, and a failing one says what it got."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authz.core.generation import Generation
from authz.policy.bundle import read_bundle
from authz.policy.cases.case import Case, CaseFile, CaseTenant
from authz.policy.cases.suite import SuiteReport, run_suite
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import ParsedSet, parse_set
from tests.policy.small_set import MODEL, SET_YAML, TESTS, write_set

TOWN = CaseTenant(
    "town",
    {
        "networks": ["203.0.113.0/24 allow", "203.0.113.66/32 deny"],
        "network": "declared",
        "attributes": {"card": {"until": "2026-12-31"}},
        "contacts": [
            {"name": "Ana Pop", "role": "reader", "email": "ana@town.example"},
            {"name": "Bogdan Rus", "role": "keeper", "login": "bogdan", "phone": "+40213000001"},
            {"name": "Carol Ene", "role": "keeper", "login": "carol", "state": "suspended"},
        ],
    },
    2,
)
BORROW = {"contact": "ana@town.example", "action": "borrow", "ip": "203.0.113.5", "at": "2026-06-03T10:00:00+03:00"}
PROMISES = """\
obligations:
  - {id: tell, type: notification, actions: [discard], properties: {to: keeper, body: gone}, clause: "7"}
  - {id: weigh, type: custom, actions: [discard], match: {resource.weight: [1, 2]}, properties: {}, clause: "8"}
calendars:
  desk: {time_zone: Europe/Bucharest, hours: {mon-fri: "09:00-18:00"}}
service:
  - {id: quick, actions: [discard], class: quick, calendar: desk, reaction: 2 working hours, clause: "9"}
"""


def parsed(folder: Path) -> ParsedSet:
    return parse_set(read_bundle(folder, MODEL))


def live(folder: Path) -> Generation:
    return generation_of(compile_set(parsed(folder)))


@pytest.fixture
def library(tmp_path: Path) -> Generation:
    return live(write_set(tmp_path))


@pytest.fixture
def promising(tmp_path: Path) -> Generation:
    """The same library with obligations and a service table."""
    weight = "  resource.weight: {type: int, origin: request}\nfacts:"
    return live(write_set(tmp_path, set_yaml=SET_YAML.replace("facts:", weight, 1) + PROMISES))


def run(generation: Generation, ask: dict[str, Any], expect: dict[str, Any], *tenants: CaseTenant) -> SuiteReport:
    return run_suite(CaseFile(tenants or (TOWN,), (Case("a case", ask, expect, 12),)), generation)


def complaint(generation: Generation, ask: dict[str, Any], expect: dict[str, Any]) -> str:
    report = run(generation, BORROW | ask, expect)
    assert not report.passed
    assert len(report.problems) == 1
    prefix = "policies/library/tests.yaml:12:1: `a case`: "
    assert str(report.problems[0]).startswith(prefix)
    return str(report.problems[0]).removeprefix(prefix)


def test_the_cases_of_a_whole_set_pass(tmp_path: Path) -> None:
    folder = write_set(tmp_path)

    report = run_suite(parsed(folder).tests, live(folder))

    assert (report.cases, report.problems) == (5, ())
    assert [result.differences for result in report.results] == [()] * 5
    assert report.passed


def test_a_failing_case_of_a_file_is_reported_at_its_row(tmp_path: Path) -> None:
    folder = write_set(
        tmp_path, tests=TESTS.replace("[bogdan, discard, true, permitted]", "[bogdan, discard, false, permitted]")
    )

    report = run_suite(parsed(folder).tests, live(folder), "policies/library/tests.yaml")

    (problem,) = report.problems
    assert (problem.file, problem.line, problem.column) == ("policies/library/tests.yaml", 24, 11)
    assert problem.text == (
        "`a keeper may discard, a reader may not [bogdan, discard, false, permitted]`: "
        "expected decision false; got allow, permitted by library/matrix.csv:5, network library/tests.yaml:2"
    )


def test_an_empty_suite_fails(library: Generation) -> None:
    report = run_suite(CaseFile((TOWN,), ()), library)

    assert [str(problem) for problem in report.problems] == [
        "policies/library/tests.yaml:0:0: there are no cases; an untested set never goes live"
    ]


def test_a_case_that_holds_is_silent(library: Generation) -> None:
    expect = {"decision": True, "reason": "permitted", "rule": "library/matrix.csv:2"}

    assert run(library, BORROW, expect).passed
    assert run(library, BORROW, expect | {"rule": "matrix.csv:2"}).passed
    assert run(library, BORROW | {"action": "take-out"}, {"decision": True}).passed


def test_a_wrong_decision_says_what_it_got_and_why(library: Generation) -> None:
    assert complaint(library, {}, {"decision": False, "reason": "fact_not_met"}) == (
        "expected decision false, reason fact_not_met; got allow, permitted by library/matrix.csv:2, "
        "network library/tests.yaml:2"
    )
    assert complaint(library, {"at": "2027-01-01T00:00:00+02:00"}, {"decision": True}) == (
        "expected decision true; got deny, fact_not_met (card_valid) by library/matrix.csv:2, "
        "network library/tests.yaml:2, missing card_valid"
    )
    assert complaint(library, {"action": "discard"}, {"decision": True}) == (
        "expected decision true; got deny, role_not_permitted by library/matrix.csv:4, network library/tests.yaml:2, "
        "nothing would help"
    )


@pytest.mark.parametrize(
    ("expect", "wrong"),
    [
        ({"reason": "role_not_permitted"}, "reason role_not_permitted"),
        ({"fact": "network_ok"}, "fact network_ok"),
        ({"missing": ["sender_ok"]}, "missing [sender_ok]"),
        ({"missing": []}, "missing []"),
        ({"rule": "matrix.csv:3"}, "rule matrix.csv:3"),
    ],
)
def test_every_expectation_is_compared(library: Generation, expect: dict[str, Any], wrong: str) -> None:
    late = {"at": "2027-01-01T00:00:00+02:00"}

    assert complaint(library, late, {"decision": False} | expect).startswith(
        f"expected {wrong}; got deny, fact_not_met"
    )


@pytest.mark.parametrize(
    ("ask", "expect"),
    [
        pytest.param({"ip": "203.0.113.66"}, "network_not_declared", id="a deny line inside the range"),
        pytest.param({"contact": "eve@town.example"}, "contact_unregistered", id="not on the annex"),
        pytest.param({"contact": "carol"}, "contact_suspended", id="suspended"),
        pytest.param({"action": "burn"}, "action_unknown", id="no such action"),
        pytest.param({"tenant": "village"}, "tenant_unknown", id="no such tenant"),
        pytest.param({"assurance": "claimed"}, "sender_unverified", id="only claimed"),
        pytest.param({"at": "2026-12-31T23:59:59+02:00"}, "permitted", id="last second of the last day"),
        pytest.param({"at": "2026-12-31T22:00:00Z"}, "fact_not_met", id="the day after begins in the set's time zone"),
    ],
)
def test_cases_see_only_the_tenants_and_networks_of_the_suite(
    library: Generation, ask: dict[str, Any], expect: str
) -> None:
    report = run(library, BORROW | ask, {"decision": expect == "permitted", "reason": expect})

    assert report.problems == ()


def test_a_question_that_http_would_refuse_is_a_failing_case(library: Generation) -> None:
    assert complaint(library, {"channel": "email"}, {"decision": False}).startswith("cannot be asked: ip_on_channel: ")
    assert complaint(library, {"at": "2026-06-03"}, {"decision": True}) == "`at` is not an instant with its offset"


def test_a_case_without_a_clock_is_asked_at_the_same_instant_every_day(library: Generation) -> None:
    ask = {name: value for name, value in BORROW.items() if name != "at"}

    assert run(library, ask, {"decision": True, "reason": "permitted"}).passed


def test_an_error_while_deciding_fails_the_case_and_not_the_run(library: Generation) -> None:
    broken = Generation(
        library.definition, library.table, {}, lambda *_: 1 / 0, library.local_day.zone, library.revision,  # type: ignore[arg-type]
    )  # fmt: skip

    assert complaint(broken, {}, {"decision": True}).startswith("an error while deciding: ZeroDivisionError")


def test_annexes_come_into_force_by_date(library: Generation) -> None:
    contact = {"name": "Ana Pop", "role": "keeper", "email": "ana@town.example"}
    first = {
        "number": 1,
        "signed_on": "2026-01-01",
        "effective_from": "2026-06-03",
        "network": "any",
        "contacts": [contact],
    }
    second = {"number": 2, "effective_from": "2026-07-01", "network": "any", "contacts": []}
    tenant = CaseTenant("town", {"networks": ["any allow"], "annexes": [second, first]}, 2)

    def reason(at: str) -> str:
        report = run(library, BORROW | {"at": at}, {"decision": False, "reason": "-"}, tenant)
        return report.problems[0].text.partition("; got ")[2].split(" by ")[0]

    assert reason("2026-06-02T23:59:59+03:00") == "deny, annex_not_in_force"
    assert reason("2026-06-03T00:00:00+03:00") == "allow, permitted"
    assert reason("2026-07-01T00:00:00+03:00") == "deny, contact_unregistered"


def test_a_network_choice_against_the_lines_is_a_mismatch(library: Generation) -> None:
    tenant = CaseTenant("town", {**TOWN.stated, "networks": ["any allow"]}, 2)

    assert run(library, BORROW, {"decision": False, "reason": "network_choice_mismatch"}, tenant).passed


def test_tenants_that_cannot_be_built_fail_the_whole_suite(library: Generation) -> None:
    for stated in (
        {"contacts": [{"role": "reader", "email": "no address"}]},
        {"contacts": [{"email": "ana@town.example"}]},
        {"networks": ["203.0.113.0/24 perhaps"]},
        {"annexes": [{"number": 1}]},
        {"attributes": {"a": {"b": 1}, "a.b": 2}},
    ):
        report = run(library, BORROW, {"decision": True}, CaseTenant("town", stated, 2))

        assert "tenant `town`" in report.problems[0].text
        assert report.cases == 1


DISCARD = BORROW | {"contact": "bogdan", "action": "discard"}


def test_obligations_are_compared_by_id(promising: Generation) -> None:
    assert run(promising, DISCARD, {"decision": True, "obligations": ["tell"]}).passed
    heavy = {"resource": {"type": "tenant", "id": "town", "properties": {"weight": 2}}}
    assert run(promising, DISCARD | heavy, {"decision": True, "obligations": ["weigh", "tell"]}).passed
    assert run(promising, BORROW, {"decision": True, "obligations": []}).passed
    assert complaint(promising, DISCARD, {"decision": True, "obligations": []}) == "expected obligations []; got [tell]"


def test_service_terms_are_compared_member_by_member(promising: Generation) -> None:
    service = {"class": "quick", "clause": "9", "best_effort": False, "reaction_due": "2026-06-03T12:00:00+03:00"}

    assert run(promising, DISCARD, {"decision": True, "service": service}).passed
    assert run(promising, DISCARD, {"decision": True, "service": {"completion_due": None}}).passed
    assert run(promising, BORROW, {"decision": True, "service": None}).passed
    assert complaint(promising, DISCARD, {"decision": True, "service": service | {"class": "slow"}}) == (
        "expected service class: slow; got class: quick"
    )
    late = service | {"reaction_due": "2026-06-03T12:01:00+03:00"}
    assert complaint(promising, DISCARD, {"decision": True, "service": late}) == (
        "expected service reaction_due: 2026-06-03T12:01:00+03:00; got reaction_due: 2026-06-03T12:00:00+03:00"
    )
    assert complaint(promising, DISCARD, {"decision": True, "service": None}).startswith(
        "expected no service terms; got"
    )


def test_a_refusal_promises_nothing(promising: Generation) -> None:
    outside = DISCARD | {"ip": "198.51.100.1"}

    assert run(promising, outside, {"decision": False, "obligations": [], "service": None}).passed
