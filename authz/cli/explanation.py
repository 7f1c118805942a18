"""One answer for a person: the verdict, each rule with its outcome and source line, what is missing, what to say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from authz.cli.plain import printable
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, say, show
from authz.core.decision import Decision
from authz.core.explain import FAILED, NOT_REACHED, PASSED, Step
from authz.core.outcome import Outcome
from authz.core.types import Request
from authz.texts import Texts, label

_STYLES: Final = {PASSED: GOOD, FAILED: BAD, NOT_REACHED: QUIET}


def print_explanation(
    console: Console,
    outcome: Outcome,
    answer: Mapping[str, Any],
    rules: Iterable[Step],
    texts: Texts,
    languages: tuple[str, ...],
) -> None:
    """The whole explanation. `answer`: the JSON answer for a caller with scope `explain`; `languages`: of the texts."""
    decision = outcome.decision
    verdict = ("ALLOWED", f"{GOOD} bold") if decision.allowed else ("REFUSED", BAD)
    say(console, verdict, "  ", (decision.reason.value, STRONG), f"  {_asked(decision, outcome.request, languages[0])}")
    say(console, (f"at {_instant(outcome)}", QUIET))
    console.print()
    print_steps(console, rules)
    console.print()
    show(console, _further(outcome, answer, texts, languages))


def print_as_of(console: Console, as_of: Mapping[str, Any]) -> None:
    """By which policy bundle and which annex an answer about the past was given."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column(overflow="fold")
    policy, annex = as_of.get("policy"), as_of.get("annex")
    if policy is not None:
        table.add_row("policy then", _text(f"{policy['set']} {policy['revision']}, live since {policy['since']}"))
    if annex is not None:
        dates = f"signed on {annex['signed_on']}, in force from {annex['effective_from']}"
        table.add_row("annex then", _text(f"{annex['number']} (id {annex['id']}), {dates}, {annex['origin']}"))
        table.add_row("document", _text(annex["document_sha256"] or "not kept"))
        table.add_row("entered", _text(f"{annex['entered_at']} by {annex['entered_by']}"))
        table.add_row("approved", _text(f"{annex['approved_at']} by {annex['approved_by']}"))
    for name in as_of.get("of_now", ()):
        table.add_row("not as of then", _text(f"{name.replace('_', ' ')}: changed since, and not kept", WARNING))
    show(console, table)


def print_steps(console: Console, rules: Iterable[Step], indent: int = 0) -> None:
    """R1 to R6, one line each: outcome, what was found, the policy line that spoke."""
    table = Table.grid(padding=(0, 2))
    if indent:
        table.add_column(width=indent - 2)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for step in rules:
        found = Text(printable(step.text))
        if step.source:
            found.append(f"  {printable(step.source)}", QUIET)
        row = [Text(step.rule, STRONG), Text(step.title), Text(step.outcome, _STYLES[step.outcome]), found]
        table.add_row(*([Text()] if indent else []), *row)
    show(console, table)


def what_would_help(decision: Decision, texts: Texts, language: str) -> str:
    """The nearest allowed neighbour in words; empty for an allow and for a refusal before the judge was asked."""
    if decision.allowed or decision.cell is None:
        return ""
    phrases = [f"{missing}: {texts.condition(decision, missing, language)}" for missing in decision.missing]
    return f"would be allowed if {'; and '.join(phrases)}" if phrases else "nothing would help"


def _asked(decision: Decision, request: Request, language: str) -> str:
    who = f"{decision.contact.name} ({request.subject_id})" if decision.contact else f"{request.subject_id}"
    action = decision.action or request.action
    if decision.generation is not None and decision.action in decision.generation.definition.actions:
        action += f" “{label(decision.generation.definition.actions[decision.action].label, language)}”"
    whose = f" for {decision.tenant.name} ({decision.tenant.id})" if decision.tenant else ""
    return f"{who} requests {action}{whose}"


def _instant(outcome: Outcome) -> str:
    """The moment of the decision, in the set's time zone where the set is known."""
    generation = outcome.decision.generation
    zone = dt.UTC if generation is None else generation.local_day.zone
    return dt.datetime.fromtimestamp(outcome.at, zone).isoformat(sep=" ", timespec="seconds")


def _further(outcome: Outcome, answer: Mapping[str, Any], texts: Texts, languages: tuple[str, ...]) -> Table:
    decision, context = outcome.decision, answer["context"]
    table = Table.grid(padding=(0, 2))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column(overflow="fold")
    neighbour = what_would_help(decision, texts, languages[0])
    if neighbour:
        table.add_row("missing", _text(neighbour, WARNING))
    for title, member in (("to the requester", "reason_user"), ("to the desk", "reason_admin")):
        said = [f"[{language}] {context[member][language]}" for language in languages if language in context[member]]
        for number, text in enumerate(said):
            table.add_row("" if number else title, _text(text))
    for number, duty in enumerate(context.get("obligations", ())):
        properties = "; ".join(f"{name}: {_plain(value)}" for name, value in duty["properties"].items())
        table.add_row("" if number else "obligations", _text(f"{duty['id']} ({duty['type']}) {properties}", STRONG))
    if "service_terms" in context:
        terms = context["service_terms"]
        for number, (name, value) in enumerate(terms.items()):
            table.add_row("" if number else "service terms", _text(f"{name.replace('_', ' ')}: {_plain(value)}"))
    table.add_row(
        "revision", _text(f"policy {context['revision']['policy']}, registry {context['revision']['registry']}")
    )
    table.add_row("decision id", _text(context["decision_id"]))
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"[{name}] {_plain(member)}" for name, member in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value))
    return str(value)
