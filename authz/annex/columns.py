"""The columns of the table of contacts, found by their headings in any order and any of the form's languages."""

from __future__ import annotations

from typing import Final, NamedTuple

from authz.annex.body import Row, Table
from authz.annex.folding import folded
from authz.annex.wording import column_headings

NAME: Final = "name"
ROLE: Final = "role"
FUNCTION: Final = "function"
EMAIL: Final = "email"
PHONE: Final = "phone"
LOGIN: Final = "login"
ATTRIBUTES: Final = "attributes"
IDENTIFIERS: Final = (EMAIL, PHONE, LOGIN)

_FIELDS: Final = {folded(heading): field for field, headings in column_headings().items() for heading in headings}


class Column(NamedTuple):
    """One recognised column: the grid columns it covers, and its heading as printed."""

    field: str
    column: int
    span: int
    heading: str


class Heading(NamedTuple):
    """The heading row of a table of contacts. `doubled`: further columns with a heading that was there before."""

    row: int
    columns: tuple[Column, ...]
    doubled: tuple[Column, ...]

    def printed(self, field: str) -> str:
        """The heading of a field; the field's own name where there is no such column."""
        return next((column.heading for column in self.columns if column.field == field), field)


def heading_of(table: Table) -> Heading | None:
    """The first row that names at least name, role and one identifier; None: this is another table."""
    return next((heading for row in table.rows if (heading := heading_in(row)) is not None), None)


def heading_in(row: Row) -> Heading | None:
    """The row read as headings; None: it is none."""
    columns: dict[str, Column] = {}
    doubled: list[Column] = []
    for cell in row.cells:
        field = _FIELDS.get(folded(cell.text.partition("(")[0]))
        if field is None:
            continue
        column = Column(field, cell.column, cell.span, " ".join(cell.text.split()).rstrip("*: "))
        if columns.setdefault(field, column) is not column:
            doubled.append(column)
    if NAME not in columns or ROLE not in columns or not any(field in columns for field in IDENTIFIERS):
        return None
    return Heading(row.number, tuple(columns.values()), tuple(doubled))
