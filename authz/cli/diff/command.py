"""`authz diff`: what a change of policy sets does to access, before it is merged."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from authz.cli.compiled import cache_beside, definitions
from authz.cli.diff.acceptance import Accepted, accepted
from authz.cli.diff.forms import Compared, as_json, markdown, print_terminal
from authz.cli.diff.opened import opened, seat_of
from authz.cli.diff.people import People, directory_of
from authz.cli.diff.places import declared_at
from authz.cli.diff.remarks import RULES, remarks
from authz.cli.diff.sides import Side, compiled_sides
from authz.cli.diff.words import lines_of
from authz.cli.examples import examples
from authz.cli.failures import Usage
from authz.cli.git import merge_base_of, top_of
from authz.cli.log.replay import exported
from authz.cli.operations_log import quiet_operations_log
from authz.cli.readers import outlast_readers
from authz.cli.reports.github import annotation_lines, append_summary
from authz.cli.reports.sarif import sarif
from authz.cli.terminal import count, messages, say
from authz.cli.verdicts import NoCache
from authz.core.definition import PolicySet
from authz.core.diff.sets import SetDiff, Verdict, diff_sets, total
from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.errors import ConfigError, PolicyInvalid, RegistryInvalid
from authz.replay import replay, sentence
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)

FORMATS: Final = ("terminal", "json", "markdown", "github", "sarif")
NOT_COMPILED, FAILING, UNAPPROVED, FINDINGS = 3, 4, 5, 1


@app.command(
    epilog=examples(
        "authz diff --merge-base origin/main         what a branch changes",
        "authz diff v1.4 v1.5 --registry people.jsonl",
        "authz diff ../before . --format markdown",
    )
)
def diff(  # noqa: PLR0913, PLR0917 - each an option of its own
    base: Annotated[str, typer.Argument(metavar="BASE", help="A folder, or a git revision.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="A folder, or a git revision.")] = ".",
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")] = "terminal",
    registry: Annotated[
        str,
        typer.Option("--registry", metavar="URL|FILE", help="Name the people touched: a database, or a file to load."),
    ] = "",
    replay_log: Annotated[
        Path | None,
        typer.Option("--replay", metavar="LOG", exists=True, help="Exported records, or a folder of segments."),
    ] = None,
    pseudonyms: Annotated[
        bool, typer.Option("--pseudonyms", help="Contact numbers in place of names and ids.")
    ] = False,
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE", help="Also append the Markdown to this file.")
    ] = None,
    merge_base: Annotated[
        bool,
        typer.Option("--merge-base", help="Compare with the commit at which HEAD left BASE, as a pull request does."),
    ] = False,
    no_cache: NoCache = False,
    advisory: Annotated[bool, typer.Option("--advisory", help="Always exit with 0, and say if it would fail.")] = False,
) -> None:
    """Compare two versions of policy sets: who gains, who loses.

    Exhaustive: every tenant, role, action and combination of facts from the compiled tables, every address, every
    word that decides. The first line is the verdict: NO CHANGE, NARROWER, WIDER or BOTH.

    Access that is widened has to be accepted by an entry in approvals/ that is new in HEAD (docs/diff.md).

    Exit status: 0 fine, 1 findings about approvals, 2 wrong usage, 3 a side does not compile, 5 widened without
    approval, 4 guards or tests of HEAD fail; the first of 2, 3, 5, 4, 1 that applies.
    """
    outlast_readers()
    quiet_operations_log()
    if form not in FORMATS:
        raise Usage(f"--format is one of {', '.join(FORMATS)}")
    if merge_base:
        base = left_at(base, head)
    compared = compare(base, head, registry, replay_log, pseudonyms=pseudonyms, no_cache=no_cache)
    _show(compared, form)
    if summary is not None:
        append_summary(summary, markdown(compared))
    if compared.exit_code and advisory:
        say(messages(), f"would fail with exit status {compared.exit_code}")
    elif compared.exit_code:
        raise typer.Exit(compared.exit_code)


def _show(compared: Compared, form: str) -> None:
    if form == "terminal":
        print_terminal(compared)
    elif form == "json":
        typer.echo(as_json(compared))
    elif form == "markdown":
        typer.echo(markdown(compared), nl=False)
    elif form == "sarif":
        typer.echo(json.dumps(sarif(remarks(compared), RULES), ensure_ascii=True, indent=2))
    else:
        typer.echo(compared.headline)
        for line in annotation_lines(remarks(compared)):
            typer.echo(line)


def left_at(base: str, head: str) -> str:
    """The commit at which HEAD left BASE, a revision; HEAD is a revision or a folder of the checkout we stand in.

    Raises:
        Usage: HEAD is a folder elsewhere. GitFailed: git knows no such revision, or no commit that both have.
    """
    if not Path(head).is_dir():
        return merge_base_of(base, head, Path())
    here, there = (top_of(one) for one in (Path(), Path(head)))
    if here is None or here != there:
        raise Usage(f"--merge-base: `{head}` is no folder of the checkout that this runs in")
    return merge_base_of(base, "HEAD", Path())


def compare(
    base: str,
    head: str,
    registry: str = "",
    log: Path | None = None,
    *,
    pseudonyms: bool = False,
    no_cache: bool = False,
) -> Compared:
    """Both sides read, compiled as far as they differ, and compared.

    Raises:
        Usage, GitFailed, ConfigError: exit status 2.
    """
    settings = Settings()
    if _same_folder(base, head):
        raise Usage(f"BASE and HEAD are one folder, `{head}`; say what to compare it with")
    seat = seat_of(head, base)
    with opened(base, settings, seat, is_base=True) as of_base, opened(head, settings, seat) as of_head:
        before_at, after_at = of_base.beside(of_head), of_head.beside(of_base)
        stated = (Path(one) for one in (base, head) if Path(one).is_dir())
        judged = (*stated, *before_at.place.set_dirs, *after_at.place.set_dirs)
        cache = None if no_cache else cache_beside(settings, judged)
        before, after = compiled_sides(before_at, after_at, cache, whole=log is not None)
    invalid = tuple((side.name, problem) for side in (before, after) for problem in side.invalid)
    diffs = list(_diffs(before, after))
    people = _people(registry, settings, before, after, pseudonyms) if registry and diffs else None
    at = declared_at(after.bundles)
    lines = tuple(
        line
        for one in diffs
        for line in lines_of(one, before.generations.get(one.set_id), after.generations.get(one.set_id), at, people)
    )
    today = dt.datetime.now(dt.UTC).date()
    held = accepted(diffs, before.approvals, after.approvals, today, at, after_at.only or before_at.only)
    replayed = tuple(_replayed(log, before, after)) if log is not None and not invalid else ()
    failing_before = len(before.failing)
    verdict = total(diffs)
    code = _exit_code(bool(invalid), held, after)
    return Compared(
        base, head, verdict, tuple(diffs), lines, held.open, held.findings, invalid, after.failing, failing_before,
        replayed, code, after_at.places() if Path(head).is_dir() else str,
        held.gains,
    )  # fmt: skip


def _same_folder(base: str, head: str) -> bool:
    return bool(base and head) and Path(base).is_dir() and Path(base).resolve() == Path(head).resolve()


def _people(registry: str, settings: Settings, before: Side, after: Side, pseudonyms: bool) -> People:
    """By the sets of both sides; a file may name others too, which are those of AUTHZ_POLICIES where there are any."""
    try:
        others = definitions(settings)
    except (ConfigError, PolicyInvalid, Usage):
        others = {}
    old, new = before.definitions(), after.definitions()
    try:
        directory = _directory(registry, ({**others, **old, **new}, {**others, **new, **old}))
    except RegistryInvalid as invalid:
        found = [f"{one.file}:{one.line}:{one.column}" if pseudonyms else str(one) for one in invalid.problems]
        raise Usage("\n".join([f"`{registry}` cannot be loaded:", *found])) from None
    return People(directory, before.generations, after.generations, pseudonyms=pseudonyms)


def _directory(registry: str, ways: tuple[Mapping[str, PolicySet], ...]) -> Directory:
    """By what HEAD declares, or else by what BASE does: a file of today need not fit the attributes of tomorrow."""
    try:
        return directory_of(registry, ways[0])
    except RegistryInvalid:
        try:
            return directory_of(registry, ways[1])
        except RegistryInvalid:
            pass
        raise


def _diffs(before: Side, after: Side) -> Iterator[SetDiff]:
    for set_id in sorted((before.bundles.keys() | after.bundles.keys()) - before.broken - after.broken):
        old, new = before.generations.get(set_id), after.generations.get(set_id)
        if old is not None or new is not None:
            found = diff_sets(old, new)
            if (
                found.verdict is not Verdict.NO_CHANGE
                or found.declared
                or found.reasons
                or found.added
                or found.removed
            ):
                yield found


def _exit_code(invalid: bool, held: Accepted, after: Side) -> int:
    if invalid:
        return NOT_COMPILED
    if held.open:
        return UNAPPROVED
    if after.failing:
        return FAILING
    return FINDINGS if held.findings else 0


def _replayed(log: Path, before: Side, after: Side) -> Iterator[str]:
    """A record of a set that did not change would be answered as before, so it is only counted."""
    records = list(exported(log))
    changed = before.generations.keys() | after.generations.keys()
    touched: list[Mapping[str, object]] = [one for one in records if one.get("set") in changed]

    def then(set_id: str, revision: str) -> Generation | None:
        known = before.generations.get(set_id)
        return known if known is not None and known.revision == revision else None

    found = replay(touched, after.generations, then)
    total_records = sum(one.get("kind") == "decision" and "as_of" not in one for one in records)
    yield f"{found.changed:,} of {count(total_records, 'logged question')} would be answered otherwise"
    for group, times in sorted(found.groups.items(), key=lambda one: (-one[1], one[0])):
        yield sentence(group, times)
    for why, times in sorted(found.untold.items()):
        yield f"{times:,} cannot be told: {why}"
