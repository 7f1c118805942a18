"""Basic Core and Basic Properties (c-2)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.certification.fixture import (
    ADMIN_BOB,
    ALICE,
    ARCHIVED_1,
    ARCHIVED_2,
    BOB,
    CONTEXT,
    EVALUATION,
    EVALUATIONS,
    HARD_DELETE,
    NEEDED,
    QUESTION,
    READ,
    RECORD_1,
    RECORD_2,
    REQUESTS,
    SOFT_DELETE,
    WRITE,
    Pep,
    decision_of,
    without,
)

PATHS = sorted(REQUESTS)


async def test_c_2_2_1_alice_may_read_record_1(pep: Pep) -> None:
    assert await pep.decision(subject=ALICE, action=READ, resource=RECORD_1) is True
    assert await pep.decision(subject=ALICE, action=WRITE, resource=RECORD_1) is True
    assert await pep.decision(subject=BOB, action=READ, resource=RECORD_1) is True


async def test_c_2_2_2_bob_may_not_write_record_1(pep: Pep) -> None:
    assert await pep.decision(subject=BOB, action=WRITE, resource=RECORD_1) is False


async def test_c_2_2_3_a_context_is_accepted_and_changes_nothing(pep: Pep) -> None:
    assert await pep.decision(**QUESTION, context=CONTEXT) is True
    assert await pep.decision(subject=BOB, action=WRITE, resource=RECORD_1, context=CONTEXT) is False


async def test_c_2_2_4_a_stated_status_refuses_whatever_the_id(pep: Pep) -> None:
    assert await pep.decision(subject=ALICE, action=WRITE, resource=ARCHIVED_2) is False
    assert await pep.decision(subject=ALICE, action=WRITE, resource=ARCHIVED_1) is False


async def test_c_2_2_5_a_stated_role_of_the_subject_permits(pep: Pep) -> None:
    assert await pep.decision(subject=ADMIN_BOB, action=WRITE, resource=ARCHIVED_2) is True


async def test_c_2_2_6_a_soft_deletion_is_permitted_by_the_action_s_property(pep: Pep) -> None:
    assert await pep.decision(subject=ALICE, action=SOFT_DELETE, resource=RECORD_1) is True


async def test_c_2_2_7_a_hard_deletion_is_refused_by_the_value_of_the_property(pep: Pep) -> None:
    assert await pep.decision(subject=ALICE, action=HARD_DELETE, resource=RECORD_1) is False


async def test_c_2_2_8_further_properties_are_accepted(pep: Pep) -> None:
    subject = {**ALICE, "properties": {"department": "Sales", "role": "manager"}}
    action = {**READ, "properties": {"method": "GET"}}
    resource = {**RECORD_1, "properties": {"status": "active", "owner": "bob"}}

    assert await pep.decision(subject=subject, action=action, resource=resource) is True


async def test_c_2_2_9_unknown_members_are_ignored_everywhere(pep: Pep) -> None:
    assert await pep.decision(**QUESTION, foo="bar", futureField={"nested": True}) is True
    for path, body in REQUESTS.items():
        inner = {
            name: {**value, "futureMember": [1, {"x": "y"}]} if isinstance(value, dict) else value
            for name, value in body.items()
        }
        assert await pep.ask(path, {**inner, "foo": "bar", "futureField": {"nested": True}})


async def test_c_2_3_an_answer_holds_a_boolean_and_maybe_a_context(pep: Pep) -> None:
    for question in (
        QUESTION,
        {**QUESTION, "subject": BOB, "action": WRITE},
        {**QUESTION, "subject": {**ALICE, "id": "x"}},
    ):
        decision_of(await pep.ask(EVALUATION, question))


@pytest.mark.parametrize("path", PATHS)
class TestC24Errors:
    """c-2-4 holds for every endpoint."""

    async def test_c_2_4_1_a_request_without_a_required_member_is_a_400(self, pep: Pep, path: str) -> None:
        for member in {needed.split(".")[0] for needed in NEEDED[_form(path)]}:
            assert await pep.refused(path, without(_whole(path), member)), member

    async def test_c_2_4_2_a_request_without_a_required_sub_member_is_a_400(self, pep: Pep, path: str) -> None:
        for needed in NEEDED[_form(path)]:
            assert await pep.refused(path, without(_whole(path), needed)), needed

    @pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/jsonp"])
    async def test_c_2_4_3_another_content_type_is_a_400(self, pep: Pep, path: str, content_type: str) -> None:
        headers = {"content-type": content_type} if content_type else {}
        answer = await pep.client.post(path, content=json.dumps(REQUESTS[path]), headers=headers)

        assert answer.status_code == 400

    @pytest.mark.parametrize("body", [b"{", b'{"subject":', b"{]", b"nonsense", b"{'subject': 1}", b"[]", b'"x"', b"1"])
    async def test_c_2_4_4_malformed_json_is_a_400(self, pep: Pep, path: str, body: bytes) -> None:
        answer = await pep.client.post(path, content=body, headers={"content-type": "application/json"})

        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/json"

    @pytest.mark.parametrize("body", [b"", b" ", b"\r\n"])
    async def test_c_2_4_5_an_empty_body_is_a_400(self, pep: Pep, path: str, body: bytes) -> None:
        answer = await pep.client.post(path, content=body, headers={"content-type": "application/json"})

        assert answer.status_code == 400

    async def test_c_2_4_6_a_member_of_another_type_is_a_400(self, pep: Pep, path: str) -> None:
        whole = _whole(path)
        for wrong in ("alice", 1, True, [], [whole]):
            for member in {needed.split(".")[0] for needed in NEEDED[_form(path)]}:
                assert await pep.refused(path, {**whole, member: wrong}), (member, wrong)
            assert await pep.refused(path, {**whole, "context": wrong}), wrong
        for needed in NEEDED[_form(path)]:
            member, _, inner = needed.partition(".")
            wrong_values: tuple[object, ...] = (123, True, {}, ["x"])
            for value in wrong_values:
                assert await pep.refused(path, {**whole, member: {**whole[member], inner: value}}), needed
                assert await pep.refused(path, {**whole, member: {**whole[member], "properties": "x"}}), needed


@pytest.mark.parametrize("path", PATHS)
async def test_c_2_5_the_request_s_id_comes_back_unchanged(pep: Pep, path: str) -> None:
    wrong = {**REQUESTS[path], "context": "wrong"}
    for request_id in ("bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "x", "A_b:c/d=~{}", "7" * 128):
        for body in (REQUESTS[path], without(REQUESTS[path], "subject"), wrong):
            answer = await pep.client.post(path, json=body, headers={"x-request-id": request_id})
            assert answer.headers.get_list("x-request-id") == [request_id]
    unnamed = await pep.client.post(path, json=REQUESTS[path])

    assert unnamed.status_code == 200


@pytest.mark.parametrize("path", PATHS)
async def test_c_2_6_the_same_request_has_the_same_answer_each_time(pep: Pep, path: str) -> None:
    def stable(document: dict[str, object]) -> str:
        return json.dumps(document, sort_keys=True).replace("decision_id", "")[:40]

    first = await pep.ask(path, REQUESTS[path])
    for _ in range(5):
        assert stable(await pep.ask(path, REQUESTS[path])) == stable(first)


async def test_what_is_stored_speaks_where_the_request_is_silent(pep: Pep) -> None:
    assert await pep.decision(subject=ALICE, action=WRITE, resource=RECORD_2) is False
    assert await pep.decision(subject=BOB, action=WRITE, resource=RECORD_2) is True
    assert await pep.decision(subject=BOB, action=WRITE, resource=ARCHIVED_1) is True


def _form(path: str) -> str:
    return EVALUATION if path == EVALUATIONS else path


def _whole(path: str) -> dict[str, Any]:
    """The batch's own requirements are those of the single API (c-3-4-2)."""
    return QUESTION if path == EVALUATIONS else REQUESTS[path]
