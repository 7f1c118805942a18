"""`authz test`: run the cases of tests.yaml and explain every one that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console

from authz.cli.compiled import Place, cache_folder, sets_of
from authz.cli.examples import examples
from authz.cli.explanation import print_steps, what_would_help
from authz.cli.failed_case import FailedCase, failed_cases
from authz.cli.failures import FINDINGS
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, STRONG, WARNING, bar, count, output, say, say_problem
from authz.errors import PolicyInvalid, Problem, sorted_problems
from authz.policy.bundle import TESTS_FILE
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from authz.policy.pipeline import build_set
from authz.policy.suite import run_suite
from authz.settings import Settings
from authz.texts import Texts

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_INDENT = 4


class Run(NamedTuple):
    """One set's suite. `asked`: whether its cases were put to it at all; `problems`: of the suite and all others."""

    set_id: str
    revision: str
    cases: int
    asked: bool
    problems: tuple[Problem, ...]
    failed: tuple[FailedCase, ...] = ()
    language: str = ""


@app.command(
    epilog=examples(
        "authz test                      every set of AUTHZ_POLICIES",
        "authz test policies/calltrack   one set",
        "authz test . --json             a checkout, for a machine",
    )
)
def run_tests(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A checkout, a policies folder or one set.  [default: AUTHZ_POLICIES]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run the test cases of policy sets and explain each failure.

    The cases of tests.yaml state their tenants, networks and contacts themselves and are decided by the code that
    decides in service. A failed case is shown with its file:line:column, what was expected and what came, the rules
    R1 to R6 that it went through, and what would have had to be different for an allow.

    A set without cases fails, and so does one that cannot be compiled or breaks a guard: nothing passes by silence.

    Exit status: 0 all cases passed, 1 failures, 2 wrong usage, no policy set there, or the tool failed.
    """
    quiet_operations_log()
    settings = Settings()
    place = sets_of(directory, settings)
    runs = []
    with bar("testing", len(place.set_dirs)) as advance:
        for set_dir in place.set_dirs:
            runs.append(_run(place, set_dir, cache_folder(settings)))
            advance(1)
    if as_json:
        print_json(_document(runs))
    else:
        _print(output(), runs)
    if any(run.problems for run in runs):
        raise typer.Exit(FINDINGS)


def _run(place: Place, set_dir: Path, cache: Path) -> Run:
    revision, cases = "", 0
    others: tuple[Problem, ...] = ()
    try:
        bundle = place.bundle(set_dir)
        revision = bundle.revision
        parsed = parse_set(bundle)
        cases = len(parsed.tests.cases)
        try:
            compiled = build_set(bundle, cache)
        except PolicyInvalid as invalid:
            # guards and cases may have failed, which leaves a table to ask; anything else raises here again
            compiled, others = compile_set(parsed), invalid.problems
    except PolicyInvalid as invalid:
        return Run(set_dir.name, revision, cases, False, invalid.problems)
    generation = generation_of(compiled._replace(networks={}))
    report = run_suite(parsed.tests, generation, f"{bundle.place}/{TESTS_FILE}")
    return Run(
        set_dir.name,
        revision,
        report.cases,
        True,
        sorted_problems({*others, *report.problems}),
        tuple(failed_cases(parsed.tests, generation, report.problems)),
        parsed.definition.languages[0],
    )


def _print(console: Console, runs: list[Run]) -> None:
    texts = Texts()
    for run in runs:
        shown = {problem for failed in run.failed for problem in failed.problems}
        for problem in run.problems:
            if problem not in shown:
                say_problem(console, problem)
        for failed in run.failed:
            _print_failed(console, failed, texts, run.language)
        _print_verdict(console, run)
    cases, failures = sum(run.cases for run in runs if run.asked), sum(len(run.failed) for run in runs)
    style = BAD if any(run.problems for run in runs) else GOOD
    say(console, (f"{count(cases, 'case')} in {count(len(runs), 'set')}, {failures} failed", style))


def _print_failed(console: Console, failed: FailedCase, texts: Texts, language: str) -> None:
    for problem in failed.problems:
        say_problem(console, problem)
    if failed.decision is None:
        return
    print_steps(console, failed.steps, _INDENT)
    neighbour = what_would_help(failed.decision, texts, language)
    if neighbour:
        say(console, " " * _INDENT, (neighbour, WARNING))


def _print_verdict(console: Console, run: Run) -> None:
    if not run.problems:
        say(console, ("✓ ", GOOD), (run.set_id, f"{STRONG} {GOOD}"), (f"  {count(run.cases, 'case')} passed", GOOD))
        return
    said = f"{len(run.failed)} of {count(run.cases, 'case')} failed" if run.failed else "no case passed"
    if not run.asked:
        said = "not fit to be asked"
    elif run.cases and not run.failed:
        said = f"{count(run.cases, 'case')} passed, but the set is not fit"
    say(console, ("✗ ", BAD), (run.set_id, STRONG), (f"  {said}", BAD))


def _document(runs: list[Run]) -> dict[str, Any]:
    return {
        "ok": not any(run.problems for run in runs),
        "cases": sum(run.cases for run in runs),
        "failed": sum(len(run.failed) for run in runs),
        "sets": [
            {
                "set": run.set_id,
                "ok": not run.problems,
                "revision": run.revision,
                "cases": run.cases,
                "failed": [_failed_document(failed) for failed in run.failed],
                "problems": [problem._asdict() for problem in run.problems],
            }
            for run in runs
        ],
    }


def _failed_document(failed: FailedCase) -> dict[str, Any]:
    first = failed.problems[0]
    document: dict[str, Any] = {
        "file": first.file,
        "line": first.line,
        "description": failed.case.description,
        "ask": dict(failed.case.ask),
        "expected": dict(failed.case.expect),
        "differences": [problem.text for problem in failed.problems],
    }
    if failed.decision is not None:
        decision = failed.decision
        document["got"] = {
            "decision": decision.allowed,
            "reason": decision.reason.value,
            "rule": decision.rule,
            "fact": decision.fact,
            "missing": [str(missing) for missing in decision.missing],
        }
        document["steps"] = [step._asdict() for step in failed.steps]
    return document
