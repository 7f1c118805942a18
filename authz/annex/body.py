"""The text of a Word document as a reader sees it: paragraphs and tables in their order, form fields filled in.

What a reader cannot see or could see in two ways (hidden text, tracked changes, text from other files) is noted as a
problem. Own code and not python-docx's, whose `text` leaves out content controls, form fields and tracked insertions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, NamedTuple

from authz.annex.boxes import UNCLEAR_BOX, box_state, mark_of, symbol, without_marks
from authz.annex.package import MC, W14, Element, Package, W
from authz.annex.problems import Code, DocumentProblem, Refused

MOST_ROWS: Final = 2_000
MOST_COLUMNS: Final = 100
_MOST_DIGITS: Final = 4

_VALUE: Final = f"{W}val"
_OFF: Final = ("0", "false", "off")
_BREAKS: Final = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}ptab": " ", f"{W}noBreakHyphen": "-"}
_WRAPPERS: Final = frozenset(f"{W}{name}" for name in ("sdtContent", "customXml", "ins", "moveTo", "smartTag"))
_UNREAD: Final = frozenset(
    [f"{W}{name}" for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "instrText", "delText", "rt", "tblPr", "txbxContent")]
)
_DELETED: Final = frozenset(f"{W}{name}" for name in ("del", "moveFrom"))
_INSERTED: Final = frozenset(f"{W}{name}" for name in ("ins", "moveTo"))
_FOREIGN: Final = frozenset(f"{W}{name}" for name in ("altChunk", "subDoc"))


class Cell(NamedTuple):
    """A cell over `span` grid columns from `column` (from 0); `continued`: merged with the one above, with its text."""

    text: str
    column: int
    span: int
    continued: bool


class Row(NamedTuple):
    """A row; `number` counts from 1."""

    number: int
    cells: tuple[Cell, ...]


class Table(NamedTuple):
    """A table; `number` counts from 1 in the order of the document, nested tables after the one they lie in."""

    number: int
    rows: tuple[Row, ...]


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
    reader = _Reader(_hidden_styles(package.styles))
    body = package.document.find(f"{W}body")
    blocks = tuple(reader.blocks(body)) if body is not None else ()
    margins = tuple(block for tree in package.margins for block in reader.blocks(tree) if isinstance(block, str))
    return Body(margins, blocks, tuple(reader.problems.values()))


class _Reader:
    """Walks the trees; keeps one problem of each kind."""

    def __init__(self, hidden_styles: frozenset[str]) -> None:
        self.problems: dict[Code, DocumentProblem] = {}
        self._hidden_styles = hidden_styles
        self._tables = 0

    def blocks(self, container: Element) -> Iterator[str | Table]:
        """Paragraphs and tables inside an element, in their order; text boxes after the paragraph they hang on."""
        for element in container:
            if element.tag == f"{W}p":
                yield self._paragraph(element)
                yield from self._text_boxes(element)
            elif element.tag == f"{W}tbl":
                yield from self._table(element)
            elif element.tag == f"{W}sdt":
                yield from self._block_control(element)
            elif element.tag == f"{MC}AlternateContent":
                yield from self.blocks(_first_choice(element))
            elif element.tag in _WRAPPERS:
                yield from self.blocks(element)
            elif element.tag in _FOREIGN:
                self.note_foreign()

    def _block_control(self, control: Element) -> Iterator[str | Table]:
        mark = self._control_mark(control)
        if mark is not None:
            yield mark
            return
        content = control.find(f"{W}sdtContent")
        if content is not None and not _shows_placeholder(control):
            yield from self.blocks(content)

    def _text_boxes(self, paragraph: Element) -> Iterator[str | Table]:
        for box in paragraph.iter(f"{W}txbxContent"):
            between = {element.tag for element in takewhile(lambda one: one is not paragraph, box.iterancestors())}
            if not between & {f"{MC}Fallback", f"{W}txbxContent"}:
                yield from self.blocks(box)

    def _table(self, table: Element) -> Iterator[Table]:
        self._tables += 1
        number = self._tables
        nested: list[Table] = []
        rows: list[Row] = []
        for element in _inside(table, f"{W}tr"):
            above = rows[-1].cells if rows else ()
            rows.append(Row(len(rows) + 1, tuple(self._cells(element, above, nested))))
        yield Table(number, tuple(rows))
        yield from nested

    def _cells(self, row: Element, above: Iterable[Cell], nested: list[Table]) -> Iterator[Cell]:
        properties = row.find(f"{W}trPr")
        column = 0
        hidden = False
        if properties is not None:
            column = _number(properties.find(f"{W}gridBefore"), 0)
            hidden = _is_on(properties.find(f"{W}hidden"))
            if any(properties.find(tag) is not None for tag in (*_INSERTED, *_DELETED)):
                self.note_tracked()
        for element in _inside(row, f"{W}tc"):
            kept = element.find(f"{W}tcPr")
            span = 1 if kept is None else max(1, _number(kept.find(f"{W}gridSpan"), 1))
            continued = kept is not None and _continues(kept.find(f"{W}vMerge"))
            if column + span > MOST_COLUMNS:
                raise Refused(Code.TOO_MANY_ROWS, f"a table of more than {MOST_COLUMNS} columns")
            text = self._cell_text(element, nested)
            if hidden and text:
                self.note_hidden()
                text = ""
            if continued:
                text = next((cell.text for cell in above if cell.column == column), text)
            yield Cell(text, column, span, continued)
            column += span

    def _cell_text(self, cell: Element, nested: list[Table]) -> str:
        lines = []
        for block in self.blocks(cell):
            if isinstance(block, str):
                lines.append(block)
            else:
                nested.append(block)
        return "\n".join(lines).strip()

    def _paragraph(self, paragraph: Element) -> str:
        return _Line(self, paragraph, self._is_hidden_style(paragraph.find(f"{W}pPr/{W}pStyle"))).text()

    def _is_hidden_style(self, style: Element | None) -> bool:
        return style is not None and style.get(_VALUE, "") in self._hidden_styles

    def is_hidden(self, run: Element) -> bool:
        """Whether a run is not shown."""
        properties = run.find(f"{W}rPr")
        if properties is None:
            return False
        stated = properties.find(f"{W}vanish")
        return _is_on(stated) if stated is not None else self._is_hidden_style(properties.find(f"{W}rStyle"))

    def _control_mark(self, control: Element) -> str | None:
        """The mark of a content control that is a check box; None for any other."""
        box = control.find(f"{W}sdtPr/{W14}checkbox")
        if box is None:
            return None
        state = box.find(f"{W14}checked")
        ticked = state is not None and state.get(f"{W14}val", "1") not in _OFF
        glyph = "".join(_glyphs(control.find(f"{W}sdtContent")))
        shown = box_state(glyph)
        if shown is None and glyph.strip():
            shown = _shown_by(box, glyph.strip())
        return UNCLEAR_BOX if shown is not None and shown is not ticked else mark_of(ticked)

    def inline_control(self, control: Element) -> str | None:
        """What a content control inside a line shows instead of its content; None: its content."""
        mark = self._control_mark(control)
        if mark is not None:
            return mark
        return "" if _shows_placeholder(control) else None

    def _note(self, code: Code, text: str) -> None:
        self.problems.setdefault(code, DocumentProblem(code, text))

    def note_tracked(self) -> None:
        """A reader may see the text with or without a change."""
        self._note(Code.TRACKED_CHANGES, "holds tracked changes; accept or reject them, then sign")

    def note_hidden(self) -> None:
        """A reader does not see some text."""
        self._note(Code.HIDDEN_TEXT, "holds hidden text that nobody sees who signs it")

    def note_foreign(self) -> None:
        """A reader sees text that is not in this file."""
        self._note(Code.FOREIGN_CONTENT, "holds text from another file; paste it in as text")


class _Line:
    """The text of one paragraph, collected without recursion."""

    def __init__(self, reader: _Reader, paragraph: Element, hidden: bool) -> None:
        self._reader = reader
        self._paragraph = paragraph
        self._hidden = hidden
        self._parts: list[str] = []
        self._fields: list[bool] = []  # open fields, innermost last: whether what it shows is already said

    def text(self) -> str:
        """The whole line; line breaks as such."""
        # what is still to be read, next one last, and whether it lies in hidden text
        waiting = [(element, self._hidden) for element in reversed(self._paragraph)]
        while waiting:
            element, hidden = waiting.pop()
            inner = self._element(element, hidden)
            if element.tag == f"{W}r":
                hidden = self._reader.is_hidden(element) or hidden
            waiting += [(child, hidden) for child in reversed(inner)]
        return "".join(self._parts)

    def _element(self, element: Element, hidden: bool) -> list[Element]:
        """Say what the element shows; the children that are still to be read."""
        tag = element.tag
        if tag in _UNREAD:
            return []
        if tag in _DELETED or tag in _INSERTED:
            return self._tracked(element)
        if tag in _FOREIGN:
            self._reader.note_foreign()
            return []
        if tag == f"{W}sdt":
            return self._control(element, hidden)
        if tag == f"{MC}AlternateContent":
            return list(_first_choice(element))
        if tag == f"{W}fldChar":
            self._field(element, hidden)
            return []
        self._say(_shown_character(element), hidden)
        return list(element)

    def _tracked(self, change: Element) -> list[Element]:
        if any(text and text.strip() for text in change.itertext(f"{W}t", f"{W}delText")):
            self._reader.note_tracked()
        return [] if change.tag in _DELETED else list(change)

    def _control(self, control: Element, hidden: bool) -> list[Element]:
        shown = self._reader.inline_control(control)
        if shown is not None:
            self._say(shown, hidden)
            return []
        return list(control)

    def _field(self, char: Element, hidden: bool) -> None:
        kind = char.get(f"{W}fldCharType")
        if kind == "end":
            if self._fields:
                self._fields.pop()
        elif kind == "begin":
            shown = _form_field(char.find(f"{W}ffData"))
            if shown is not None:
                self._say(shown, hidden)
            self._fields.append(shown is not None)

    def _say(self, text: str, hidden: bool) -> None:
        if any(self._fields):
            return
        if hidden:
            if text.strip():
                self._reader.note_hidden()
            return
        self._parts.append(text)


def _shown_character(element: Element) -> str:
    if element.tag == f"{W}t":
        return without_marks(element.text or "")
    if element.tag == f"{W}sym":
        return symbol(element.get(f"{W}char", ""))
    return _BREAKS.get(element.tag, "")


def _form_field(stated: Element | None) -> str | None:
    """What a legacy form field shows that its text does not say: a box, or the chosen entry of a list."""
    if stated is None:
        return None
    box = stated.find(f"{W}checkBox")
    if box is not None:
        checked, default = box.find(f"{W}checked"), box.find(f"{W}default")
        return mark_of(_is_on(checked) if checked is not None else _is_on(default))
    choice = stated.find(f"{W}ddList")
    if choice is not None:
        entries = [entry.get(_VALUE, "") for entry in choice.iter(f"{W}listEntry")]
        chosen = choice.find(f"{W}result")
        at = _number(chosen if chosen is not None else choice.find(f"{W}default"), 0)
        return without_marks(entries[at]) if at < len(entries) else ""
    return None


def _glyphs(content: Element | None) -> Iterator[str]:
    for element in content.iter(f"{W}t", f"{W}sym") if content is not None else ():
        yield symbol(element.get(f"{W}char", "")) if element.tag == f"{W}sym" else (element.text or "")


def _shown_by(box: Element, glyph: str) -> bool | None:
    """A glyph held against the two that the control says it uses."""
    for name, meaning in (("checkedState", True), ("uncheckedState", False)):
        stated = box.find(f"{W14}{name}")
        if stated is not None and glyph in (symbol(code := stated.get(f"{W14}val", "")), _plain(code)):
            return meaning
    return None


def _plain(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


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


def _first_choice(alternatives: Element) -> Element:
    choice = alternatives.find(f"{MC}Choice")
    fallback = alternatives.find(f"{MC}Fallback")
    return choice if choice is not None else (fallback if fallback is not None else alternatives)


def _shows_placeholder(control: Element) -> bool:
    return _is_on(control.find(f"{W}sdtPr/{W}showingPlcHdr"))


def _is_on(flag: Element | None) -> bool:
    return flag is not None and flag.get(_VALUE, "1") not in _OFF


def _continues(merge: Element | None) -> bool:
    return merge is not None and merge.get(_VALUE, "continue") == "continue"


def _number(element: Element | None, default: int) -> int:
    stated = "" if element is None else element.get(_VALUE, "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= _MOST_DIGITS else default


def _hidden_styles(styles: Element | None) -> frozenset[str]:
    """Ids of the styles whose text is not shown, those based on such a style included."""
    if styles is None:
        return frozenset()
    stated: dict[str, bool | None] = {}
    based_on: dict[str, str] = {}
    for style in styles.iter(f"{W}style"):
        name = style.get(f"{W}styleId", "")
        flag = style.find(f"{W}rPr/{W}vanish")
        stated[name] = None if flag is None else _is_on(flag)
        parent = style.find(f"{W}basedOn")
        if parent is not None:
            based_on[name] = parent.get(_VALUE, "")
    hidden = {name for name, flag in stated.items() if flag}
    for _ in range(len(stated)):
        further = {name for name, flag in stated.items() if flag is None and based_on.get(name) in hidden} - hidden
        if not further:
            break
        hidden |= further
    return frozenset(hidden)
