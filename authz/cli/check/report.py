"""What `authz check` found, for a person and for a machine."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from rich.console import Console

from authz.cli.check.checked import Checked
from authz.cli.failures import FINE, worst
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, count, say
from authz.errors import Problem, sorted_problems
from authz.policy.finding import Finding, sorted_findings

_STYLES: Final = {"warning": WARNING, "note": "cyan"}


class CheckReport(NamedTuple):
    """All sets that were looked at; `unchanged`: ids of those that were not, because nothing changed `since`."""

    found: tuple[Checked, ...]
    unchanged: tuple[str, ...] = ()
    since: str = ""

    @property
    def status(self) -> int:
        """The exit status: the worst of all sets'."""
        return worst(one.status for one in self.found)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps sets from going live, each once: a problem of the shared model is every set's."""
        return sorted_problems(problem for one in self.found for problem in one.problems)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all sets, accepted ones too."""
        return sorted_findings(finding for one in self.found for finding in one.findings)

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that no set accepts."""
        return tuple(finding for finding in self.findings if not finding.accepted)


def print_check(console: Console, report: CheckReport) -> None:
    """One line for each problem and finding, then one for each set."""
    for problem in report.problems:
        say(console, (_place(problem), STRONG), " ", (f"error: {problem.text}", "red"), (f"  [{problem.code}]", QUIET))
    for finding in report.open_findings:
        said = f"{finding.level}: {finding.text}"
        named = f"  [{finding.code}: {finding.about}]"
        say(console, (_place(finding), STRONG), " ", (said, _STYLES[finding.level]), (named, QUIET))
    for one in report.found:
        _print_set(console, one)
    if report.since:
        names = ", ".join(report.unchanged) or "none"
        say(console, (f"unchanged since {report.since}, not looked at: {names}", QUIET))
    _print_what_next(console, report)


def _place(at: Problem | Finding) -> str:
    return f"{at.file}:{at.line}:{at.column}:"


def _print_set(console: Console, one: Checked) -> None:
    told = _told(one)
    if one.problems:
        said = ", ".join((count(len(one.problems), "problem"), *told))
        say(console, ("✗ ", BAD), (one.set_id, STRONG), (f"  {said}", BAD))
        return
    proof = f"networks of {count(one.proven, 'tenant')} proven at {count(one.addresses, 'address', 'addresses')}"
    counts = f"{count(one.cells, 'cell')}, {count(one.tenants, 'tenant')}, {count(one.tests, 'test')}; {proof}"
    mark, style = ("! ", WARNING) if one.open_findings else ("✓ ", GOOD)
    said = "; ".join((counts, *told))
    say(console, (mark, style), (one.set_id, f"{STRONG} {style}"), (f"  {said}", style), (f"  {one.revision}", QUIET))


def _told(one: Checked) -> list[str]:
    """How many findings there are, and how many are accepted; nothing of what is not there."""
    accepted = len(one.findings) - len(one.open_findings)
    told = [count(len(one.open_findings), "finding")] if one.open_findings else []
    return [*told, f"{count(accepted, 'finding')} accepted"] if accepted else told


def _print_what_next(console: Console, report: CheckReport) -> None:
    if report.problems or report.open_findings:
        code = next(iter([problem.code for problem in report.problems] + [one.code for one in report.open_findings]))
        say(console, (f"what a code means, and what to do: authz check --explain {code}", QUIET))
    if report.open_findings:
        text = "to keep a finding as it is: an entry of `accepted` in set.yaml with its code, about and a reason"
        say(console, (text, QUIET))


def check_document(report: CheckReport) -> dict[str, Any]:
    """The report for a machine (docs/checks.md)."""
    document: dict[str, Any] = {"ok": report.status == FINE, "exit_code": report.status}
    if report.since:
        document |= {"since": report.since, "unchanged": list(report.unchanged)}
    document["sets"] = [
        {
            "set": one.set_id,
            "ok": one.status == FINE,
            "revision": one.revision,
            "cells": one.cells,
            "tenants": one.tenants,
            "tests": one.tests,
            "networks": {"tenants": one.proven, "addresses": one.addresses},
        }
        for one in report.found
    ]
    document["problems"] = [
        {"set": _set_of_problem(problem, report), **problem._asdict()} for problem in report.problems
    ]
    document["findings"] = [
        {"set": one.set_id, "level": finding.level, **finding._asdict(), "accepted": finding.accepted or None}
        for one in report.found
        for finding in one.findings
    ]
    return document


def _set_of_problem(problem: Problem, report: CheckReport) -> str:
    """The set whose check found it; a problem of the shared model is named with the first."""
    return next(one.set_id for one in report.found if problem in one.problems)
