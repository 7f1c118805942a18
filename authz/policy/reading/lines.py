"""The CSV lines of policy files, read strictly: what Casbin's own reader would drop, glue or guess is a problem."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from authz.errors import Problem
from authz.policy.reading.characters import misplaced, read_text

CODE: Final = "line"
MATRIX_LINE: Final = "p"
NETWORK_LINE: Final = "p2"
_COLUMNS: Final = {
    MATRIX_LINE: ("p", "tenant", "role", "action", "facts", "effect"),
    NETWORK_LINE: ("p2", "tenant", "network", "effect"),
}
_ELSEWHERE: Final = {
    MATRIX_LINE: "a `p` line does not belong in networks/",
    NETWORK_LINE: "a `p2` line belongs in networks/",
}
_FORBIDDEN: Final = re.compile(r"[\"'`()\[\]{};#]")
_LONGEST_LINE: Final = 1000


class Cell(NamedTuple):
    """One value of a line; `column` counts from 1."""

    text: str
    column: int


class CsvLine(NamedTuple):
    """One rule as written: its cells without the first one (`p` or `p2`). `file` is its name in problems."""

    file: str
    number: int
    cells: tuple[Cell, ...]

    def problem(self, cell: int, text: str, code: str = CODE) -> Problem:
        """A problem with one cell."""
        return Problem(self.file, self.number, self.cells[cell].column, text, code)


def read_lines(file: str, content: bytes, kind: str, problems: list[Problem]) -> list[CsvLine]:
    """The rules of one file; `kind` is `p` or `p2`. A line with a problem is left out."""
    before = len(problems)
    text = read_text(file, content, problems)
    if text is None:
        return []
    unfit = {problem.line for problem in problems[before:]}
    lines = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        if not line or line.startswith("#") or number in unfit:
            continue
        found = _read_line(file, number, line, kind)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            lines.append(found)
    return lines


def _read_line(file: str, number: int, line: str, kind: str) -> CsvLine | Problem:
    wrong = _unfit(line)
    if wrong is not None:
        return Problem(file, number, wrong[0], wrong[1], CODE)
    cells = []
    column = 1
    for part in line.split(","):
        cells.append(Cell(part.strip(" "), column + len(part) - len(part.lstrip(" "))))
        column += len(part) + 1
    wanted = _COLUMNS[kind]
    first = cells[0].text
    if first != kind:
        text = f"`{first}` is not a kind of line; write `{kind}`" if first else f"the line must begin with `{kind}`"
        return Problem(file, number, 1, _ELSEWHERE.get(first, text), CODE)
    if len(cells) != len(wanted):
        text = f"the line has {len(cells)} columns; a `{kind}` line has {len(wanted)}: {', '.join(wanted)}"
        if kind == MATRIX_LINE and len(cells) > len(wanted):
            text += " (facts are joined by ` + `)"
        return Problem(file, number, 1, text, CODE)
    for cell, name in zip(cells, wanted, strict=True):
        if not cell.text:
            return Problem(file, number, cell.column, f"the {name} is empty", CODE)
    return CsvLine(file, number, tuple(cells[1:]))


def _unfit(line: str) -> tuple[int, str] | None:
    """Column and text of the first thing that no rule may hold."""
    if len(line) > _LONGEST_LINE:
        return _LONGEST_LINE + 1, f"the line is longer than {_LONGEST_LINE} characters"
    wrong = misplaced(line)
    if wrong is not None:
        return wrong
    found = _FORBIDDEN.search(line)
    if found is not None:
        what = (
            "a comment stands in a line of its own, in column 1"
            if found.group() == "#"
            else "no rule may hold it; write the bare words"
        )
        return found.start() + 1, f"`{found.group()}`: {what}" if found.group() != "`" else f"backtick: {what}"
    return None
