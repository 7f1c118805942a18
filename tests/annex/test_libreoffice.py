"""Documents that LibreOffice saved (tests/annex/make_files.py made them): its markup, not ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from authz.annex.form import ReadForm, TenantNames, checked_annex, read_form
from authz.annex.problems import Code
from authz.core.types import NetworkChoice
from tests.annex.small import DAY, DEFINITION, stated
from tests.annex.test_write import FORM

FILES = Path(__file__).parent / "files"
ROLES = {name: role._replace(label={"en": name.title()}) for name, role in DEFINITION.roles.items()}
CONTRACT = DEFINITION._replace(roles=ROLES)
PEOPLE = [
    {
        "name": "Ana Pop",
        "role": "admin",
        "function": "IT manager",
        "email": "ana@acme.example",
        "phone": "+40213000001",
    },
    {
        "name": "Ștefan Țară",
        "role": "supervisor",
        "function": "Șef de tură",
        "email": "stefan.tara@acme.example",
        "phone": "021 300 0002",
    },
    {"name": "Ioana Dinu", "role": "user", "email": "Ioana@ACME.example"},
]


def form_of(name: str) -> ReadForm:
    return read_form((FILES / name).read_bytes(), name, CONTRACT)


def codes(name: str) -> list[Code]:
    """The codes of everything that is wrong with a document."""
    acme = TenantNames("acme", "Acme Distribution SRL")
    return [problem.code for problem in checked_annex(form_of(name), acme, CONTRACT, DAY, DAY)[1]]


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("glyphs.docx", NetworkChoice.DECLARED),
        ("content-controls.docx", NetworkChoice.ANY),
        ("form-fields.docx", NetworkChoice.DECLARED),
        ("links.docx", NetworkChoice.ANY),
    ],
)
def test_a_well_filled_in_document_is_read_whole(name: str, network: NetworkChoice) -> None:
    form = form_of(name)

    assert form.parties == (3, "12/2025", "Acme Distribution S.R.L.", "Maria Pop")
    assert form.network is network
    assert stated(form) == PEOPLE
    assert codes(name) == []


def test_a_document_of_word_that_libreoffice_saved_again_is_read() -> None:
    form = form_of("word-saved-again.docx")

    assert (form.parties.annex_number, form.network, stated(form)) == (3, NetworkChoice.ANY, PEOPLE)


def test_our_own_form_that_libreoffice_saved_again_says_the_same() -> None:
    form = form_of("export-saved-again.docx")
    tenant = TenantNames("acme", FORM.client)

    entry, problems = checked_annex(form, tenant, DEFINITION, DAY, DAY)

    assert problems == []
    assert form.parties == (FORM.number, FORM.contract_number, FORM.client, FORM.representative)
    assert entry is not None
    assert (entry.network, entry.contacts) == (FORM.network, FORM.contacts)


def test_merged_cells_groups_remarks_and_another_order_of_columns_are_read() -> None:
    form = form_of("merged.docx")

    assert codes("merged.docx") == []
    assert [(line.row, line.stated["name"], line.stated.get("function")) for line in form.lines] == [
        (4, "Ana Pop", "IT manager"),
        (5, "Radu Marin", "IT manager"),
        (8, "Ioana Dinu", None),
    ]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("none-ticked.docx", [Code.NETWORK_NONE]),
        ("both-ticked.docx", [Code.NETWORK_BOTH]),
        ("two-numbers.docx", [Code.ANNEX_NUMBER, Code.CONTRACT_NUMBER]),
        ("not-filled-in.docx", [Code.ANNEX_NUMBER, Code.NETWORK_NONE, Code.NO_CONTACTS]),
        ("struck-out.docx", [Code.STRUCK_OUT]),
        ("footnote.docx", [Code.CELL]),
        ("split-table.docx", [Code.CELL, Code.CELL]),
        ("ticked-by-a-change.docx", [Code.TRACKED_CHANGES]),
        ("legacy.doc", [Code.LEGACY_DOC]),
        ("printed.pdf", [Code.PDF]),
    ],
)
def test_a_document_that_cannot_be_entered_says_why(name: str, found: list[Code]) -> None:
    assert codes(name) == found


def test_every_bad_contact_is_named_by_table_row_and_column() -> None:
    acme = TenantNames("acme", "Acme Distribution SRL")
    problems = checked_annex(form_of("bad-contacts.docx"), acme, CONTRACT, DAY, DAY)[1]

    assert [(one.row, one.column) for one in problems if one.table == 2] == [
        (2, "Rol"),
        (2, "Email"),
        (3, "Nume si Prenume"),
        (3, "Numar telefon"),
        (4, "Email"),
        (4, "Numar telefon"),
        (5, "Email"),
        (6, ""),
    ]
