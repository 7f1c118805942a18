"""Batch Core and Batch Properties (c-3)."""

from __future__ import annotations

from tests.certification.fixture import (
    ACTIVE_1,
    ADMIN_BOB,
    ALICE,
    ARCHIVED_2,
    BOB,
    EVALUATIONS,
    QUESTION,
    READ,
    RECORD_1,
    RECORD_2,
    WRITE,
    Pep,
    decision_of,
)


async def test_c_3_2_1_a_batch_is_answered_item_by_item(pep: Pep) -> None:
    decisions = await pep.decisions(
        subject=ALICE, action=READ, evaluations=[{"resource": RECORD_1}, {"resource": RECORD_2}]
    )

    assert len(decisions) == 2
    assert decisions[0] is True


async def test_c_3_2_2_each_item_has_its_own_decision_in_its_place(pep: Pep) -> None:
    items = [{"action": READ}, {"action": WRITE}]

    assert await pep.decisions(subject=BOB, resource=RECORD_1, evaluations=items) == [True, False]


async def test_c_3_2_3_properties_of_resources_count_item_by_item(pep: Pep) -> None:
    items = [{"resource": ACTIVE_1}, {"resource": ARCHIVED_2}]

    assert await pep.decisions(subject=ALICE, action=WRITE, evaluations=items) == [True, False]


async def test_c_3_2_4_properties_of_subjects_count_item_by_item(pep: Pep) -> None:
    items = [{"subject": ALICE}, {"subject": ADMIN_BOB}]

    assert await pep.decisions(action=WRITE, resource=ARCHIVED_2, evaluations=items) == [False, True]


async def test_c_3_2_5_items_may_be_whole_without_any_default(pep: Pep) -> None:
    items = [QUESTION, {"subject": BOB, "action": WRITE, "resource": RECORD_1}]

    assert await pep.decisions(evaluations=items) == [True, False]


async def test_c_3_2_6_a_context_is_inherited_unless_an_item_has_its_own(pep: Pep) -> None:
    own = {"time": "2025-06-27T19:00-07:00", "source": "batch-override"}
    items = [{"resource": RECORD_1}, {"resource": RECORD_2, "context": own}]
    top = {"time": "2025-06-27T18:03-07:00"}

    assert len(await pep.decisions(subject=ALICE, action=READ, context=top, evaluations=items)) == 2
    claimed = {"assurance": "claimed"}
    assert await pep.decisions(
        **QUESTION, context=claimed, evaluations=[{}, {"context": {}}, {"context": {"assurance": "confirmed"}}]
    ) == [False, True, True]


async def test_c_3_2_7_an_empty_item_inherits_all_and_a_present_member_replaces_the_whole_entity(pep: Pep) -> None:
    items = [{}, {"resource": ARCHIVED_2}]

    assert await pep.decisions(subject=ALICE, action=WRITE, resource=ACTIVE_1, evaluations=items) == [True, False]
    # Were properties merged, the stated `active` would reach record-2 as well.
    assert await pep.decisions(
        subject=ALICE, action=WRITE, resource=ACTIVE_1, evaluations=[{"resource": RECORD_2}, {"resource": {"id": "x"}}]
    ) == [False, False]


async def test_c_3_3_as_many_answers_in_the_same_order_and_no_decision_above_them(pep: Pep) -> None:
    items = [{"action": {"name": name}} for name in ("read", "write", "publish", "read", "write", "read")]
    document = await pep.ask(EVALUATIONS, {"subject": BOB, "resource": RECORD_1, "evaluations": items})

    assert "decision" not in document
    assert [decision_of(one) for one in document["evaluations"]] == [True, False, False, True, False, True]


async def test_c_3_4_a_bad_item_is_its_own_deny_and_no_items_mean_the_single_api(pep: Pep) -> None:
    # c-3-4-1
    request = {
        "subject": ALICE,
        "action": READ,
        "options": {"evaluations_semantic": "execute_all"},
        "evaluations": [{"resource": RECORD_1}, {}, {"resource": RECORD_1}],
    }
    answers = (await pep.ask(EVALUATIONS, request))["evaluations"]
    assert [decision_of(one) for one in answers] == [True, False, True]
    assert answers[1]["context"]["error"]["status"] == 400
    assert answers[1]["context"]["error"]["code"] == "missing_member"
    # c-3-4-2 and c-3-4-3
    for body in (QUESTION, {**QUESTION, "evaluations": []}):
        document = await pep.ask(EVALUATIONS, body)
        assert "evaluations" not in document
        assert decision_of(document) is True
