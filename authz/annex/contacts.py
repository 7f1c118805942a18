"""The table of contacts: its rows as stated values, each with its place, and what is wrong with them.

Whether an address, a number or a role is a good one is `registry.checking`'s to decide, for every way in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from authz.annex.body import Body, Cell, Row, Table
from authz.annex.columns import ATTRIBUTES, EMAIL, NAME, PHONE, ROLE, Column, Heading, heading_in, heading_of
from authz.annex.folding import cell_value, dashes, folded
from authz.annex.particulars import stated_particulars
from authz.annex.problems import Code, DocumentProblem
from authz.core.definition import PolicySet

_PIECES: Final = re.compile(r"[\s,;/|]+")
_NUMBERS: Final = re.compile(r"[\n,;/|]|\bsau\b|\bor\b|\bou\b|\bили\b|\bабо\b")
_FEWEST_DIGITS: Final = 6


class Line(NamedTuple):
    """One contact as stated, member -> value as a registry file would have it; where it stands; its headings."""

    stated: Mapping[str, object]
    table: int
    row: int
    heading: Heading

    def problem(self, code: Code, text: str, field: str = "") -> DocumentProblem:
        """A problem of this line, or of one of its cells."""
        return DocumentProblem(code, text, self.table, self.row, self.heading.printed(field) if field else "")


class _Cells(NamedTuple):
    """A row's cells by field, as text; `merged`: fields that share one cell with another column."""

    texts: Mapping[str, str]
    merged: tuple[str, ...]


def read_contacts(body: Body, definition: PolicySet) -> tuple[list[Line], list[DocumentProblem]]:
    """The lines of every table of contacts in the document, blank rows left out."""
    lines: list[Line] = []
    problems: list[DocumentProblem] = []
    found = [(table, heading) for table in body.tables if (heading := heading_of(table)) is not None]
    for table, heading in found:
        for column in heading.doubled:
            text = f"a second column for `{column.field}`; one column, one meaning"
            problems.append(DocumentProblem(Code.COLUMN, text, table.number, heading.row, column.heading))
        for line, own in _lines(table, heading, definition):
            problems += own
            if line is not None:
                lines.append(line)
    if not found:
        text = "no table of contacts: a heading row with name, role, and e-mail, telephone or login is needed"
        problems.append(DocumentProblem(Code.NO_CONTACTS, text))
    elif not lines and not problems:
        problems.append(DocumentProblem(Code.NO_CONTACTS, "the table of contacts is empty", found[0][0].number))
    return lines, problems


def _lines(
    table: Table, heading: Heading, definition: PolicySet
) -> Iterator[tuple[Line | None, list[DocumentProblem]]]:
    for row in table.rows[heading.row :]:
        if heading_in(row) is not None or not any(cell_value(cell.text) for cell in row.cells if not cell.continued):
            continue
        cells = _cells(row, heading)
        if not any(cells.texts.values()) and not cells.merged:
            continue  # only a column that is none of ours is filled, say the row's number
        if _is_remark(row, heading):
            yield None, _remark_problems(table, row)
            continue
        yield _line(table.number, row, heading, cells, definition)


def _cells(row: Row, heading: Heading) -> _Cells:
    texts: dict[str, str] = {}
    merged: list[str] = []
    for column in heading.columns:
        cells = [cell for cell in row.cells if _overlap(cell, column)]
        if any(_reaches_beyond(cell, column, heading) and cell_value(cell.text) for cell in cells):
            merged.append(column.field)
        texts[column.field] = cell_value("\n".join(cell.text for cell in cells))
    return _Cells(texts, tuple(merged))


def _overlap(cell: Cell, column: Column) -> bool:
    return cell.column < column.column + column.span and column.column < cell.column + cell.span


def _reaches_beyond(cell: Cell, column: Column, heading: Heading) -> bool:
    return any(other is not column and _overlap(cell, other) for other in heading.columns)


def _is_remark(row: Row, heading: Heading) -> bool:
    """One cell over every column of ours: a heading between groups, or a note below the table."""
    filled = [cell for cell in row.cells if cell_value(cell.text)]
    return len(filled) == 1 and all(_overlap(filled[0], column) for column in heading.columns)


def _remark_problems(table: Table, row: Row) -> list[DocumentProblem]:
    if any("@" in cell.text for cell in row.cells):
        text = "a cell over the whole width holds an address; every contact needs cells of its own"
        return [DocumentProblem(Code.CELL, text, table.number, row.number)]
    return []


def _line(
    table: int, row: Row, heading: Heading, cells: _Cells, definition: PolicySet
) -> tuple[Line, list[DocumentProblem]]:
    reader = _LineReader(definition)
    for field in cells.merged:
        reader.note(field, "this cell is merged with the one beside it; every value needs a cell of its own")
    for field, text in cells.texts.items():
        if field not in cells.merged:
            reader.read(field, text)
    line = Line(reader.stated, table, row.number, heading)
    return line, [line.problem(code, text, field) for field, code, text in reader.noted]


class _LineReader:
    """Reads the cells of one line."""

    def __init__(self, definition: PolicySet) -> None:
        self.stated: dict[str, object] = {}
        self.noted: list[tuple[str, Code, str]] = []
        self._set = definition

    def note(self, field: str, text: str, code: Code = Code.CELL) -> None:
        """Note a problem of a cell."""
        self.noted.append((field, code, text))

    def read(self, field: str, text: str) -> None:
        """State what the cell says, if it says one thing."""
        if not text:
            if field in (NAME, ROLE):
                self.note(field, f"the {field} is missing")
        elif field == ROLE:
            self.stated[field] = _role(text, self._set)
        elif field == EMAIL and _count_of_emails(text) > 1:
            self.note(field, f"`{_in_one_line(text)}`: two addresses in one cell; one contact has one", Code.TWO_VALUES)
        elif field == PHONE and _count_of_phones(text) > 1:
            self.note(field, f"`{_in_one_line(text)}`: two numbers in one cell; one contact has one", Code.TWO_VALUES)
        elif field == ATTRIBUTES:
            self.stated[field] = stated_particulars(text, self._set, lambda problem: self.note(ATTRIBUTES, problem))
        else:
            self.stated[field] = _in_one_line(dashes(text) if field == PHONE else text)


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _count_of_emails(text: str) -> int:
    return max(text.count("@"), sum("@" in piece for piece in _PIECES.split(text)))


def _count_of_phones(text: str) -> int:
    pieces = _NUMBERS.split(text)
    return sum(sum(char.isdigit() for char in piece) >= _FEWEST_DIGITS for piece in pieces)


def role_words(definition: PolicySet) -> dict[str, str]:
    """What may be written for a role, folded: ids, and labels in every language that no other role bears."""
    words: dict[str, str] = {}
    for role in definition.roles.values():
        for written in {folded(text) for text in (role.id, *role.label.values())}:
            words[written] = "" if words.get(written, role.id) != role.id else role.id
    return words | {folded(role): role for role in definition.roles}


def _role(text: str, definition: PolicySet) -> str:
    """The id of the role that is written there; else the text itself, which the checks refuse."""
    return role_words(definition).get(folded(text)) or _in_one_line(text)
