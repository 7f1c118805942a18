"""One set's suite as `authz test` runs it: cases, guards, coverage."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from authz.cli.compiled import Place
from authz.cli.failures import NOT_HELD, worst
from authz.cli.test.failed_case import FailedCase, failed_cases
from authz.cli.verdicts import status_of
from authz.core.definition import PolicySet
from authz.errors import PolicyInvalid, Problem, sorted_problems
from authz.policy.bundle import TESTS_FILE
from authz.policy.cases.coverage import Coverage, coverage_of
from authz.policy.cases.suite import CaseResult, run_suite
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from authz.policy.pipeline import build_set


class Run(NamedTuple):
    """One set's suite. `file`: where its cases stand. `problems`: of the suite and all others.

    `seconds`: how long the cases took. `definition`, `coverage`: None, and `results` empty, where the set could not be
    asked at all.
    """

    set_id: str
    file: str
    revision: str
    cases: int
    problems: tuple[Problem, ...]
    failed: tuple[FailedCase, ...] = ()
    results: tuple[CaseResult, ...] = ()
    seconds: float = 0.0
    definition: PolicySet | None = None
    coverage: Coverage | None = None

    @property
    def asked(self) -> bool:
        """Whether the cases were put to the set."""
        return self.coverage is not None


class SuiteRuns(NamedTuple):
    """All suites that were run, and how many percent of each contract's cells they must hold (0: no such demand)."""

    runs: tuple[Run, ...]
    min_coverage: int = 0

    @property
    def too_little(self) -> tuple[Run, ...]:
        """The sets whose cases hold too few of the contract's cells."""
        return tuple(run for run in self.runs if run.coverage is not None and run.coverage.percent < self.min_coverage)

    @property
    def status(self) -> int:
        """The exit status: the worst of all sets'."""
        return worst((*(status_of(run.problems) for run in self.runs), NOT_HELD if self.too_little else 0))


def run_set(place: Place, set_dir: Path, cache: Path | None) -> Run:
    """The suite of one set, asked of the set as it would go live; one that breaks a guard is asked all the same."""
    revision, cases = "", 0
    others: tuple[Problem, ...] = ()
    file = f"policies/{set_dir.name}/{TESTS_FILE}"
    try:
        bundle = place.bundle(set_dir)
        revision, file = bundle.revision, f"{bundle.place}/{TESTS_FILE}"
        parsed = parse_set(bundle)
        cases = len(parsed.tests.cases)
        try:
            compiled = build_set(bundle, cache)
        except PolicyInvalid as invalid:
            # guards and cases may have failed, which leaves a table to ask; anything else raises here again
            compiled, others = compile_set(parsed), invalid.problems
    except PolicyInvalid as invalid:
        return Run(set_dir.name, file, revision, cases, invalid.problems)
    generation = generation_of(compiled._replace(networks={}))
    started = time.perf_counter()
    report = run_suite(parsed.tests, generation, file)
    seconds = time.perf_counter() - started
    return Run(
        set_dir.name,
        file,
        revision,
        report.cases,
        sorted_problems({*others, *report.problems}),
        tuple(failed_cases(report, file)),
        report.results,
        seconds,
        parsed.definition,
        coverage_of(parsed.definition, generation.table, report.results),
    )
