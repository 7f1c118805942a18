"""`authz matrix`: the contract's table of roles and actions, drawn from the compiled set."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from authz.cli.compiled import compiled_sets
from authz.cli.contract_table import (
    Condition,
    Entry,
    contract_table,
    own_entries,
)
from authz.cli.examples import examples
from authz.cli.failures import Usage
from authz.cli.footnotes import Notes, within
from authz.cli.operations_log import quiet_operations_log
from authz.cli.plain import print_json, printable
from authz.cli.service_table import draw_service, service_document
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, output, say, show
from authz.core.definition import Labels, PolicySet
from authz.core.generation import Generation
from authz.texts import label

app = typer.Typer(rich_markup_mode=None, add_completion=False)
_DIGITS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@app.command(
    epilog=examples(
        "authz matrix                          every set of AUTHZ_POLICIES",
        "authz matrix calltrack --lang en      one set, labels in English",
        "authz matrix policies/calltrack       a folder",
        "authz matrix calltrack --tenant acme  with the lines of one tenant",
        "authz matrix calltrack --json         for a machine",
    )
)
def matrix(
    set_: Annotated[
        str | None,
        typer.Argument(metavar="SET", help="A set's id or folder; without it, every set of AUTHZ_POLICIES."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--lang", metavar="LANG", help="Language of the labels; default: the set's `table_language`."),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="ID", help="Draw the table as this tenant's own lines make it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Draw a contract's table from its policy set.

    One row for each action and one column for each role, in the set's order, as in the contract. Each cell says
    Allow or Deny and names the policy line that says so. A footnote tells which facts an allow needs beyond
    `network_ok` and `sender_ok`, and which facts refuse all the same. Below stand the set's service terms with
    their calendars, and its obligations.

    Exit status: 0 drawn, 1 the set is not fit to go live (its problems are printed), 2 wrong usage.
    """
    quiet_operations_log()
    generations = compiled_sets(set_)
    if tenant is not None:
        generations = _with_lines_of(tenant, generations, asked_for_one=set_ is not None)
    chosen = [(generation, _language(generation.definition, language)) for generation in generations]
    if as_json:
        tables = [_document(generation, tongue, tenant) for generation, tongue in chosen]
        print_json(tables[0] if set_ is not None and len(tables) == 1 else tables)
        return
    console = output()
    for number, (generation, tongue) in enumerate(chosen):
        if number:
            console.print()
        _draw(console, generation, tongue, tenant)


def _with_lines_of(tenant: str, generations: list[Generation], *, asked_for_one: bool) -> list[Generation]:
    own = [generation for generation in generations if tenant in generation.table.own]
    known = any(tenant in generation.networks for generation in generations)
    if not own and not (known and asked_for_one):
        raise Usage(f"no policy line is of tenant `{tenant}` alone; the table of its set holds for it")
    return own or generations


def _language(definition: PolicySet, wanted: str | None) -> str:
    if wanted is not None and wanted not in definition.languages:
        raise Usage(f"`{definition.id}` has no labels in `{wanted}`; it has {', '.join(definition.languages)}")
    return wanted or definition.table_language or definition.languages[0]


def _draw(console: Console, generation: Generation, language: str, tenant: str | None) -> None:
    definition = generation.definition
    entries = contract_table(definition, generation.table, tenant)
    own = set(own_entries(definition, generation.table, tenant)) if tenant is not None else set()
    notes = Notes(definition, language)
    table = Table(box=box.SQUARE, show_lines=True, header_style=STRONG, title_justify="left")
    table.add_column("", overflow="fold")
    for role in definition.roles.values():
        table.add_column(printable(label(role.label, language)), no_wrap=True)
    for action in definition.actions.values():
        row = [entry for entry in entries if entry.action == action.id]
        table.add_row(
            _heading(action.id, action.label, action.clause, language),
            *(_cell(entry, definition, notes, entry in own) for entry in row),
        )
    say(console, (label(definition.title, language), STRONG), f"  policy set {definition.id}", *_of(tenant))
    show(console, table)
    for number, text in enumerate(notes.texts(), 1):
        say(console, f"{_raised(number)} {text}")
    if tenant is not None:
        said = "* a line of the tenant's own decides" if own else f"no line is of {tenant} alone; so it is for all"
        say(console, (said, QUIET))
    draw_service(console, definition, language)
    say(console, (f"revision {generation.revision}", QUIET))


def _of(tenant: str | None) -> tuple[str, ...]:
    return () if tenant is None else (f", tenant {tenant}",)


def _heading(action: str, labels: Labels, clause: str, language: str) -> Text:
    text = Text(printable(label(labels, language)))
    text.append(f"\n{printable(action)}", QUIET)
    if clause:
        text.append(f" · {printable(clause)}", QUIET)
    return text


def _cell(entry: Entry, definition: PolicySet, notes: Notes, own: bool) -> Text:
    text = Text()
    text.append(*(("Allow", GOOD) if entry.allowed else ("Deny", BAD)))
    numbers = notes.of(entry)
    if numbers:
        text.append(" " + " ".join(map(_raised, numbers)), STRONG)
    if own:
        text.append(" *", STRONG)
    text.append(f"\n{printable(within(entry.rule, definition))}", QUIET)
    return text


def _raised(number: int) -> str:
    return str(number).translate(_DIGITS)


def _document(generation: Generation, language: str, tenant: str | None) -> dict[str, Any]:
    definition = generation.definition
    entries = contract_table(definition, generation.table, tenant)
    own = set(own_entries(definition, generation.table, tenant)) if tenant is not None else set()
    document: dict[str, Any] = {
        "set": definition.id,
        "title": label(definition.title, language),
        "language": language,
        "revision": generation.revision,
    }
    if tenant is not None:
        document["tenant"] = tenant
    document["roles"] = [
        {"id": role.id, "label": label(role.label, language), "clause": role.clause}
        for role in definition.roles.values()
    ]
    document["actions"] = [
        {
            "id": action.id,
            "label": label(action.label, language),
            "clause": action.clause,
            "cells": [_cell_document(entry, entry in own) for entry in entries if entry.action == action.id],
        }
        for action in definition.actions.values()
    ]
    document["facts"] = {fact.id: label(fact.label, language) for fact in definition.facts.values()}
    return document | service_document(definition)


def _cell_document(entry: Entry, own: bool) -> dict[str, Any]:
    return {
        "role": entry.role,
        "effect": "allow" if entry.allowed else "deny",
        "rule": entry.rule,
        "needs": [_condition_document(condition) for condition in entry.allows],
        "refused_with": [_condition_document(condition) for condition in entry.refusals],
        "own": own,
    }


def _condition_document(condition: Condition) -> dict[str, Any]:
    return {"facts": list(condition.facts), "rule": condition.rule}
