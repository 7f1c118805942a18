"""A document is read as a person sees it; what a person could see in two ways, or not at all, is a problem."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from authz.annex.body import read_body
from authz.annex.boxes import EMPTY_BOX, TICKED_BOX, UNCLEAR_BOX
from authz.annex.container import Container
from authz.annex.package import open_package
from authz.annex.problems import Code
from tests.annex.small import ANA, HEADINGS, paper, read, said, stated, texts
from tests.annex.word import (
    Box,
    Markup,
    cell,
    control_box,
    document,
    form_field_box,
    form_field_list,
    paragraph,
    relationships,
    row,
    run,
    symbol,
    table,
    text_control,
    word_file,
)

HIDDEN_STYLE = (
    '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:style w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:styleId="Child"><w:basedOn w:val="Secret"/></w:style>'
    '<w:style w:styleId="Seen"><w:basedOn w:val="Secret"/><w:rPr><w:vanish w:val="0"/></w:rPr></w:style></w:styles>'
)


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        pytest.param(run("a\nb"), "a\nb", id="a line break"),
        pytest.param(Markup("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t></w:r>"), "a b", id="a tab"),
        pytest.param(
            Markup("<w:r><w:t>0-1</w:t><w:noBreakHyphen/><w:t>2</w:t><w:softHyphen/></w:r>"), "0-1-2", id="hyphens"
        ),
        pytest.param(Markup('<w:hyperlink r:id="r1"><w:r><w:t>a@b</w:t></w:r></w:hyperlink>'), "a@b", id="a link"),
        pytest.param(Markup("<w:smartTag><w:r><w:t>a</w:t></w:r></w:smartTag>"), "a", id="a smart tag"),
        pytest.param(text_control("Ana"), "Ana", id="a content control"),
        pytest.param(text_control("Click here", placeholder=True), "", id="a content control nobody filled in"),
        pytest.param(form_field_list(["Admin", "User"], 1), "User", id="a list to choose from"),
        pytest.param(form_field_list(["Admin"], 7), "", id="a list with a choice it does not have"),
        pytest.param(control_box(Box.TICKED), TICKED_BOX, id="a ticked control"),
        pytest.param(control_box(Box.EMPTY), EMPTY_BOX, id="an empty control"),
        pytest.param(control_box(Box.TICKED, "☐"), UNCLEAR_BOX, id="a control that says ticked and shows empty"),
        pytest.param(control_box(Box.EMPTY, "x"), UNCLEAR_BOX, id="a control that says empty and shows a cross"),
        pytest.param(form_field_box(Box.TICKED), TICKED_BOX, id="a ticked form field"),
        pytest.param(form_field_box(Box.EMPTY), EMPTY_BOX, id="an empty form field"),
        pytest.param(form_field_box(Box.TICKED, by_default=True), TICKED_BOX, id="a form field ticked from the start"),
        pytest.param(symbol("F0FE"), "\uf0fe", id="a symbol"),
        pytest.param(symbol("00FE"), "\uf0fe", id="a symbol without its font's area"),
        pytest.param(run("a\ue001b"), "a\ufffdb", id="a forged mark"),
        pytest.param(
            Markup(
                "<mc:AlternateContent><mc:Choice><w:r><w:t>a</w:t></w:r></mc:Choice>"
                "<mc:Fallback><w:r><w:t>b</w:t></w:r></mc:Fallback></mc:AlternateContent>"
            ),
            "a",
            id="one of two alternatives",
        ),
    ],
)
def test_a_piece_of_a_line_is_read_as_it_is_shown(piece: Markup, shown: str) -> None:
    assert texts(paragraph(piece)) == [shown]


def test_the_code_of_a_field_is_not_its_text() -> None:
    field = Markup(
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "b@b.example"</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>a@a.example</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )

    assert texts(paragraph(field, " and more")) == ["a@a.example and more"]


def test_text_boxes_are_read_once_and_after_their_paragraph() -> None:
    inside = "<w:txbxContent><w:p><w:r><w:t>inside</w:t></w:r></w:p></w:txbxContent>"
    box = Markup(
        f"<w:r><mc:AlternateContent><mc:Choice>{inside}</mc:Choice><mc:Fallback>{inside}</mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )

    assert texts(paragraph("outside", box)) == ["outside", "inside"]


def test_a_nested_table_is_a_table_of_its_own() -> None:
    inner = table([HEADINGS, ANA])
    outer = table([row([cell(Markup(f"{inner}<w:p/>")), "beside"])])

    form = read(paper(more=[outer]))

    assert [line.table for line in form.lines] == [2, 5]


def test_rows_and_cells_inside_content_controls_are_read() -> None:
    wrapped_row = Markup(f"<w:sdt><w:sdtPr/><w:sdtContent>{row(ANA)}</w:sdtContent></w:sdt>")
    wrapped_cell = Markup(f"<w:sdt><w:sdtPr/><w:sdtContent>{cell('Dan Rus')}</w:sdtContent></w:sdt>")

    form = read(paper(wrapped_row, row([wrapped_cell, "User", "", "dan@acme.example", ""])))

    assert [one["name"] for one in stated(form)] == ["Ana Pop", "Dan Rus"]


@pytest.mark.parametrize(
    "piece",
    [
        run("secret", "<w:vanish/>"),
        run("secret", '<w:rStyle w:val="Secret"/>'),
        run("secret", '<w:rStyle w:val="Child"/>'),
    ],
    ids=["the run", "its style", "the style its style is based on"],
)
def test_text_that_is_not_shown_is_a_problem(piece: Markup) -> None:
    styles = {"word/styles.xml": HIDDEN_STYLE, "word/_rels/document.xml.rels": relationships(("styles", "styles.xml"))}

    problems = _problems(paragraph("seen ", piece), styles)

    assert problems == [Code.HIDDEN_TEXT]


def test_a_hidden_row_is_a_problem_and_no_contact() -> None:
    form = read(paper(ANA, row(("Eve Rusu", "Admin", "", "eve@evil.example", ""), "<w:hidden/>")))

    assert Code.HIDDEN_TEXT in {problem.code for problem in form.problems}
    assert "eve@evil.example" not in str(stated(form))


def test_hidden_blanks_and_styles_that_are_shown_again_are_none() -> None:
    styles = {"word/styles.xml": HIDDEN_STYLE, "word/_rels/document.xml.rels": relationships(("styles", "styles.xml"))}

    assert _problems(paragraph(run(" ", "<w:vanish/>"), run("seen", '<w:rStyle w:val="Seen"/>')), styles) == []


@pytest.mark.parametrize(
    "piece",
    [
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins>",
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del>",
        "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>",
    ],
    ids=["inserted", "deleted", "moved"],
)
def test_a_tracked_change_is_a_problem(piece: str) -> None:
    assert _problems(paragraph("text ", Markup(piece)), {}) == [Code.TRACKED_CHANGES]


def test_a_row_that_is_inserted_or_deleted_on_approval_is_a_problem() -> None:
    form = read(paper(ANA, row(("Eve Rusu", "Admin", "", "eve@acme.example", ""), "<w:del/>")))

    assert [problem.code for problem in form.problems] == [Code.TRACKED_CHANGES]


@pytest.mark.parametrize("piece", ['<w:altChunk r:id="r9"/>', '<w:p><w:subDoc r:id="r9"/></w:p>'])
def test_text_of_another_file_is_a_problem(piece: str) -> None:
    assert _problems(Markup(piece), {}) == [Code.FOREIGN_CONTENT]


def _problems(block: str, more: Mapping[str, str | bytes]) -> list[Code]:
    body = read_body(open_package(Container(word_file(document(block), more))))
    return [problem.code for problem in body.problems]


def test_a_good_paper_has_no_problem() -> None:
    form = read(paper())

    assert said(form) == []
    assert form.parties == (3, "12/2025", "Acme Distribution SRL", "Maria Pop")
    assert stated(form) == [
        {
            "name": "Ana Pop",
            "role": "admin",
            "function": "IT manager",
            "email": "ana@acme.example",
            "phone": "+40213000001",
        }
    ]
