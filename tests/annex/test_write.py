"""The form to sign: what is written is what is read, in every language, and the table is the policy's own."""

from __future__ import annotations

import io
import string
import unicodedata

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.annex.form import TenantNames, checked_annex, read_form
from authz.annex.permission_table import permission_table
from authz.annex.wording import LANGUAGES, wording
from authz.annex.write import Form, Source, write_form
from authz.core.types import NetworkChoice
from authz.registry.entries import ContactEntry
from tests.annex.small import DAY, DEFINITION, GENERATION

BOX = NetworkChoice.ANY
PEOPLE = (ContactEntry("Ana Pop", "admin", "IT manager", "ana@acme.example", "+40213000001"),)
FORM = Form(3, "12/2025", "Furnizor Exemplu SRL", "Acme Distribution SRL", "Maria Pop", BOX, PEOPLE)


def source(language: str) -> Source:
    permissions = permission_table(GENERATION, "acme", language, wording(language))
    return Source(DEFINITION, GENERATION.revision, permissions)


def written(language: str = "en", form: Form = FORM) -> bytes:
    return write_form(form, source(language), language)


def names(*extra: str) -> st.SearchStrategy[str]:
    """Words of one to three letters, as people and companies have them."""
    letters = st.characters(categories=["Lu", "Ll"], exclude_characters="\u0130\u0149").filter(
        lambda char: unicodedata.normalize("NFC", char) == char
    )
    word = st.text(letters, min_size=1, max_size=6)
    return st.lists(st.one_of(word, st.sampled_from(["O'Neil", "Ionescu-Pop", *extra])), min_size=1, max_size=3).map(
        " ".join
    )


IDS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
PARTICULARS = st.fixed_dictionaries(
    {},
    optional={
        "blocked": st.booleans(),
        "rights": st.lists(st.sampled_from(["report", "ask", "a,b", 'c"d'])),
        "lender.name": st.one_of(
            names(), st.sampled_from(["true", '"quoted"', " padded ", "a = b", "2026-01-05", "[]"])
        ),
        "seats": st.integers(-3, 10**6),
        "trained_on": st.just("2026-01-05"),
    },
)  # fmt: skip


@st.composite
def people(draw: st.DrawFn) -> tuple[ContactEntry, ...]:
    """Contacts as the registry holds them, no id twice, with every combination of ids."""
    found = []
    for at, local in enumerate(draw(st.lists(IDS, min_size=1, max_size=5, unique=True))):
        kinds = draw(st.sets(st.sampled_from(["email", "phone", "login"]), min_size=1))
        found.append(
            ContactEntry(
                draw(names()),
                draw(st.sampled_from(list(DEFINITION.roles))),
                draw(st.one_of(st.just(""), names("R&D", "<b>", "50%"))),
                f"{local}_{at}@acme.example" if "email" in kinds else None,
                f"+4021300{1000 + at}" if "phone" in kinds else None,
                f"{local}.{at}" if "login" in kinds else None,
                draw(PARTICULARS),
            )
        )
    return tuple(found)


FORMS = st.builds(
    Form,
    st.integers(1, 2**31 - 1),
    st.one_of(st.just(""), st.from_regex(r"[A-Z]{0,3}[0-9]{1,5}(/[0-9]{4})?", fullmatch=True)),
    names(),
    names("SRL", "S.A.", "& Fiii"),
    st.one_of(st.just(""), names()),
    st.sampled_from(NetworkChoice),
    people(),
)


@settings(max_examples=25)
@given(form=FORMS, language=st.sampled_from(LANGUAGES))
def test_what_is_exported_is_what_is_imported(form: Form, language: str) -> None:
    raw = write_form(form, source(language), language)

    read = read_form(raw, "form.docx", DEFINITION)
    entry, problems = checked_annex(read, TenantNames("acme", form.client), DEFINITION, DAY, DAY)

    assert problems == []
    assert entry is not None
    assert read.parties == (form.number, form.contract_number, form.client, form.representative)
    assert (entry.number, entry.network, entry.contacts) == (form.number, form.network, form.contacts)


def test_a_form_without_a_choice_or_people_is_there_to_be_filled_in() -> None:
    read = read_form(written(form=FORM._replace(network=None, contacts=())), "form.docx", DEFINITION)

    assert [problem.code for problem in read.problems] == ["network_none", "no_contacts"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_permissions_is_the_compiled_policy(language: str) -> None:
    words = wording(language)
    document = docx.Document(io.BytesIO(written(language)))

    table = [[cell.text for cell in row.cells] for row in document.tables[0].rows]

    allow, deny = words["allow"], words["deny"]
    assert [row[1:] for row in table[1:]] == [
        [allow, allow, allow],
        [allow, allow, deny],
        [f"{allow} 1", deny, deny],
        [allow, f"{allow} 2", f"{allow} 2"],
    ]


def test_what_limits_a_permission_stands_under_the_table_and_the_revision_too() -> None:
    document = docx.Document(io.BytesIO(written("en")))
    lines = [paragraph.text for paragraph in document.paragraphs]

    assert "1) never if: he is blocked" in lines
    assert "2) only if: the request is his own" in lines
    assert any(f"revision {GENERATION.revision}" in line for line in lines)


def test_the_form_says_nothing_of_the_program_that_wrote_it() -> None:
    properties = docx.Document(io.BytesIO(written())).core_properties

    assert (properties.author, properties.comments) == ("Furnizor Exemplu SRL", "")


def test_every_language_has_the_same_texts() -> None:
    texts = {language: wording(language) for language in LANGUAGES}

    assert all(one.keys() == texts["en"].keys() for one in texts.values())
    assert all(one["headings"].keys() == texts["en"]["headings"].keys() for one in texts.values())
    assert all(len(one["clauses"]) == len(texts["en"]["clauses"]) for one in texts.values())


def test_there_is_no_form_in_another_language() -> None:
    with pytest.raises(ValueError, match="the form is written in en, fr, ro, ru, uk"):
        write_form(FORM, source("en"), "de")
