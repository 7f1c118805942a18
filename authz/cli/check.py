"""`authz check`: is every policy set fit to go live?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console

from authz.cli.changes import Changes, changes_since
from authz.cli.compiled import Place, cache_folder, sets_of
from authz.cli.examples import examples
from authz.cli.failures import FINDINGS
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, bar, count, output, say, say_problem
from authz.core.network import NetworkLine
from authz.errors import EngineDisagreement, PolicyInvalid, Problem, sorted_problems
from authz.policy.bundle import NETWORKS_FOLDER
from authz.policy.compiled import CompiledSet
from authz.policy.parse import parse_set
from authz.policy.pipeline import build_set
from authz.policy.prove import prove_networks
from authz.settings import Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Checked(NamedTuple):
    """What a check found of one set. `revision` is empty where its files could not be read; counts are 0 where unknown.

    `proven`, `addresses`: tenants whose network lines were proven, and at how many addresses.
    """

    set_id: str
    revision: str
    problems: tuple[Problem, ...] = ()
    cells: int = 0
    tenants: int = 0
    tests: int = 0
    proven: int = 0
    addresses: int = 0


@app.command(
    epilog=examples(
        "authz check                          all sets of AUTHZ_POLICIES",
        "authz check policies/calltrack       one set",
        "authz check --since origin/main      what a branch changes",
        "authz check . --json                 for a machine",
    )
)
def check(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A checkout, a policies folder or one set.  [default: AUTHZ_POLICIES]"),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="REV", help="Only sets, and networks of tenants, changed since a git revision."
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check policy sets: form, compilation, guards, networks, tests.

    Each set walks the way it walks before it goes live: all files are read and cross-checked, Casbin is asked every
    question and the table compared with it, guards are proven and the cases of tests.yaml run. Then every tenant's
    network lines are proven equal to Casbin's judgement and to Python's ipaddress at each boundary.

    Every problem of every set is printed as file:line:column: text, sorted. The model is model.conf inside DIR,
    beside it, or AUTHZ_MODEL. Compiled tables are kept in AUTHZ_DATA, so an unchanged set is checked again at once.

    Exit status: 0 all fit, 1 problems, 2 wrong usage, no policy set there, or the tool failed.
    """
    quiet_operations_log()
    settings = Settings()
    place = sets_of(directory, settings)
    changes = changes_since(since, place.set_dirs, place.model) if since else None
    unchanged = [set_dir for set_dir in place.set_dirs if changes and not (changes.model or changes.of(set_dir))]
    looked_at = [set_dir for set_dir in place.set_dirs if set_dir not in unchanged]
    found = [_checked(place, set_dir, cache_folder(settings), changes) for set_dir in looked_at]
    problems = sorted_problems(problem for one in found for problem in one.problems)
    if as_json:
        print_json(_document(found, problems, [set_dir.name for set_dir in unchanged], since))
    else:
        _print(output(), found, problems, unchanged, since)
    if problems:
        raise typer.Exit(FINDINGS)


def _checked(place: Place, set_dir: Path, cache: Path, changes: Changes | None) -> Checked:
    revision = ""
    try:
        bundle = place.bundle(set_dir)
        revision = bundle.revision
        with bar(f"{set_dir.name}: compiling"):
            compiled = build_set(bundle, cache)
        parsed = parse_set(bundle)
    except PolicyInvalid as invalid:
        return Checked(set_dir.name, revision, invalid.problems)
    networks = compiled.networks if changes is None or changes.model else _changed(compiled, changes.of(set_dir))
    problems, proven, addresses = _prove(set_dir.name, bundle.model, networks, bundle.place)
    cells = sum(map(len, compiled.shared.values()))
    return Checked(
        set_dir.name, revision, problems, cells, len(_tenants(compiled)), len(parsed.tests.cases), proven, addresses
    )


def _tenants(compiled: CompiledSet) -> set[str]:
    """Every tenant that a line of the set names."""
    return {*compiled.networks, *(tenant for group in compiled.classes for tenant in group.tenants)}


def _changed(compiled: CompiledSet, files: frozenset[str]) -> Mapping[str, tuple[NetworkLine, ...]]:
    """The tenants with a line in one of the changed network files; a tenant's lines may stand in several."""
    sources = tuple(f"{compiled.definition.id}/{name}:" for name in files if name.startswith(f"{NETWORKS_FOLDER}/"))
    return {
        tenant: lines
        for tenant, lines in compiled.networks.items()
        if any(line.source.startswith(sources) for line in lines)
    }


def _prove(
    set_id: str, model: bytes, networks: Mapping[str, Sequence[NetworkLine]], place: str
) -> tuple[tuple[Problem, ...], int, int]:
    """Problems, proven tenants, and addresses asked about."""
    proven = addresses = 0
    try:
        with bar(f"{set_id}: proving networks", len(networks)) as advance:
            for proof in prove_networks(model, networks):
                proven += 1
                addresses += proof.addresses
                advance(1)
    except EngineDisagreement as disagreement:
        text = f"the network lines are judged differently: {disagreement}"
        return (Problem(place, 0, 0, text, disagreement.code),), proven, addresses
    return (), proven, addresses


def _print(
    console: Console, found: list[Checked], problems: tuple[Problem, ...], unchanged: list[Path], since: str
) -> None:
    for problem in problems:
        say_problem(console, problem)
    for one in found:
        if one.problems:
            say(console, ("✗ ", BAD), (one.set_id, STRONG), (f"  {count(len(one.problems), 'problem')}", BAD))
            continue
        proof = f"networks of {count(one.proven, 'tenant')} proven at {count(one.addresses, 'address', 'addresses')}"
        say(
            console,
            ("✓ ", GOOD),
            (one.set_id, f"{STRONG} {GOOD}"),
            (
                f"  {count(one.cells, 'cell')}, {count(one.tenants, 'tenant')}, {count(one.tests, 'test')}; {proof}",
                GOOD,
            ),
            (f"  {one.revision}", QUIET),
        )
    if since:
        names = ", ".join(set_dir.name for set_dir in unchanged) or "none"
        say(console, (f"unchanged since {since}, not looked at: {names}", QUIET))


def _document(found: list[Checked], problems: tuple[Problem, ...], unchanged: list[str], since: str) -> dict[str, Any]:
    document: dict[str, Any] = {"ok": not problems}
    if since:
        document |= {"since": since, "unchanged": unchanged}
    document["sets"] = [
        {
            "set": one.set_id,
            "ok": not one.problems,
            "revision": one.revision,
            "cells": one.cells,
            "tenants": one.tenants,
            "tests": one.tests,
            "networks": {"tenants": one.proven, "addresses": one.addresses},
        }
        for one in found
    ]
    document["problems"] = [{"set": _set_of(problem, found), **problem._asdict()} for problem in problems]
    return document


def _set_of(problem: Problem, found: list[Checked]) -> str:
    """The set whose check found it; a problem of the shared model is every set's, and named with the first."""
    return next(one.set_id for one in found if problem in one.problems)
