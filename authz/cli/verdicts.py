"""What `authz check` and `authz test` say of policy sets: exit status, advisory runs, and where a report goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from authz.cli.failures import FINE, INVALID, NOT_HELD, Usage
from authz.cli.reports.github import append_summary
from authz.cli.terminal import WARNING, messages, say
from authz.errors import Problem

_NOT_HELD_CODES: Final = frozenset({"guard", "test"})
TERMINAL: Final = "terminal"

Advisory = Annotated[bool, typer.Option("--advisory", help="Always exit with 0, and say what would have failed.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Keep nothing that was compiled, and take nothing from before.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document; the same as --format json.")]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="How to print.  [default: terminal]")]
Saved = Annotated[
    list[str],
    typer.Option("--save", metavar="FORMAT=FILE", help="Write the report in a further format; may be given again."),
]
Summary = Annotated[
    Path | None,
    typer.Option("--summary", metavar="FILE", dir_okay=False, help="Also append the Markdown to this file."),
]
Directory = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="A checkout, a policies folder or one set.  [default: AUTHZ_POLICIES]"),
]


def status_of(problems: Iterable[Problem]) -> int:
    """3 for a set that does not compile, 4 where only its guards or tests fail, 0 without problems."""
    codes = {problem.code for problem in problems}
    if codes - _NOT_HELD_CODES:
        return INVALID
    return NOT_HELD if codes else FINE


Writers = Mapping[str, Callable[[], str]]
"""Format -> what makes the report's text; `terminal` is printed with colours and not among them."""


def chosen_format(name: str, as_json: bool, known: Iterable[str]) -> str:
    """The format to print.

    Raises:
        Usage: there is none of that name.
    """
    formats = [TERMINAL, *known]
    if name and as_json and name != "json":
        raise Usage(f"--json and --format {name} cannot both hold")
    wanted = "json" if as_json else name or TERMINAL
    if wanted not in formats:
        raise Usage(f"--format: `{wanted}` is none of {', '.join(formats)}")
    return wanted


def chosen_files(saved: Iterable[str], known: Iterable[str]) -> list[tuple[str, Path]]:
    """(format, file) of every `--save`.

    Raises:
        Usage: not of the form FORMAT=FILE, or no such format.
    """
    formats = list(known)
    found = []
    for entry in saved:
        name, equals, file = entry.partition("=")
        if not equals or not file or name not in formats:
            raise Usage(f"--save: `{entry}` is not FORMAT=FILE with one of {', '.join(formats)}")
        found.append((name, Path(file)))
    return found


def write_reports(wanted: str, files: Iterable[tuple[str, Path]], writers: Writers, text: Callable[[], None]) -> None:
    """Print the report and save its further formats."""
    if wanted == TERMINAL:
        text()
    else:
        print(writers[wanted](), end="")
    for name, file in files:
        file.write_text(writers[name](), encoding="utf-8")


def append_to_summary(file: Path | None, markdown: Callable[[], str]) -> None:
    """Add the Markdown to a job's summary, where one is asked for."""
    if file is not None:
        append_summary(file, markdown())


def leave(status: int, *, advisory: bool) -> NoReturn:
    """End with the status; an advisory run ends with 0 and says so."""
    if advisory and status:
        say(messages(), (f"advisory: would fail with exit status {status}", WARNING))
    raise typer.Exit(FINE if advisory else status)
