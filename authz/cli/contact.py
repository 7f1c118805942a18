"""`authz contact`: suspend, restore and revoke at once (R3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS
from authz.cli.operations_log import quiet_operations_log
from authz.cli.person import person_key, staff
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, output, say
from authz.core.types import ContactState
from authz.errors import Conflict, NotFound
from authz.registry.suspension import restore, suspend
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)
Person = Annotated[str, typer.Argument(metavar="CONTACT", help="E-mail address, +phone number, or login.")]
TenantId = Annotated[str, typer.Option("--tenant", metavar="ID", help="At which tenant.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it; kept in the trail.")]
Cause = Annotated[str, typer.Option("--cause", metavar="TEXT", help="Why; name nobody in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def contact() -> None:
    """Suspend, restore and revoke contacts at once.

    The list of contacts changes by a new annex only; this is the one exception. It holds under every id of the person,
    on every annex of the tenant, past and future; no load and no annex lifts it. Services see it within a second.
    """


@app.command("suspend", epilog=examples('authz contact suspend ana@acme.example --tenant acme --by "Mara Ionescu"'))
def suspend_(person: Person, tenant: TenantId, by: By, cause: Cause = "", as_json: AsJson = False) -> None:
    """Suspend a contact until somebody restores it.

    Exit status: 0 done (or so already), 1 no such contact, 2 wrong usage or no database.
    """
    _change(person, tenant, by, cause, ContactState.SUSPENDED, as_json=as_json)


@app.command("revoke", epilog=examples('authz contact revoke ana@acme.example --tenant acme --by "Mara Ionescu"'))
def revoke_(person: Person, tenant: TenantId, by: By, cause: Cause = "", as_json: AsJson = False) -> None:
    """Revoke a contact for good: what suspends softens it no more, and restoring asks for `--revoked-too`.

    Exit status: 0 done (or so already), 1 no such contact, 2 wrong usage or no database.
    """
    _change(person, tenant, by, cause, ContactState.REVOKED, as_json=as_json)


@app.command("restore", epilog=examples('authz contact restore ana@acme.example --tenant acme --by "Ion Rusu"'))
def restore_(
    person: Person,
    tenant: TenantId,
    by: By,
    revoked_too: Annotated[
        bool, typer.Option("--revoked-too", help="Lift a revocation as well; without it that is refused.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Lift a suspension from every id of the contact.

    Exit status: 0 restored, 1 no such contact, not suspended, or revoked, 2 wrong usage or no database.
    """
    key, by = person_key(person), staff(by)
    quiet_operations_log()
    with opened_registry(Settings()) as store, _refusals(person, tenant, as_json=as_json):
        revision = restore(store, tenant, key, by, revoked_too=revoked_too)
    _report(person, tenant, ContactState.ACTIVE, revision, as_json=as_json)


def _change(person: str, tenant: str, by: str, cause: str, state: ContactState, *, as_json: bool) -> None:
    key, by = person_key(person), staff(by)
    quiet_operations_log()
    with opened_registry(Settings()) as store, _refusals(person, tenant, as_json=as_json):
        revision = suspend(store, tenant, key, by, state=state, cause=cause)
    _report(person, tenant, state, revision, as_json=as_json)


@contextmanager
def _refusals(person: str, tenant: str, *, as_json: bool) -> Iterator[None]:
    """What the registry says no to is a finding, not a failure."""
    try:
        yield
    except (NotFound, Conflict, ValueError) as error:
        if as_json:
            print_json({"ok": False, "tenant": tenant, "problem": str(error)})
        else:
            say(output(), (f"{person} at {tenant}: {error}; nothing was changed", BAD))
        raise typer.Exit(FINDINGS) from None


def _report(person: str, tenant: str, state: ContactState, revision: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": True, "tenant": tenant, "state": state.value, "revision": revision})
        return
    said = {ContactState.ACTIVE: "active again"}.get(state, state.value)
    say(output(), (f"{person} at {tenant} is {said}", GOOD), (f"  revision {revision}", QUIET))
