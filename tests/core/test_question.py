"""The strict reading of a question: closed codes, nothing echoed, nothing guessed."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.network import parse_address
from authz.core.question import LONGEST_ID, LONGEST_NAME, Fault, entity, request_from_authzen, request_from_flat
from authz.core.types import Assurance, Channel, Request
from authz.errors import RequestInvalid

IP = "203.0.113.5"
FLAT: dict[str, Any] = {"contact": "ana@acme.example", "action": "log_files"}
AUTHZEN: dict[str, Any] = {
    "subject": {"type": "contact", "id": "ana@acme.example"},
    "action": {"name": "log_files"},
    "resource": {"type": "tenant", "id": "*"},
}
EVERYBODY = Request("contact", "ana@acme.example", "log_files")


def fault_of(call: Any, document: Any) -> str:
    with pytest.raises(RequestInvalid) as caught:
        call(document)
    assert caught.value.code in set(Fault)
    return caught.value.code


def test_the_least_question_is_about_the_contacts_own_tenant_over_the_web() -> None:
    assert request_from_flat(FLAT) == EVERYBODY
    assert request_from_authzen(AUTHZEN) == EVERYBODY


def test_the_flat_question_and_the_authzen_one_say_the_same() -> None:
    flat = {
        "contact": {"type": "login", "id": "ana.pop", "properties": {"vip": True}},
        "action": {"name": "delete", "properties": {"soft": True}},
        "resource": {"type": "ticket", "id": "42", "properties": {"tenant": "acme", "severity": 1}},
        "ip": IP,
        "channel": "api",
        "assurance": "confirmed",
    }
    authzen = {
        "subject": flat["contact"],
        "action": flat["action"],
        "resource": flat["resource"],
        "context": {"ip": IP, "channel": "api", "assurance": "confirmed"},
    }

    request = request_from_authzen(authzen)

    assert request == request_from_flat(flat)
    assert request == Request(
        "login", "ana.pop", "delete", "ticket", "42", parse_address(IP), Channel.API, Assurance.CONFIRMED,
        {"vip": True}, {"soft": True}, {"tenant": "acme", "severity": 1},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        ("Ana@acme.example", ("contact", "Ana@acme.example")),
        ("+40213000001", ("phone", "+40213000001")),
        ("ana.pop", ("login", "ana.pop")),
        ({"type": "user", "id": "a@b"}, ("user", "a@b")),
    ],
)
def test_a_contact_is_an_address_a_number_or_a_login(contact: Any, expected: tuple[str, str]) -> None:
    request = request_from_flat(FLAT | {"contact": contact})

    assert (request.subject_type, request.subject_id) == expected


def test_a_subject_may_stand_for_the_contact_but_not_beside_it() -> None:
    subject = {"type": "phone", "id": "+40213000001"}

    assert request_from_flat({"subject": subject, "action": "read"}).subject_type == "phone"
    assert fault_of(request_from_flat, {"subject": subject, **FLAT}) == "conflicting_members"


def test_unknown_members_are_ignored_and_so_is_a_stated_time() -> None:
    assert request_from_flat(FLAT | {"priority": None, "time": "soon", "user_ip": 1}) == EVERYBODY
    context = {"time": "2025-06-27T18:03-07:00", "x": [None]}
    entities = {name: value | {"label": None} for name, value in AUTHZEN.items()}
    assert request_from_authzen(entities | {"context": context, "options": {}}) == EVERYBODY


def test_documents_of_other_mapping_types_are_read_alike() -> None:
    frozen = MappingProxyType({name: MappingProxyType(value) for name, value in AUTHZEN.items()})

    assert request_from_authzen(frozen) == EVERYBODY


# ------------------------------------------------------------------------------------------------ form


@pytest.mark.parametrize("document", [None, [], "x", 1, True])
def test_a_question_is_an_object(document: object) -> None:
    assert fault_of(request_from_flat, document) in {"wrong_type", "null_value"}
    assert fault_of(request_from_authzen, document) in {"wrong_type", "null_value"}


@pytest.mark.parametrize("member", ["subject", "action", "resource"])
def test_authzen_members_are_required_and_are_objects(member: str) -> None:
    rest = {name: value for name, value in AUTHZEN.items() if name != member}

    assert fault_of(request_from_authzen, rest) == "missing_member"
    assert fault_of(request_from_authzen, AUTHZEN | {member: None}) == "null_value"
    for wrong in ("text", 1, True, ["type"]):
        assert fault_of(request_from_authzen, AUTHZEN | {member: wrong}) == "wrong_type"


@pytest.mark.parametrize(
    ("parent", "member"),
    [("subject", "type"), ("subject", "id"), ("action", "name"), ("resource", "type"), ("resource", "id")],
)
def test_authzen_sub_members_are_required_and_are_plain_text(parent: str, member: str) -> None:
    def asked(value: object) -> dict[str, Any]:
        return AUTHZEN | {parent: AUTHZEN[parent] | {member: value}}

    rest = {name: value for name, value in AUTHZEN[parent].items() if name != member}
    longest = LONGEST_ID if member == "id" else LONGEST_NAME

    assert fault_of(request_from_authzen, AUTHZEN | {parent: rest}) == "missing_member"
    assert fault_of(request_from_authzen, asked(None)) == "null_value"
    assert fault_of(request_from_authzen, asked("")) == "empty_value"
    assert fault_of(request_from_authzen, asked("x" * (longest + 1))) == "too_long"
    assert fault_of(request_from_authzen, asked("a\ud800")) == "bad_text"
    for wrong in (1, 1.5, True, ["x"], {"x": 1}):
        assert fault_of(request_from_authzen, asked(wrong)) == "wrong_type"
    request_from_authzen(asked("x" * longest))
    request_from_authzen(asked("ț"))


def test_a_text_that_is_not_a_plain_str_is_refused() -> None:
    class Chameleon(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    assert fault_of(request_from_flat, FLAT | {"action": Chameleon("x")}) == "wrong_type"
    assert (
        fault_of(request_from_authzen, AUTHZEN | {"subject": {"type": "contact", "id": Chameleon("x")}}) == "wrong_type"
    )
    assert fault_of(request_from_flat, FLAT | {"ip": Chameleon(IP)}) == "wrong_type"
    assert fault_of(request_from_flat, FLAT | {"channel": Chameleon("web")}) == "wrong_type"


@pytest.mark.parametrize("member", ["contact", "action"])
def test_flat_members_are_required(member: str) -> None:
    rest = {name: value for name, value in FLAT.items() if name != member}

    assert fault_of(request_from_flat, rest) == "missing_member"
    assert fault_of(request_from_flat, FLAT | {member: None}) == "null_value"
    assert fault_of(request_from_flat, FLAT | {member: ""}) == "empty_value"
    for wrong in (1, True, ["x"]):
        assert fault_of(request_from_flat, FLAT | {member: wrong}) == "wrong_type"


@pytest.mark.parametrize("member", ["ip", "tenant", "channel", "assurance", "sender_verified", "resource"])
@pytest.mark.parametrize(("value", "fault"), [(None, "null_value"), (1, "wrong_type"), ([], "wrong_type")])
def test_an_optional_member_is_right_or_left_out(member: str, value: object, fault: str) -> None:
    assert fault_of(request_from_flat, FLAT | {member: value}) == fault


@pytest.mark.parametrize("context", [[], "web", 1, True])
def test_a_context_is_an_object(context: object) -> None:
    assert fault_of(request_from_authzen, AUTHZEN | {"context": context}) == "wrong_type"


@pytest.mark.parametrize("parent", ["subject", "action", "resource"])
@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        (None, "null_value"),
        ("x", "wrong_type"),
        ([], "wrong_type"),
        ({"a": None}, "null_value"),
        ({"a": {"b": [1, {"c": None}]}}, "null_value"),
        ({"a": "\udfff"}, "bad_text"),
        ({"\udfff": 1}, "bad_text"),
        ({1: "a"}, "wrong_type"),
    ],
)
def test_properties_hold_no_null_at_any_depth(parent: str, properties: object, fault: str) -> None:
    asked = AUTHZEN | {parent: AUTHZEN[parent] | {"properties": properties}}

    assert fault_of(request_from_authzen, asked) == fault


def test_very_deep_properties_do_not_break_the_reader() -> None:
    deep: Any = {"end": 1}
    for _ in range(100_000):
        deep = {"a": deep}

    request_from_authzen(AUTHZEN | {"resource": {"type": "t", "id": "1", "properties": deep}})
    while deep:  # taken apart by hand: freeing it at once would recurse
        deep = deep.pop("a", None)


# ------------------------------------------------------------------------------------------------ tenant and resource


def test_a_tenant_alone_is_the_resource() -> None:
    request = request_from_flat(FLAT | {"tenant": "acme"})

    assert (request.resource_type, request.resource_id, dict(request.resource_properties)) == ("tenant", "acme", {})


@pytest.mark.parametrize(
    ("tenant", "resource", "expected"),
    [
        pytest.param("acme", {"type": "ticket", "id": "1"}, {"tenant": "acme"}, id="put in"),
        pytest.param(
            "acme", {"type": "ticket", "id": "1", "properties": {"a": 1}}, {"a": 1, "tenant": "acme"}, id="added"
        ),
        pytest.param(
            "acme", {"type": "ticket", "id": "1", "properties": {"tenant": "acme"}}, {"tenant": "acme"}, id="same"
        ),
        pytest.param("*", {"type": "ticket", "id": "1"}, {}, id="inferred"),
    ],
)
def test_a_tenant_beside_a_resource_is_its_tenant(tenant: str, resource: Any, expected: dict[str, object]) -> None:
    before = json.dumps(resource)

    request = request_from_flat(FLAT | {"tenant": tenant, "resource": resource})

    assert (request.resource_type, request.resource_id) == ("ticket", "1")
    assert dict(request.resource_properties) == expected
    assert json.dumps(resource) == before


@pytest.mark.parametrize(
    ("resource", "expected"), [({"type": "tenant", "id": "*"}, "acme"), ({"type": "tenant", "id": "acme"}, "acme")]
)
def test_a_tenant_beside_a_tenant_is_the_same_one(resource: Any, expected: str) -> None:
    assert request_from_flat(FLAT | {"tenant": "acme", "resource": resource}).resource_id == expected


@pytest.mark.parametrize(
    "resource",
    [
        {"type": "tenant", "id": "beta"},
        {"type": "ticket", "id": "1", "properties": {"tenant": "beta"}},
        {"type": "ticket", "id": "1", "properties": {"tenant": 1}},
    ],
)
def test_two_different_tenants_are_a_bad_request(resource: Any) -> None:
    assert fault_of(request_from_flat, FLAT | {"tenant": "acme", "resource": resource}) == "conflicting_members"


# ------------------------------------------------------------------------------------------------ circumstances


@pytest.mark.parametrize("channel", ["email", "phone", "chat"])
@pytest.mark.parametrize("ip", [IP, "2001:db8::1", "garbage", 1, None])
def test_an_address_beside_a_channel_without_addresses_is_refused_even_when_it_is_valid(
    channel: str, ip: object
) -> None:
    assert fault_of(request_from_flat, FLAT | {"channel": channel, "ip": ip}) == "ip_on_channel"
    assert fault_of(request_from_authzen, AUTHZEN | {"context": {"channel": channel, "ip": ip}}) == "ip_on_channel"


@pytest.mark.parametrize(
    "ip",
    ["", "abc", "203.0.113.5:80", "203.0.113.05", " 203.0.113.5", "203.0.113.5\n", "fe80::1%eth0", "1.2.3", "[::1]"],
)
def test_an_address_in_another_form_is_refused(ip: str) -> None:
    assert fault_of(request_from_flat, FLAT | {"ip": ip}) == "bad_address"


def test_a_mapped_address_is_the_ipv4_address() -> None:
    assert request_from_flat(FLAT | {"ip": f"::ffff:{IP}"}).address == parse_address(IP)


@pytest.mark.parametrize("word", ["", "WEB", "mail", "web "])
def test_an_unknown_channel_or_assurance_is_refused(word: str) -> None:
    assert fault_of(request_from_flat, FLAT | {"channel": word}) == "bad_channel"
    assert fault_of(request_from_flat, FLAT | {"assurance": word}) == "bad_assurance"


@pytest.mark.parametrize(
    ("context", "default", "expected"),
    [
        pytest.param({}, None, "session", id="nothing said, no default"),
        pytest.param({}, "claimed", "claimed", id="the key's default"),
        pytest.param({"channel": "api"}, "confirmed", "confirmed", id="the key's default over the api"),
        pytest.param({"channel": "phone"}, None, "session", id="a call that the desk took"),
        pytest.param({"assurance": "mail_signed"}, "claimed", "mail_signed", id="stated beats the default"),
        pytest.param({"channel": "email"}, None, "claimed", id="a mail is claimed"),
        pytest.param({"channel": "email"}, "session", "claimed", id="a mail is claimed whatever the default"),
        pytest.param({"channel": "email", "sender_verified": True}, None, "mail_verified", id="a verified mail"),
        pytest.param({"channel": "email", "sender_verified": False}, "session", "claimed", id="an unverified mail"),
        pytest.param(
            {"channel": "email", "sender_verified": True, "assurance": "confirmed"}, None, "confirmed", id="both"
        ),
        pytest.param(
            {"channel": "email", "sender_verified": False, "assurance": "confirmed"}, None, "confirmed", id="link"
        ),
        pytest.param({"sender_verified": True}, "claimed", "claimed", id="verifying a mail says nothing of the web"),
        pytest.param({"sender_verified": False}, None, "claimed", id="an unverified sender is claimed on any channel"),
    ],
)
def test_the_assurance_is_stated_or_the_careful_default(context: Any, default: str | None, expected: str) -> None:
    key_default = Assurance(default) if default else None

    assert request_from_flat(FLAT | context, key_default).assurance is Assurance(expected)
    assert request_from_authzen(AUTHZEN | {"context": context}, key_default).assurance is Assurance(expected)


@pytest.mark.parametrize("assurance", ["mail_verified", "session"])
@pytest.mark.parametrize("channel", ["email", "web", "phone"])
def test_a_sender_both_verified_and_unverified_is_a_bad_request(channel: str, assurance: str) -> None:
    context = {"channel": channel, "assurance": assurance, "sender_verified": False}

    assert fault_of(request_from_flat, FLAT | context) == "conflicting_members"


def test_only_true_and_false_say_whether_a_sender_is_verified() -> None:
    wrong: object
    for wrong in ("true", 1, 0, []):
        assert fault_of(request_from_flat, FLAT | {"channel": "email", "sender_verified": wrong}) == "wrong_type"


# ------------------------------------------------------------------------------------------------ search, and laws


def test_the_id_of_an_entity_that_a_search_looks_for_is_ignored() -> None:
    for sought in ({"type": "contact"}, {"type": "contact", "id": 7}, {"type": "contact", "id": "x"}):
        assert entity({"subject": sought}, "subject", id_required=False) == ("contact", "", {})
    assert (
        fault_of(lambda body: entity(body, "subject", id_required=False), {"subject": {"id": "x"}}) == "missing_member"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ENTITY = st.fixed_dictionaries({}, optional={"type": JSON, "id": JSON, "name": JSON, "properties": JSON}) | JSON
FLAT_MEMBERS = ["contact", "action", "resource", "ip", "tenant", "channel", "assurance", "sender_verified"]
MEMBERS = [*FLAT_MEMBERS, "subject", "context"]
DOCUMENT = st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, ENTITY))


def outcome_of(read: Any, document: object) -> Request | RequestInvalid:
    try:
        return read(document)  # type: ignore[no-any-return]
    except RequestInvalid as refused:
        return refused


@given(DOCUMENT, st.sampled_from([request_from_flat, request_from_authzen]))
def test_any_json_is_a_request_or_a_refusal_with_a_closed_code(document: dict[str, object], read: Any) -> None:
    outcome = outcome_of(read, document)

    if isinstance(outcome, RequestInvalid):
        assert outcome.code in set(Fault)
    else:
        assert all(type(text) is str and text for text in outcome[:5])


SECRET = "Zq7-secret"


@given(DOCUMENT, st.sampled_from([request_from_flat, request_from_authzen]))
def test_a_refusal_never_repeats_what_was_sent(document: dict[str, object], read: Any) -> None:
    marked = json.loads(json.dumps(document), object_hook=lambda found: {**found, SECRET: SECRET})
    for name, value in document.items():
        if isinstance(value, str):
            marked[name] = SECRET

    outcome = outcome_of(read, marked)

    assert isinstance(outcome, Request) or SECRET not in str(outcome)
