"""Coverage drawn as the contract's own table: roles as columns, actions as rows, in the language that it prints in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from authz.cli.plain import printable
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, count, say, show
from authz.core.definition import PolicySet
from authz.policy.cases.coverage import CellCoverage, Coverage
from authz.texts import label

TESTED, PARTLY, UNTESTED = "tested", "partly", "untested"
_MARKS: Final = {TESTED: ("✓", GOOD), PARTLY: ("◐", WARNING), UNTESTED: ("✗", BAD)}


def state_of(cell: CellCoverage) -> str:
    """`tested`, `partly` (one of two possible answers) or `untested`."""
    if cell.tested:
        return TESTED
    return PARTLY if cell.allows or cell.refusals else UNTESTED


def cell_words(cell: CellCoverage) -> str:
    """`allow 3, deny 2`; of an answer that the cell can give and nobody had: `deny untested`."""
    said = []
    for word, possible, times in (("allow", cell.can_allow, cell.allows), ("deny", cell.can_refuse, cell.refusals)):
        if possible:
            said.append(f"{word} {times or 'untested'}")
    return ", ".join(said)


def marked(cell: CellCoverage) -> str:
    """The cell's mark and words."""
    return f"{_MARKS[state_of(cell)][0]} {cell_words(cell)}"


def headings(definition: PolicySet) -> list[str]:
    """The roles as the contract prints them."""
    return [label(role.label, definition.table_language) for role in definition.roles.values()]


def rows(definition: PolicySet, coverage: Coverage) -> Iterator[tuple[str, str, list[CellCoverage]]]:
    """(label, id and clause, cells) of every action in the contract's order."""
    cells = {(cell.role, cell.action): cell for cell in coverage.cells}
    for action in definition.actions.values():
        named = f"{action.id} · {action.clause}" if action.clause else action.id
        of_roles = [cells[role, action.id] for role in definition.roles]
        yield label(action.label, definition.table_language), named, of_roles


def summary(coverage: Coverage) -> str:
    """`27 of 30 cells tested, 90 %`."""
    return f"{coverage.tested} of {count(len(coverage.cells), 'cell')} tested, {coverage.percent} %"


def untested(coverage: Coverage) -> list[str]:
    """Every cell that is not tested, by its ids, and what of it is not."""
    return [f"{cell.role}/{cell.action} ({cell_words(cell)})" for cell in coverage.cells if not cell.tested]


def draw_coverage(console: Console, definition: PolicySet, coverage: Coverage) -> None:
    """The table, its legend, and the cells that single tenants' lines make different."""
    table = Table(box=box.SQUARE, show_lines=True, header_style=STRONG, title_justify="left")
    table.add_column("", overflow="fold")
    for heading in headings(definition):
        table.add_column(printable(heading), no_wrap=True)
    for title, named, cells in rows(definition, coverage):
        action = Text(printable(title))
        action.append(f"\n{printable(named)}", QUIET)
        table.add_row(action, *(_drawn(cell) for cell in cells))
    title = label(definition.title, definition.table_language)
    say(console, (title, STRONG), f"  policy set {definition.id}: {summary(coverage)}")
    show(console, table)
    say(console, ("✓ every answer that the cell can give was had by a passing case; ◐ one of two; ✗ none", QUIET))
    for tenant, cell in coverage.own:
        said = f"the own lines of tenant {tenant}: {cell.role}, {cell.action}: {marked(cell)}"
        say(console, (said, QUIET))


def _drawn(cell: CellCoverage) -> Text:
    mark, style = _MARKS[state_of(cell)]
    text = Text(f"{mark} ", style)
    text.append(cell_words(cell), "" if cell.tested else style)
    return text
