"""Batch, search and negotiation over the application (AuthZEN 1.0 sections 7, 8; obligations profile, draft 1)."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.core.limits import NO_LIMITS, Limits
from authz.core.types import Assurance, Channel, Request
from authz.errors import NoActivePolicy
from authz.pdp import Permitted, Search, SearchFor
from authz.web.credentials.callers import KEYLESS, Scope
from tests.web.shipped_world import ShippedWorld, example_directory
from tests.web.world import As, World, error_code

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
SEARCHES = ("/access/v1/search/subject", "/access/v1/search/resource", "/access/v1/search/action")
SUBJECT_SEARCH, RESOURCE_SEARCH, ACTION_SEARCH = SEARCHES
SETS = ("calltrack", "certification")
ANA = {"type": "contact", "id": "ana@acme.example"}
ACME = {"type": "tenant", "id": "acme"}
INSIDE = {"ip": "203.0.113.5"}
PERSONAL_DATA = {"subject": ANA, "action": {"name": "personal_data"}, "resource": ACME, "context": INSIDE}
WHO_REPORTS = {"subject": {"type": "contact"}, "action": {"name": "error_report"}, "resource": ACME, "context": INSIDE}
WHAT_ANA_MAY = {"subject": ANA, "resource": ACME, "context": INSIDE}

pytestmark = pytest.mark.usefixtures("each_way")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ShippedWorld:
    folder = tmp_path_factory.mktemp("people")
    return ShippedWorld(example_directory(folder, ["registry.yaml", "certification.yaml"], SETS), SETS)


@pytest_asyncio.fixture
async def client(world: ShippedWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client


async def ask(client: httpx.AsyncClient, path: str, body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


# ------------------------------------------------------------------------------------------------------------- batch

SUBJECTS = [
    ANA,
    {"type": "user", "id": "alice"},
    {"type": "user", "id": "bob"},
    {"type": "contact", "id": "no@x.example"},
]
ACTIONS = [{"name": "read"}, {"name": "write"}, {"name": "error_report"}, {"name": "personal_data"}, {"name": 7}]
RECORDS = [
    {"type": "record", "id": "record-1"},
    {"type": "record", "id": "record-2", "properties": {"status": "active"}},
    ACME,
    {"type": "tenant"},
]
CONTEXTS = [
    INSIDE,
    {},
    {"assurance": "claimed"},
    {"channel": "phone"},
    {"ip": "1.2.3"},
    {"supported_obligations": []},
    "no",
]
entities = {
    "subject": st.sampled_from(SUBJECTS),
    "action": st.sampled_from(ACTIONS),
    "resource": st.sampled_from(RECORDS),
    "context": st.sampled_from(CONTEXTS),
}
some_entities = st.fixed_dictionaries({}, optional=entities)
items = st.lists(st.one_of(some_entities, st.sampled_from([{}, 7, "x", []])), min_size=1, max_size=8)
semantics = st.sampled_from(["execute_all", "deny_on_first_deny", "permit_on_first_permit", None])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(defaults=some_entities, items=items, semantic=semantics)
def test_a_batch_is_its_items_one_by_one_up_to_the_one_that_ends_it(
    world: ShippedWorld, defaults: dict[str, Any], items: list[Any], semantic: str | None
) -> None:
    async def agree() -> None:
        async with world.client() as client:
            body = {**defaults, "evaluations": items}
            if semantic is not None:
                body["options"] = {"evaluations_semantic": semantic}
            answers = (await ask(client, EVALUATIONS, body))["evaluations"]

            assert [without_id(answer) for answer in answers] == await naively(client, defaults, items, semantic)

    asyncio.run(agree())


async def naively(
    client: httpx.AsyncClient, defaults: dict[str, Any], items: list[Any], semantic: str | None
) -> list[dict[str, Any]]:
    """A loop over the single API."""
    expected = []
    for item in items:
        answer = await client.post(EVALUATION, json={**defaults, **item} if isinstance(item, dict) else [])
        document = answer.json()
        if answer.status_code != 200:
            error = {"status": answer.status_code, **document["error"]}
            if not isinstance(item, dict):
                error |= {"code": "wrong_type", "message": "an item of `evaluations` is not an object"}
            document = {"decision": False, "context": {"error": error}}
        expected.append(without_id(document))
        if (semantic, document["decision"]) in {("deny_on_first_deny", False), ("permit_on_first_permit", True)}:
            break
    return expected


def without_id(document: dict[str, Any]) -> dict[str, Any]:
    context = {name: value for name, value in document["context"].items() if name != "decision_id"}
    return {**document, "context": context}


async def test_each_decision_of_a_batch_has_an_id_of_its_own(client: httpx.AsyncClient) -> None:
    answers = (await ask(client, EVALUATIONS, {**PERSONAL_DATA, "evaluations": [{}, {}, {}]}))["evaluations"]

    assert len({answer["context"]["decision_id"] for answer in answers}) == 3


async def test_a_short_circuit_ends_with_the_deciding_item_and_is_not_padded(client: httpx.AsyncClient) -> None:
    yes: dict[str, Any] = {}
    no, bad = {"action": {"name": "fly"}}, {"action": dict[str, Any]()}
    for semantic, given_items, expected in (
        ("execute_all", [yes, no, bad, yes], [True, False, False, True]),
        ("deny_on_first_deny", [yes, yes, no, yes], [True, True, False]),
        ("deny_on_first_deny", [yes, bad, yes], [True, False]),
        ("deny_on_first_deny", [yes, yes], [True, True]),
        ("permit_on_first_permit", [no, bad, yes, no], [False, False, True]),
        ("permit_on_first_permit", [no, no], [False, False]),
    ):
        body = {**PERSONAL_DATA, "evaluations": given_items, "options": {"evaluations_semantic": semantic, "other": 1}}
        answers = (await ask(client, EVALUATIONS, body))["evaluations"]

        assert [answer["decision"] for answer in answers] == expected


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"options": {"evaluations_semantic": "first_wins"}}, "bad_semantic"),
        ({"options": {"evaluations_semantic": 1}}, "wrong_type"),
        ({"options": {"evaluations_semantic": "execute_all "}}, "bad_semantic"),
        ({"options": []}, "wrong_type"),
        ({"evaluations": {}}, "wrong_type"),
        ({"evaluations": "x"}, "wrong_type"),
        ({"evaluations": [{}] * 1001}, "too_many_items"),
    ],
)
async def test_a_batch_that_cannot_be_read_as_a_whole_is_a_400(
    client: httpx.AsyncClient, change: dict[str, Any], code: str
) -> None:
    answer = await client.post(EVALUATIONS, json={**PERSONAL_DATA, "evaluations": [{}], **change})

    assert answer.status_code == 400
    assert error_code(answer) == code


async def test_the_largest_batch_is_answered_in_full(client: httpx.AsyncClient) -> None:
    answers = (await ask(client, EVALUATIONS, {**PERSONAL_DATA, "evaluations": [{}] * 1000}))["evaluations"]

    assert [answer["decision"] for answer in answers] == [True] * 1000


async def test_a_default_that_no_item_uses_may_be_incomplete(client: httpx.AsyncClient) -> None:
    body = {**PERSONAL_DATA, "resource": {}, "evaluations": [{"resource": ACME}, {"resource": ACME}]}
    answers = (await ask(client, EVALUATIONS, body))["evaluations"]

    assert [answer["decision"] for answer in answers] == [True, True]


async def test_a_batch_of_which_nothing_can_be_answered_is_a_503() -> None:
    async with World(live=False).client() as client:
        answer = await client.post(EVALUATIONS, json={**PERSONAL_DATA, "evaluations": [{}, {}]})

    assert answer.status_code == 503
    assert error_code(answer) == "no_active_policy"


async def test_an_item_whose_policy_was_never_good_is_that_item_s_503(
    world: ShippedWorld, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = world.pdp.decide

    def decide(request: Request, now: float | None = None, limits: Limits = NO_LIMITS) -> Any:
        if request.subject_id == "alice":
            raise NoActivePolicy("the contract's policy set has no good generation")
        return real(request, now, limits)

    monkeypatch.setattr(world.pdp, "decide", decide)
    async with world.client() as fresh:
        body = {**PERSONAL_DATA, "evaluations": [{"subject": SUBJECTS[1]}, {}]}
        answers = (await ask(fresh, EVALUATIONS, body))["evaluations"]

    assert answers[0]["decision"] is False
    assert (answers[0]["context"]["error"]["status"], answers[1]["decision"]) == (503, True)


async def test_an_item_beyond_the_key_is_refused_and_the_others_are_answered(world: ShippedWorld) -> None:
    caller = KEYLESS._replace(limits=Limits(frozenset({"acme"}), frozenset({Channel.WEB}), Assurance.SESSION))
    changes: list[dict[str, Any]] = [
        {},
        {"context": {**INSIDE, "assurance": "confirmed"}},
        {"context": {"channel": "phone"}},
        {"resource": {"type": "tenant", "id": "beta"}},
        {},
    ]
    async with world.client(As(caller)) as client:
        answers = (await ask(client, EVALUATIONS, {**PERSONAL_DATA, "evaluations": changes}))["evaluations"]

    assert [answer["decision"] for answer in answers] == [True, False, False, False, True]
    assert answers[1]["context"]["error"]["status"] == 403
    assert [answer["context"].get("reason") for answer in answers[2:4]] == ["channel_not_allowed", "tenant_not_allowed"]


async def test_without_explain_the_refusals_of_a_batch_look_alike(world: ShippedWorld) -> None:
    caller = KEYLESS._replace(scopes=frozenset({Scope.DECIDE}))
    strangers: list[dict[str, Any]] = [
        {"subject": {"type": "contact", "id": "no@x.example"}},
        {"subject": {"type": "spaceship", "id": "x"}},
        {"action": {"name": "fly"}},
        {"context": {}},
        {"resource": {"type": "tenant", "id": "beta"}},
        {"context": {**INSIDE, "supported_obligations": []}},
    ]
    async with world.client(As(caller)) as client:
        answers = (await ask(client, EVALUATIONS, {**PERSONAL_DATA, "evaluations": strangers}))["evaluations"]

    assert len({json.dumps(without_id(answer)) for answer in answers}) == 1
    assert answers[0]["context"]["reason"] == "refused"


# ------------------------------------------------------------------------------------------------------------ search


@pytest.mark.parametrize("path", SEARCHES)
async def test_a_search_needs_the_scope_explain(world: ShippedWorld, path: str) -> None:
    bodies = dict(
        zip(SEARCHES, (WHO_REPORTS, {**PERSONAL_DATA, "resource": {"type": "tenant"}}, WHAT_ANA_MAY), strict=True)
    )
    for scopes, status in (({Scope.DECIDE}, 403), (set(Scope) - {Scope.EXPLAIN}, 403), ({Scope.EXPLAIN}, 200)):
        async with world.client(As(KEYLESS._replace(scopes=frozenset(scopes)))) as client:
            assert (await client.post(path, json=bodies[path])).status_code == status


@pytest.mark.parametrize(
    "limits",
    [
        Limits(tenants=frozenset({"beta"})),
        Limits(channels=frozenset({Channel.PHONE})),
        Limits(highest_assurance=Assurance.CLAIMED),
    ],
)
async def test_a_search_beyond_the_key_is_a_403(world: ShippedWorld, limits: Limits) -> None:
    async with world.client(As(KEYLESS._replace(limits=limits))) as client:
        for path, body in ((SUBJECT_SEARCH, WHO_REPORTS), (ACTION_SEARCH, WHAT_ANA_MAY)):
            answer = await client.post(path, json=body)

            assert answer.status_code == 403
            assert error_code(answer) == "forbidden"


async def test_a_search_over_all_tenants_holds_to_those_of_the_key(world: ShippedWorld) -> None:
    everywhere = {**WHO_REPORTS, "resource": {"type": "tenant", "id": "*"}, "context": {"channel": "phone"}}
    tenants = {**PERSONAL_DATA, "resource": {"type": "tenant"}}
    async with world.client() as client:
        whole = {one["id"] for one in (await ask(client, SUBJECT_SEARCH, everywhere))["results"]}
        every = [one["id"] for one in (await ask(client, RESOURCE_SEARCH, tenants))["results"]]
    async with world.client(As(KEYLESS._replace(limits=Limits(frozenset({"acme"}))))) as client:
        own = {one["id"] for one in (await ask(client, SUBJECT_SEARCH, everywhere))["results"]}
        of_key = [one["id"] for one in (await ask(client, RESOURCE_SEARCH, tenants))["results"]]
    async with world.client(As(KEYLESS._replace(limits=Limits(frozenset({"beta"}))))) as client:
        nothing = (await ask(client, RESOURCE_SEARCH, tenants))["results"]

    assert own
    assert own < whole
    assert every == of_key == ["acme"]
    assert nothing == []


async def test_a_result_carries_the_obligations_of_its_own(client: httpx.AsyncClient) -> None:
    results = (await ask(client, ACTION_SEARCH, WHAT_ANA_MAY))["results"]
    obliged = {one["name"]: [duty["type"] for duty in one["obligations"]] for one in results if "obligations" in one}
    single = await ask(client, EVALUATION, PERSONAL_DATA)

    assert "personal_data" in obliged
    assert "error_report" not in obliged
    assert obliged["personal_data"] == [duty["type"] for duty in single["context"]["obligations"]]


async def test_a_search_names_the_revisions_it_looked_at(client: httpx.AsyncClient) -> None:
    context = (await ask(client, ACTION_SEARCH, WHAT_ANA_MAY))["context"]

    assert context["revision"]["policy"].startswith("sha256:")
    assert context["revision"]["registry"] >= 1


async def test_pages_of_every_size_hold_the_whole_result_once(client: httpx.AsyncClient) -> None:
    whole = (await ask(client, ACTION_SEARCH, WHAT_ANA_MAY))["results"]
    assert len(whole) == 10
    for limit in range(1, 12):
        found, token, sizes = [], None, []
        while token != "":
            page = {"limit": limit} if token is None else {"token": token}
            document = await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": page})
            found += document["results"]
            sizes.append(document["page"]["count"])
            token = document["page"]["next_token"]
        assert found == whole
        assert all(size == limit for size in sizes[:-1])
        assert 0 < sizes[-1] <= limit


async def test_a_limit_of_nothing_gets_nothing_and_no_way_on(client: httpx.AsyncClient) -> None:
    document = await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": {"limit": 0}})

    assert (document["results"], document["page"]) == ([], {"next_token": "", "count": 0})


async def test_the_whole_result_comes_without_a_page_where_none_is_asked_for(client: httpx.AsyncClient) -> None:
    assert "page" not in await ask(client, ACTION_SEARCH, WHAT_ANA_MAY)
    for page in ({}, {"limit": 5000}, {"token": ""}, {"properties": {"x": 1}}):
        assert (await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": page}))["page"]["next_token"] == ""


async def test_more_than_the_largest_page_is_cut_and_says_so(
    world: ShippedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def many(what: SearchFor, question: Request, limits: Limits, after: tuple[str, ...]) -> Search:
        start = int(after[0]) + 1 if after else 0
        found = (Permitted(str(number), (), (str(number),)) for number in range(start, 1500))
        return Search(found, "sha256:0", 1)

    monkeypatch.setattr(world.pdp, "search", many)
    async with world.client() as client:
        first = await ask(client, ACTION_SEARCH, WHAT_ANA_MAY)
        page = {"token": first["page"]["next_token"]}
        second = await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": page})
        named = await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": {**page, "limit": 5000}})

    assert [len(first["results"]), len(second["results"])] == [1000, 500]
    assert second["page"]["next_token"] == ""
    assert named == second


@pytest.mark.parametrize(
    "page",
    ["x", 1, True, [], {"limit": -1}, {"limit": "1"}, {"limit": 1.5}, {"limit": True}, {"limit": []}, {"token": 1}],
)
async def test_a_page_that_cannot_be_read_is_a_400(client: httpx.AsyncClient, page: Any) -> None:
    answer = await client.post(ACTION_SEARCH, json={**WHAT_ANA_MAY, "page": page})

    assert answer.status_code == 400
    assert error_code(answer) == "wrong_type"


async def test_a_token_is_good_for_its_own_question_only(client: httpx.AsyncClient) -> None:
    token = (await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": {"limit": 2}}))["page"]["next_token"]
    same_in_other_words = {**WHAT_ANA_MAY, "foo": 1, "subject": {"id": ANA["id"], "type": "contact"}}
    others: list[tuple[str, dict[str, Any]]] = [
        (ACTION_SEARCH, {**WHAT_ANA_MAY, "subject": {"type": "contact", "id": "sorin@acme.example"}}),
        (ACTION_SEARCH, {**WHAT_ANA_MAY, "subject": {**ANA, "properties": {"x": 1}}}),
        (ACTION_SEARCH, {**WHAT_ANA_MAY, "resource": {"type": "tenant", "id": "beta"}}),
        (ACTION_SEARCH, {**WHAT_ANA_MAY, "context": {"ip": "203.0.113.6"}}),
        (ACTION_SEARCH, {**WHAT_ANA_MAY, "context": {**INSIDE, "supported_obligations": []}}),
        (SUBJECT_SEARCH, {**WHO_REPORTS, **WHAT_ANA_MAY}),
    ]

    assert (await ask(client, ACTION_SEARCH, {**same_in_other_words, "page": {"token": token}}))["results"]
    for path, body in others:
        answer = await client.post(path, json={**body, "page": {"token": token}})
        assert error_code(answer) == "bad_token", (path, body)
    changed = await client.post(ACTION_SEARCH, json={**WHAT_ANA_MAY, "page": {"token": token, "limit": 3}})
    assert error_code(changed) == "bad_token"


def forged(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode()


BAD_TOKENS = [
    "x", "=", "====", "é", "AAAA", "a" * 20000, "\u0000", "null", "../..",
    base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    forged([], 2, "0" * 64), forged(["a"], 2, "0" * 64),
    forged(["a"], 0, ""), forged(["a"], -1, ""), forged(["a"], 10**9, ""),
    forged("a", 2, ""), forged(["a"], "2", ""), forged({}, 2, ""), forged(["a"], 2), forged([["a"]], 2, ""), forged(),
    base64.urlsafe_b64encode(b'[["\\ud800"],2,""]').decode(), base64.urlsafe_b64encode(b"[" * 3000).decode(),
]  # fmt: skip


@pytest.mark.parametrize("token", BAD_TOKENS)
@pytest.mark.parametrize("path", SEARCHES)
async def test_a_token_that_is_none_of_ours_is_a_400(client: httpx.AsyncClient, path: str, token: str) -> None:
    body = {SUBJECT_SEARCH: WHO_REPORTS, RESOURCE_SEARCH: PERSONAL_DATA, ACTION_SEARCH: WHAT_ANA_MAY}[path]
    answer = await client.post(path, json={**body, "page": {"token": token}})

    assert answer.status_code == 400
    assert error_code(answer) == "bad_token"


async def test_a_forged_place_shows_nothing_that_the_search_would_not(client: httpx.AsyncClient) -> None:
    whole = [one["name"] for one in (await ask(client, ACTION_SEARCH, WHAT_ANA_MAY))["results"]]
    token = (await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": {"limit": 2}}))["page"]["next_token"]
    _, limit, digest = json.loads(base64.urlsafe_b64decode(token))
    for place in (["zzz"], ["a"], ["", "x", "y"], ["\u10ffff"]):
        page = {"token": forged(place, limit, digest)}
        found = [one["name"] for one in (await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "page": page}))["results"]]
        assert set(found) <= set(whole)


async def test_while_a_search_runs_other_questions_are_answered(
    world: ShippedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def results() -> Iterator[Permitted]:
        begun.set()
        assert go_on.wait(20)
        yield Permitted("late", (), ("late",))

    monkeypatch.setattr(world.pdp, "search", lambda *_: Search(results(), "sha256:0", 1))
    async with world.client() as client:
        searching = asyncio.create_task(client.post(ACTION_SEARCH, json=WHAT_ANA_MAY))
        await asyncio.to_thread(begun.wait, 20)
        decided = await ask(client, EVALUATION, PERSONAL_DATA)
        still_searching = not searching.done()
        go_on.set()
        found = (await searching).json()

    assert decided["decision"] is True
    assert still_searching
    assert found["results"] == [{"name": "late"}]


# ------------------------------------------------------------------------------------------------------- obligations


async def test_the_metadata_lists_the_types_that_the_live_sets_ask_for(client: httpx.AsyncClient) -> None:
    document = (await client.get("/.well-known/authzen-configuration")).json()

    assert document["supported_obligations"] == ["custom"]


@pytest.mark.parametrize(
    ("stated", "decision"),
    [
        (["custom"], True),
        (["custom", "step-up"], True),
        (["something-else", "custom"], True),
        ([], False),
        (["step-up"], False),
        (["something-else"], False),
        (["Custom", "custom "], False),
    ],
)
async def test_an_allow_that_needs_what_the_caller_cannot_do_is_a_deny(
    client: httpx.AsyncClient, stated: list[str], decision: bool
) -> None:
    context = {**INSIDE, "supported_obligations": stated}
    nested = await ask(client, EVALUATION, {**PERSONAL_DATA, "context": context})
    flat = await ask(client, "/v1/decision", {"contact": ANA["id"], "action": "personal_data", **context})
    needs_nothing = await ask(
        client, EVALUATION, {**PERSONAL_DATA, "action": {"name": "error_report"}, "context": context}
    )

    assert nested["decision"] is flat["decision"] is decision
    assert needs_nothing["decision"] is True
    if decision:
        assert {duty["type"] for duty in nested["context"]["obligations"]} == {"custom"}
    else:
        assert nested["context"]["reason"] == "fact_not_met"
        assert nested["context"]["fact"] == "supported_obligations"
        assert nested["context"]["missing"] == ["supported_obligations.custom"]
        assert not {"obligations", "service_terms"} & set(nested["context"])


async def test_a_caller_that_says_nothing_of_obligations_gets_them(client: httpx.AsyncClient) -> None:
    document = await ask(client, EVALUATION, PERSONAL_DATA)

    assert document["decision"] is True
    assert document["context"]["obligations"]


async def test_a_search_leaves_out_what_needs_more_than_the_caller_can_do(client: httpx.AsyncClient) -> None:
    context = {**INSIDE, "supported_obligations": []}
    able = {one["name"] for one in (await ask(client, ACTION_SEARCH, WHAT_ANA_MAY))["results"]}
    unable = {
        one["name"] for one in (await ask(client, ACTION_SEARCH, {**WHAT_ANA_MAY, "context": context}))["results"]
    }

    assert able - unable == {"personal_data", "backup_restore"}


@pytest.mark.parametrize("stated", ["custom", 1, True, {}, ["custom", 1], [[]], [""], ["x" * 257]])
async def test_a_list_of_obligations_that_is_none_is_a_400(client: httpx.AsyncClient, stated: Any) -> None:
    for path, body in ((EVALUATION, PERSONAL_DATA), (EVALUATIONS, PERSONAL_DATA), (ACTION_SEARCH, WHAT_ANA_MAY)):
        answer = await client.post(path, json={**body, "context": {**INSIDE, "supported_obligations": stated}})
        assert answer.status_code == 400
