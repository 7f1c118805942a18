"""The numbers and names on the paper."""

from __future__ import annotations

import pytest

from authz.annex.parties import same_client
from authz.annex.problems import Code
from tests.annex.small import paper, read
from tests.annex.word import document, paragraph, relationships, word_file


@pytest.mark.parametrize(
    ("line", "annex", "contract"),
    [
        ("Contract nr. 12/2025 Anexa nr. 3", 3, "12/2025"),
        ("Contract nr. __12/2025______Anexa nr. _3__", 3, "12/2025"),
        ("Contract nr. 12/2025Anexa nr. 3", 3, "12/2025"),
        ("Contract nr. ........12...... Anexa nr. …3…", 3, "12"),
        ("ANEXA NR. 3 la CONTRACTUL SaaS nr. CT-12 din 01.02.2025", 3, "CT-12"),
        ("Anexa nr.3, la contractul de prestări servicii nr: 12 / 2025", 3, "12 / 2025"),
        ("Anexa nr. 03", 3, ""),
        ("Contract nr. CT_12 Anexa nr. 3", 3, "CT_12"),
        ("Anexa 3 la contractul nr. 12", 3, "12"),
        ("Anexa nr. 3. Înlocuiește Anexa nr. 2", 3, ""),
        ("Annex no. 3 to contract no. 12/2025 dated 1 February 2025", 3, "12/2025"),
        ("Annexe n° 3 au contrat n° 12/2025 du 1er février", 3, "12/2025"),
        ("Приложение № 3 к договору № 12/2025 от 01.02.2025", 3, "12/2025"),
        ("Додаток № 3 до договору № 12/2025 від 01.02.2025", 3, "12/2025"),
        ("Договір № 12/2025    Додаток № 3", 3, "12/2025"),
    ],
)
def test_numbers_are_read_however_the_blanks_were_filled_in(line: str, annex: int, contract: str) -> None:
    form = read(paper(numbers=line))

    assert (form.parties.annex_number, form.parties.contract_number, form.problems) == (annex, contract, ())


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("Contract nr. 12 Anexa nr. ___", Code.ANNEX_NUMBER),
        ("ANEXA NR. ____ la CONTRACTUL nr. 12", Code.ANNEX_NUMBER),
        ("Anexa nr. 3/2026", Code.ANNEX_NUMBER),
        ("Anexa nr. 3bis", Code.ANNEX_NUMBER),
        ("Anexa nr. 0", Code.ANNEX_NUMBER),
        ("Anexa nr. 99999999999", Code.ANNEX_NUMBER),
        ("Anexa nr. 3\nAnexa nr. 4", Code.ANNEX_NUMBER),
        ("Anexa nr. 3 la contractul nr. 12\nContract nr. 13", Code.CONTRACT_NUMBER),
    ],
)
def test_a_number_that_is_none_or_two_is_a_problem(line: str, code: Code) -> None:
    assert [problem.code for problem in read(paper(numbers=line)).problems] == [code]


def test_the_text_below_the_title_gives_no_number_while_the_title_does() -> None:
    form = read(paper(numbers="Anexa nr. 3", more=[paragraph("conform Anexa nr. 7 la Contract nr. 99")]))

    assert (form.parties.annex_number, form.parties.contract_number) == (3, "")


def test_numbers_in_the_page_header_are_read() -> None:
    header = document(paragraph("Contract nr. 12/2025 Anexa nr. 3")).replace("w:document", "w:hdr")
    header = header.replace("<w:body>", "").replace("</w:body>", "")
    more = {"word/header1.xml": header, "word/_rels/document.xml.rels": relationships(("header", "header1.xml"))}

    form = read(word_file(document(paragraph("1. Text")), more))

    assert form.parties[:2] == (3, "12/2025")


@pytest.mark.parametrize("placeholder", ["Nume companie", "[nume companie]", "______", ""])
def test_a_client_that_nobody_filled_in_is_none(placeholder: str) -> None:
    assert read(paper(client=placeholder)).parties.client == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Acme Distribution SRL", "ACME DISTRIBUTION S.R.L.", True),
        ("S.C. Acme Distribution S.R.L.", "Acme Distribution SRL", True),
        ("Șoimul Întreprindere SA", "Soimul Intreprindere S.A.", True),
        ("Acme", "Acme Distribution SRL", True),
        ("ООО «Ромашка»", "Ромашка", True),
        ("Acme Retail SRL", "Acme Distribution SRL", False),
        ("Beta Logistic SRL", "Acme Distribution SRL", False),
        ("SRL", "Acme SRL", False),
    ],
)
def test_a_company_is_known_by_its_words_and_not_by_its_legal_form(one: str, other: str, same: bool) -> None:
    assert same_client(one, other) is same
    assert same_client(other, one) is same
