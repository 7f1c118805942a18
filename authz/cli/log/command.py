"""`authz log`: whether the log holds, and what is needed to prove it elsewhere; the other verbs stand beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authz.cli.examples import examples
from authz.cli.failures import FINDINGS, Usage
from authz.cli.log.find import app as find
from authz.cli.log.key import public_key
from authz.cli.log.replay import app as proof
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, WARNING, count, output, say
from authz.errors import RegistryUnavailable
from authz.log.checks.checkpoints import Anchor
from authz.log.checks.segment import Recovery
from authz.log.checks.verify import Verdict, verify
from authz.log.disk.files import last_line
from authz.log.lines.chain import line_hash, parsed
from authz.log.signed.checkpoints import FILE, split_signature
from authz.log.signed.signing import key_id, verifies
from authz.registry.store import RegistryStore
from authz.settings import Settings
from authz.wiring import log_place, prune_log, recorded_decisions

app = typer.Typer(rich_markup_mode=None, add_completion=False)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
PublicKey = Annotated[
    str, typer.Option("--key", metavar="HEX", help="The public key to hold it against.  [default: this installation's]")
]


@app.callback()
def log() -> None:
    """Verify, search, replay and export the decision log; receipts.

    The log lies in AUTHZ_DATA/log; docs/decision-log.md says what it holds and what it proves.
    """


app.add_typer(find)
app.add_typer(proof)


@app.command("verify", epilog=examples("authz log verify", "authz log verify --anchor head.json --json"))
def verify_(
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", exists=True, dir_okay=False, help="A head that `authz log anchor` printed."),
    ] = None,
    key: PublicKey = "",
    as_json: AsJson = False,
) -> None:
    """Name the first record of each segment that was changed, removed, swapped or cut since it was written.

    What lies behind the last signed checkpoint is named as not covered yet; that is no fault while a service runs.

    Exit status: 0 the log holds, 1 it does not, 2 it cannot be read.
    """
    settings = Settings()
    place = log_place(settings)
    if not place.folder.is_dir():
        raise Usage(f"there is no log at `{place.folder}`")
    public = public_key(key, place)
    verdict = verify(place.folder, public, read_anchor(anchor.read_bytes(), public) if anchor is not None else None)
    if as_json:
        document = verdict._asdict()
        document["findings"] = [one._asdict() for one in verdict.findings]
        document["tails"] = [one._asdict() for one in verdict.tails]
        document["recovered"] = [one._asdict() for one in verdict.recovered]
        print_json({"ok": not verdict.findings, **document})
    else:
        _say(verdict)
    if verdict.findings:
        raise typer.Exit(FINDINGS)


@app.command(epilog=examples("authz log anchor > head.json"))
def anchor() -> None:
    """Print the newest signed checkpoint, to be kept where nobody who can change the log can reach.

    Exit status: 0 printed, 2 there is none.
    """
    path = log_place(Settings()).folder / FILE
    line = last_line(path)[0] if path.exists() else b""
    if not line:
        raise Usage("no checkpoint was signed yet")
    typer.echo(line.decode("ascii", "backslashreplace"))


@app.command(epilog=examples("authz log key"))
def key() -> None:
    """Print the public key by which checkpoints and receipts are verified, as hex digits.

    Exit status: 0 printed, 2 the key cannot be read.
    """
    typer.echo(public_key("", log_place(Settings())).hex())


@app.command("prune", epilog=examples("authz log prune"))
def prune_(as_json: AsJson = False) -> None:
    """Remove segments past AUTHZ_LOG_DAYS and lists of networks past AUTHZ_LOG_ADDRESS_DAYS; each is signed for.

    Exit status: 0 done, 2 something could not be removed.
    """
    quiet_operations_log()
    settings = Settings()
    removed = prune_log(settings)
    if removed.segments:
        store = RegistryStore(settings.registry_url.get_secret_value())
        try:
            recorded_decisions(settings, store).index.forget(removed.segments)
        except RegistryUnavailable as error:
            say(output(), (f"the index still holds what was removed: {error}", WARNING))
        finally:
            store.close()
    if as_json:
        print_json(removed._asdict())
        return
    say(
        output(),
        f"{count(len(removed.segments), 'segment')} and {count(len(removed.addresses), 'list')} of networks removed",
    )


def read_anchor(text: bytes, public_key: bytes) -> Anchor:
    """The checkpoint that somebody kept.

    Raises:
        Usage: it is none, or of another key.
    """
    line = text.strip()
    try:
        signed, signature = split_signature(line)
        number = parsed(signed)["n"]
    except (ValueError, KeyError):
        raise Usage("the anchor is no checkpoint as `authz log anchor` prints it") from None
    if not verifies(public_key, signature, signed):
        raise Usage(f"the anchor was not signed by the key `{key_id(public_key)}`")
    return Anchor(number, line_hash(line))


def _say(verdict: Verdict) -> None:
    console = output()
    for finding in verdict.findings:
        say(console, (str(finding), BAD))
    read = (
        f"{count(verdict.records, 'line')} in {count(verdict.segments, 'segment')}, "
        f"{count(verdict.checkpoints, 'signed checkpoint')}"
    )
    if verdict.findings:
        say(console, ("the log does not hold: ", BAD), read)
    else:
        say(console, ("the log holds: ", GOOD), read)
    if verdict.pruned:
        say(console, (f"  {count(len(verdict.pruned), 'segment')} removed by retention, signed for", QUIET))
    for one in verdict.recovered:
        say(console, (f"  {one.segment}: its process was killed{_cost(one)}", WARNING))
    for tail in verdict.tails:
        uncovered = f"the last {count(tail.records, 'line')} (from line {tail.first_line})"
        say(console, (f"  {tail.segment}: no checkpoint covers {uncovered} yet", WARNING))


def _cost(recovery: Recovery) -> str:
    parts = [
        f"{recovery.torn_bytes} bytes of a line that nobody was told of were cut off" if recovery.torn_bytes else "",
        f"{count(recovery.lost, 'record')} that had been taken on were never written" if recovery.lost else "",
        f"{count(recovery.networks_lost, 'network')} of refused addresses never reached the list"
        if recovery.networks_lost
        else "",
    ]
    said = "; ".join(part for part in parts if part)
    return f": {said}" if said else ", and nothing was lost"
