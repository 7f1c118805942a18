"""A failed case with what explains it: the rules it went through, and the nearest case that had the wanted answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from authz.core.decision import Decision
from authz.core.explain import Step, steps
from authz.errors import Problem
from authz.policy.cases.case import Case
from authz.policy.cases.suite import CaseResult, SuiteReport, case_problems


class Neighbour(NamedTuple):
    """The passing case nearest to a failed one that had the answer which the failed one expects.

    `differs`: members of the question in which the two differ; none: they ask the same of other tenants or expect more.
    """

    case: Case
    differs: tuple[str, ...]


class FailedCase(NamedTuple):
    """A case of tests.yaml that failed. `differences`: what is not as expected, `problems`: the same with its place.

    `decision`: None if it cannot be asked.
    """

    case: Case
    differences: tuple[str, ...]
    problems: tuple[Problem, ...]
    decision: Decision | None
    steps: tuple[Step, ...]
    neighbour: Neighbour | None


def failed_cases(report: SuiteReport, file: str) -> list[FailedCase]:
    """The failed cases in the file's order; `file`: its name in problems."""
    return [_failed(result, report.results, file) for result in report.results if result.differences]


def _failed(result: CaseResult, results: Iterable[CaseResult], file: str) -> FailedCase:
    asked = result.decision is not None and result.request is not None
    return FailedCase(
        result.case,
        result.differences,
        tuple(case_problems(result, file)),
        result.decision,
        steps(result.decision, result.request) if asked else (),  # type: ignore[arg-type]
        _neighbour(result.case, results),
    )


def _neighbour(failed: Case, results: Iterable[CaseResult]) -> Neighbour | None:
    wanted = failed.expect.get("decision")
    near = [
        Neighbour(result.case, tuple(_differing(failed.ask, result.case.ask)))
        for result in results
        if not result.differences and result.case.expect.get("decision") == wanted
    ]
    reason = failed.expect.get("reason")
    return min(
        near,
        key=lambda one: (
            len(one.differs) + (one.case.expect.get("reason") != reason), "action" in one.differs, one.case.line,
        ),
        default=None,
    )  # fmt: skip


def _differing(asked: Mapping[str, object], other: Mapping[str, object], within: str = "") -> Iterator[str]:
    """Members of the question, in the order in which the first case states them; within an object by dotted names."""
    for name in dict.fromkeys((*asked, *other)):
        ours, theirs = asked.get(name), other.get(name)
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            yield from _differing(ours, theirs, f"{within}{name}.")
        elif ours != theirs:
            yield within + name
