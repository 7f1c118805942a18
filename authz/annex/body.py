"""The text of a Word document as a reader sees it: paragraphs and tables in their order, form fields filled in.

What a reader cannot see or could see in two ways (hidden text, tracked changes, text from other files) is noted as a
problem. Own code and not python-docx's, whose `text` leaves out content controls, form fields and tracked insertions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, NamedTuple

from authz.annex.controls import VALUE, control_mark, first_choice, hidden_styles, is_on, number_of, shows_placeholder
from authz.annex.line import DELETED, FOREIGN, INSERTED, Sight, line_of
from authz.annex.package import MC, Element, Package, W
from authz.annex.problems import Code, DocumentProblem, Refused

MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 100

_WRAPPERS: Final = frozenset(f"{W}{name}" for name in ("sdtContent", "customXml", "ins", "moveTo", "smartTag"))
_CHANGED_CELLS: Final = tuple(f"{W}{name}" for name in ("cellIns", "cellDel", "cellMerge"))


class Cell(NamedTuple):
    """A cell over `span` grid columns from `column` (from 0); `continued`: merged with the one above, with its text.

    `has_note`: a footnote or endnote hangs on it.
    """

    text: str
    column: int
    span: int
    continued: bool
    has_note: bool = False


class Row(NamedTuple):
    """A row; `number` counts from 1."""

    number: int
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """A table; `number` counts from 1 in the order of the document, nested tables after the one they lie in.

    `inside`: the number of the table around it; 0: none.
    """

    number: int
    rows: tuple[Row, ...]
    inside: int = 0


class Body(NamedTuple):
    """What stands in headers and footers, and the paragraphs (as text) and tables of the document itself."""

    margins: tuple[str, ...]
    blocks: tuple[str | Table, ...]
    problems: tuple[DocumentProblem, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables."""
        return tuple(block for block in self.blocks if isinstance(block, Table))


def read_body(package: Package) -> Body:
    """The document's text.

    Raises:
        Refused: a table of too many rows or columns.
    """
    rows = sum(1 for _ in package.document.iter(f"{W}tr"))
    if rows > MOST_ROWS:
        raise Refused(Code.TOO_MANY_ROWS, f"its tables have {rows} rows; at most {MOST_ROWS} can be read")
    reader = _Reader(Sight(hidden_styles(package.styles)))
    body = package.document.find(f"{W}body")
    blocks = tuple(reader.blocks(body)) if body is not None else ()
    margins = tuple(block for tree in package.margins for block in reader.blocks(tree) if isinstance(block, str))
    return Body(margins, blocks, tuple(reader.sight.problems.values()))


class _Reader:
    """Walks the trees, counting tables."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self._tables = 0
        self._around = [0]  # numbers of the tables that are being read, innermost last

    def blocks(self, container: Element) -> Iterator[str | Table]:
        """Paragraphs and tables inside an element, in their order; text boxes after the paragraph they hang on."""
        for element in container:
            if element.tag == f"{W}p":
                yield line_of(element, self.sight)
                yield from self._text_boxes(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif element.tag == f"{W}sdt":
                yield from self._block_control(element)
            elif element.tag == f"{MC}AlternateContent":
                yield from self.blocks(first_choice(element))
            elif element.tag in _WRAPPERS:
                yield from self.blocks(element)
            elif element.tag in FOREIGN:
                self.sight.note_foreign()
            if element.tag in INSERTED or element.tag in DELETED:
                self.sight.note_tracked()

    def _block_control(self, control: Element) -> Iterator[str | Table]:
        mark = control_mark(control)
        if mark is not None:
            yield mark
            return
        content = control.find(f"{W}sdtContent")
        if content is not None and not shows_placeholder(control):
            yield from self.blocks(content)

    def _text_boxes(self, paragraph: Element) -> Iterator[str | Table]:
        for box in paragraph.iter(f"{W}txbxContent"):
            between = {element.tag for element in takewhile(lambda one: one is not paragraph, box.iterancestors())}
            if not between & {f"{MC}Fallback", f"{W}txbxContent"}:
                yield from self.blocks(box)

    def _table(self, table: Element) -> Iterator[Table]:
        self._tables += 1
        number, inside = self._tables, self._around[-1]
        self._around.append(number)
        nested: list[Table] = []
        rows: list[Row] = []
        for element in _inside(table, f"{W}tr"):
            above = rows[-1].cells if rows else ()
            rows.append(Row(len(rows) + 1, tuple(self._cells(element, above, nested))))
        self._around.pop()
        yield Table(number, tuple(rows), inside)
        yield from nested

    def _cells(self, row: Element, above: Iterable[Cell], nested: list[Table]) -> Iterator[Cell]:
        properties = row.find(f"{W}trPr")
        column = 0
        hidden = False
        if properties is not None:
            column = number_of(properties.find(f"{W}gridBefore"), 0)
            hidden = is_on(properties.find(f"{W}hidden"))
            if any(properties.find(tag) is not None for tag in (*INSERTED, *DELETED)):
                self.sight.note_tracked()
        for element in _inside(row, f"{W}tc"):
            kept = element.find(f"{W}tcPr")
            span = 1 if kept is None else max(1, number_of(kept.find(f"{W}gridSpan"), 1))
            continued = kept is not None and _continues(kept.find(f"{W}vMerge"))
            if kept is not None and any(kept.find(tag) is not None for tag in _CHANGED_CELLS):
                self.sight.note_tracked()
            if column + span > MOST_COLUMNS:
                raise Refused(Code.TOO_MANY_ROWS, f"a table of more than {MOST_COLUMNS} columns")
            text = self._cell_text(element, nested)
            if hidden and text:
                self.sight.note_hidden()
                text = ""
            if continued:
                text = next((cell.text for cell in above if cell.column == column), text)
            has_note = next(element.iter(f"{W}footnoteReference", f"{W}endnoteReference"), None) is not None
            yield Cell(text, column, span, continued, has_note)
            column += span

    def _cell_text(self, cell: Element, nested: list[Table]) -> str:
        lines = []
        for block in self.blocks(cell):
            if isinstance(block, str):
                lines.append(block)
            else:
                nested.append(block)
        return "\n".join(lines).strip()


def _inside(container: Element, wanted: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, those wrapped in content controls as well."""
    for element in container:
        if element.tag == wanted:
            yield element
        elif element.tag in _WRAPPERS:
            yield from _inside(element, wanted)
        elif element.tag == f"{W}sdt":
            content = element.find(f"{W}sdtContent")
            if content is not None:
                yield from _inside(content, wanted)


def _continues(merge: Element | None) -> bool:
    return merge is not None and merge.get(VALUE, "continue") == "continue"
