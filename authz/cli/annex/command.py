"""`authz annex`: the signed annex from the Word file to the registry, and back to a form to sign."""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from authz.annex.export import export_form, form_language
from authz.annex.network_patch import NetworkFiles
from authz.annex.proposal import Proposal, Signing, patch_of, propose, read_document
from authz.annex.wording import LANGUAGES
from authz.cli.annex.report import approval_document, proposal_document, report
from authz.cli.annex.trail import show_trail, trail_document
from authz.cli.compiled import cache_folder, definitions, live_generations, named_sets
from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS, Usage
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, WARNING, messages, output, say
from authz.core.generation import Generation
from authz.core.types import ContactState
from authz.errors import ConfigError, Conflict, PolicyInvalid
from authz.policy.live import generation_of
from authz.policy.pipeline import build_set
from authz.registry.annexes import DRAFT, TenantAnnexes, tenant_annexes
from authz.registry.proposals import approve, staff_name, withdraw
from authz.registry.trail import trail
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)
TenantId = Annotated[str, typer.Argument(metavar="TENANT", help="The tenant's id.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it; kept in the trail.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def annex() -> None:
    """Import, approve, list and write signed annexes.

    A tenant's list of contacts changes by a new annex only. One person imports the Word document that was signed, a
    second person approves it, and it is in force from its day on, for all its contacts at once.
    """


@app.command(
    "import",
    epilog=examples(
        'authz annex import annex-3.docx --tenant acme --by "Mara Ionescu"',
        "authz annex import annex-3.docx --tenant acme --by mara --signed 2026-05-20 --effective 2026-06-01 --json",
    ),
)
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The Word document (.docx).")
    ],
    tenant_id: Annotated[str, typer.Option("--tenant", metavar="ID", help="Whose annex it is.")],
    by: By,
    signed: Annotated[
        str, typer.Option("--signed", metavar="DATE", help="When it was signed.  [default: the day it takes effect]")
    ] = "",
    effective: Annotated[
        str, typer.Option("--effective", metavar="DATE", help="From which day it is in force.  [default: today]")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Read a signed annex and store it as a draft: all of it, or nothing if it has a problem.

    Every problem is named by table, row and column. What the annex would change is said in sentences; nothing changes
    until a second person approves. A changed network choice also writes a patch of the tenant's network lines into
    AUTHZ_DATA, to be reviewed; until it is merged, the stricter of annex and lines holds.

    Exit status: 0 stored, 1 problems in the document (nothing is stored), 2 wrong usage or no database.
    """
    quiet_operations_log()
    settings = Settings()
    signing = Signing(_staff(by), _day("--signed", signed), _day("--effective", effective))
    with opened_registry(settings) as store:
        tenant = tenant_annexes(store, tenant_id)
        policy = _policy(tenant, settings)
        today = dt.date.fromordinal(policy.generation.local_day.ordinal(time.time()))
        form = read_document(file, policy.generation)
        proposal = propose(store, tenant, form, policy.generation, signing, today)
    patch = _kept_patch(tenant, proposal, policy, settings)
    if as_json:
        print_json(proposal_document(proposal))
    report(file, proposal, patch, messages_only=as_json)
    if proposal.problems:
        raise typer.Exit(FINDINGS)


@app.command("approve", epilog=examples('authz annex approve 7 --by "Ion Rusu"'))
def approve_(
    annex_id: Annotated[int, typer.Argument(metavar="ID", help="The draft's id, as `import` printed it.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Approve a draft as the second person. It is in force from its day on; a later day waits by itself.

    Nobody approves what he entered himself. Numbers and dates must not run backwards. A contact who is suspended or
    revoked stays so. Drafts that this annex overtakes are set aside.

    Exit status: 0 approved, 1 it may not be approved (nothing changes), 2 wrong usage, no such annex, or no database.
    """
    quiet_operations_log()
    with opened_registry(Settings()) as store:
        try:
            approval = approve(store, annex_id, _staff(by))
        except Conflict as conflict:
            if as_json:
                print_json({"annex": annex_id, "problems": [{"code": conflict.code, "text": str(conflict)}]})
            else:
                say(output(), (f"annex {annex_id} was not approved: {conflict}", BAD))
            raise typer.Exit(FINDINGS) from None
    if as_json:
        print_json(approval_document(approval))
        return
    entry = approval.annex.entry
    console = output()
    said = f"annex {entry.number} of {approval.tenant_id} is approved, in force from {entry.effective_from}"
    say(console, (said, GOOD), (f"  revision {approval.revision}", QUIET))
    if approval.set_aside:
        say(console, f"set aside: {', '.join(f'draft {one}' for one in approval.set_aside)}")


@app.command("withdraw", epilog=examples('authz annex withdraw 12 --by "Mara Ionescu"'))
def withdraw_(
    annex_id: Annotated[int, typer.Argument(metavar="ID", help="The draft's id, as `import` printed it.")],
    by: By,
    as_json: AsJson = False,
) -> None:
    """Set a draft aside, so that nobody approves it any more. What was approved cannot be withdrawn.

    Exit status: 0 withdrawn, 1 it is no draft (nothing changes), 2 wrong usage, no such annex, or no database.
    """
    quiet_operations_log()
    with opened_registry(Settings()) as store:
        try:
            done = withdraw(store, annex_id, _staff(by))
        except Conflict as conflict:
            if as_json:
                print_json({"annex": annex_id, "problems": [{"code": conflict.code, "text": str(conflict)}]})
            else:
                say(output(), (f"annex {annex_id} was not withdrawn: {conflict}", BAD))
            raise typer.Exit(FINDINGS) from None
    if as_json:
        print_json({"annex": annex_id, "tenant": done.tenant_id, "problems": [], "revision": done.revision})
        return
    text = f"draft {annex_id} of annex {done.annex.entry.number} of {done.tenant_id} is set aside"
    say(output(), (text, GOOD), (f"  revision {done.revision}", QUIET))


@app.command("list", epilog=examples("authz annex list acme", "authz annex list acme --json"))
def list_(tenant_id: TenantId, as_json: AsJson = False) -> None:
    """List a tenant's annexes, and the trail: every change with who, when, what, and from which document.

    Exit status: 0 listed, 2 no such tenant, or no database.
    """
    quiet_operations_log()
    settings = Settings()
    with opened_registry(settings) as store:
        tenant = tenant_annexes(store, tenant_id)
        lines = trail(store, tenant_id)
    try:
        definition = definitions(settings).get(tenant.set_id)
    except (PolicyInvalid, ConfigError, Usage):
        definition = None  # the trail does not depend on whether the policy files are fit
    if as_json:
        print_json(trail_document(tenant, lines, definition))
    else:
        show_trail(output(), tenant, lines, definition)


@app.command(
    "export",
    epilog=examples("authz annex export acme", "authz annex export acme --lang en --output acme-annex.docx"),
)
def export_(
    tenant_id: TenantId,
    language: Annotated[
        str, typer.Option("--lang", metavar="|".join(LANGUAGES), help="[default: the tenant's first language]")
    ] = "",
    target: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            dir_okay=False,
            help="Where to write it; `-` for the standard output.  [default: TENANT-annex-NUMBER-LANG.docx]",
        ),
    ] = None,
) -> None:
    """Write the form of the tenant's next annex as a Word document, filled in with what its newest one says.

    Table 1 of the form is drawn from the compiled policy, whose revision is printed under it.

    Exit status: 0 written, 1 the policy set is not fit, 2 wrong usage, no such tenant, or no database.
    """
    quiet_operations_log()
    settings = Settings()
    if language and language not in LANGUAGES:
        raise Usage(f"`{language}`: the form is written in {', '.join(LANGUAGES)}")
    with opened_registry(settings) as store:
        tenant = tenant_annexes(store, tenant_id)
    generation = _policy(tenant, settings).generation
    chosen = language or form_language(tenant, generation)
    content = export_form(tenant, generation, chosen)
    if str(target) == "-":
        sys.stdout.buffer.write(content)
        return
    _write_form(content, target, f"{tenant.id}-annex-{_next_number(tenant)}-{chosen}.docx")
    for name in _suspended(tenant):
        say(messages(), (f"{name} is suspended or revoked, and stands on the form all the same", WARNING))


def _write_form(content: bytes, target: Path | None, default: str) -> None:
    path = target if target is not None else Path(default)
    if target is None and path.exists():
        raise Usage(f"`{path}` is there already; name another file with --output")
    path.write_bytes(content)
    say(output(), (f"{path} written", GOOD))


def _next_number(tenant: TenantAnnexes) -> int:
    return tenant.newest.entry.number + 1 if tenant.newest is not None else 1


def _suspended(tenant: TenantAnnexes) -> list[str]:
    contacts = tenant.newest.entry.contacts if tenant.newest is not None else ()
    return [one.name for one in contacts if tenant.state_of_person(one) is not ContactState.ACTIVE]


class _Policy(NamedTuple):
    """A set as it decides, and its network files; None where only what is live is known."""

    generation: Generation
    files: NetworkFiles | None


def _policy(tenant: TenantAnnexes, settings: Settings) -> _Policy:
    """The tenant's set from its files; where they are not fit, as it is live.

    Raises:
        PolicyInvalid, ConfigError, Usage: neither.
    """
    try:
        place = named_sets(tenant.set_id, settings)
        bundle = place.bundle(place.set_dirs[0])
        compiled = build_set(bundle, cache_folder(settings))
    except (PolicyInvalid, ConfigError, Usage):
        live = live_generations(settings).get(tenant.set_id)
        if live is None:
            raise
        return _Policy(live, None)
    return _Policy(
        generation_of(compiled), NetworkFiles(bundle.place, bundle.files, compiled.networks.get(tenant.id, ()))
    )


def _staff(by: str) -> str:
    try:
        return staff_name(by)
    except ValueError as error:
        raise Usage(f"--by: {error}") from None


def _day(option: str, text: str) -> dt.date | None:
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Usage(f"{option}: `{text}` is not a date YYYY-MM-DD")
    return day


def _kept_patch(tenant: TenantAnnexes, proposal: Proposal, policy: _Policy, settings: Settings) -> Path | None:
    """Where the patch of network lines was written; None: none is needed."""
    record = proposal.annex
    if record is None or record.state != DRAFT or policy.files is None:
        return None
    patch = patch_of(tenant, record.entry, policy.files)
    if not patch:
        return None
    folder = settings.data / "annexes"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"annex-{record.id}-networks.patch"
    path.write_text(patch, encoding="utf-8")
    return path
