"""A failed case asked once more, for the explanation: the rules it went through, and what would have been needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from authz.core.decide import decide
from authz.core.explain import Step, steps
from authz.core.generation import Generation
from authz.core.question import request_from_flat
from authz.core.types import Decision
from authz.errors import AuthzError, Problem
from authz.policy.cases import Case, CaseFile
from authz.policy.inline import InlineWorld, inline_world
from authz.policy.suite import DEFAULT_NOW


class FailedCase(NamedTuple):
    """A case of tests.yaml that failed. `problems` say what differs; `decision`: None if it cannot be asked."""

    case: Case
    problems: tuple[Problem, ...]
    decision: Decision | None
    steps: tuple[Step, ...]


def failed_cases(tests: CaseFile, generation: Generation, problems: Iterable[Problem]) -> list[FailedCase]:
    """The cases that the suite's problems are about, in the file's order, each asked of the suite's own world again."""
    by_line: dict[int, list[Problem]] = {}
    for problem in problems:
        by_line.setdefault(problem.line, []).append(problem)
    failed = [case for case in tests.cases if case.line in by_line]
    if not failed:
        return []
    world = inline_world(generation.definition.id, tests.tenants, f"{generation.definition.id}/tests.yaml")
    return [_again(case, generation, world, tuple(by_line[case.line])) for case in failed]


def _again(case: Case, generation: Generation, world: InlineWorld, problems: tuple[Problem, ...]) -> FailedCase:
    asked = Generation(
        generation.definition,
        generation.table,
        world.networks,
        generation.facts,
        generation.local_day.zone,
        generation.revision,
    )
    question: dict[str, Any] = dict(case.ask)
    at = question.pop("at", DEFAULT_NOW)
    try:
        now = (at if isinstance(at, dt.datetime) else dt.datetime.fromisoformat(str(at))).timestamp()
        request = request_from_flat(question)
        decision = decide(request, world.directory, {asked.definition.id: asked}, now)
    except (AuthzError, ValueError):
        return FailedCase(case, problems, None, ())
    return FailedCase(case, problems, decision, steps(decision, request))
