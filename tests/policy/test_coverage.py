"""A cell is tested when passing cases had every answer that it can give; the percentage is cut off."""

from __future__ import annotations

import pytest

from authz.policy.cases.coverage import CellCoverage, Coverage, coverage_of
from authz.policy.cases.suite import run_suite
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from tests.policy import orchard


def cell(*, can_allow: bool = True, can_refuse: bool = True, allows: int = 0, refusals: int = 0) -> CellCoverage:
    return CellCoverage("keeper", "open_gate", can_allow, can_refuse, allows, refusals)


def coverage(edits: dict[str, orchard.Edit] | None = None) -> Coverage:
    parsed = orchard.parsed(edits)
    generation = generation_of(compile_set(parsed)._replace(networks={}))
    report = run_suite(parsed.tests, generation)
    return coverage_of(parsed.definition, generation.table, report.results)


@pytest.mark.parametrize(
    ("covered", "tested"),
    [
        (cell(allows=1, refusals=1), True),
        (cell(allows=1), False),
        (cell(refusals=1), False),
        (cell(can_allow=False, refusals=1), True),
        (cell(can_refuse=False, allows=1), True),
        (cell(can_allow=False), False),
    ],
    ids=[
        "both",
        "allow alone",
        "refusal alone",
        "a Deny cell refused",
        "always allowed, allowed",
        "a Deny cell unasked",
    ],
)
def test_a_cell_is_tested_when_every_answer_it_can_give_was_had(covered: CellCoverage, tested: bool) -> None:
    assert covered.tested is tested


@pytest.mark.parametrize(("tested", "of", "percent"), [(299, 300, 99), (2, 3, 66), (1, 200, 0), (3, 3, 100), (0, 0, 0)])
def test_the_percentage_is_cut_off_and_never_rounded(tested: int, of: int, percent: int) -> None:
    cells = [cell(allows=1, refusals=1)] * tested + [cell()] * (of - tested)

    assert Coverage(tuple(cells)).percent == percent


def test_cells_stand_in_the_order_of_the_contract_and_count_passing_cases() -> None:
    found = {(one.role, one.action): one for one in coverage().cells}

    assert list(found) == [
        ("keeper", "open_gate"), ("picker", "open_gate"), ("keeper", "move_stock"), ("picker", "move_stock"),
        ("keeper", "report_smoke"), ("picker", "report_smoke"),
    ]  # fmt: skip
    assert (found["keeper", "open_gate"].allows, found["keeper", "open_gate"].refusals) == (0, 1)
    assert (found["keeper", "move_stock"].allows, found["keeper", "move_stock"].refusals) == (1, 0)
    assert not found["keeper", "report_smoke"].can_refuse
    assert not found["picker", "move_stock"].can_allow


def test_a_refusal_before_the_judge_holds_no_cell_in_place() -> None:
    """Dan Voicu is suspended, so his question never comes to a cell."""
    cells = {(one.role, one.action): one for one in coverage().cells}

    assert cells["picker", "open_gate"].refusals == 0


def test_cells_of_a_tenants_own_lines_are_shown_and_not_counted() -> None:
    """Valley has a deny line of its own over every cell."""
    found = coverage()

    assert len(found.cells) == 6
    assert [(tenant, one.role, one.action, one.refusals) for tenant, one in found.own] == [
        ("valley", "picker", "open_gate", 1)
    ]
