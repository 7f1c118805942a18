"""`authz log receipt|replay`: a recorded decision held against rules, today's or others'."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from authz.borne_out import held_against
from authz.cli.compiled import build_all, cache_folder, live, sets_of
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS, Usage
from authz.cli.log.find import Since, TenantId, opened, wanted_by
from authz.cli.log.key import public_key
from authz.cli.log.sentence import sentence_of
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, WARNING, count, output, say
from authz.core.generation import Generation
from authz.log.disk.files import SUFFIX
from authz.log.index.pieces import Wanted
from authz.log.signed.covered import NotInTheLog
from authz.log.signed.receipt import NotAReceipt, issue_receipt, read_receipt
from authz.policy.generations.past import PastPolicies
from authz.recorded import Asked, instant_text
from authz.replay import Replayed, replay, sentence
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

    Exit status: 0 printed or it holds, 1 no such decision, none that the log holds, or it does not hold, 2 wrong usage.
    """
    if (verify is None) == (not decision_id):
        raise Usage("give the ID of a decision, or --verify FILE")
    if verify is None:
        _print_receipt(decision_id)
        return
    settings = Settings()
    try:
        record = read_receipt(verify.read_bytes(), public_key(key, log_place(settings))).record
    except NotAReceipt as error:
        _conclude([f"the receipt: {error}"], [], {}, as_json=as_json)
        return
    objections: list[str] = []
    notes = ["no policy files were given, so only the signature was held against it"]
    if policies is not None:
        objections, notes = _held(record, live(build_all(sets_of(policies, settings), cache_folder(settings))))
    _conclude(objections, notes, record, as_json=as_json)


@app.command("replay", epilog=examples("authz log replay --policies . --since 2026-06-01"))
def replay_(
    policies: Policies = None,
    base: Annotated[
        Path | None,
        typer.Option("--base", metavar="DIR", help="The rules before.  [default: what AUTHZ_DATA has kept of them]"),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", metavar="FILE", exists=True, help="An exported .jsonl, or a folder of segments."),
    ] = None,
    tenant: TenantId = None,
    since: Since = "",
    as_json: AsJson = False,
) -> None:
    """Put recorded questions to other rules: which would be answered otherwise?

    With --log neither database nor service is needed. Facts have the values that were recorded; where the rules by
    which a question was answered are at hand (--base), a fact that means something else today is not told.

    Exit status: 0 none, 1 some would be, 2 wrong usage, or the log cannot be read.
    """
    settings = Settings()
    quiet_operations_log()
    generations = _compiled(policies, settings)
    then = _Then(_compiled(base, settings) if base is not None else {}, PastPolicies(settings.data))
    if log is not None:
        asked = Asked(frozenset(tenant) if tenant else None, since=since)
        _report(replay(_chosen(exported(log), asked), generations, then), as_json=as_json)
        return
    with opened() as (_, recorded):
        wanted = wanted_by(recorded, Asked(frozenset(tenant) if tenant else None, since=since))
        _report(replay((record for _, record in recorded.search(wanted)), generations, then), as_json=as_json)


def _compiled(folder: Path | None, settings: Settings) -> dict[str, Generation]:
    return live(build_all(sets_of(folder, settings), cache_folder(settings)))


class _Then:
    """The rules of a record (`replay.Then`): of the folder that was given, or of the data folder's history."""

    def __init__(self, base: Mapping[str, Generation], past: PastPolicies) -> None:
        self._base = {(set_id, one.revision): one for set_id, one in base.items()}
        self._past = past
        self._known: dict[tuple[str, str], Generation | None] = dict(self._base)

    def __call__(self, set_id: str, revision: str) -> Generation | None:
        wanted = (set_id, revision)
        if wanted not in self._known:
            self._known[wanted] = self._past.of_revision(set_id, revision)
        return self._known[wanted]


def _chosen(records: Iterable[Mapping[str, Any]], asked: Asked) -> Iterator[Mapping[str, Any]]:
    """Raises: Usage: a time that is none."""
    try:
        since = instant_text(asked.since)
    except ValueError as error:
        raise Usage(f"--since: {error}") from None
    for record in records:
        if (asked.tenants is None or record.get("tenant") in asked.tenants) and str(record.get("at", "")) >= since:
            yield record


def _print_receipt(decision_id: str) -> None:
    with opened() as (settings, recorded):
        found = next((one for one, _ in recorded.search(Wanted(id=decision_id))), None)
        if found is None:
            say(output(), ("no decision with that id is in the log", BAD))
            raise typer.Exit(FINDINGS)
        try:
            issued = issue_receipt(log_place(settings), found.line, found.position.segment, time.time())
        except NotInTheLog as error:
            say(output(), (f"no receipt: {error}", BAD))
            raise typer.Exit(FINDINGS) from None
        typer.echo(issued.decode("ascii"))


def _held(record: Mapping[str, Any], generations: Mapping[str, Generation]) -> tuple[list[str], list[str]]:
    """What the rules of a folder say otherwise, and what they cannot say."""
    generation = generations.get(str(record.get("set")))
    held = held_against(record, generation)
    objections = list(held.differences)
    if generation is not None and generation.revision != record.get("policy"):
        here = f"the folder holds another revision of `{record['set']}`"
        objections.insert(0, f"{here}: {generation.revision}; the record was judged by {record.get('policy')}")
    return objections, list(held.beyond)


def _conclude(objections: list[str], notes: list[str], record: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json({"holds": not objections, "objections": objections, "notes": notes, "record": dict(record)})
    else:
        console = output()
        for objection in objections:
            say(console, (objection, BAD))
        if not objections:
            say(console, ("the receipt holds: ", GOOD), sentence_of(record))
            annex = f"annex {record['annex']} {record.get('annex_sha256', '')}" if "annex" in record else "no annex"
            say(console, (f"  {annex.strip()}, {record.get('set', 'no set')} {record.get('policy', '')}", QUIET))
        for note in notes:
            say(console, (f"  {note}", QUIET))
    if objections:
        raise typer.Exit(FINDINGS)


def exported(path: Path) -> Iterable[Mapping[str, Any]]:
    """The records of an exported file, or of a folder of segments.

    Raises:
        Usage: a line is no record.
    """
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    for file in files:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    record = json.loads(line)
                except ValueError:
                    if not line.endswith(b"\n"):
                        break  # somebody is writing it
                    raise Usage(f"{file}:{number}: this is no record of a decision") from None
                if not isinstance(record, dict):
                    raise Usage(f"{file}:{number}: this is no record of a decision")
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
