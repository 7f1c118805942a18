"""`authz registry report` and `authz registry erase`: hygiene, and the right to be forgotten."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from authz.cli.compiled import build_all, cache_folder, live, live_generations, sets_of
from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS
from authz.cli.operations_log import quiet_operations_log
from authz.cli.person import person_key, staff
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, count, output, say
from authz.registry.erasure import Erasure, erase
from authz.registry.keeping import SnapshotKeeper
from authz.registry.report import NotChecked, Remark, remarks
from authz.registry.store import RegistryStore
from authz.settings import Settings
from authz.wiring import recorded_decisions, snapshot_path

app = typer.Typer(rich_markup_mode=None, add_completion=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

_STAYS: Final = (
    "the trail: that a line of an annex was erased, when and by whom; it names nobody",
    "the SHA-256 of each signed paper and of its contents, so that a replay of the paper is recognised and refused",
    "the signed papers themselves, and whatever mail, tickets and backups hold of them",
    "the memory of a running service, as 32 bits of a keyed hash of each id, until its next start",
)
_STAYS_IN_POSTGRESQL: Final = (
    "the PostgreSQL server's own write-ahead log, replicas and backups, until it recycles them",
)
_STAYS_IN_LOG: Final = "records of the decision log: the key that tied them to the person is gone, they name nobody"


@app.command(epilog=examples("authz registry report", "authz registry report --json"))
def report(as_json: AsJson = False) -> None:
    """Say what a careful owner would look at: tenants left with one admin or none, one e-mail at several tenants.

    Also contacts unused for 180 days (by the decision log, once it is that old), private or over-wide declared ranges,
    annexes whose network choice and lines disagree, tenants without lines, and lines of tenants that the registry does
    not know. The admin-like role is the one that may do the most. Read are the registry and the live policy sets (the
    files of AUTHZ_POLICIES where none is live).

    Exit status: 0 nothing to look at, 1 findings, 2 wrong usage, no policy or no database.
    """
    quiet_operations_log()
    settings = Settings()
    now = time.time()
    with opened_registry(settings, made=False) as store:
        directory = store.directory()
        generations = live_generations(settings) or live(build_all(sets_of(None, settings), cache_folder(settings)))
        unused, not_checked = recorded_decisions(settings, store).unused(directory, generations, now)
    found = sorted([*remarks(directory, generations, now), *unused])
    if as_json:
        print_json(_report_document(found, directory.revision, not_checked))
    else:
        _print_report(found, len(directory.tenants), directory.revision, not_checked)
    if found:
        raise typer.Exit(FINDINGS)


def _report_document(found: list[Remark], revision: int, not_checked: list[NotChecked]) -> dict[str, Any]:
    return {
        "revision": revision,
        "findings": [{**one._asdict(), "source": one.source or None} for one in found],
        "not_checked": [one._asdict() for one in not_checked],
    }


def _print_report(found: list[Remark], tenants: int, revision: int, not_checked: list[NotChecked]) -> None:
    console = output()
    kind = ""
    for one in found:
        if one.kind != kind:
            kind = one.kind
            say(console, (kind.replace("_", " "), STRONG))
        say(console, "  ", (f"{one.tenant}: ", STRONG), one.text, (f"  {one.source}" if one.source else "", QUIET))
    for missing in not_checked:
        say(console, (f"not checked: {missing.why}", WARNING))
    said = count(len(found), "finding") if found else "nothing to look at"
    say(console, (f"{count(tenants, 'tenant')}: {said}", BAD if found else GOOD), (f"  revision {revision}", QUIET))


@app.command("erase", epilog=examples('authz registry erase ana@acme.example --by "Mara Ionescu"'))
def erase_(
    person: Annotated[str, typer.Argument(metavar="CONTACT", help="E-mail address, +phone number, or login.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it; kept in the trail.")],
    tenant: Annotated[str, typer.Option("--tenant", metavar="ID", help="At this tenant only.  [default: all]")] = "",
    as_json: AsJson = False,
) -> None:
    """Erase a person: from every annex, past ones and drafts too, and from the files in which the database kept it.

    The person can request nothing any more. What names somebody by one of the erased ids is erased with it; the
    database's files and the snapshot in AUTHZ_DATA are written anew. What stays is named. It cannot be undone, and
    questions about the past (`--at`) no longer know the person.

    Exit status: 0 erased, 1 nobody bears that id (the files are cleaned all the same), 2 wrong usage or no database.
    """
    quiet_operations_log()
    key, by = person_key(person), staff(by)
    settings = Settings()
    with opened_registry(settings) as store:
        erased = erase(store, key, by, tenant)
        store.compact()
        _clean_snapshot(store, snapshot_path(settings))
        stays = _stays(store, settings)
    anything = bool(erased.lines or erased.suspensions or erased.mentions)
    if as_json:
        print_json({"ok": anything, **erased._asdict(), "stays": stays})
    else:
        _print_erasure(erased, stays, anything=anything)
    if not anything:
        raise typer.Exit(FINDINGS)


def _clean_snapshot(store: RegistryStore, path: Path) -> None:
    """The snapshot without the person; what killed writers left beside it held people too."""
    keeper = SnapshotKeeper(store, path)
    if path.exists():
        keeper.renew()
    else:
        keeper.clear()


def _stays(store: RegistryStore, settings: Settings) -> list[str]:
    log = [_STAYS_IN_LOG] if (settings.data / "log").is_dir() else []
    return [*_STAYS, *(_STAYS_IN_POSTGRESQL if store.sqlite_file is None else ()), *log]


def _print_erasure(erased: Erasure, stays: list[str], *, anything: bool) -> None:
    console = output()
    for line in erased.lines:
        say(console, (f"erased: {line}", GOOD))
    for number, what in ((erased.suspensions, "suspension"), (erased.mentions, "mention")):
        if number:
            say(console, (f"erased: {count(number, what)}", GOOD))
    if not anything:
        say(console, ("nobody bears that id; the files were cleaned all the same", BAD))
    for tenant in erased.in_force:
        say(console, (f"note: {tenant} still lists the person on paper; its next annex should not", WARNING))
    for draft in erased.drafts:
        say(console, (f"note: draft {draft} named the person; it says less now than its paper", WARNING))
    for line in erased.namesakes:
        say(console, (f"note: {line} bears the same name under other ids; is it the same person?", WARNING))
    for column in erased.still_named_in:
        say(console, (f"note: a longer text in {column} still holds an erased id", WARNING))
    for one in stays:
        say(console, ("stays: ", STRONG), one)
    say(console, (f"revision {erased.revision}", QUIET))
