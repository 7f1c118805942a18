"""`authz key`: the API keys of callers."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.failures import Usage
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json, printable
from authz.cli.question import moment_of
from authz.cli.system_user import system_user
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, messages, output, say, show
from authz.core.types import Assurance, Channel
from authz.registry.callers import Caller, callers, create_caller, revoke_caller
from authz.settings import Settings
from authz.web.credentials.callers import Scope

app = typer.Typer(rich_markup_mode=None, add_completion=False)
Word = TypeVar("Word", bound=StrEnum)
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who does it; kept in the trail.  [default: the system's user]")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.callback()
def key() -> None:
    """Make, list and end the API keys of callers.

    A key is sent as `Authorization: Bearer KEY`. Its scopes say what it is good for; tenants, channels and assurance
    limit what its caller may ask about and state. Only a hash of it is kept.
    """


@app.command(
    epilog=examples(
        "authz key create helpdesk --scope decide --scope explain",
        "authz key create portal --scope decide --channel web --tenant acme --expires 2027-01-01 --json",
    )
)
def create(  # noqa: PLR0913, PLR0917 - the limits of a key
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the caller is called.")],
    scopes: Annotated[list[str], typer.Option("--scope", metavar="|".join(Scope), help="May be repeated.")],
    tenants: Annotated[
        list[str] | None, typer.Option("--tenant", metavar="ID", help="May be repeated.  [default: all tenants]")
    ] = None,
    channels: Annotated[
        list[str] | None,
        typer.Option("--channel", metavar="|".join(Channel), help="May be repeated.  [default: all channels]"),
    ] = None,
    assurance: Annotated[
        str, typer.Option("--assurance", metavar="|".join(Assurance), help="The highest that the caller may state.")
    ] = Assurance.SESSION.value,
    default_assurance: Annotated[
        str,
        typer.Option(
            "--default-assurance",
            metavar="|".join(Assurance),
            help="What a question states by saying nothing.  [default: session, or the highest where that is less]",
        ),
    ] = "",
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE|INSTANT", help="A date ends at its 00:00 UTC.  [default: never]")
    ] = "",
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once; it is kept nowhere.

    Exit status: 0 made, 2 wrong usage, an unknown tenant, or no database.
    """
    words = [_word(Scope, scope, "--scope") for scope in scopes]
    ends = dt.datetime.fromtimestamp(moment_of(expires, dt.UTC), dt.UTC) if expires else None
    if ends is not None and ends <= dt.datetime.now(dt.UTC):
        raise Usage(f"--expires: {expires} is past")
    highest = _word(Assurance, assurance, "--assurance")
    default = _word(Assurance, default_assurance, "--default-assurance") if default_assurance else None
    if default is not None and list(Assurance).index(default) > list(Assurance).index(highest):
        raise Usage("--default-assurance: is above --assurance")
    quiet_operations_log()
    with opened_registry(Settings()) as store:
        made = create_caller(
            store,
            name,
            by or system_user(),
            scopes=[word.value for word in words],
            tenants=tenants or None,
            channels=[_word(Channel, channel, "--channel") for channel in channels or ()] or None,
            assurance=highest,
            default_assurance=default,
            expires_at=ends,
        )
    if as_json:
        print_json(made._asdict())
        return
    say(output(), made.key)
    say(messages(), ("key ", QUIET), (made.id, STRONG), (" made; it is shown this once and kept nowhere", WARNING))


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List every key there ever was, without the keys themselves. The last use lags by up to a minute.

    Exit status: 0 listed, 2 no database.
    """
    quiet_operations_log()
    with opened_registry(Settings()) as store:
        known = callers(store)
    now = dt.datetime.now(dt.UTC).timestamp()
    if as_json:
        print_json([_document(caller, now) for caller in known])
        return
    table = Table(box=None, pad_edge=False, header_style=QUIET)
    for heading in (
        "id",
        "name",
        "state",
        "scopes",
        "tenants",
        "channels",
        "assurance",
        "expires",
        "last used",
        "made",
    ):
        table.add_column(heading, no_wrap=heading in ("id", "state"))
    for caller in known:
        said = _document(caller, now)
        cells = [_joined(said[member]) for member in ("scopes", "tenants", "channels")]
        state = Text(said["state"], GOOD if said["state"] == "valid" else BAD)
        made = f"{said['created_at']} by {caller.created_by}"
        table.add_row(
            caller.id,
            printable(caller.name),
            state,
            *cells,
            said["assurance"],
            said["expires_at"] or "never",
            said["last_used_at"] or "never",
            printable(made),
        )
    show(output(), table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `authz key list` shows it.")], by: By = ""
) -> None:
    """End a key at once and for good.

    Exit status: 0 ended (or had ended before), 2 no such key, or no database.
    """
    quiet_operations_log()
    with opened_registry(Settings()) as store:
        revoke_caller(store, key_id, by or system_user())
    say(output(), ("key ", GOOD), (key_id, f"{GOOD} {STRONG}"), (" is revoked", GOOD))


def _word(kind: type[Word], text: str, option: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise Usage(f"{option}: `{text}` is not one of {', '.join(kind)}") from None


def _document(caller: Caller, now: float) -> dict[str, Any]:
    state = "valid" if caller.is_valid(now) else "expired" if caller.revoked_at is None else "revoked"
    return {
        "id": caller.id,
        "name": caller.name,
        "state": state,
        "scopes": sorted(caller.scopes),
        "tenants": None if caller.tenants is None else sorted(caller.tenants),
        "channels": None if caller.channels is None else sorted(caller.channels),
        "assurance": caller.assurance.value,
        "default_assurance": caller.default_assurance.value,
        "expires_at": _instant(caller.expires_at),
        "created_at": _instant(caller.created_at),
        "created_by": caller.created_by,
        "revoked_at": _instant(caller.revoked_at),
        "last_used_at": _instant(caller.last_used_at),
    }


def _instant(instant: dt.datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")


def _joined(words: list[str] | None) -> str:
    return "all" if words is None else printable(", ".join(words))
