"""`authz registry`: tenants, annexes and contacts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authz.cli.compiled import definitions
from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.registry_care import app as care
from authz.cli.system_user import system_user
from authz.cli.terminal import BAD, GOOD, QUIET, bar_of, count, output, say, say_problem
from authz.errors import RegistryInvalid
from authz.registry.load import LoadReport, load_file
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.callback()
def registry() -> None:
    """Load people and contracts, report on them, erase a person.

    The registry is the database AUTHZ_DATABASE_URL (default: SQLite in AUTHZ_DATA); the first load creates it.
    """


app.add_typer(care)


@app.command(
    epilog=examples(
        "authz registry load examples/registry.yaml",
        'authz registry load tenants.jsonl --by "Ana Pop" --json',
    )
)
def load(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", exists=True, dir_okay=False, help="A .yaml file, or .jsonl with one tenant a line."
        ),
    ],
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Who loads it; kept in the trail.  [default: the system's user]")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Load a file of tenants, with their annexes, contacts and resources: all of it, or nothing if it has a problem.

    Loading a file again changes nothing. An annex number that is known with other contents is refused; contacts
    change by a new annex only. Loading never lifts a suspension or revocation. A running service sees the change
    within a second.

    Exit status: 0 loaded, 1 problems in the file (all are printed, nothing is loaded), 2 wrong usage or no database.
    """
    quiet_operations_log()
    settings = Settings()
    try:
        with opened_registry(settings) as store, bar_of(f"loading {file.name}") as show:
            report = load_file(file, store, definitions(settings), by or system_user(), show)
    except RegistryInvalid as invalid:
        _refused(file, invalid, as_json)
        raise typer.Exit(FINDINGS) from None
    if as_json:
        print_json({"ok": True, "file": str(file), **report._asdict()})
    else:
        _loaded(file, report)


def _refused(file: Path, invalid: RegistryInvalid, as_json: bool) -> None:
    if as_json:
        print_json({"ok": False, "file": str(file), "problems": [problem._asdict() for problem in invalid.problems]})
        return
    console = output()
    for problem in invalid.problems:
        say_problem(console, problem)
    say(console, (f"{file}: {count(len(invalid.problems), 'problem')}; nothing was loaded", BAD))


def _loaded(file: Path, report: LoadReport) -> None:
    console = output()
    changes = [
        count(number, singular, plural) + done
        for number, singular, plural, done in (
            (report.tenants_added, "tenant", "tenants", " added"),
            (report.tenants_changed, "tenant", "tenants", " changed"),
            (report.annexes_added, "annex", "annexes", " added"),
            (report.contacts_added, "contact", "contacts", " added"),
            (report.contacts_suspended, "contact", "contacts", " suspended or revoked"),
            (report.resources_changed, "resource", "resources", " changed"),
        )
        if number
    ]
    said = ", ".join(changes) if changes else "nothing new"
    say(
        console,
        (f"{file}: {count(report.tenants, 'tenant')} read: {said}", GOOD),
        (f"  revision {report.revision}", QUIET),
    )
