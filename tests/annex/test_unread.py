"""No contact, address or note of a document is passed over in silence, wherever it stands."""

from __future__ import annotations

import pytest

from authz.annex.form import TenantNames, checked_annex
from authz.annex.problems import Code
from tests.annex.small import ANA, ANY, DAY, DECLARED, DEFINITION, HEADINGS, paper, read, said, stated
from tests.annex.word import Markup, cell, paragraph, row, run, symbol, table

DAN = ("Dan Rus", "User", "", "dan@acme.example", "")
HEADLESS = "a contact without headings above it is not read; name, role and address need theirs"
ELSEWHERE = "an address or number under a heading that is not one for it; write it under e-mail, telephone or login"
NOTE = "a footnote hangs on this cell and is not read; write what it says into the table, or leave it out"
ACME = TenantNames("acme", "Acme Distribution SRL")


def problems(raw: bytes) -> list[str]:
    return [str(problem) for problem in checked_annex(read(raw), ACME, DEFINITION, DAY, DAY)[1]]


def test_a_table_that_was_split_from_its_headings_is_a_problem() -> None:
    by_number = ("Eve Rusu", "Admin", "", "", "021 300–0002")

    assert problems(paper(more=[table([DAN, by_number])])) == [
        f"table 4, row 1: {HEADLESS}",
        f"table 4, row 2: {HEADLESS}",
    ]


@pytest.mark.parametrize("harmless", ["1", "01.02.2026", "1900101410012", "0", "2026-01-05", "12.500,00"])
def test_other_figures_under_other_headings_are_left_alone(harmless: str) -> None:
    assert said(read(paper((harmless, *ANA), headings=("Nr.", *HEADINGS)))) == []


def test_a_contact_above_the_headings_is_a_problem() -> None:
    assert problems(paper(more=[table([DAN, HEADINGS, ("Eve Rusu", "User", "", "eve@acme.example", "")])])) == [
        f"table 4, row 1: {HEADLESS}"
    ]


def test_an_address_in_a_table_inside_a_contact_s_cell_is_a_problem() -> None:
    inner = table([row(["", "b@acme.example"])])
    emails = Markup(f"<w:p>{run('ana@acme.example')}</w:p>{inner}<w:p/>")

    assert problems(paper(row(["Ana Pop", "Admin", "", cell(emails), ""]))) == [f"table 3, row 1: {HEADLESS}"]


def test_an_address_of_the_parties_is_no_contact() -> None:
    parties = table([("Furnizor", "Client"), ("office@provider.example", "office@acme.example")])

    assert said(read(paper(more=[parties]))) == []


@pytest.mark.parametrize(
    ("headings", "line", "column"),
    [
        (("Nume", "Rol", "Functie", "Emial", "Telefon"), ANA, "Emial"),
        (("Nume", "Rol", "Functie", "Email", "Cifre"), ANA, "Cifre"),
        (HEADINGS, ("Ana Pop ana@acme.example", "Admin", "", "", "+40213000001"), "Nume si Prenume"),
        (HEADINGS, ("Ana Pop", "Admin", "ana@acme.example", "", "+40213000001"), "Functie"),
    ],
    ids=["a heading misspelt", "a number", "beside the name", "under the function"],
)
def test_an_address_outside_of_the_columns_of_addresses_is_a_problem(
    headings: tuple[str, ...], line: tuple[str, ...], column: str
) -> None:
    assert problems(paper(line, headings=headings)) == [f"table 2, row 2, column {column}: {ELSEWHERE}"]


@pytest.mark.parametrize("kind", ["footnoteReference", "endnoteReference"])
def test_a_footnote_on_a_contact_is_a_problem(kind: str) -> None:
    role = cell(Markup(f'<w:p>{run("Admin")}<w:r><w:{kind} w:id="2"/></w:r></w:p>'))

    assert problems(paper(row(["Ana Pop", role, "", "ana@acme.example", ""]))) == [
        f"table 2, row 2, column Rol: {NOTE}"
    ]


def test_a_comment_in_the_margin_says_nothing() -> None:
    email = cell(
        Markup(
            '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>ana@acme.example</w:t></w:r><w:commentRangeEnd w:id="0"/>'
            '<w:r><w:commentReference w:id="0"/></w:r></w:p>'
        )
    )

    assert problems(paper(row(["Ana Pop", "Admin", "IT manager", email, "+40213000001"]))) == []


@pytest.mark.parametrize("stroke", ["strike", "dstrike"])
def test_a_contact_that_is_struck_out_is_a_problem(stroke: str) -> None:
    struck = row([cell(run(text, f"<w:{stroke}/>")) for text in DAN])

    assert [problem.code for problem in read(paper(ANA, struck)).problems] == [Code.STRUCK_OUT]


def test_a_stroke_that_was_taken_back_or_strikes_blanks_is_none() -> None:
    lines = row([cell(run(text, '<w:strike w:val="false"/>')) for text in ANA])

    assert said(read(paper(lines, more=[paragraph(run(" ", "<w:strike/>"))]))) == []


def test_a_box_that_is_ticked_by_an_undecided_change_is_a_problem() -> None:
    was, becomes = symbol("F0A8"), symbol("F0FE")
    changed = Markup(f"<w:ins>{becomes}</w:ins><w:del>{was}</w:del>")

    form = read(paper(boxes=[paragraph(changed, f" {ANY}"), paragraph(symbol("F0A8"), f" {DECLARED}")]))

    assert [problem.code for problem in form.problems] == [Code.TRACKED_CHANGES]


@pytest.mark.parametrize("change", ["cellIns", "cellDel", "cellMerge"])
def test_a_cell_that_an_undecided_change_inserts_deletes_or_merges_is_a_problem(change: str) -> None:
    line = row([*ANA[:3], cell(ANA[3], f'<w:{change} w:id="1"/>'), ANA[4]])

    assert [problem.code for problem in read(paper(line)).problems] == [Code.TRACKED_CHANGES]


def test_signs_that_nobody_sees_hide_no_heading() -> None:
    headings = ("Nume si Pre\u200bnume", "Rol\ufeff", "Functie", "Em\u2060ail", "Numar telefon")

    assert stated(read(paper(headings=headings))) == stated(read(paper()))
