"""Typed values by declared origin (R5): what is not plainly of its type is unknown."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.attributes import BUILT_IN, bindings, flattened, known_value, unusable
from authz.core.contacts import Contact
from authz.core.definition import AttributeDef, AttributeType, Origin, PolicySet
from authz.core.directory import Annex, Tenant
from authz.core.identity import email_key, login_key, phone_key
from authz.core.types import Assurance, Channel, NetworkChoice, Request, SubjectKey
from authz.core.values import EPOCH_ORDINAL

DAY = dt.date(2026, 6, 3)
NOW = dt.datetime(2026, 6, 3, 7, 0, tzinfo=dt.UTC)


def key_of(text: str) -> SubjectKey:
    key = email_key(text) or phone_key(text) or login_key(text)
    assert key is not None
    return key


ANA = Contact(
    "Ana Pop",
    "admin",
    (key_of("ana@acme.example"), key_of("+40213000001"), key_of("ana.pop")),
    attributes={"department": "IT"},
)


def world(
    *attributes: AttributeDef,
    request: Request | None = None,
    tenant: Mapping[str, object] | None = None,
    contact: Contact = ANA,
    resources: Mapping[tuple[str, str], Mapping[str, object]] | None = None,
) -> Mapping[str, object]:
    definition = PolicySet(
        "demo", {}, ("en",), "Europe/Bucharest", "RO", {}, {}, {attribute.name: attribute for attribute in attributes}
    )
    annex = Annex(1, dt.date(2026, 1, 1), dt.date(2026, 1, 1), NetworkChoice.ANY, [contact])
    acme = Tenant("acme", "demo", "Acme", [annex], attributes=tenant or {}, resources=resources or {})
    asked = request or Request("contact", "ana@acme.example", "read")
    return bindings(definition, asked, acme, contact, contact.keys[0], "read", DAY.toordinal(), NOW.timestamp())


def attribute(name: str, kind: str = "string", origin: str = "registry", *, contact_id: bool = False) -> AttributeDef:
    return AttributeDef(name, AttributeType(kind), Origin(origin), contact_id)


def stated(value: Any, kind: str, *, contact_id: bool = False) -> object:
    """The value of a request attribute of that type; None where it is unknown."""
    values = world(
        attribute("resource.x", kind, "request", contact_id=contact_id),
        request=Request("contact", "a", "read", "ticket", "1", resource_properties={"x": value}),
    )
    assert values["resource.x_known"] is ("resource.x" in values)
    return values.get("resource.x")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        pytest.param("string", "open", "open", id="string"),
        pytest.param("string", "", "", id="the empty string is a value"),
        pytest.param("string", "ș", "ș", id="letters beyond ASCII"),
        pytest.param("bool", True, True, id="true"),
        pytest.param("bool", False, False, id="false is known"),
        pytest.param("int", 0, 0, id="zero is known"),
        pytest.param("int", -(2**63), -(2**63), id="smallest"),
        pytest.param("int", 2**63 - 1, 2**63 - 1, id="largest"),
        pytest.param("date", "1970-01-01", 0, id="the epoch"),
        pytest.param("date", "2026-06-03", (DAY - dt.date(1970, 1, 1)).days, id="a date"),
        pytest.param("date", "2024-02-29", 19782, id="a leap day"),
        pytest.param("date", dt.date(1970, 1, 2), 1, id="a stored date"),
        pytest.param("time", "2026-06-03T10:00:00+03:00", NOW, id="time with offset"),
        pytest.param("time", "2026-06-03T07:00:00Z", NOW, id="time in UTC"),
        pytest.param("time", "2026-06-03t07:00:00.000z", NOW, id="lower case and a fraction"),
        pytest.param("time", NOW, NOW, id="a stored instant"),
        pytest.param("strings", ["a", "b"], ["a", "b"], id="list of strings"),
        pytest.param("strings", ("a",), ["a"], id="a stored tuple"),
        pytest.param("strings", [], [], id="an empty list is known"),
    ],
)
def test_a_value_of_the_declared_type_is_known(kind: str, value: object, expected: object) -> None:
    got = stated(value, kind)

    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param("string", 1, id="int for string"),
        pytest.param("string", True, id="bool for string"),
        pytest.param("string", ["a"], id="list for string"),
        pytest.param("string", "\ud800", id="a lone surrogate"),
        pytest.param("bool", 1, id="1 for bool"),
        pytest.param("bool", 0, id="0 for bool"),
        pytest.param("bool", "true", id="the word true"),
        pytest.param("int", True, id="bool for int"),
        pytest.param("int", 3.0, id="whole float for int"),
        pytest.param("int", "3", id="digits for int"),
        pytest.param("int", 2**63, id="too large"),
        pytest.param("int", -(2**63) - 1, id="too small"),
        pytest.param("date", "2026-6-3", id="date without zeros"),
        pytest.param("date", "20260603", id="basic date"),
        pytest.param("date", "2026-W23-3", id="week date"),
        pytest.param("date", "2026-02-29", id="a day that does not exist"),
        pytest.param("date", "2026-06-03T00:00:00Z", id="an instant for a date"),
        pytest.param("date", "\u0662026-06-03", id="foreign digits"),
        pytest.param("date", " 2026-06-03", id="a blank before a date"),
        pytest.param("date", "2026-06-03\n", id="a line end after a date"),
        pytest.param("date", NOW, id="a stored instant for a date"),
        pytest.param("date", 20000, id="a number of days"),
        pytest.param("time", "2026-06-03T10:00:00", id="time without offset"),
        pytest.param("time", "2026-06-03T10:00+03:00", id="time without seconds"),
        pytest.param("time", "2026-06-03 10:00:00+03:00", id="a blank for the T"),
        pytest.param("time", "2026-06-03", id="a date for a time"),
        pytest.param("time", "2026-06-03T10:00:60Z", id="a leap second"),
        pytest.param("time", "2026-06-03T10:00:00+24:00", id="an offset of a day"),
        pytest.param("time", "0001-01-01T00:00:00+14:00", id="before the first year"),
        pytest.param("time", 1780000000, id="seconds for a time"),
        pytest.param("time", dt.datetime(2026, 6, 3, 7), id="a naive instant"),  # noqa: DTZ001 - that is the case
        pytest.param("strings", "a", id="a string for a list"),
        pytest.param("strings", ["a", 1], id="a number in the list"),
        pytest.param("strings", ["a", None], id="a null in the list"),
        pytest.param("strings", {"a": 1}, id="an object for a list"),
    ],
)
def test_a_value_of_another_type_is_unknown_and_never_coerced(kind: str, value: object) -> None:
    assert stated(value, kind) is None


@given(
    st.sampled_from(AttributeType),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_whatever_json_holds_a_value_is_plainly_of_its_type_or_unknown(kind: AttributeType, value: object) -> None:
    plain = {
        AttributeType.STRING: str,
        AttributeType.BOOL: bool,
        AttributeType.INT: int,
        AttributeType.DATE: int,
        AttributeType.TIME: dt.datetime,
        AttributeType.STRINGS: list,
    }

    got = stated(value, kind.value)

    assert got is None or type(got) is plain[kind]
    if kind not in (AttributeType.DATE, AttributeType.TIME):
        assert got is None or json.dumps(got) == json.dumps(value)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        pytest.param("Ana@ACME.example", "ana@acme.example", id="an e-mail address"),
        pytest.param("+40213000001", "+40213000001", id="a telephone number"),
        pytest.param("ana.pop", "ana.pop", id="a login"),
        pytest.param("Ana.Pop", "Ana.Pop", id="a login keeps its case"),
        pytest.param("ana@", None, id="not an address"),
        pytest.param("+40 213", None, id="not a number"),
        pytest.param(" ana.pop", None, id="not a login"),
        pytest.param("", None, id="nobody"),
    ],
)
def test_an_attribute_that_names_a_contact_is_made_canonical(written: str, canonical: str | None) -> None:
    assert stated(written, "string", contact_id=True) == canonical


def test_a_list_of_contacts_is_known_only_if_all_of_them_are() -> None:
    assert stated(["Ana@acme.example", "bo"], "strings", contact_id=True) == ["ana@acme.example", "bo"]
    assert stated(["Ana@acme.example", "b o"], "strings", contact_id=True) is None


def test_the_built_in_names_say_who_asks_what_from_where() -> None:
    values = world(
        request=Request(
            "phone", "+40213000001", "ip-change", "ticket", "42", channel=Channel.EMAIL, assurance=Assurance.CLAIMED
        )
    )

    assert dict(values) == {
        "now": NOW,
        "today": DAY.toordinal() - EPOCH_ORDINAL,
        "subject.id": "ana@acme.example",
        "subject.ids": ["ana@acme.example", "+40213000001", "ana.pop"],
        "subject.type": "phone",
        "subject.role": "admin",
        "tenant.id": "acme",
        "resource.type": "ticket",
        "resource.id": "42",
        "action.name": "read",
        "channel": "email",
        "assurance": "claimed",
    }
    assert set(values) == set(BUILT_IN)
    assert type(values["channel"]) is str
    assert type(values["assurance"]) is str


def test_the_id_of_a_tenant_that_was_inferred_is_the_tenant() -> None:
    assert world(request=Request("contact", "a", "read", "tenant", "*"))["resource.id"] == "acme"


def test_a_login_that_looks_like_an_address_cannot_pass_for_one() -> None:
    impostor = Contact("Mallory", "user", (SubjectKey("login:boss@acme.example"),))

    values = world(contact=impostor)

    assert values["subject.id"] == "login:boss@acme.example"
    assert "boss@acme.example" not in values["subject.ids"]  # type: ignore[operator]


def test_registry_attributes_come_from_the_contact_the_tenant_and_the_known_resource() -> None:
    values = world(
        attribute("subject.department"),
        attribute("tenant.subscription.until", "date"),
        attribute("resource.status"),
        attribute("action.severity", "int"),
        tenant={"subscription.until": dt.date(1970, 1, 11)},
        resources={("ticket", "42"): {"status": "open"}},
        request=Request("contact", "a", "read", "ticket", "42", action_properties={"severity": 1}),
    )

    assert values["subject.department"] == "IT"
    assert values["tenant.subscription.until"] == 10
    assert values["resource.status"] == "open"
    assert "action.severity" not in values


def test_a_property_that_is_not_declared_with_a_request_origin_is_ignored() -> None:
    values = world(
        attribute("tenant.contract"),
        attribute("resource.paid", "bool"),
        request=Request(
            "contact", "a", "read", "tenant", "*",
            resource_properties={"contract": "sage", "paid": True, "other": 1},
            subject_properties={"contract": "sage"},
        ),
    )  # fmt: skip

    assert "tenant.contract" not in values
    assert values["tenant.contract_known"] is False
    assert "resource.paid" not in values
    assert "resource.other" not in values


def test_a_request_overrides_the_registry_attribute_by_attribute() -> None:
    values = world(
        attribute("resource.status", origin="request_over_registry"),
        attribute("resource.owner", origin="request_over_registry"),
        resources={("record", "1"): {"status": "active", "owner": "ana"}},
        request=Request("contact", "a", "read", "record", "1", resource_properties={"status": "archived"}),
    )

    assert values["resource.status"] == "archived"
    assert values["resource.owner"] == "ana"


def test_a_wrong_word_of_the_request_does_not_fall_back_to_the_registry() -> None:
    values = world(
        attribute("resource.status", origin="request_over_registry"),
        resources={("record", "1"): {"status": "active"}},
        request=Request("contact", "a", "read", "record", "1", resource_properties={"status": 7}),
    )

    assert "resource.status" not in values
    assert values["resource.status_known"] is False


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({}, False, id="nothing stated"),
        pytest.param({"paid": True}, False, id="a value of its type"),
        pytest.param({"paid": 1}, True, id="a number"),
        pytest.param({"paid": "true"}, True, id="a word"),
    ],
)
def test_a_value_of_another_type_is_told_from_none_at_all(properties: dict[str, object], expected: bool) -> None:
    values = world(
        attribute("resource.paid", "bool", "request"),
        request=Request("contact", "a", "read", "record", "1", resource_properties=properties),
    )

    assert unusable(values, "resource.paid") is expected
    assert not unusable(values, "resource.other")


def test_a_pure_request_attribute_is_never_taken_from_the_registry() -> None:
    values = world(
        attribute("resource.status", origin="request"),
        resources={("record", "1"): {"status": "active"}},
        request=Request("contact", "a", "read", "record", "1"),
    )

    assert "resource.status" not in values


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param({"licence": {"number": "7"}}, "7", id="nested"),
        pytest.param({"licence.number": "7"}, "7", id="dotted"),
        pytest.param({"licence.number": "7", "licence": {"number": "7"}}, "7", id="both, the same"),
        pytest.param({"licence.number": "7", "licence": {"number": "8"}}, None, id="both, different"),
        pytest.param({"licence": "7"}, None, id="not an object"),
        pytest.param({"licence": {}}, None, id="an empty object"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_a_property_may_be_nested_or_dotted(properties: dict[str, object], expected: str | None) -> None:
    values = world(
        attribute("resource.licence.number", origin="request"),
        request=Request("contact", "a", "read", "ticket", "1", resource_properties=properties),
    )

    assert values.get("resource.licence.number") == expected


def test_true_and_one_under_both_spellings_are_different() -> None:
    values = world(
        attribute("resource.a.b", "bool", "request"),
        request=Request("c", "a", "read", "t", "1", resource_properties={"a.b": 1, "a": {"b": True}}),
    )

    assert "resource.a.b" not in values


def test_a_set_may_let_the_request_state_a_role_over_the_annex() -> None:
    declared = attribute("subject.role", origin="request_over_registry")

    assert world(declared)["subject.role"] == "admin"
    asked = Request("contact", "a", "read", subject_properties={"role": "auditor"})
    assert world(declared, request=asked)["subject.role"] == "auditor"
    assert world(request=asked)["subject.role"] == "admin"


def test_an_unknown_name_is_not_there() -> None:
    values = world(attribute("tenant.plan"))

    assert "tenant.plna" not in values
    assert "tenant.plna_known" not in values
    assert "tenant.plan" not in values
    with pytest.raises(KeyError):
        values["tenant.plan"]
    assert set(values) == {*BUILT_IN, "tenant.plan_known"}
    assert len(values) == len(BUILT_IN) + 1


def test_nested_attributes_are_flattened_to_dotted_names() -> None:
    assert flattened({"a": {"b": 1, "c": {"d": [2]}}, "e.f": 3, "g": {}}) == {"a.b": 1, "a.c.d": [2], "e.f": 3}
    with pytest.raises(ValueError, match=r"`a\.b` is given twice"):
        flattened({"a": {"b": 1}, "a.b": 2})


def test_a_value_can_be_asked_for_with_an_error_in_words() -> None:
    assert known_value(attribute("tenant.until", "date"), "1970-01-02") == 1
    with pytest.raises(ValueError, match="not a date YYYY-MM-DD"):
        known_value(attribute("tenant.until", "date"), "tomorrow")
