"""What `authz test` found in the forms that platforms read: JUnit, annotations, a job's summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from authz.cli.check.forms import problem_remark
from authz.cli.reports.github import annotation_lines
from authz.cli.reports.junit import ERROR, FAILURE, JunitCase, JunitSuite, junit
from authz.cli.reports.markdown import code, prose, table
from authz.cli.reports.places import Places
from authz.cli.reports.remark import Level, Remark
from authz.cli.terminal import count
from authz.cli.test.coverage_table import headings, marked, rows, summary, untested
from authz.cli.test.failed_case import FailedCase
from authz.cli.test.report import hints
from authz.cli.test.suite_run import Run, SuiteRuns
from authz.errors import Problem
from authz.policy.bundle import SET_FILE
from authz.policy.cases.case import Case
from authz.policy.guards import broken_guard
from authz.texts import Texts

MARKER: Final = "<!-- authz test -->"
"""The first line of the Markdown, by which a comment is found again and replaced."""


def headline(report: SuiteRuns) -> str:
    """`POLICY TESTS: 2 of 370 cases failed in 6 sets`."""
    cases, failed = sum(run.cases for run in report.runs), sum(len(run.failed) for run in report.runs)
    told = f"{failed} of {count(cases, 'case')} failed" if failed else f"{count(cases, 'case')} passed"
    unfit = [run.set_id for run in report.runs if not run.asked]
    others = [run.set_id for run in report.runs if run.asked and run.problems and not run.failed]
    told += f", not fit to be asked: {', '.join(unfit)}" if unfit else ""
    told += f", guards broken: {', '.join(others)}" if others else ""
    return f"POLICY TESTS: {told} in {count(len(report.runs), 'set')}"


def _told(failed: FailedCase, run: Run, texts: Texts) -> list[str]:
    """The failure with its reasons, line by line: differences, the rules, what would help."""
    steps = [f"{one.rule} {one.title}: {one.outcome}  {one.text}  {one.source}".rstrip() for one in failed.steps]
    return [*failed.differences, *steps, *hints(failed, run, texts)]


def _others(run: Run) -> list[Problem]:
    """The problems that are no failed case's."""
    shown = {problem for failed in run.failed for problem in failed.problems}
    return [problem for problem in run.problems if problem not in shown]


# ------------------------------------------------------------------------------------------------------- annotations


def test_remarks(report: SuiteRuns, places: Places) -> Iterator[Remark]:
    """Every failed case and broken guard at its line; too little coverage at the file of the cases."""
    texts = Texts()
    for run in report.runs:
        for problem in _others(run):
            yield problem_remark(problem, places)
        for failed in run.failed:
            first, case = failed.problems[0], failed.case
            text = "\n".join((f"`{case.description}`", *_told(failed, run, texts)))
            yield Remark(Level.ERROR, first.code, text, places.of(first.file), case.line, case.column, case.description)
        if run in report.too_little and run.coverage is not None:
            text = f"{summary(run.coverage)}; {report.min_coverage} % are asked for. Not tested: "
            text += "; ".join(untested(run.coverage))
            yield Remark(Level.ERROR, "test", text, places.of(run.file), 1, 1, "coverage")


def test_github(report: SuiteRuns, places: Places) -> str:
    """Annotations, then one line for the log."""
    return "\n".join((*annotation_lines(list(test_remarks(report, places))), headline(report))) + "\n"


# ------------------------------------------------------------------------------------------------------------- JUnit


def test_junit(report: SuiteRuns, places: Places, *, located: bool) -> str:
    """One suite for each set, with one case for each case, each guard and, where asked for, the coverage."""
    texts = Texts()
    suites = [
        JunitSuite(
            run.set_id,
            places.of(run.file),
            tuple(_junit_cases(run, report, places, texts)),
            (("revision", run.revision),),
            run.seconds,
        )
        for run in report.runs
    ]
    return junit(suites, dt.datetime.now(dt.UTC), located=located)


def _junit_cases(run: Run, report: SuiteRuns, places: Places, texts: Texts) -> Iterator[JunitCase]:
    file = places.of(run.file)
    if not run.asked:
        for problem in run.problems:
            where = places.of(problem.file)
            yield JunitCase("the set compiles", where, problem.line, ERROR, problem.code, problem.text)
        return
    failures = {_name(failed.case): failed for failed in run.failed}
    for result in run.results:
        case, failed = result.case, failures.get(_name(result.case))
        if failed is None:
            yield JunitCase(case.description, file, case.line)
        else:
            body = "\n".join(_told(failed, run, texts))
            message = "; ".join(result.differences)
            yield JunitCase(case.description, file, case.line, FAILURE, "test", message, body)
    yield from _guard_cases(run, places)
    if report.min_coverage and run.coverage is not None:
        short = run in report.too_little
        body = "not tested: " + "; ".join(untested(run.coverage))
        name = f"at least {report.min_coverage} % of the cells are tested"
        yield JunitCase(name, file, 0, FAILURE if short else "", "coverage", summary(run.coverage), body)


def _name(case: Case) -> tuple[int, int, str]:
    """What tells a case from every other one of its file."""
    return case.line, case.column, case.description


def _guard_cases(run: Run, places: Places) -> Iterator[JunitCase]:
    others = _others(run)
    set_file = places.of(run.file.rpartition("/")[0] + f"/{SET_FILE}")
    for guard in run.definition.guards if run.definition is not None else ():
        broken = [problem for problem in others if broken_guard(problem) == guard.id]
        body = "\n".join(f"{places.of(one.file)}:{one.line}:{one.column}: {one.text}" for one in broken)
        outcome = FAILURE if broken else ""
        message = broken[0].text if broken else ""
        yield JunitCase(f"guard {guard.id}", set_file, guard.line, outcome, "guard", message, body)


# ---------------------------------------------------------------------------------------------------------- Markdown


def test_markdown(report: SuiteRuns, places: Places) -> str:
    """A job's summary, or one comment: what failed and why, and each contract's table with what is tested."""
    texts = Texts()
    lines = [MARKER, f"## {headline(report)}", ""]
    lines += table(("set", "cases", "failed", "cells tested"), (_row(run, report) for run in report.runs))
    for run in report.runs:
        lines += _failures(run, places, texts)
    for run in report.runs:
        if run.definition is not None and run.coverage is not None:
            title = f"{code(run.set_id)}: {summary(run.coverage)}"
            drawn = table(
                ("", *map(prose, headings(run.definition))),
                (
                    (f"{prose(title)}<br>{code(named)}", *map(marked, cells))
                    for title, named, cells in rows(run.definition, run.coverage)
                ),
            )
            opened = " open" if run in report.too_little else ""
            lines += ["", f"<details{opened}><summary>{title}</summary>", "", *drawn, "", "</details>"]
    lines += ["", "✓ passing cases had every answer that the cell can give, ◐ one of two, ✗ none."]
    return "\n".join(lines) + "\n"


def _row(run: Run, report: SuiteRuns) -> tuple[str, ...]:
    covered = summary(run.coverage) if run.coverage is not None else "-"
    if run in report.too_little:
        covered += f" (**{report.min_coverage} % are asked for**)"
    failed = f"**{len(run.failed)}**" if run.failed else "0"
    return code(run.set_id), f"{run.cases:,}", failed if run.asked else "**not fit to be asked**", covered


def _failures(run: Run, places: Places, texts: Texts) -> Iterator[str]:
    others = _others(run)
    if others:
        found = [(code(f"{places.of(one.file)}:{one.line}"), prose(one.text), code(one.code)) for one in others]
        yield from ("", f"### {code(run.set_id)}: problems", "", *table(("where", "what", "code"), found))
    for failed in run.failed:
        where = f"{places.of(run.file)}:{failed.case.line}"
        yield from ("", f"### {code(where)} {prose(failed.case.description)}", "")
        yield from (f"- {prose(line)}" for line in _told(failed, run, texts))
