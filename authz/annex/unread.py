"""What stands where it would not be read: contacts dropped in silence would be half an import (annex 1.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from authz.annex.body import Body, Cell, Row, Table
from authz.annex.columns import FUNCTION, NAME, ROLE, Heading, heading_in, heading_of
from authz.annex.contacts import role_words
from authz.annex.folding import dashes, folded
from authz.annex.problems import Code, DocumentProblem
from authz.core.definition import PolicySet

_SIGN: Final = "@"
_NUMBER: Final = re.compile(r"[+0](?:[\s()./-]*\d){8,14}")  # as telephones are written; no row's number, date or sum is
_OF_NO_ADDRESS: Final = (NAME, ROLE, FUNCTION)


def unread_contacts(body: Body, definition: PolicySet) -> Iterator[DocumentProblem]:
    """A problem for each address outside of the columns of addresses, contact without headings above, and footnote."""
    headings = {table.number: heading for table in body.tables if (heading := heading_of(table)) is not None}
    roles = role_words(definition)
    for table in body.tables:
        heading = headings.get(table.number)
        if heading is not None:
            yield from _misplaced(table, heading)
        above = table.rows if heading is None else table.rows[: heading.row - 1]
        inside = heading is None and table.inside in headings
        for row in above:
            if _has_address(row) and (inside or any(folded(cell.text) in roles for cell in row.cells)):
                text = "a contact without headings above it is not read; name, role and address need theirs"
                yield DocumentProblem(Code.CELL, text, table.number, row.number)


def _has_address(row: Row) -> bool:
    return any(_SIGN in cell.text or _is_number(cell) for cell in row.cells)


def _is_number(cell: Cell) -> bool:
    return _NUMBER.fullmatch(dashes(cell.text).strip()) is not None


def _misplaced(table: Table, heading: Heading) -> Iterator[DocumentProblem]:
    note = "a footnote hangs on this cell and is not read; write what it says into the table, or leave it out"
    elsewhere = "an address or number under a heading that is not one for it; write it under e-mail, telephone or login"
    for row in table.rows[heading.row :]:
        if heading_in(row) is not None or len(row.cells) == 1:
            continue
        for cell in row.cells:
            above = _printed(cell, table.rows[heading.row - 1])
            if cell.has_note:
                yield DocumentProblem(Code.CELL, note, table.number, row.number, above)
            stands = _SIGN in cell.text or _is_number(cell)
            if stands and not cell.continued and not _is_under_addresses(cell, heading):
                yield DocumentProblem(Code.CELL, elsewhere, table.number, row.number, above)


def _is_under_addresses(cell: Cell, heading: Heading) -> bool:
    """Or under a column whose own checks look at it."""
    over = (column for column in heading.columns + heading.doubled if _overlap(cell, column.column, column.span))
    return any(column.field not in _OF_NO_ADDRESS for column in over)


def _printed(cell: Cell, headings: Row) -> str:
    found = next((one for one in headings.cells if _overlap(cell, one.column, one.span)), None)
    return "" if found is None else " ".join(found.text.split()).rstrip("*: ")


def _overlap(cell: Cell, column: int, span: int) -> bool:
    return cell.column < column + span and column < cell.column + cell.span
