"""A finished comparison in the form that a reader wants: terminal, JSON, Markdown; `remarks` for the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from authz.cli.diff.acceptance import Acceptance, Unapproved
from authz.cli.diff.people import Touched
from authz.cli.diff.words import Kind, Line, headline
from authz.cli.reports.markdown import code, prose
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, output, say
from authz.core.diff.declaration import Part
from authz.core.diff.networks import addresses
from authz.core.diff.sets import SetDiff, Verdict
from authz.errors import Problem

MARKER: Final = "<!-- authz diff -->"
"""The first line of the Markdown, by which a comment is found again and replaced."""
LARGEST_COMMENT: Final = 65_000
"""Characters; the platform takes 65,536, and a caller may want to add a line."""
_MOST_PEOPLE: Final = 10
_ROWS: Final = (60, 25, 10, 4)
_CUT: Final = "\n\n… the rest does not fit into one comment.\n"
_HEADINGS: Final = {
    Kind.GAIN: "Who gains", Kind.LOSS: "Who loses", Kind.BOTH: "What changes both ways", Kind.OTHER: "Other changes",
}  # fmt: skip
_BROKEN_BASE: Final = (
    "The base is broken: it does not compile, so this change cannot be compared with it. HEAD compiles; whether a set "
    "that could not be compared gives access has to be read in its files."
)
_WAYS: Final = {"either": "may gain or lose", "otherwise": "told or promised something else"}


class Compared(NamedTuple):
    """Everything that is told. `open`: gains that nobody accepted; `replayed`: of a replay, the count first.

    `place`: the path of a file `policies/<set>/...` as a report names it.
    """

    base: str
    head: str
    verdict: Verdict
    diffs: tuple[SetDiff, ...]
    lines: tuple[Line, ...]
    open: tuple[Unapproved, ...]
    findings: tuple[Problem, ...]
    invalid: tuple[tuple[str, Problem], ...]
    failing: tuple[Problem, ...]
    failing_before: int
    replayed: tuple[str, ...]
    exit_code: int
    place: Callable[[str], str] = str
    accepted: tuple[Acceptance, ...] = ()

    @property
    def headline(self) -> str:
        """The verdict first; where a side does not compile there is none on the whole."""
        if not self.invalid:
            return headline(self.verdict, self.lines)
        rest = f"; what does: {headline(self.verdict, self.lines)}" if self.lines else ""
        broken = [
            f"{side} ({name})" for side, name in (("BASE", self.base), ("HEAD", self.head)) if self.is_broken(name)
        ]
        return f"NO VERDICT: {' and '.join(broken)} {'do' if len(broken) > 1 else 'does'} not compile{rest}"

    def is_broken(self, name: str) -> bool:
        """Whether the side of that name does not compile."""
        return any(side == name for side, _ in self.invalid)


def print_terminal(compared: Compared) -> None:
    """For a person at a terminal."""
    console = output()
    style = {Verdict.NO_CHANGE: GOOD, Verdict.NARROWER: WARNING}.get(compared.verdict, BAD)
    say(console, (compared.headline, f"{STRONG} {style}" if not compared.invalid else BAD))
    if not compared.invalid and (stated := _on_guards(compared.diffs)):
        say(console, (stated, WARNING))
    marks = {Kind.GAIN: ("+ ", BAD), Kind.LOSS: ("- ", WARNING), Kind.BOTH: ("± ", BAD), Kind.OTHER: ("· ", QUIET)}
    for kind, heading in _HEADINGS.items():
        lines = [line for line in compared.lines if line.kind is kind]
        if lines:
            say(console, "")
            say(console, (heading, STRONG))
        for line in lines:
            say(console, marks[kind], one_line(line.text), (f"  {line.place}" if line.place else "", QUIET))
            for told in _people(line.people):
                say(console, (f"    {told}", QUIET))
    for title, texts in _appendix(compared):
        say(console, "")
        say(console, (title, STRONG))
        for text in texts:
            say(console, f"  {one_line(text)}")


def one_line(text: str) -> str:
    """No text of a file begins a line of its own, which a runner of jobs could take for a command."""
    return " ".join(text.split("\n"))


def _people(touched: Touched) -> Iterator[str]:
    """`gains (2): acme: Ana Pop <...>, ...`, and the like for whatever else becomes of somebody."""
    for way, who in touched._asdict().items():
        if who:
            more = f" and {len(who) - _MOST_PEOPLE} more" if len(who) > _MOST_PEOPLE else ""
            yield f"{_WAYS.get(way, way)} ({len(who)}): {', '.join(who[:_MOST_PEOPLE])}{more}"


def _appendix(compared: Compared) -> Iterator[tuple[str, list[str]]]:
    if compared.invalid:
        yield "Does not compile", [f"{side}: {problem}" for side, problem in compared.invalid]
    if compared.open:
        yield "Widened without an approval in this change", [one.text for one in compared.open]
    if compared.accepted:
        yield "Accepted in this change", [str(one) for one in compared.accepted]
    if compared.failing:
        yield "Guards and tests that fail", [str(problem) for problem in compared.failing]
    if compared.findings:
        yield "Approvals", [str(problem) for problem in compared.findings]
    if compared.replayed:
        yield "Logged questions", list(compared.replayed)


def document(compared: Compared) -> dict[str, Any]:
    """For a machine; `docs/diff.schema.json` describes it."""
    return {
        "verdict": None if compared.invalid else compared.verdict.value,
        "headline": compared.headline,
        "exit_code": compared.exit_code,
        "base": compared.base,
        "head": compared.head,
        "sets": [_set_document(diff) for diff in compared.diffs],
        "sentences": [
            {"kind": line.kind.value, "set": line.set_id, "text": line.text, "source": line.source,
             "people": list(line.people.everybody), **{way: list(who) for way, who in line.people._asdict().items()}}
            for line in compared.lines
        ],
        "unapproved": [one.text for one in compared.open],
        "accepted": [
            {"gain": one.gain, "because": one.item.of.because, "accepted_by": one.item.of.accepted_by,
             "expires": one.item.of.expires.isoformat(), "file": one.item.of.file, "line": one.item.of.line,
             "column": one.item.of.column,
             "member": one.item.member, "item": one.item.at + 1}
            for one in compared.accepted
        ],
        "findings": [problem._asdict() for problem in compared.findings],
        "invalid": [{"side": side, **problem._asdict()} for side, problem in compared.invalid],
        "failing": [problem._asdict() for problem in compared.failing],
        "replay": list(compared.replayed),
    }  # fmt: skip


def _set_document(diff: SetDiff) -> dict[str, Any]:
    return {
        "set": diff.set_id,
        "verdict": diff.verdict.value,
        "added": diff.added,
        "removed": diff.removed,
        "cells": [one._asdict() for one in diff.cells],
        "networks": [
            {
                "tenant": one.tenant, "rule": one.rule, "any_before": one.any_before, "any_after": one.any_after,
                "gains": one.gains, "losses": one.losses, "gone": one.gone,
                **{
                    name: {"ranges": [str(span) for span in spans], "ipv4": addresses(spans)[0],
                           "ipv6": str(addresses(spans)[1])}
                    for name, spans in (("gained", one.gained), ("lost", one.lost),
                                        ("gained_declared", one.gained_declared), ("lost_declared", one.lost_declared))
                },
            }
            for one in diff.networks
        ],
        "declared": [{**one._asdict(), "id": one.id, "part": one.part.value} for one in diff.declared],
        "reasons": [one._asdict() for one in diff.reasons],
    }  # fmt: skip


def markdown(compared: Compared) -> str:
    """One comment, or a job's summary: to be understood by somebody who has never seen the tool.

    As many rows of each table as fit into the largest comment; the rest is counted.
    """
    texts = (_markdown(compared, rows) for rows in _ROWS)
    return next((text for text in texts if len(text) <= LARGEST_COMMENT), _cut_off(_markdown(compared, _ROWS[-1])))


def _cut_off(text: str) -> str:
    kept = text[: LARGEST_COMMENT - len(_CUT)]
    return kept.rpartition("\n")[0] + _CUT


def _markdown(compared: Compared, most: int) -> str:
    parts = [MARKER, f"## {prose(compared.headline)}", _advice(compared)]
    for kind, heading in _HEADINGS.items():
        lines = [line for line in compared.lines if line.kind is kind]
        if not lines:
            continue
        parts.append(f"### {heading}")
        people = any(line.people.everybody for line in lines)
        parts.append(f"| what | where |{' who |' if people else ''}\n|---|---|{'---|' if people else ''}")
        rows = [_row(line, people=people) for line in lines[:most]]
        if len(lines) > most:
            rows.append(f"| … and {len(lines) - most} more | |{' |' if people else ''}")
        parts[-1] += "\n" + "\n".join(rows)
    for title, texts in _appendix(compared):
        shown = [f"- {prose(text)}" for text in texts[:most]]
        if len(texts) > most:
            shown.append(f"- … and {len(texts) - most} more")
        parts.append(f"### {title}\n" + "\n".join(shown))
    parts.append(
        "<sub>`network_ok`: the request comes from an address that the tenant declared. `sender_ok`: the sender is "
        f"surely the contact. Compared: {code(compared.base)} with {code(compared.head)}, every cell, every "
        "combination of facts, every address.</sub>"
    )
    return "\n\n".join(parts) + "\n"


def _advice(compared: Compared) -> str:
    if compared.is_broken(compared.head):
        return "Do not merge: HEAD does not compile, and what does not compile cannot be compared."
    if compared.invalid:
        return " ".join(filter(None, (_BROKEN_BASE, _held_up(compared))))
    return f"{_on_merging(compared)} {_on_guards(compared.diffs)}".rstrip()


def _on_merging(compared: Compared) -> str:
    if held_up := _held_up(compared):
        return held_up
    if compared.findings:
        return "**Do not merge yet**: an approval is stale, or accepts what this change does not do."
    return _on_access(compared.verdict)


def _held_up(compared: Compared) -> str:
    if compared.open:
        return "**Do not merge yet**: this gives access that nobody has accepted in this change (see `approvals/`)."
    return "**Do not merge yet**: guards or tests fail." if compared.failing else ""


def _on_guards(diffs: tuple[SetDiff, ...]) -> str:
    names = [f"{diff.set_id}/{one.name}" for diff in diffs for one in diff.declared if one.part is Part.GUARD]
    if not names:
        return ""
    stated = ", ".join(map(code, names))
    return f"What must never be is stated otherwise ({stated}): no later change is held to what was stated before."


def _on_access(verdict: Verdict) -> str:
    if verdict is Verdict.NO_CHANGE:
        return "Nobody may do anything that they may not do today, and nobody loses anything."
    if verdict is Verdict.NARROWER:
        return "Nobody gains anything. Check that those who lose something are meant to."
    return "The access that this gives is accepted in this change. Check it against the paper that the approval names."


def _row(line: Line, *, people: bool) -> str:
    where = code(line.place)
    row = f"| {prose(line.text)} | {where} |"
    if people:
        row += f" {'; '.join(map(prose, _people(line.people)))} |"
    return row


def as_json(compared: Compared) -> str:
    """The document as text, the verdict first."""
    return json.dumps(document(compared), ensure_ascii=True, indent=2, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)
