"""`authz log search|tail|stats|export`: what was decided, found through the index of the log."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer

from authz.cli.database import opened_registry
from authz.cli.examples import examples
from authz.cli.failures import Usage
from authz.cli.log.sentence import sentence_of
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, count, output, say, show
from authz.core.types import Reason
from authz.log.index.pieces import Wanted
from authz.log.lines.record import MEMBERS
from authz.log.reading.networks import Networks
from authz.log.reading.tail import Tail, Tailed
from authz.recorded import Asked, Recorded, with_network
from authz.settings import Settings
from authz.wiring import log_place, recorded_decisions

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_POLL_S: Final = 0.5
_SPANS: Final = {"day": 10, "hour": 13, "minute": 16}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON: one document, or one a line while following.")]


def stated(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """An option that is written and says nothing, as of an empty variable, must not find everything."""
    source = ctx.get_parameter_source(param.name or "")
    if source is not None and source.name == "COMMANDLINE" and (not value or any(not one for one in value)):
        raise Usage(f"{param.opts[0]} says nothing")
    return value


def _sought(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text, callback=stated)


TenantId = Annotated[list[str] | None, _sought("--tenant", "ID", "Only of this tenant; repeatable.")]
Person = Annotated[str, _sought("--contact", "CONTACT", "E-mail address, +phone number or login.")]
Action = Annotated[str, _sought("--action", "ID", "Only about this action.")]
ReasonText = Annotated[str, _sought("--reason", "CODE", "Only with this reason.")]
Refused = Annotated[bool, typer.Option("--refused", help="Refusals only.")]
Allowed = Annotated[bool, typer.Option("--allowed", help="Allows only.")]
Since = Annotated[str, _sought("--since", "TIME", "From this date or RFC 3339 instant on (UTC).")]
Until = Annotated[str, _sought("--until", "TIME", "Before this date or instant (UTC).")]
RequestId = Annotated[str, _sought("--request-id", "ID", "Asked with this X-Request-ID.")]
Ticket = Annotated[str, _sought("--resource", "TYPE:ID", "About this resource, as in ticket:4711.")]
DecisionId = Annotated[str, _sought("--id", "ID", "The decision with this id.")]


@app.command(epilog=examples("authz log search --tenant acme --refused", "authz log search --contact ana@acme.example"))
def search(  # noqa: PLR0913, PLR0917 - each a way to search
    tenant: TenantId = None,
    contact: Person = "",
    action: Action = "",
    reason: ReasonText = "",
    refused: Refused = False,
    allowed: Allowed = False,
    since: Since = "",
    until: Until = "",
    request_id: RequestId = "",
    resource: Ticket = "",
    decision_id: DecisionId = "",
    as_json: AsJson = False,
) -> None:
    """Find recorded decisions, oldest first, all of them; the index is brought up to date before.

    Exit status: 0 done (also where nothing was found), 2 wrong usage, or the database is away.
    """
    if reason and reason not in set(Reason):
        raise Usage(f"`{reason}` is no reason; there are {', '.join(Reason)}")
    asked = Asked(
        _tenants(tenant), contact, resource, action, reason, _decision(refused=refused, allowed=allowed), "",
        request_id, decision_id, since, until,
    )  # fmt: skip
    with opened() as (_, recorded):
        found = (record for _, record in recorded.search(wanted_by(recorded, asked)))
        if as_json:
            print_json({"decisions": list(found)})
            return
        for record in found:
            _say(record)


@app.command(epilog=examples("authz log tail -f"))
def tail(
    lines: Annotated[int, typer.Option("-n", min=0, help="How many of the newest.")] = 20,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as decisions come, until stopped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the newest decisions of this machine, oldest first; no database has to be there. Times are UTC.

    Exit status: 0 done, 2 the log cannot be read.
    """
    quiet_operations_log()
    folder = log_place(Settings()).folder
    tailing, networks = Tail(folder), Networks(folder)

    def shown(found: list[Tailed]) -> None:
        for segment, record in found:
            _print(with_network(record, segment, networks), as_json=as_json)

    shown(tailing.last(lines))
    while follow:
        time.sleep(_POLL_S)
        shown(tailing.new())


@app.command(epilog=examples("authz log stats --by hour --since 2026-06-01"))
def stats(
    by: Annotated[str, typer.Option("--by", help="day, hour or minute.")] = "day",
    tenant: TenantId = None,
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Count decisions by reason over time (UTC).

    Exit status: 0 done, 2 wrong usage, or the database is away.
    """
    if by not in _SPANS:
        raise Usage(f"--by is one of {', '.join(_SPANS)}")
    with opened() as (_, recorded):
        recorded.index.catch_up()
        wanted = wanted_by(recorded, Asked(_tenants(tenant), since=since, until=until))
        counts = recorded.index.counts(wanted, _SPANS[by])
    if as_json:
        print_json({"counts": [{**one._asdict(), "span": one.span.replace("T", " ")} for one in counts]})
        return
    from rich.table import Table  # noqa: PLC0415 - only this verb draws

    table = Table(by, "answer", "reason", "decisions", box=None)
    for one in counts:
        table.add_row(
            one.span.replace("T", " "), "allowed" if one.allowed else "refused", one.reason, f"{one.records:,}"
        )
    show(output(), table)


@app.command(epilog=examples("authz log export --format csv --since 2026-06-01 > june.csv"))
def export(
    form: Annotated[str, typer.Option("--format", metavar="jsonl|csv", help="How to write it.")] = "jsonl",
    tenant: TenantId = None,
    since: Since = "",
    until: Until = "",
) -> None:
    """Write recorded decisions to the standard output, oldest first. A CSV cell never begins like a formula.

    Exit status: 0 done, 2 wrong usage, or the database is away.
    """
    if form not in {"jsonl", "csv"}:
        raise Usage("--format is `jsonl` or `csv`")
    with opened() as (_, recorded):
        wanted = wanted_by(recorded, Asked(_tenants(tenant), since=since, until=until))
        records = (record for _, record in recorded.search(wanted))
        if form == "jsonl":
            for record in records:
                typer.echo(json.dumps(record, ensure_ascii=True, separators=(",", ":")))
            return
        columns = [*MEMBERS, "ip_network"]
        writer = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(columns)
        for record in records:
            writer.writerow([defused(record.get(name, "")) for name in columns])


@app.command(epilog=examples("authz log index", "authz log index --rebuild"))
def index(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read this machine's segments from the beginning.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the index up to date with the segments; a running service and every search do so by themselves.

    Exit status: 0 done, 2 the database is away.
    """
    with opened() as (_, recorded):
        added = recorded.index.rebuild() if rebuild else recorded.index.catch_up()
    if as_json:
        print_json({"records_added": added})
    else:
        say(output(), (f"{count(added, 'record')} added to the index", GOOD))


def defused(value: Any) -> str:
    """A CSV cell that no spreadsheet takes for a formula (security.md, threat 27)."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def opened() -> Iterator[tuple[Settings, Recorded]]:
    """The settings, and what was recorded."""
    quiet_operations_log()
    settings = Settings()
    with opened_registry(settings) as store:
        yield settings, recorded_decisions(settings, store)


def wanted_by(recorded: Recorded, asked: Asked) -> Wanted:
    """What is looked for, in the words of the log.

    Raises:
        Usage: a time that is none, or a resource that is not `TYPE:ID`.
    """
    try:
        return recorded.wanted(asked)
    except ValueError as error:
        raise Usage(str(error)) from None


def _decision(*, refused: bool, allowed: bool) -> bool | None:
    if refused and allowed:
        raise Usage("--refused and --allowed together ask for nothing")
    return True if allowed else False if refused else None


def _tenants(stated: list[str] | None) -> frozenset[str] | None:
    return frozenset(stated) if stated else None


def _print(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(record, ensure_ascii=True, separators=(",", ":")), flush=True)
    else:
        _say(record)


def _say(record: dict[str, Any]) -> None:
    places = "  ".join(record[name] for name in ("rule", "network_rule") if name in record)
    say(
        output(),
        (sentence_of(record), GOOD if record.get("decision") is True else BAD),
        (f"  {places}" if places else "", QUIET),
        (f"  {record.get('id', '')}", QUIET),
    )
