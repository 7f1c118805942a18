"""The table of contacts, however it was drawn, and its problems, each at its place."""

from __future__ import annotations

import pytest

from authz.annex.form import TenantNames, checked_annex, read_form
from authz.annex.problems import Code
from authz.core.types import NetworkChoice
from authz.registry.entries import AnnexEntry, ContactEntry
from tests.annex.small import ANA, DAY, DEFINITION, HEADINGS, paper, read, said, stated
from tests.annex.word import cell, row, table

ROLES = "`admin`, `supervisor`, `user`"
ACME = TenantNames("acme", "Acme Distribution SRL")


def problems(raw: bytes) -> list[str]:
    """Everything that is wrong with a paper, as it is printed."""
    return [str(problem) for problem in checked_annex(read(raw), ACME, DEFINITION, DAY, DAY)[1]]


def test_a_checked_paper_is_an_annex_in_canonical_form() -> None:
    form = read(paper(ANA, ("Ion Rus", "șef de tură", "", "Ion@ACME.example", "021 300 0002")))

    entry, found = checked_annex(form, ACME, DEFINITION, DAY, DAY)

    assert found == []
    assert entry == AnnexEntry(
        3,
        DAY,
        DAY,
        NetworkChoice.DECLARED,
        form.sha256,
        (
            ContactEntry("Ana Pop", "admin", "IT manager", "ana@acme.example", "+40213000001"),
            ContactEntry("Ion Rus", "supervisor", "", "ion@acme.example", "+40213000002"),
        ),
    )


@pytest.mark.parametrize(
    "headings",
    [
        ("Nume și Prenume", "Rol", "Funcție", "E-mail", "Număr telefon"),
        ("NUME SI PRENUME", "ROL *", "FUNCTIA", "ADRESA DE EMAIL", "NR. TELEFON"),
        ("Name", "Role", "Function", "E-mail address", "Phone"),
        ("Nom, prénom", "Rôle", "Fonction", "Courriel", "N° de téléphone"),
        ("Ф.И.О.", "Роль", "Должность", "Электронная почта", "Телефон"),
        ("Прізвище та ім'я", "Роль", "Посада", "Електронна пошта", "Номер телефону"),
        ("Nume\nși prenume", "Rol (Admin, User)", "Funcţie", "Email:", "Telefon"),
    ],
    ids=" ".join,
)
def test_columns_are_known_by_their_headings(headings: tuple[str, ...]) -> None:
    assert stated(read(paper(headings=headings))) == stated(read(paper()))


def test_the_order_of_the_columns_means_nothing() -> None:
    form = read(paper(tuple(reversed(ANA)), headings=tuple(reversed(HEADINGS))))

    assert stated(form) == stated(read(paper()))


def test_columns_that_are_not_ours_are_left_alone() -> None:
    form = read(paper(("1", *ANA, "da"), ("2", *[""] * 5, ""), headings=("Nr.", *HEADINGS, "Observații")))

    assert (stated(form), said(form)) == (stated(read(paper())), [])


def test_a_second_column_of_one_meaning_is_a_problem() -> None:
    assert problems(paper((*ANA, "b@acme.example"), headings=(*HEADINGS, "E-mail"))) == [
        "table 2, row 1, column E-mail: a second column for `email`; one column, one meaning"
    ]


def test_a_login_column_is_read() -> None:
    form = read(paper(("Ana Pop", "Admin", "ana.pop"), headings=("Nume", "Rol", "Utilizator")))

    assert stated(form) == [{"name": "Ana Pop", "role": "admin", "login": "ana.pop"}]


def test_blank_rows_remarks_and_repeated_headings_are_no_contacts() -> None:
    remark = row([cell("* Rol = Admin, Supervisor sau User", '<w:gridSpan w:val="5"/>')])
    blank = ("", " ", "—", "____", "\u00a0")

    form = read(paper(blank, ANA, HEADINGS, blank, ("Dan Rus", "User", "-", "dan@acme.example", "n/a"), remark))

    assert said(form) == []
    assert [(line.row, line.stated["name"]) for line in form.lines] == [(3, "Ana Pop"), (6, "Dan Rus")]


def test_two_tables_of_contacts_are_one_list() -> None:
    form = read(paper(more=[table([HEADINGS, ("Dan Rus", "User", "", "dan@acme.example", "")])]))

    assert [(line.table, line.row) for line in form.lines] == [(2, 2), (4, 2)]


def test_a_cell_merged_downwards_says_the_same_for_every_row() -> None:
    begin, more = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = [
        row(["Ana Pop", "Admin", cell("IT", begin), "ana@acme.example", ""]),
        row(["Dan Rus", "User", cell("", more), "dan@acme.example", ""]),
        row(["", "", cell("", more), "", ""]),
    ]

    assert [one["function"] for one in stated(read(paper(*rows)))] == ["IT", "IT"]


def test_an_address_merged_over_two_people_is_refused() -> None:
    rows = [
        row(["Ana Pop", "Admin", "", cell("ana@acme.example", '<w:vMerge w:val="restart"/>'), ""]),
        row(["Dan Rus", "User", "", cell("", "<w:vMerge/>"), ""]),
    ]

    assert problems(paper(*rows)) == ["table 2, row 3, column Email: this email is already that of row 2"]


def test_a_cell_merged_sideways_is_refused_in_both_its_columns() -> None:
    merged = row(["Ana Pop", cell("Admin IT", '<w:gridSpan w:val="2"/>'), "ana@acme.example", ""])
    text = "this cell is merged with the one beside it; every value needs a cell of its own"

    assert problems(paper(merged)) == [
        f"table 2, row 2, column Rol: {text}",
        f"table 2, row 2, column Functie: {text}",
    ]


def test_a_row_moved_to_the_right_is_read_by_its_place() -> None:
    moved = row(["Admin", "IT", "ana@acme.example", ""], '<w:gridBefore w:val="1"/>')

    assert problems(paper(moved)) == ["table 2, row 2, column Nume si Prenume: the name is missing"]


def test_an_address_in_a_remark_over_the_whole_width_is_a_problem() -> None:
    remark = row([cell("Ana Pop, Admin, ana@acme.example", '<w:gridSpan w:val="5"/>')])

    assert [problem.code for problem in read(paper(ANA, remark)).problems] == [Code.CELL]


@pytest.mark.parametrize(
    ("email", "phone", "found"),
    [
        ("a@acme.example, b@acme.example", "", ["Email: `a@acme.example, b@acme.example`: two addresses in one cell"]),
        ("a@acme.example\nb@acme.example", "", ["Email: `a@acme.example b@acme.example`: two addresses in one cell"]),
        ("a@acme.example/b", "", ["Email: `a@acme.example/b`: "]),
        ("a@b@acme.example", "", ["Email: `a@b@acme.example`: two addresses in one cell"]),
        ("ana @acme.example", "", ["Email: `ana @acme.example`: "]),
        ("аna@acme.example", "", ["Email: `аna@acme.example`: the part before the @ may hold ASCII"]),
        ("a\u200b@acme.example", "", ["Email: holds a character that cannot be seen"]),
        ("a@acme.example", "021 300 0001 / 0722 000 002", ["Numar telefon: `021 300 0001 / 0722 000 002`: two"]),
        ("a@acme.example", "0213000001\n0213000002", ["Numar telefon: `0213000001 0213000002`: two numbers"]),
        ("a@acme.example", "021 300 sau interior 12", ["Numar telefon: `021 300 sau interior 12`: a telephone number"]),
        ("a@acme.example", "021–300–0001", []),
        ("a@acme.example", "+49 (30) 12-34-56", []),
        ("a_b__c@acme.example", "", []),
        ("_a@acme.example", "", []),
    ],
)  # fmt: skip
def test_an_identifier_is_one_good_value_or_a_problem_at_its_cell(email: str, phone: str, found: list[str]) -> None:
    printed = problems(paper(("Ana Pop", "Admin", "", email, phone)))
    own = [text for text in printed if "is missing" not in text]

    assert len(own) == len(found), printed
    for text, begin in zip(own, found, strict=True):
        assert text.startswith(f"table 2, row 2, column {begin}")


@pytest.mark.parametrize("email", ["a_b__c@acme.example", "_a@acme.example"])
def test_an_underscore_of_an_address_is_no_blank_of_the_form(email: str) -> None:
    assert stated(read(paper(("Ana Pop", "Admin", "", email, ""))))[0]["email"] == email


@pytest.mark.parametrize("written", ["admin", "ADMIN", "Admin*", "Administrateur", "Администратор", "Адміністратор"])
def test_a_role_is_known_by_id_and_by_label_in_any_language(written: str) -> None:
    assert stated(read(paper(("Ana Pop", written, "", "ana@acme.example", ""))))[0]["role"] == "admin"


@pytest.mark.parametrize("written", ["Admin/User", "Admin User", "Adm", "Șef", "Root"])
def test_a_role_is_never_guessed(written: str) -> None:
    assert problems(paper(("Ana Pop", written, "", "ana@acme.example", ""))) == [
        f"table 2, row 2, column Rol: `{written}` is no role of the policy set `small`, which has {ROLES}"
    ]


def test_a_label_that_two_roles_bear_names_neither() -> None:
    roles = {name: role._replace(label={"en": "Staff"}) for name, role in DEFINITION.roles.items()}
    form = read_form(paper(("A", "Staff", "", "a@a.example", "")), "a.docx", DEFINITION._replace(roles=roles))

    assert stated(form)[0]["role"] == "Staff"


def test_every_problem_is_told_at_once_and_the_document_s_own_first() -> None:
    raw = paper(
        ("Ana Pop", "Admim", "", "ana@acme", ""),
        ("", "User", "", "dan@acme.example", "12"),
        ("Eve Rusu", "", "", "", ""),
        numbers="Anexa nr. ___",
        boxes=[],
        client="Beta Logistic SRL",
    )

    assert [text.partition(":")[0] for text in problems(raw)] == [
        "the annex bears no number",
        "the network choice cannot be read",
        "the document is of `Beta Logistic SRL`, the tenant `acme` is `Acme Distribution SRL`",
        "table 2, row 2, column Rol",
        "table 2, row 2, column Email",
        "table 2, row 3, column Nume si Prenume",
        "table 2, row 3, column Numar telefon",
        "table 2, row 4, column Rol",
        "table 2, row 4",
    ]


@pytest.mark.parametrize(
    ("headings", "people", "code"),
    [
        (HEADINGS, [[""] * 5], Code.NO_CONTACTS),
        (("Nume", "Functie", "Email"), [["Ana", "IT", "a@acme.example"]], Code.NO_CONTACTS),
    ],
    ids=["an empty table", "no column of roles"],
)
def test_a_paper_without_contacts_is_a_problem(headings: list[str], people: list[list[str]], code: Code) -> None:
    assert [problem.code for problem in read(paper(*people, headings=headings)).problems] == [code]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('blocked = false\nrights = ["report", "ask"]\nlender.name = Beta SRL\nseats = 3\ntrained_on = 2026-01-05', []),
        ("blocked: false", ["`blocked: false`: expected `name = value`"]),
        ("blocked = maybe", ["`subject.blocked` is"]),
        ("seats = 3\nseats = 4", ["`seats` is stated twice"]),
        ("badge = 7", ["the policy set declares no attribute `subject.badge`"]),
    ],
)  # fmt: skip
def test_further_particulars_are_attributes_as_the_set_declares_them(text: str, found: list[str]) -> None:
    printed = problems(paper((*ANA, text), headings=(*HEADINGS, "Alte mențiuni")))

    assert len(printed) == len(found)
    for one, begin in zip(printed, found, strict=True):
        assert one.startswith(f"table 2, row 2, column Alte mențiuni: {begin}")
