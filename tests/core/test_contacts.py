from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from authz.core.contacts import Contact, Contacts
from authz.core.types import ContactState, SubjectKey

ANYTHING = st.text(max_size=12)
VALUES = st.none() | st.booleans() | st.integers() | ANYTHING | st.lists(ANYTHING, max_size=2)
CONTACTS = st.builds(
    Contact,
    ANYTHING,
    ANYTHING,
    st.lists(ANYTHING | st.sampled_from(["ana@acme.example", '"', "\\", "\n", "]", '"],"']), max_size=3, unique=True)
    .map(lambda keys: tuple(map(SubjectKey, keys))),
    st.sampled_from(ContactState),
    ANYTHING,
    st.dictionaries(ANYTHING, VALUES, max_size=2),
    st.text("0123456789abcdef", max_size=4),
)  # fmt: skip
UNIQUE = st.lists(CONTACTS, max_size=8)


@example([Contact("", "", (SubjectKey("]"),))])
@example([Contact("", "", (SubjectKey("ana"), SubjectKey("]b")))])
@given(UNIQUE)
def test_what_is_packed_comes_out_as_it_was_whatever_the_texts_hold(people: list[Contact]) -> None:
    contacts = Contacts(people)

    assert list(contacts) == people
    assert len(contacts) == len(people)
    assert [contacts[at] for at in range(len(people))] == people
    assert contacts[1:] == tuple(people[1:])
    assert contacts.keys() == [key for one in people for key in one.keys]
    assert list(Contacts(packed=contacts.packed)) == people


@given(UNIQUE, ANYTHING)
def test_an_id_finds_who_bears_it_and_nobody_else(people: list[Contact], asked: str) -> None:
    contacts = Contacts(people)
    bearer = {key: one for one in reversed(people) for key in one.keys}

    for key in {*bearer, asked, *(one.name for one in people), *(one.log_key for one in people)}:
        assert contacts.get(key) == bearer.get(SubjectKey(key))


@pytest.mark.parametrize("number", [1, 49, 50, 51, 400])
def test_a_long_list_answers_as_a_short_one_does(number: int) -> None:
    people = [
        Contact(f"person{at + 1}@acme.example", "User", (SubjectKey(f"person{at}@acme.example"), SubjectKey(f"+{at}")))
        for at in range(number)
    ]
    contacts = Contacts(people)

    for at in (0, number // 2, number - 1):
        assert contacts.get(f"person{at}@acme.example") == contacts.get(f"+{at}") == people[at]
    assert contacts.get(f"person{number}@acme.example") is None  # a name only
    assert contacts.get("") is None


def test_a_part_of_an_id_is_no_id() -> None:
    contacts = Contacts([Contact("", "User", (SubjectKey("ana@acme.example"),))])

    assert contacts.get("ana@acme.exampl") is None
    assert contacts.get("na@acme.example") is None
    assert contacts.get('ana@acme.example"],"User') is None


def test_equal_lists_are_equal_and_others_are_not() -> None:
    one, other = Contact("", "User", (SubjectKey("+1"),)), Contact("", "Admin", (SubjectKey("+1"),))

    assert Contacts([one]) == Contacts([one])
    assert hash(Contacts([one])) == hash(Contacts([one]))
    assert Contacts([one]) != Contacts([other])
    assert Contacts([one]) != [one]
    assert repr(Contacts([one])) == f"Contacts([{one!r}])"


def test_dates_are_kept_as_the_registry_holds_them_and_what_json_cannot_say_is_refused() -> None:
    def kept(value: object) -> object:
        return Contacts([Contact("", "User", (), attributes={"since": value})])[0].attributes["since"]

    assert kept(dt.date(2026, 3, 1)) == "2026-03-01"
    with pytest.raises(TypeError, match="set"):
        kept({1})
