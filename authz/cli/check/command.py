"""`authz check`: is every policy set fit to go live, and does it say what it means?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from authz.cli.changes import changes_since
from authz.cli.check.checked import check_set
from authz.cli.check.finding_pages import explain
from authz.cli.check.forms import check_github, check_markdown, check_remarks, check_sarif
from authz.cli.check.report import CheckReport, check_document, print_check
from authz.cli.compiled import Place, cache_beside, sets_of
from authz.cli.examples import examples
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import json_text
from authz.cli.readers import outlast_readers
from authz.cli.reports.gitlab import code_quality
from authz.cli.reports.places import Places
from authz.cli.terminal import output
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
FORMATS: Final = ("json", "markdown", "github", "sarif", "gitlab")


@app.command(
    epilog=examples(
        "authz check                          all sets of AUTHZ_POLICIES",
        "authz check policies/calltrack       one set",
        "authz check --since origin/main      what a branch changes",
        "authz check . --format json          for a machine",
        "authz check --explain shared-range   what a finding means, and what to do",
    )
)
def check(  # noqa: PLR0913, PLR0917 - each an option of its own
    directory: Directory = None,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="REV", help="Only sets, and networks of tenants, changed since a git revision."
        ),
    ] = "",
    format_: Format = "",
    as_json: AsJson = False,
    saved: Saved = [],  # noqa: B006 - typer reads the default and hands over a list of its own
    summary: Summary = None,
    advisory: Advisory = False,
    no_cache: NoCache = False,
    explained: Annotated[
        str, typer.Option("--explain", metavar="CODE", help="Print the page of a finding's code, and stop.")
    ] = "",
) -> None:
    """Check policy sets, and point out what looks like a mistake.

    Each set walks the way it walks before it goes live: all files are read and cross-checked, Casbin is asked every
    question and the table compared with it, guards are proven and the cases of tests.yaml run. Then every tenant's
    network lines are proven equal to Casbin's judgement and to Python's ipaddress at each boundary, and the files are
    looked over for what is allowed and still looks wrong: lines that do nothing, ranges that no client has, words that
    are taken for one another.

    Everything is printed as file:line:column: text, sorted, with a code that --explain tells more about. A finding
    can be accepted in set.yaml, with a reason. The model is model.conf inside DIR, beside it, or AUTHZ_MODEL. Compiled
    tables are kept in AUTHZ_DATA, so an unchanged set is checked again at once.

    Formats: terminal, json, markdown, github (annotations), sarif, gitlab (code quality).

    Exit status: 0 all fit, 1 findings, 2 wrong usage, no policy set there, or the tool failed, 3 a set does not
    compile, 4 guards or tests failed.
    """
    outlast_readers()
    quiet_operations_log()
    if explained:
        print(explain(explained), end="")
        return
    wanted, files = chosen_format(format_, as_json, FORMATS), chosen_files(saved, FORMATS)
    settings = Settings()
    place = sets_of(directory, settings)
    report = _report(
        place, since, None if no_cache else cache_beside(settings, (directory or settings.policies, *place.set_dirs))
    )
    places = Places(place.set_dirs, place.model)
    writers: Writers = {
        "json": lambda: json_text(check_document(report)),
        "markdown": lambda: check_markdown(report, places),
        "github": lambda: check_github(report, places),
        "sarif": lambda: check_sarif(report, places),
        "gitlab": lambda: json_text(code_quality(check_remarks(report, places))),
    }
    write_reports(wanted, files, writers, lambda: print_check(output(), report))
    append_to_summary(summary, writers["markdown"])
    leave(report.status, advisory=advisory)


def _report(place: Place, since: str, cache: Path | None) -> CheckReport:
    changes = changes_since(since, place.set_dirs, place.model) if since else None
    unchanged = [set_dir for set_dir in place.set_dirs if changes and not (changes.model or changes.of(set_dir))]
    looked_at = [set_dir for set_dir in place.set_dirs if set_dir not in unchanged]
    found = [check_set(place, set_dir, cache, changes) for set_dir in looked_at]
    return CheckReport(tuple(found), tuple(set_dir.name for set_dir in unchanged), since)
