"""The form to sign, as a Word document: our own wording, filled in, its check boxes content controls of Word."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from authz.annex.columns import ATTRIBUTES, EMAIL, FUNCTION, LOGIN, NAME, PHONE, ROLE
from authz.annex.contacts import role_words
from authz.annex.folding import folded
from authz.annex.particulars import written_particulars
from authz.annex.permission_table import PermissionTable
from authz.annex.wording import wording
from authz.core.definition import PolicySet
from authz.core.types import NetworkChoice
from authz.registry.entries import ContactEntry
from authz.texts import label

BLANK: Final = "____________"
SPARE_ROWS: Final = 5
_FONT: Final = "Arial"
_TICKED: Final = "☒"
_EMPTY: Final = "☐"
_USUAL: Final = (NAME, ROLE, FUNCTION, EMAIL, PHONE)
_WIDTHS: Final[Mapping[str, int]] = {NAME: 32, ROLE: 32, FUNCTION: 28, EMAIL: 50, PHONE: 32, LOGIN: 32, ATTRIBUTES: 44}
_FIRST_COLUMN_MM: Final = 74
_TEXT_WIDTH_MM: Final = 174
_NARROW_MARGINS: Final = (
    f'<w:tblCellMar {nsdecls("w")}><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/></w:tblCellMar>'
)
"""Of a millimetre: a word or a number that breaks is hard to read."""
_GREY: Final = "E7E6E6"
_PAGE_NUMBER: Final = f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>'


class Form(NamedTuple):
    """What is filled in; an empty text becomes a blank line, `network` None leaves both boxes empty."""

    number: int
    contract_number: str
    provider: str
    client: str
    representative: str
    network: NetworkChoice | None
    contacts: tuple[ContactEntry, ...]


class Source(NamedTuple):
    """Where the table of permissions comes from."""

    definition: PolicySet
    revision: str
    permissions: PermissionTable


def write_form(form: Form, source: Source, language: str) -> bytes:
    """The form as a .docx file.

    Raises:
        ValueError: there is no form in that language.
    """
    words = wording(language)
    document = docx.Document()
    _page(document, form, words)
    _head(document, form, words)
    _network(document, form.network, words)
    _permissions(document, source, words, language)
    _contacts(document, form, source.definition, words, language)
    _signatures(document, form, words)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _page(document: Document, form: Form, words: Mapping[str, Any]) -> None:
    style = document.styles["Normal"]
    style.font.name = _FONT
    style.font.size = Pt(9.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    style.paragraph_format.space_after = Pt(5)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm((210 - _TEXT_WIDTH_MM) / 2)
    section.top_margin = section.bottom_margin = Mm(18)
    numbers = words["numbers"].format(contract=form.contract_number or BLANK, annex=form.number)
    _write(section.header.paragraphs[0], numbers).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    footer = _write(section.footer.paragraphs[0], f"{words['page']} ")
    footer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    footer._element.append(parse_xml(_PAGE_NUMBER))
    properties = document.core_properties
    properties.author = form.provider
    properties.title = words["title"]
    properties.comments = ""


def _head(document: Document, form: Form, words: Mapping[str, Any]) -> None:
    title = _write(document.add_paragraph(), words["title"].upper(), bold=True, points=14)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    under = words["annex_to"].format(contract=form.contract_number or BLANK, annex=form.number)
    _write(document.add_paragraph(), under, bold=True).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for clause in words["clauses"]:
        said = clause.format(provider=form.provider or BLANK, client=form.client or BLANK)
        _write(document.add_paragraph(), said).alignment = WD_ALIGN_PARAGRAPH.LEFT


def _network(document: Document, choice: NetworkChoice | None, words: Mapping[str, Any]) -> None:
    for option in NetworkChoice:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent = Mm(8)
        paragraph._element.append(_check_box(option is choice))
        _write(paragraph, f" {words[option.value]}")


def _check_box(ticked: bool) -> Any:
    """Word's own check box (w14); it shows in LibreOffice too."""
    return parse_xml(
        f'<w:sdt {nsdecls("w", "w14")}><w:sdtPr><w14:checkbox><w14:checked w14:val="{int(ticked)}"/>'
        '<w14:checkedState w14:val="2612" w14:font="MS Gothic"/>'
        '<w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/></w14:checkbox></w:sdtPr>'
        f'<w:sdtContent><w:r><w:rPr><w:rFonts w:ascii="MS Gothic" w:eastAsia="MS Gothic" w:hAnsi="MS Gothic"/></w:rPr>'
        f"<w:t>{_TICKED if ticked else _EMPTY}</w:t></w:r></w:sdtContent></w:sdt>"
    )


def _permissions(document: Document, source: Source, words: Mapping[str, Any], language: str) -> None:
    _write(document.add_paragraph(), words["table_1"], bold=True).paragraph_format.keep_with_next = True
    drawn = source.permissions
    each = (_TEXT_WIDTH_MM - _FIRST_COLUMN_MM) / max(1, len(drawn.roles))
    table = _table(document, [words["request"], *drawn.roles], [_FIRST_COLUMN_MM, *[each] * len(drawn.roles)])
    for row in drawn.rows:
        cells = _add_row(table)
        _fill(cells[0], row.action)
        for cell, (allowed, notes) in zip(cells[1:], row.cells, strict=True):
            paragraph = _fill(cell, words["allow"] if allowed else words["deny"])
            if notes:
                paragraph.add_run(" " + " ".join(map(str, notes))).font.superscript = True
    for number, note in enumerate(drawn.notes, start=1):
        _small(document, f"{number}) {note}").paragraph_format.space_after = Pt(0)
    title = label(source.definition.title, language)
    said = words["drawn_from"].format(set=f"{source.definition.id}: {title}", revision=source.revision)
    _small(document, said)


def _contacts(document: Document, form: Form, definition: PolicySet, words: Mapping[str, Any], language: str) -> None:
    _write(document.add_paragraph(), words["table_2"], bold=True).paragraph_format.keep_with_next = True
    fields = [*_USUAL]
    fields += [LOGIN] if any(one.login for one in form.contacts) else []
    fields += [ATTRIBUTES] if any(one.attributes for one in form.contacts) else []
    scale = _TEXT_WIDTH_MM / sum(_WIDTHS[field] for field in fields)
    table = _table(
        document, [words["headings"][field] for field in fields], [_WIDTHS[field] * scale for field in fields]
    )
    for contact in form.contacts:
        values = _values(contact, definition, language)
        for field, cell in zip(fields, _add_row(table), strict=True):
            _fill(cell, values[field])
    for _ in range(SPARE_ROWS):
        _add_row(table)
    roles = ", ".join(_role_word(role, definition, language) for role in definition.roles)
    _small(document, words["roles"].format(roles=roles))


def _values(contact: ContactEntry, definition: PolicySet, language: str) -> dict[str, str]:
    return {
        NAME: contact.name,
        ROLE: _role_word(contact.role, definition, language),
        FUNCTION: contact.function,
        EMAIL: contact.email or "",
        PHONE: contact.phone or "",
        LOGIN: contact.login or "",
        ATTRIBUTES: written_particulars(contact.attributes),
    }


def _role_word(role_id: str, definition: PolicySet, language: str) -> str:
    """The role's label; its id where the label could be read as another role's, or the set has it no more."""
    role = definition.roles.get(role_id)
    if role is None:
        return role_id
    said = label(role.label, language)
    return said if role_words(definition).get(folded(said)) == role_id else role_id


def _signatures(document: Document, form: Form, words: Mapping[str, Any]) -> None:
    _write(document.add_paragraph(), words["closing"]).paragraph_format.keep_with_next = True
    table = document.add_table(rows=0, cols=2)
    rows = (
        (words["provider"], words["client"]),
        (form.provider or BLANK, form.client or BLANK),
        (f"{words['date']} {BLANK}", f"{words['date']} {BLANK}"),
        (words["representative"], words["representative"]),
        (BLANK, form.representative or BLANK),
    )
    for at, texts in enumerate(rows):
        cells = _add_row(table)
        for cell, text in zip(cells, texts, strict=True):
            _write(cell.paragraphs[0], text, bold=at == 0).paragraph_format.keep_with_next = at < len(rows) - 1


def _small(document: Document, text: str) -> Paragraph:
    paragraph = _write(document.add_paragraph(), text, points=8)
    paragraph.paragraph_format.space_before = Pt(3)
    return paragraph


def _table(document: Document, headings: Sequence[str], widths_mm: Sequence[float]) -> Table:
    table: Table = document.add_table(rows=1, cols=len(headings))
    table.style = "Table Grid"
    table.autofit = False
    table._element.tblPr.append(parse_xml(_NARROW_MARGINS))
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)
    row = table.rows[0]
    _mark(row, "w:tblHeader")
    for cell, heading in zip(row.cells, headings, strict=True):
        _fill(cell, heading, bold=True)
        cell._element.get_or_add_tcPr().append(parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="{_GREY}"/>'))
    return table


def _add_row(table: Table) -> Sequence[_Cell]:
    row = table.add_row()  # type: ignore[no-untyped-call]
    _mark(row, "w:cantSplit")
    for cell in row.cells:
        _tighten(cell)
    return tuple(row.cells)


def _fill(cell: _Cell, text: str, *, bold: bool = False) -> Paragraph:
    _tighten(cell)
    return _write(cell.paragraphs[0], text, bold=bold)


def _tighten(cell: _Cell) -> None:
    spacing = cell.paragraphs[0].paragraph_format
    spacing.space_before = spacing.space_after = Pt(1.5)


def _mark(row: _Row, name: str) -> None:
    row._element.get_or_add_trPr().append(OxmlElement(name))


def _write(paragraph: Paragraph, text: str, *, bold: bool = False, points: float = 0) -> Paragraph:
    """Add text as it stands: a line break only where it has one, blanks at its ends kept."""
    if text:
        run = paragraph.add_run(text)
        run.bold = bold or None
        run.font.size = Pt(points) if points else None
    return paragraph
