"""Where the verbs write: consoles that colour on a terminal only, and bars for work that takes a while.

Piped output is never wrapped, cut or coloured. `rich` reads NO_COLOR, FORCE_COLOR and TERM itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from authz.cli.plain import printable
from authz.errors import Problem

_UNLIMITED_WIDTH: Final = 100_000
GOOD: Final = "green"
BAD: Final = "bold red"
WARNING: Final = "yellow"
QUIET: Final = "dim"
STRONG: Final = "bold"

Advance = Callable[[int], None]
"""Tells a bar that so many more units are done."""


def output() -> Console:
    """The standard output."""
    return _console(stderr=False)


def messages() -> Console:
    """The standard error stream: everything that is not the answer itself."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.file.isatty():
        console.width = _UNLIMITED_WIDTH
    return console


def show(console: Console, table: Table) -> None:
    """A table; piped, without the blanks that fill its last column."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True)


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """One line of text and (text, style) parts, never wrapped; what is not printable is escaped."""
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(printable(text), style)
    console.print(line, soft_wrap=True)


def say_problem(console: Console, problem: Problem) -> None:
    """`file:line:column: text`, the place set off from the text."""
    place = f"{problem.file}:{problem.line}:{problem.column}:"
    say(console, (place, STRONG), " ", (problem.text, "red"))


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 case`, `2 cases`, `1,000 cases`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


@contextmanager
def bar_of(what: str) -> Iterator[Callable[[int, int], None]]:
    """As `bar`, told (done, total) each time: for work that learns on the way how much there is."""
    console = messages()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Advance]:
    """A progress bar on the standard error stream while the block runs; silent where that is no terminal."""
    console = messages()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda units: progress.advance(task, units)
