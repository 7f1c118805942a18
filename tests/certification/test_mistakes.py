"""The mistakes that decision points make, one by one, on the certification set: none of them is made here."""

from __future__ import annotations

import json

import pytest

from tests.certification.fixture import (
    ACTION_SEARCH,
    ALICE,
    ARCHIVED_2,
    BOB,
    EVALUATION,
    EVALUATIONS,
    QUESTION,
    READ,
    RECORD_1,
    RECORD_2,
    REQUESTS,
    RESOURCE_SEARCH,
    SUBJECT_SEARCH,
    USERS,
    WRITE,
    Pep,
    decision_of,
)


async def test_1_a_deny_and_an_unknown_entity_are_200_and_a_success_is_never_another_2xx(pep: Pep) -> None:
    strangers = [{"type": "user", "id": "nobody"}, {"type": "spaceship", "id": "x"}, BOB]
    questions = [{**QUESTION, "subject": stranger, "action": WRITE} for stranger in strangers]
    questions += [{**QUESTION, "resource": {"type": "spaceship", "id": "1"}}, {**QUESTION, "action": {"name": "fly"}}]

    answers = [await pep.client.post(EVALUATION, json=question) for question in questions]

    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["decision"] for answer in answers] == [False] * 5


@pytest.mark.parametrize("path", sorted(REQUESTS))
async def test_2_the_request_s_id_comes_back_once_on_errors_and_on_every_endpoint(pep: Pep, path: str) -> None:
    bodies = (json.dumps(REQUESTS[path]), "{", "", "[]", '{"subject":null}', '{"x":' + "[" * 40)
    for body in bodies:
        for content_type in ("application/json", "text/plain"):
            headers = {"x-request-id": "id-2", "content-type": content_type}
            answer = await pep.client.post(path, content=body, headers=headers)
            assert answer.headers.get_list("x-request-id") == ["id-2"]
    assert (await pep.client.put(path, headers={"x-request-id": "id-2"})).headers["x-request-id"] == "id-2"


async def test_3_unknown_members_inside_entities_are_ignored(pep: Pep) -> None:
    more = {"future": {"a": [1]}, "Properties": 1, "ID": 1}
    question = {name: {**value, **more} for name, value in QUESTION.items()}

    assert await pep.decision(**question, **more, context=more, options=more) is True


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8", 200),
        ("Application/JSON", 200),
        ('application/json; charset="utf-8"', 200),
        ("text/plain", 400),
        ("text/json", 400),
        ("application/problem+json", 400),
    ],
)
async def test_4_the_content_type_may_have_a_charset(pep: Pep, content_type: str, status: int) -> None:
    for path, body in REQUESTS.items():
        answer = await pep.client.post(path, content=json.dumps(body), headers={"content-type": content_type})
        assert answer.status_code == status


@pytest.mark.parametrize(
    "body", ["{", "", "[" * 5000, '{"a":' * 5000, '{"subject":' + "9" * 5000 + "}", "\x00", '"\\ud800"']
)
async def test_5_what_cannot_be_parsed_is_a_400_in_json(pep: Pep, body: str) -> None:
    for path in REQUESTS:
        answer = await pep.client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert set(answer.json()) == {"error"}


async def test_6_no_items_mean_the_single_api(pep: Pep) -> None:
    for body in (QUESTION, {**QUESTION, "evaluations": []}, {**QUESTION, "evaluations": [], "options": {}}):
        assert set(await pep.ask(EVALUATIONS, body)) == {"decision", "context"}
    unfinished: list[dict[str, object]] = [{}, {"evaluations": []}, {"subject": ALICE, "evaluations": []}]
    for incomplete in unfinished:
        assert await pep.refused(EVALUATIONS, incomplete)


async def test_7_defaults_are_neither_merged_nor_validated_nor_stronger_than_items(pep: Pep) -> None:
    top = {"subject": ALICE, "action": WRITE, "resource": ARCHIVED_2}

    assert await pep.decisions(**top, evaluations=[{"resource": RECORD_1}]) == [True]
    assert await pep.decisions(**{**top, "resource": {}}, evaluations=[{"resource": RECORD_1}]) == [True]
    assert await pep.decisions(**{**top, "subject": "x"}, evaluations=[{"subject": BOB}]) == [True]
    assert await pep.decisions(**top, evaluations=[{"resource": {"id": "record-1"}}]) == [False]
    assert await pep.decisions(**top, context="x", evaluations=[{"resource": RECORD_1, "context": {}}, {}]) == [
        True,
        False,
    ]


async def test_8_a_bad_item_neither_fails_the_batch_nor_shifts_the_others(pep: Pep) -> None:
    bad_items = [
        {"resource": {}},
        {"action": "read"},
        {"subject": []},
        {"context": 1},
        7,
        "x",
        [],
        {"resource": {"type": 1, "id": "x"}},
    ]
    items = [one for bad in bad_items for one in (bad, {})]

    assert await pep.decisions(**QUESTION, evaluations=items) == [False, True] * len(bad_items)


async def test_9_a_short_circuit_is_not_padded_and_holds_the_deciding_item(pep: Pep) -> None:
    items = [{}, {"action": WRITE, "resource": ARCHIVED_2}, {}]
    deny = {"evaluations_semantic": "deny_on_first_deny"}
    permit = {"evaluations_semantic": "permit_on_first_permit"}

    assert await pep.decisions(**QUESTION, evaluations=items, options=deny) == [True, False]
    assert await pep.decisions(**QUESTION, evaluations=items, options=permit) == [True]
    assert await pep.refused(
        EVALUATIONS, {**QUESTION, "evaluations": items, "options": {"evaluations_semantic": "any"}}
    )


async def test_10_stated_properties_override_stored_ones_one_by_one(pep: Pep) -> None:
    assert await pep.decision(subject=BOB, action=WRITE, resource=RECORD_2) is True
    assert await pep.decision(subject={**BOB, "properties": {"x": 1}}, action=WRITE, resource=RECORD_2) is True
    active = {**RECORD_2, "properties": {"status": "active"}}
    assert await pep.decision(subject=BOB, action=WRITE, resource=active) is False
    assert (
        await pep.decision(subject={**BOB, "properties": {"role": "member"}}, action=WRITE, resource=RECORD_2) is False
    )


async def test_11_a_search_ignores_the_searched_id_and_finds_whole_entities_of_one_type(pep: Pep) -> None:
    for path, ids in ((SUBJECT_SEARCH, "subject"), (RESOURCE_SEARCH, "resource")):
        body = REQUESTS[path]
        plain = await pep.ask(path, body)
        assert plain["results"]
        assert all(set(one) == {"type", "id"} for one in plain["results"])
        for ignored in ("x", "alice"):
            assert await pep.ask(path, {**body, ids: {**body[ids], "id": ignored}}) == plain
    assert all(set(one) == {"name"} for one in (await pep.ask(ACTION_SEARCH, REQUESTS[ACTION_SEARCH]))["results"])
    assert (await pep.ask(SUBJECT_SEARCH, {**REQUESTS[SUBJECT_SEARCH], "subject": {"type": "x"}}))["results"] == []


async def test_12_the_last_page_says_so_and_a_token_needs_no_limit(pep: Pep) -> None:
    body = {"subject": USERS, "action": READ, "resource": RECORD_1}
    first = await pep.ask(SUBJECT_SEARCH, {**body, "page": {"limit": 1}})
    last = await pep.ask(SUBJECT_SEARCH, {**body, "page": {"token": first["page"]["next_token"]}})

    assert [len(first["results"]), len(last["results"])] == [1, 1]
    assert first["page"]["next_token"]
    assert last["page"]["next_token"] == ""
    exact = await pep.ask(SUBJECT_SEARCH, {**body, "page": {"limit": 2}})
    assert (len(exact["results"]), exact["page"]["next_token"]) == (2, "")


async def test_13_the_metadata_has_no_empty_parameter_and_no_relative_url(pep: Pep) -> None:
    answer = await pep.client.get(
        "/.well-known/authzen-configuration", headers={"host": "evil.example", "x-forwarded-host": "evil.example"}
    )

    assert "evil" not in answer.text
    assert all(value for value in answer.json().values())
    assert all(value.startswith("https://pdp.example") and value[-1] != "/" for value in answer.json().values())


async def test_14_a_decision_is_a_boolean_and_a_context_an_object(pep: Pep) -> None:
    documents = [await pep.ask(EVALUATION, QUESTION), await pep.ask(EVALUATION, {**QUESTION, "action": {"name": "x"}})]
    documents += (await pep.ask(EVALUATIONS, {**QUESTION, "evaluations": [{}, {"action": {}}]}))["evaluations"]

    assert [decision_of(document) for document in documents] == [True, False, True, False]
