"""`authz log receipt|replay`: a recorded decision held against rules, today's or others'."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from authz.cli.compiled import build_all, cache_folder, live, sets_of
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS, Usage
from authz.cli.log_find import opened, wanted_by
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, WARNING, count, output, say
from authz.log.index import Wanted
from authz.log.receipt import NotAReceipt, read_receipt, write_receipt
from authz.log.segment import SUFFIX
from authz.log.signing import signer_at
from authz.recorded import Asked
from authz.replay import Replayed, Verdict, rejudge, replay, sentence
from authz.settings import Settings
from authz.wiring import log_place

app = typer.Typer(rich_markup_mode=None, add_completion=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Policies = Annotated[
    Path | None, typer.Option("--policies", metavar="DIR", help="A checkout, a policies folder, or one set.")
]


@app.command(
    epilog=examples(
        "authz log receipt 5f0c...e1 > receipt.json", "authz log receipt --verify receipt.json --policies policies"
    )
)
def receipt(
    decision_id: Annotated[str, typer.Argument(metavar="[ID]", help="The id of a decision.")] = "",
    verify: Annotated[
        Path | None, typer.Option("--verify", exists=True, dir_okay=False, help="A receipt to hold against the rules.")
    ] = None,
    policies: Policies = None,
    key: Annotated[
        str, typer.Option("--key", metavar="HEX", help="The public key.  [default: this installation's]")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print the signed receipt of a decision; or verify one, and decide it again by the rules of a folder.

    Exit status: 0 printed or it holds, 1 no such decision or it does not hold, 2 wrong usage.
    """
    if (verify is None) == (not decision_id):
        raise Usage("give the ID of a decision, or --verify FILE")
    if verify is None:
        _print_receipt(decision_id)
        return
    public = bytes.fromhex(key) if key else signer_at(log_place(Settings()).key).public_key
    try:
        record = read_receipt(verify.read_bytes(), public).record
    except NotAReceipt as error:
        _conclude(["the receipt: " + str(error)], {}, as_json=as_json)
        return
    _conclude(list(_objections(record, policies)) if policies is not None else [], record, as_json=as_json)


@app.command("replay", epilog=examples("authz log replay --policies . --since 2026-06-01"))
def replay_(
    policies: Policies = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", exists=True, help="An exported .jsonl, or a folder of segments."),
    ] = None,
    tenant: Annotated[list[str] | None, typer.Option("--tenant", metavar="ID", help="Only of this tenant.")] = None,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="From this date or instant on (UTC).")] = "",
    as_json: AsJson = False,
) -> None:
    """Put recorded questions to other rules: which would be answered otherwise?

    With --log neither database nor service is needed. Facts have the values that were recorded.

    Exit status: 0 none, 1 some would be, 2 wrong usage, or the log cannot be read.
    """
    settings = Settings()
    generations = live(build_all(sets_of(policies, settings), cache_folder(settings)))
    if log is not None:
        records = [
            one for one in exported(log) if (not tenant or one.get("tenant") in tenant) and one.get("at", "") >= since
        ]
        _report(replay(records, generations), as_json=as_json)
        return
    with opened() as (_, recorded):
        wanted = wanted_by(recorded, Asked(frozenset(tenant) if tenant else None, since=since))
        _report(replay((record for _, record in recorded.search(wanted)), generations), as_json=as_json)


def _print_receipt(decision_id: str) -> None:
    with opened() as (settings, recorded):
        found = next((one for one, _ in recorded.search(Wanted(id=decision_id))), None)
        if found is None:
            say(output(), ("no decision with that id is in the log", BAD))
            raise typer.Exit(FINDINGS)
        signer = signer_at(log_place(settings).key)
        typer.echo(write_receipt(found.line, found.position.segment, signer, time.time()).decode("ascii"))


def _objections(record: Mapping[str, Any], policies: Path) -> Iterator[str]:
    """Why the rules of the folder do not bear the recorded answer out."""
    settings = Settings()
    generations = live(build_all(sets_of(policies, settings), cache_folder(settings)))
    generation = generations.get(str(record.get("set")))
    if generation is not None and generation.revision != record["policy"]:
        here = f"the folder holds another revision of `{record['set']}`"
        yield f"{here}: {generation.revision}, recorded {record['policy']}"
    found = rejudge(record, generations)
    if found.verdict is Verdict.OTHERWISE:
        yield f"these rules would {'allow' if found.now else 'refuse'} it ({found.cause})"
    elif found.verdict is Verdict.UNTOLD:
        yield f"these rules cannot be held against it: {found.cause}"
    elif found.cause and record.get("rule") and found.cause != record["rule"]:
        yield f"another line decides here: {found.cause}, recorded {record['rule']}"


def _conclude(objections: list[str], record: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"holds": not objections, "objections": objections, "record": dict(record)})
    else:
        console = output()
        for objection in objections:
            say(console, (objection, BAD))
        if not objections:
            answer = "allowed" if record["decision"] else "refused"
            say(console, ("the receipt holds: ", GOOD), f"{answer} at {record['at']}, {record['reason']}")
            say(console, (f"  {record.get('rule', '')}  annex {record.get('annex', '-')}  {record['policy']}", QUIET))
    if objections:
        raise typer.Exit(FINDINGS)


def exported(path: Path) -> Iterable[Mapping[str, Any]]:
    """The records of an exported file, or of a folder of segments.

    Raises:
        Usage: a line is no JSON.
    """
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                record = json.loads(line)
            except ValueError:
                raise Usage(f"{file}:{number}: this is no record of a decision") from None
            if isinstance(record, dict):
                yield record


def _report(replayed: Replayed, *, as_json: bool) -> None:
    if as_json:
        groups = [{**group._asdict(), "questions": times} for group, times in replayed.groups.items()]
        print_json(
            {
                "questions": replayed.records, "changed": replayed.changed, "groups": groups,
                "untold": dict(replayed.untold),
            }
        )  # fmt: skip
    else:
        console = output()
        say(
            console, f"{replayed.changed:,} of {count(replayed.records, 'logged question')} would be answered otherwise"
        )
        for group, times in sorted(replayed.groups.items(), key=lambda one: (-one[1], one[0])):
            say(console, ("  ", ""), (sentence(group, times), BAD if group.was else WARNING))
        for why, times in sorted(replayed.untold.items()):
            say(console, (f"  {times:,} cannot be told: {why}", QUIET))
    if replayed.changed:
        raise typer.Exit(FINDINGS)
