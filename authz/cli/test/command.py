"""`authz test`: run the cases of tests.yaml, explain every one that fails, and say which cells they hold in place."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from authz.cli.compiled import cache_beside, sets_of
from authz.cli.examples import examples
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import json_text
from authz.cli.readers import outlast_readers
from authz.cli.reports.places import Places
from authz.cli.terminal import bar, output
from authz.cli.test.forms import test_github, test_junit, test_markdown
from authz.cli.test.report import print_tests, test_document
from authz.cli.test.suite_run import SuiteRuns, run_set
from authz.cli.verdicts import (
    Advisory,
    AsJson,
    Directory,
    Format,
    NoCache,
    Saved,
    Summary,
    Writers,
    append_to_summary,
    chosen_files,
    chosen_format,
    leave,
    write_reports,
)
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)
FORMATS: Final = ("json", "markdown", "github", "junit", "junit-located")


@app.command(
    epilog=examples(
        "authz test                                       every set of AUTHZ_POLICIES",
        "authz test policies/calltrack --coverage         one set, its table with what is tested",
        "authz test . --min-coverage 100                  fail where a cell of a contract is untested",
        "authz test . --format json                       a checkout, for a machine",
    )
)
def run_tests(  # noqa: PLR0913, PLR0917 - each an option of its own
    directory: Directory = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Draw each contract's table with what the cases have tested.")
    ] = False,
    min_coverage: Annotated[
        int,
        typer.Option(
            "--min-coverage",
            metavar="PERCENT",
            min=0,
            max=100,
            help="Fail where fewer of the cells are tested.",
        ),
    ] = 0,
    format_: Format = "",
    as_json: AsJson = False,
    saved: Saved = [],  # noqa: B006 - typer reads the default and hands over a list of its own
    summary: Summary = None,
    advisory: Advisory = False,
    no_cache: NoCache = False,
) -> None:
    """Run the test cases of policy sets and explain each failure.

    The cases of tests.yaml state their tenants, networks and contacts themselves and are decided by the code that
    decides in service. A failed case is shown with its file:line:column, what was expected and what came, the rules
    R1 to R6 that it went through, what would have had to be different for an allow, and the nearest case that gets the
    answer it expects.

    A cell of the contract's table is tested when passing cases had every answer that it can give: an allow, a refusal,
    or both where facts matter. The percentage is cut off, never rounded. A set without cases fails, and so does one
    that cannot be compiled or breaks a guard: nothing passes by silence.

    Formats: terminal, json, markdown, github (annotations), junit, and junit-located with file and line of each case.

    Exit status: 0 all cases passed, 2 wrong usage, no policy set there, or the tool failed, 3 a set does not compile,
    4 cases or guards failed, or too few cells are tested.
    """
    outlast_readers()
    quiet_operations_log()
    wanted, files = chosen_format(format_, as_json, FORMATS), chosen_files(saved, FORMATS)
    settings = Settings()
    place = sets_of(directory, settings)
    judged = (directory or settings.policies, *place.set_dirs)
    cache = None if no_cache else cache_beside(settings, judged)
    runs = []
    with bar("testing", len(place.set_dirs)) as advance:
        for set_dir in place.set_dirs:
            runs.append(run_set(place, set_dir, cache))
            advance(1)
    report = SuiteRuns(tuple(runs), min_coverage)
    places = Places(place.set_dirs, place.model)
    writers: Writers = {
        "json": lambda: json_text(test_document(report)),
        "markdown": lambda: test_markdown(report, places),
        "github": lambda: test_github(report, places),
        "junit": lambda: test_junit(report, places, located=False),
        "junit-located": lambda: test_junit(report, places, located=True),
    }
    write_reports(wanted, files, writers, lambda: print_tests(output(), report, with_coverage=coverage))
    append_to_summary(summary, writers["markdown"])
    leave(report.status, advisory=advisory)
