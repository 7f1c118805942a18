"""What `authz test` found, for a person and for a machine."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Console

from authz.cli.explanation import print_steps, what_would_help
from authz.cli.failures import FINE
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, count, say, say_problem
from authz.cli.test.coverage_table import draw_coverage, summary, untested
from authz.cli.test.failed_case import FailedCase, Neighbour
from authz.cli.test.suite_run import Run, SuiteRuns
from authz.core.decision import Decision
from authz.policy.cases.coverage import Coverage
from authz.texts import Texts

_INDENT: Final = 4


def print_tests(console: Console, report: SuiteRuns, *, with_coverage: bool) -> None:
    """Failures explained, then one line for each set; the coverage table where asked for or too little is tested."""
    texts = Texts()
    for run in report.runs:
        shown = {problem for failed in run.failed for problem in failed.problems}
        for problem in run.problems:
            if problem not in shown:
                say_problem(console, problem)
        for failed in run.failed:
            _print_failed(console, failed, run, texts)
        if run.definition is not None and run.coverage is not None and (with_coverage or run in report.too_little):
            draw_coverage(console, run.definition, run.coverage)
        _print_verdict(console, run, report)
    cases, failures = sum(run.cases for run in report.runs if run.asked), sum(len(run.failed) for run in report.runs)
    style = BAD if report.status else GOOD
    say(console, (f"{count(cases, 'case')} in {count(len(report.runs), 'set')}, {failures} failed", style))


def _print_failed(console: Console, failed: FailedCase, run: Run, texts: Texts) -> None:
    for problem in failed.problems:
        say_problem(console, problem)
    if failed.decision is None:
        return
    print_steps(console, failed.steps, _INDENT)
    for line in hints(failed, run, texts):
        say(console, " " * _INDENT, (line, WARNING))


def hints(failed: FailedCase, run: Run, texts: Texts) -> list[str]:
    """What would have had to be different for an allow; and the nearest case that had the wanted answer."""
    language = run.definition.table_language if run.definition is not None else ""
    found = []
    if failed.decision is not None:
        found.append(what_would_help(failed.decision, texts, language))
    if failed.neighbour is not None:
        found.append(_neighbour_words(failed.neighbour, run.file))
    return [line for line in found if line]


def _neighbour_words(neighbour: Neighbour, file: str) -> str:
    case = neighbour.case
    differs = f"it differs in {', '.join(neighbour.differs)}" if neighbour.differs else "it asks the same"
    answer = "allow" if case.expect.get("decision") else "deny"
    return f"nearest case that gets this {answer}: {file}:{case.line} `{case.description}`; {differs}"


def _print_verdict(console: Console, run: Run, report: SuiteRuns) -> None:
    covered = summary(run.coverage) if run.coverage is not None else ""
    if not run.problems:
        passed = f"  {count(run.cases, 'case')} passed"
        say(console, ("✓ ", GOOD), (run.set_id, f"{STRONG} {GOOD}"), (passed, GOOD), (f"; {covered}", QUIET))
    else:
        said = f"{len(run.failed)} of {count(run.cases, 'case')} failed" if run.failed else "no case passed"
        if not run.asked:
            said = "not fit to be asked"
        elif run.cases and not run.failed:
            said = f"{count(run.cases, 'case')} passed, but the set is not fit"
        say(console, ("✗ ", BAD), (run.set_id, STRONG), (f"  {said}", BAD))
    if run in report.too_little and run.coverage is not None:
        say(console, (f"  {covered}, and {report.min_coverage} % are asked for; {_untested(run.coverage)}", BAD))


def _untested(coverage: Coverage) -> str:
    return f"not tested: {'; '.join(untested(coverage))}"


def test_document(report: SuiteRuns) -> dict[str, Any]:
    """The report for a machine (docs/checks.md)."""
    return {
        "ok": report.status == FINE,
        "exit_code": report.status,
        "cases": sum(run.cases for run in report.runs),
        "failed": sum(len(run.failed) for run in report.runs),
        "min_coverage": report.min_coverage,
        "sets": [
            {
                "set": run.set_id,
                "ok": not run.problems and run not in report.too_little,
                "revision": run.revision,
                "cases": run.cases,
                "failed": [_failed_document(failed) for failed in run.failed],
                "problems": [problem._asdict() for problem in run.problems],
                "coverage": _coverage_document(run.coverage) if run.coverage is not None else None,
            }
            for run in report.runs
        ],
    }


def _coverage_document(coverage: Coverage) -> dict[str, Any]:
    return {
        "cells": len(coverage.cells),
        "tested": coverage.tested,
        "percent": coverage.percent,
        "table": [{**cell._asdict(), "tested": cell.tested} for cell in coverage.cells],
        "own": [{"tenant": tenant, **cell._asdict(), "tested": cell.tested} for tenant, cell in coverage.own],
    }


def _failed_document(failed: FailedCase) -> dict[str, Any]:
    first = failed.problems[0]
    document: dict[str, Any] = {
        "file": first.file,
        "line": first.line,
        "column": first.column,
        "description": failed.case.description,
        "ask": dict(failed.case.ask),
        "expected": dict(failed.case.expect),
        "differences": list(failed.differences),
    }
    if failed.decision is not None:
        document["got"] = _got(failed.decision)
        document["steps"] = [step._asdict() for step in failed.steps]
    if failed.neighbour is not None:
        document["neighbour"] = {"line": failed.neighbour.case.line, "differs": list(failed.neighbour.differs)}
    return document


def _got(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.allowed,
        "reason": decision.reason.value,
        "rule": decision.rule,
        "fact": decision.fact,
        "missing": [str(missing) for missing in decision.missing],
    }
