"""What `authz check` found in the forms that platforms read: annotations, SARIF, a job's summary."""

from __future__ import annotations

import json
from typing import Final

from authz.cli.check.checked import Checked
from authz.cli.check.finding_pages import explain
from authz.cli.check.report import CheckReport
from authz.cli.reports.github import annotation_lines
from authz.cli.reports.markdown import code, prose, table
from authz.cli.reports.places import Places
from authz.cli.reports.remark import Level, Remark
from authz.cli.reports.sarif import sarif
from authz.cli.terminal import count
from authz.errors import Problem
from authz.policy.finding import CODES, NOTE, PROBLEM_CODES, Finding

MARKER: Final = "<!-- authz check -->"
"""The first line of the Markdown, by which a comment is found again and replaced."""
RULES: Final = {**PROBLEM_CODES, **{name: declared.title for name, declared in CODES.items()}}


def problem_remark(problem: Problem, places: Places) -> Remark:
    """A problem, which fails the run."""
    return Remark(Level.ERROR, problem.code, problem.text, places.of(problem.file), problem.line, problem.column)


def check_remarks(report: CheckReport, places: Places) -> list[Remark]:
    """Every problem, and every finding that no set accepts."""
    return [
        *(problem_remark(problem, places) for problem in report.problems),
        *(_finding_remark(finding, places) for finding in report.open_findings),
    ]


def _finding_remark(finding: Finding, places: Places) -> Remark:
    level = Level.NOTICE if finding.level == NOTE else Level.WARNING
    text = f"{finding.text} (authz check --explain {finding.code})"
    return Remark(level, finding.code, text, places.of(finding.file), finding.line, finding.column, finding.about)


def check_github(report: CheckReport, places: Places) -> str:
    """Annotations, then one line for the log."""
    return "\n".join((*annotation_lines(check_remarks(report, places)), headline(report))) + "\n"


def check_sarif(report: CheckReport, places: Places) -> str:
    """A SARIF 2.1.0 log; accepted findings are not in it."""
    return json.dumps(sarif(check_remarks(report, places), RULES, explain), ensure_ascii=True, indent=2) + "\n"


def headline(report: CheckReport) -> str:
    """`POLICY CHECK: 3 problems, 1 finding in 6 sets`."""
    found = [
        count(len(some), what)
        for some, what in ((report.problems, "problem"), (report.open_findings, "finding"))
        if some
    ]
    return f"POLICY CHECK: {', '.join(found) or 'fine'} in {count(len(report.found), 'set')}"


def check_markdown(report: CheckReport, places: Places) -> str:
    """A job's summary, or one comment: what was looked at, what is wrong, what to do."""
    lines = [MARKER, f"## {headline(report)}", "", _advice(report), ""]
    lines += table(("set", "", "cells", "tenants", "cases", "networks proven", "accepted"), map(_row, report.found))
    if report.since:
        lines += ["", f"Unchanged since {code(report.since)}, not looked at: {prose(_names(report))}."]
    if report.problems:
        rows = [(_where(one, places), prose(one.text), code(one.code)) for one in report.problems]
        lines += ["", "### What keeps sets from going live", "", *table(("where", "what", "code"), rows)]
    if report.open_findings:
        found = [(_where(one, places), prose(one.text), code(one.code)) for one in report.open_findings]
        lines += ["", "### What looks like a mistake", "", *table(("where", "what", "code"), found)]
        lines += ["", "To keep one as it is, write into `accepted` of the set's `set.yaml`:", "", *_entries(report)]
    return "\n".join(lines) + "\n"


def _advice(report: CheckReport) -> str:
    if report.problems:
        return "**Do not merge**: a set with a problem does not go live, the last good one answers on."
    if report.open_findings:
        return "Every set would go live. What is listed looks like a mistake: repair it, or accept it with a reason."
    return "Every set that was looked at would go live, and nothing looks like a mistake."


def _names(report: CheckReport) -> str:
    return ", ".join(report.unchanged) or "none"


def _row(one: Checked) -> tuple[str, ...]:
    told = "fit" if not one.problems else count(len(one.problems), "problem")
    if one.open_findings:
        told += f", {count(len(one.open_findings), 'finding')}"
    accepted = len(one.findings) - len(one.open_findings)
    proven = f"{one.proven:,} at {one.addresses:,} addresses" if one.proven else "-"
    numbers = (f"{one.cells:,}", f"{one.tenants:,}", f"{one.tests:,}")
    return (code(one.set_id), told, *numbers, proven, str(accepted) if accepted else "-")


def _where(at: Problem | Finding, places: Places) -> str:
    place = f":{at.line}" if at.line else ""
    return code(f"{places.of(at.file)}{place}")


def _entries(report: CheckReport) -> list[str]:
    """Ready entries to copy, each once; a reason is for the author to write."""
    entries = dict.fromkeys((one.code, one.about) for one in report.open_findings if one.code != "unused-acceptance")
    written = [f"  - {{code: {name}, about: {json.dumps(about)}, reason: ...}}" for name, about in entries]
    return ["```yaml", "accepted:", *(line.replace("```", "'''") for line in written), "```"]
