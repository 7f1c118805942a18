"""Word documents built by hand, part by part: what Word writes and python-docx cannot, and what nobody should write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final
from xml.sax.saxutils import escape

W_NS: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMESPACES: Final = (
    f'xmlns:w="{W_NS}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" mc:Ignorable="w14"'
)
MAIN_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"


class Box(Enum):
    """The states that a box is built in."""

    EMPTY = 0
    TICKED = 1


class Markup(str):
    """A piece of XML, to be told from plain text."""

    __slots__ = ()


def run(text: str, properties: str = "") -> Markup:
    """A run; a line break for each `\\n`."""
    pieces = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(piece)}</w:t>' for piece in text.split("\n"))
    return Markup(f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{pieces}</w:r>")


def _inner(pieces: Iterable[str]) -> str:
    return "".join(piece if isinstance(piece, Markup) else run(piece) for piece in pieces)


def paragraph(*pieces: str) -> Markup:
    return Markup(f"<w:p>{_inner(pieces)}</w:p>")


def control_box(state: Box, glyph: str | None = None) -> Markup:
    """Word's content control; `glyph`: what it shows, if that is not what it says."""
    shown = glyph if glyph is not None else "☐☒"[state.value]
    return Markup(
        f'<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="{state.value}"/>'
        '<w14:checkedState w14:val="2612" w14:font="MS Gothic"/>'
        '<w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/></w14:checkbox></w:sdtPr>'
        f"<w:sdtContent>{run(shown)}</w:sdtContent></w:sdt>"
    )


def _field(kind: str, data: str) -> Markup:
    return Markup(
        f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:name w:val="f"/><w:enabled/>{data}</w:ffData></w:fldChar>'
        f'</w:r><w:r><w:instrText xml:space="preserve"> {kind} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


def form_field_box(state: Box, *, by_default: bool = False) -> Markup:
    """A legacy form field; `by_default`: nobody has touched it."""
    said = f'<w:default w:val="{state.value}"/>'
    if not by_default:
        said = '<w:default w:val="0"/>' + ("<w:checked/>" if state is Box.TICKED else '<w:checked w:val="0"/>')
    return _field("FORMCHECKBOX", f"<w:checkBox><w:sizeAuto/>{said}</w:checkBox>")


def form_field_list(entries: Sequence[str], chosen: int) -> Markup:
    """A legacy form field with a list to choose from."""
    listed = "".join(f'<w:listEntry w:val="{escape(entry)}"/>' for entry in entries)
    return _field("FORMDROPDOWN", f'<w:ddList><w:result w:val="{chosen}"/>{listed}</w:ddList>')


def text_control(text: str, *, placeholder: bool = False) -> Markup:
    """A content control around text, or one that still shows what to type."""
    flag = "<w:showingPlcHdr/>" if placeholder else ""
    return Markup(f"<w:sdt><w:sdtPr>{flag}<w:text/></w:sdtPr><w:sdtContent>{run(text)}</w:sdtContent></w:sdt>")


def symbol(code: str) -> Markup:
    """A character of a symbol font."""
    return Markup(f'<w:r><w:sym w:font="Wingdings" w:char="{code}"/></w:r>')


def cell(content: str, properties: str = "") -> Markup:
    """A cell; plain text becomes a paragraph, a piece of XML stands inside one unless it is one."""
    block = content if isinstance(content, Markup) and content.startswith(("<w:p>", "<w:tbl>")) else paragraph(content)
    return Markup(f"<w:tc><w:tcPr>{properties}</w:tcPr>{block}</w:tc>")


def row(cells: Iterable[str], properties: str = "") -> Markup:
    made = "".join(
        one if isinstance(one, Markup) and one.startswith(("<w:tc>", "<w:sdt>")) else cell(one) for one in cells
    )
    return Markup(f"<w:tr>{f'<w:trPr>{properties}</w:trPr>' if properties else ''}{made}</w:tr>")


def table(rows: Iterable[Sequence[str] | Markup]) -> Markup:
    made = "".join(one if isinstance(one, Markup) else row(one) for one in rows)
    return Markup(f"<w:tbl><w:tblPr/>{made}</w:tbl>")


def document(*blocks: str) -> str:
    """The main part."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:document {NAMESPACES}><w:body>{''.join(blocks)}</w:body></w:document>"
    )


def content_types(main: str = MAIN_TYPE) -> str:
    return (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    )


def parts_of(main: str, more: Mapping[str, str | bytes] | None = None) -> dict[str, str | bytes]:
    """The parts of the smallest document that Word opens, with others added or put in their places."""
    return {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": (
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Target="word/document.xml" '
            f'Type="{_RELATION}/officeDocument"/></Relationships>'
        ),
        "word/document.xml": main,
        **(more or {}),
    }


def relationships(*related: tuple[str, str]) -> str:
    """(kind, target) as the main part's relationships."""
    made = "".join(
        f'<Relationship Id="r{at}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(related)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{made}</Relationships>'


def packed(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def word_file(main: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A whole .docx file."""
    return packed(parts_of(main, more))
