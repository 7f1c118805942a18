"""Search Core and Search Properties (c-4)."""

from __future__ import annotations

import pytest

from tests.certification.fixture import (
    ACTION_SEARCH,
    ADMIN_BOB,
    ALICE,
    ARCHIVED_2,
    CONTEXT,
    NEEDED,
    READ,
    RECORD_1,
    RECORD_2,
    RECORDS,
    REQUESTS,
    RESOURCE_SEARCH,
    SUBJECT_SEARCH,
    USERS,
    WRITE,
    Pep,
    without,
)

SEARCHES = (SUBJECT_SEARCH, RESOURCE_SEARCH, ACTION_SEARCH)
SEARCHED = {SUBJECT_SEARCH: "subject", RESOURCE_SEARCH: "resource"}


async def test_c_4_2_1_alice_and_bob_may_read_record_1(pep: Pep) -> None:
    assert await pep.subjects(subject=USERS, action=READ, resource=RECORD_1) == {"alice", "bob"}


async def test_c_4_2_2_a_context_changes_no_subject_search(pep: Pep) -> None:
    assert await pep.subjects(subject=USERS, action=READ, resource=RECORD_1, context=CONTEXT) == {"alice", "bob"}


async def test_c_4_2_3_the_id_of_the_searched_subject_is_ignored(pep: Pep) -> None:
    for ignored in ("alice", "nobody"):
        found = await pep.subjects(subject={**USERS, "id": ignored}, action=READ, resource=RECORD_1)
        assert found == {"alice", "bob"}


async def test_c_4_2_4_bob_may_write_what_is_stated_to_be_archived(pep: Pep) -> None:
    assert await pep.subjects(subject=USERS, action=WRITE, resource=ARCHIVED_2) == {"bob"}


async def test_c_4_3_1_alice_may_read_record_1_among_others(pep: Pep) -> None:
    assert await pep.resources(subject=ALICE, action=READ, resource=RECORDS) == {"record-1", "record-2"}


async def test_c_4_3_2_a_context_changes_no_resource_search(pep: Pep) -> None:
    found = await pep.resources(subject=ALICE, action=READ, resource=RECORDS, context=CONTEXT)

    assert found == {"record-1", "record-2"}


async def test_c_4_3_3_the_id_of_the_searched_resource_is_ignored(pep: Pep) -> None:
    for ignored in ("record-1", "record-9"):
        found = await pep.resources(subject=ALICE, action=READ, resource={**RECORDS, "id": ignored})
        assert found == {"record-1", "record-2"}


async def test_c_4_3_4_bob_as_admin_may_write_what_is_stored_as_archived(pep: Pep) -> None:
    assert await pep.resources(subject=ADMIN_BOB, action=WRITE, resource=RECORDS) == {"record-2"}


async def test_c_4_4_1_alice_may_read_and_write_record_1(pep: Pep) -> None:
    assert await pep.actions(subject=ALICE, resource=RECORD_1) == {"read", "write"}


async def test_c_4_4_2_a_context_changes_no_action_search(pep: Pep) -> None:
    assert await pep.actions(subject=ALICE, resource=RECORD_1, context=CONTEXT) == {"read", "write"}


async def test_c_4_4_3_bob_as_admin_may_write_what_is_archived(pep: Pep) -> None:
    assert await pep.actions(subject=ADMIN_BOB, resource=ARCHIVED_2) == {"read", "write"}


@pytest.mark.parametrize("path", SEARCHES)
async def test_c_4_5_pages_lead_from_one_to_the_next_and_end(pep: Pep, path: str) -> None:
    whole = (await pep.ask(path, REQUESTS[path]))["results"]
    # c-4-5-1, c-4-5-3
    document = await pep.ask(path, {**REQUESTS[path], "page": {"limit": 1}})
    assert next(iter(document)) == "page"
    found = document["results"]
    # c-4-5-2: only the token, and the token with the same limit
    for again in ({}, {"limit": 1}):
        found, page = document["results"], document["page"]
        while page["next_token"] != "":
            assert type(page["next_token"]) is str
            assert page["count"] == 1
            following = await pep.ask(path, {**REQUESTS[path], "page": {"token": page["next_token"], **again}})
            found, page = found + following["results"], following["page"]
        assert found == whole
    # c-4-5-4: a page that holds all says so
    large = await pep.ask(path, {**REQUESTS[path], "page": {"limit": 100}})
    assert (large["results"], large["page"]["next_token"]) == (whole, "")


async def test_c_4_6_what_is_not_known_finds_nothing_and_is_no_error(pep: Pep) -> None:
    strangers = ({"type": "user", "id": "nonexistent-user"}, {"type": "spaceship", "id": "x"})
    others = ({"type": "record", "id": "record-9"}, {"type": "spaceship", "id": "x"})
    # c-4-6-1 and c-4-6-2, on all three
    for stranger in strangers:
        assert await pep.actions(subject=stranger, resource=RECORD_1) == set()
        assert await pep.resources(subject=stranger, action=READ, resource=RECORDS) == set()
    for other in others:
        assert await pep.actions(subject=ALICE, resource=other) == set()
        assert await pep.subjects(subject=USERS, action=READ, resource=other) == set()
    assert await pep.subjects(subject={"type": "spaceship"}, action=READ, resource=RECORD_1) == set()
    assert await pep.resources(subject=ALICE, action=READ, resource={"type": "spaceship"}) == set()
    assert await pep.subjects(subject=USERS, action={"name": "publish"}, resource=RECORD_1) == set()


async def test_c_4_7_an_input_entity_that_is_not_whole_is_a_400(pep: Pep) -> None:
    for path in SEARCHES:
        for needed in NEEDED[path]:
            # c-4-7-1 and c-4-7-2
            assert await pep.refused(path, without(REQUESTS[path], needed.split(".")[0])), (path, needed)
            assert await pep.refused(path, without(REQUESTS[path], needed)), (path, needed)
    same = {"subject": USERS, "action": READ, "resource": RECORDS}
    assert await pep.refused(SUBJECT_SEARCH, same)
    assert await pep.refused(RESOURCE_SEARCH, same)
    assert await pep.refused(ACTION_SEARCH, {"subject": USERS, "resource": RECORD_1})


async def test_an_action_in_an_action_search_is_ignored_and_need_not_be_whole(pep: Pep) -> None:
    for action in (WRITE, {}, {"name": "publish"}):
        assert await pep.actions(subject=ALICE, resource=RECORD_1, action=action) == {"read", "write"}


async def test_stored_values_speak_in_searches_that_state_none(pep: Pep) -> None:
    assert await pep.subjects(subject=USERS, action=WRITE, resource=RECORD_2) == {"bob"}
    assert await pep.resources(subject=ALICE, action=WRITE, resource=RECORDS) == {"record-1"}
