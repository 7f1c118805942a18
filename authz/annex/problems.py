"""What can be wrong with a signed document: a closed list of codes, and where in the document it is."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """Why a document cannot be entered. The first group: it is not opened at all, and nothing else is told of it."""

    NOT_DOCX = "not_docx"
    PDF = "pdf"
    LEGACY_DOC = "legacy_doc"
    ENCRYPTED = "encrypted"
    MACROS = "macros"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    ZIP_BOMB = "zip_bomb"
    ENTITIES = "entities"
    TOO_MANY_ROWS = "too_many_rows"

    TRACKED_CHANGES = "tracked_changes"
    HIDDEN_TEXT = "hidden_text"
    STRUCK_OUT = "struck_out"
    FOREIGN_CONTENT = "foreign_content"
    ANNEX_NUMBER = "annex_number"
    CONTRACT_NUMBER = "contract_number"
    CLIENT = "client"
    NETWORK_NONE = "network_none"
    NETWORK_BOTH = "network_both"
    NETWORK_UNCLEAR = "network_unclear"
    NO_CONTACTS = "no_contacts"
    COLUMN = "column"
    CELL = "cell"
    TWO_VALUES = "two_values"
    CONTACT = "contact"
    ANNEX = "annex"


class DocumentProblem(NamedTuple):
    """One problem. `table` and `row` count from 1 as in the document, heading rows included; 0: not in a table.

    `column` is the heading as printed, empty where it is not about one column.
    """

    code: Code
    text: str
    table: int = 0
    row: int = 0
    column: str = ""

    @property
    def place(self) -> str:
        """`table 2, row 3, column Email`; empty for the document as a whole."""
        parts = (("table", str(self.table or "")), ("row", str(self.row or "")), ("column", self.column))
        return ", ".join(f"{name} {value}" for name, value in parts if value)

    def __str__(self) -> str:
        """`table 2, row 3, column Email: text`."""
        return f"{self.place}: {self.text}" if self.place else self.text


class Refused(Exception):
    """The document is not read any further; never leaves this package."""

    def __init__(self, code: Code, text: str) -> None:
        self.problem = DocumentProblem(code, text)
        super().__init__(text)
