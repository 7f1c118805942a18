"""Every route, in process: what it answers, to whom, and in which form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute

from authz.core.limits import NO_LIMITS, Limits
from authz.core.outcome import Outcome
from authz.core.types import Assurance, Reason, Request
from authz.errors import EngineDisagreement, NoActivePolicy, RegistryUnavailable
from authz.web.credentials.callers import KEYLESS, Scope
from authz.web.openapi import document as openapi
from authz.wiring import Health, RegistryHealth
from tests.web.world import FLAT, INSIDE, OUTSIDE, QUESTION, REVISION, Keyed, World, error_code, set_status

EVALUATION = "/access/v1/evaluation"
FLAT_PATH = "/v1/decision"
POST_PATHS = [EVALUATION, FLAT_PATH]
GET_PATHS = ["/v1/policy", "/health/live", "/health/ready", "/.well-known/authzen-configuration"]
JSON_TYPE = {"content-type": "application/json"}

pytestmark = pytest.mark.usefixtures("each_way")


class Failing(World):
    """A world whose decision point raises."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.pdp = self  # type: ignore[assignment]
        self.error = error

    def decide(self, request: Request, now: float | None = None, limits: Limits = NO_LIMITS) -> Outcome:
        raise self.error


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in QUESTION.items() if name != member}


async def test_an_authzen_question_is_answered_with_its_reason_rule_and_revisions() -> None:
    async with World().client() as client:
        answer = await client.post(EVALUATION, json=QUESTION)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["decision"] is True
    context = document["context"]
    assert context["reason"] == "permitted"
    assert context["rule"] == "demo/matrix.csv:1"
    assert context["revision"] == {"policy": REVISION, "registry": 7}
    assert context["contact"]["tenant"] == "acme"
    assert len(context["decision_id"]) == 32


async def test_a_flat_question_gets_the_same_answer() -> None:
    async with World().client() as client:
        nested = (await client.post(EVALUATION, json=QUESTION)).json()
        flat = (await client.post(FLAT_PATH, json=FLAT)).json()

    assert nested["context"].pop("decision_id") != flat["context"].pop("decision_id")
    assert nested == flat


async def test_a_refusal_is_status_200_and_says_why() -> None:
    async with World().client() as client:
        outside = await client.post(FLAT_PATH, json={**FLAT, "ip": OUTSIDE})
        stranger = await client.post(FLAT_PATH, json={**FLAT, "contact": "eve@acme.example"})
        never = await client.post(FLAT_PATH, json={**FLAT, "action": "restore"})

    assert [one.status_code for one in (outside, stranger, never)] == [200, 200, 200]
    assert [one.json()["decision"] for one in (outside, stranger, never)] == [False, False, False]
    assert outside.json()["context"]["reason"] == "network_not_declared"
    assert outside.json()["context"]["missing"] == ["network_ok"]
    assert stranger.json()["context"]["reason"] == "contact_unregistered"
    assert stranger.json()["context"]["contact"] == {"registered": False, "status": "unauthorised"}
    assert never.json()["context"]["reason"] == "role_not_permitted"
    assert never.json()["context"]["missing"] == []


async def test_unknown_members_are_ignored_and_order_does_not_matter() -> None:
    question = {"x": {"y": [1]}, **{name: QUESTION[name] for name in reversed(QUESTION)}}
    async with World().client() as client:
        answer = await client.post(EVALUATION, json=question)

    assert answer.json()["decision"] is True


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "x-client-ip"])
async def test_no_header_speaks_for_the_address(header: str) -> None:
    async with World().client() as client:
        inside = await client.post(FLAT_PATH, json={**FLAT, "ip": OUTSIDE}, headers={header: INSIDE})
        without_ip = await client.post(
            FLAT_PATH, json={"contact": FLAT["contact"], "action": "report"}, headers={header: INSIDE}
        )

    assert inside.json()["decision"] is False
    assert without_ip.json()["context"]["reason"] == "ip_missing"


@pytest.mark.parametrize("member", ["subject", "action", "resource"])
async def test_a_question_without_a_required_member_is_a_400(member: str) -> None:
    async with World().client() as client:
        answer = await client.post(EVALUATION, json=without(member))

    assert answer.status_code == 400
    assert error_code(answer) == "missing_member"


BAD_BODIES = [
    pytest.param(b"", 400, "empty_body", id="empty"),
    pytest.param(b"{", 400, "not_json", id="cut off"),
    pytest.param(b"[]", 400, "not_an_object", id="a list"),
    pytest.param(b'{"action":"a","action":"b"}', 400, "duplicate_member", id="a name twice"),
    pytest.param(b'{"action":null}', 400, "null_value", id="null"),
    pytest.param(b'{"x":"' + b"y" * 70000 + b'"}', 413, "body_too_large", id="too large"),
]


@pytest.mark.parametrize("path", POST_PATHS)
@pytest.mark.parametrize(("body", "status", "code"), BAD_BODIES)
async def test_a_body_that_cannot_be_read_is_refused(path: str, body: bytes, status: int, code: str) -> None:
    async with World().client() as client:
        answer = await client.post(path, content=body, headers={**JSON_TYPE, "x-request-id": "r-1"})

    assert answer.status_code == status
    assert error_code(answer) == code
    assert answer.headers["x-request-id"] == "r-1"


@pytest.mark.parametrize("path", POST_PATHS)
@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/json; charset=latin-1", None])
async def test_another_content_type_is_a_400(path: str, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    async with World().client() as client:
        answer = await client.post(path, content=json.dumps(FLAT), headers=headers)

    assert answer.status_code == 400
    assert error_code(answer) == "content_type"
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("coding", ["gzip", "identity", "br", "gzip, gzip", ""])
async def test_an_encoded_body_is_a_415(coding: str) -> None:
    async with World().client() as client:
        answer = await client.post(FLAT_PATH, json=FLAT, headers={"content-encoding": coding})

    assert answer.status_code == 415
    assert error_code(answer) == "content_encoding"


async def test_a_declared_length_over_the_limit_is_refused_before_the_body_is_read() -> None:
    read = []

    async def body() -> Any:
        for _ in range(3):
            read.append(1)
            yield b"x" * 40000

    async with World().client() as client:
        answer = await client.post(FLAT_PATH, content=body(), headers={**JSON_TYPE, "content-length": "120000"})

    assert answer.status_code == 413
    assert error_code(answer) == "body_too_large"


async def test_a_body_in_pieces_is_read_whole_and_limited() -> None:
    async def pieces(text: bytes, size: int) -> Any:
        for at in range(0, len(text), size):
            yield text[at : at + size]

    async with World().client() as client:
        good = await client.post(FLAT_PATH, content=pieces(json.dumps(FLAT).encode(), 7), headers=JSON_TYPE)
        large = await client.post(FLAT_PATH, content=pieces(b"x" * 70000, 1000), headers=JSON_TYPE)

    assert good.json()["decision"] is True
    assert large.status_code == 413


@pytest.mark.parametrize("path", POST_PATHS + GET_PATHS)
async def test_a_wrong_method_is_a_405_that_names_the_right_one(path: str) -> None:
    right = "POST" if path in POST_PATHS else "GET, HEAD"
    async with World().client() as client:
        answers = [
            await client.request(method, path, headers={"x-request-id": "r-2"})
            for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST" if right != "POST" else "GET")
        ]

    assert {one.status_code for one in answers} == {405}
    assert {one.headers["allow"] for one in answers} == {right}
    assert {error_code(one) for one in answers} == {"method_not_allowed"}
    assert {one.headers["x-request-id"] for one in answers} == {"r-2"}


@pytest.mark.parametrize("path", ["/", "/access/v1/evaluation/", "/docs", "/redoc", "/openapi.json", "/v1", "/x"])
async def test_an_unknown_path_is_a_404_in_json(path: str) -> None:
    async with World().client() as client:
        for method in ("GET", "POST"):
            answer = await client.request(method, path, headers={"x-request-id": "r-3"})

            assert answer.status_code == 404
            assert error_code(answer) == "not_found"
            assert answer.headers["x-request-id"] == "r-3"


async def test_the_query_string_is_ignored() -> None:
    async with World().client() as client:
        answer = await client.post(EVALUATION + "?ip=203.0.113.5&decision=true", json={**QUESTION, "context": {}})

    assert answer.json()["context"]["reason"] == "ip_missing"


async def test_without_any_good_policy_the_answer_is_503() -> None:
    async with World(live=False).client() as client:
        answers = [await client.post(path, json=body) for path, body in ((EVALUATION, QUESTION), (FLAT_PATH, FLAT))]
        ready = await client.get("/health/ready")

    assert [one.status_code for one in answers] == [503, 503]
    assert [error_code(one) for one in answers] == ["no_active_policy", "no_active_policy"]
    assert ready.status_code == 503
    assert ready.json()["policy"] == {"demo": {"stale": True, "problems": []}}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NoActivePolicy("none"), 503, "no_active_policy"),
        (RegistryUnavailable("none"), 503, "registry_unavailable"),
        (EngineDisagreement("canary-7f3e"), 500, "engine_disagreement"),
        (RuntimeError("canary-7f3e"), 500, "internal_error"),
        (KeyError("canary-7f3e"), 500, "internal_error"),
    ],
)
async def test_an_error_outside_the_decision_is_a_closed_code(error: Exception, status: int, code: str) -> None:
    with structlog.testing.capture_logs() as logged:
        async with Failing(error).client() as client:
            answer = await client.post(FLAT_PATH, json=FLAT, headers={"x-request-id": "r-4"})

    assert answer.status_code == status
    assert error_code(answer) == code
    assert "canary" not in answer.text
    assert answer.headers["x-request-id"] == "r-4"
    assert [entry["event"] for entry in logged] == (["request_failed"] if status == 500 else [])


async def test_an_error_while_deciding_is_a_refusal_that_is_counted_and_logged() -> None:
    world = World()
    world.directory.tenants = None  # type: ignore[assignment]
    with structlog.testing.capture_logs() as logged:
        async with world.client() as client:
            answer = await client.post(FLAT_PATH, json=FLAT)

    assert answer.status_code == 200
    assert answer.json()["decision"] is False
    assert answer.json()["context"]["reason"] == "internal_error"
    assert world.pdp.internal_errors == 1
    assert [entry["event"] for entry in logged] == ["decision_failed"]


async def test_a_caller_without_scope_explain_reads_refused_for_every_refusal() -> None:
    callers = Keyed(KEYLESS._replace(scopes=frozenset({Scope.DECIDE})))
    headers = {"authorization": "Bearer right"}
    async with World().client(callers) as client:
        allowed = await client.post(FLAT_PATH, json=FLAT, headers=headers)
        refused = [
            await client.post(FLAT_PATH, json={**FLAT, **change}, headers=headers)
            for change in (
                {"contact": "eve@acme.example"},
                {"contact": "dan@acme.example"},
                {"action": "restore"},
                {"ip": OUTSIDE},
                {"tenant": "nobody"},
            )
        ]

    assert allowed.json()["context"]["reason"] == "permitted"
    assert not {"rule", "contact", "reason_admin", "missing"} & set(allowed.json()["context"])
    documents = [one.json() for one in refused]
    for document in documents:
        document["context"].pop("decision_id")
    assert documents[0]["context"]["reason"] == Reason.REFUSED
    assert all(document == documents[0] for document in documents)
    assert len({len(one.content) for one in refused}) == 1


async def test_a_caller_needs_the_scope_of_the_route() -> None:
    headers = {"authorization": "Bearer right"}
    async with World().client(Keyed(KEYLESS._replace(scopes=frozenset({Scope.LOG})))) as client:
        answers = [
            await client.post(EVALUATION, json=QUESTION, headers=headers),
            await client.post(FLAT_PATH, json=FLAT, headers=headers),
            await client.get("/v1/policy", headers=headers),
        ]

    assert [one.status_code for one in answers] == [403, 403, 403]
    assert {error_code(one) for one in answers} == {"forbidden"}


async def test_a_caller_without_credentials_is_a_401_that_names_the_scheme() -> None:
    async with World().client(Keyed(KEYLESS)) as client:
        answers = [
            await client.post(FLAT_PATH, json=FLAT),
            await client.post(FLAT_PATH, content=b"{", headers=JSON_TYPE),
            await client.post(FLAT_PATH, json=FLAT, headers={"authorization": "Bearer wrong"}),
            await client.get("/v1/policy"),
        ]

    assert [one.status_code for one in answers] == [401, 401, 401, 401]
    assert {error_code(one) for one in answers} == {"unauthenticated"}
    assert {one.headers["www-authenticate"] for one in answers} == {"Bearer"}


async def test_credentials_that_cannot_be_checked_are_refused_and_not_ignored() -> None:
    async with World().client() as client:
        answer = await client.post(FLAT_PATH, json=FLAT, headers={"authorization": "Bearer revoked"})

    assert answer.status_code == 401


async def test_the_callers_default_assurance_stands_where_a_question_states_none() -> None:
    callers = Keyed(KEYLESS._replace(default_assurance=Assurance.CLAIMED))
    headers = {"authorization": "Bearer right"}
    async with World().client(callers) as client:
        default = await client.post(FLAT_PATH, json=FLAT, headers=headers)
        stated = await client.post(FLAT_PATH, json={**FLAT, "assurance": "session"}, headers=headers)

    assert default.json()["context"]["reason"] == "sender_unverified"
    assert stated.json()["decision"] is True


async def test_ready_tells_what_is_live_and_which_place_keeps_a_set_stale() -> None:
    world = World()
    problem = "policies/demo/matrix.csv:3:1: `p3` is not a kind of line"
    world.state = Health(
        {"demo": set_status(age_s=12.3456, stale=True, problems=(problem,))}, RegistryHealth(7, 0.25, stale=False)
    )
    async with world.client() as client:
        answer = await client.get("/health/ready")
        status = await client.get("/v1/policy")

    since = "2026-06-03T09:00:00+00:00"
    expected = {"demo": {"revision": REVISION, "since": since, "age_s": 12.346, "stale": True, "problems": [problem]}}
    assert answer.status_code == 200
    assert answer.json() == {
        "stale": True,
        "policy": expected,
        "registry": {"revision": 7, "age_s": 0.25, "stale": False, "problems": []},
    }
    assert status.json() == {"policy": expected}


async def test_ready_names_no_place_to_callers_without_scope_policy() -> None:
    world = World()
    world.state = Health({"demo": set_status(stale=True, problems=("policies/demo:0:0: x",))}, None)
    async with world.client(Keyed(KEYLESS._replace(scopes=frozenset({Scope.DECIDE})))) as client:
        without_key = await client.get("/health/ready")
        with_key = await client.get("/health/ready", headers={"authorization": "Bearer right"})

    assert without_key.status_code == 503  # the registry was never read
    assert without_key.json()["policy"]["demo"]["problems"] == 1
    assert with_key.json() == without_key.json()


@pytest.mark.parametrize(
    ("health", "status", "stale"),
    [
        pytest.param(Health({}, RegistryHealth(1, 0.0, stale=False)), 503, False, id="no set at all"),
        pytest.param(
            Health({"a": set_status(), "b": set_status("", stale=True)}, RegistryHealth(1, 0.0, stale=False)),
            503,
            True,
            id="one set was never good",
        ),
        pytest.param(Health({"a": set_status()}, RegistryHealth(1, 99.0, stale=True)), 200, True, id="registry away"),
        pytest.param(Health({"a": set_status()}, RegistryHealth(1, 0.0, stale=False)), 200, False, id="all well"),
    ],
)
async def test_ready_is_200_once_every_set_is_live_and_the_registry_known(
    health: Health, status: int, stale: bool
) -> None:
    world = World()
    world.state = health
    async with world.client() as client:
        answer = await client.get("/health/ready")

    assert answer.status_code == status
    assert answer.json()["stale"] is stale


async def test_live_answers_whatever_else_is_wrong() -> None:
    async with World(live=False).client(Keyed(KEYLESS)) as client:
        answer = await client.get("/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"live": True}


async def test_the_metadata_speaks_of_the_configured_identifier_and_not_of_the_host() -> None:
    async with World().client(Keyed(KEYLESS)) as client:
        answer = await client.get("/.well-known/authzen-configuration", headers={"host": "evil.example"})

    assert answer.status_code == 200
    assert answer.json() == {
        "policy_decision_point": "https://pdp.example",
        "access_evaluation_endpoint": "https://pdp.example/access/v1/evaluation",
        "access_evaluations_endpoint": "https://pdp.example/access/v1/evaluations",
        "search_subject_endpoint": "https://pdp.example/access/v1/search/subject",
        "search_resource_endpoint": "https://pdp.example/access/v1/search/resource",
        "search_action_endpoint": "https://pdp.example/access/v1/search/action",
    }


def test_the_document_names_exactly_the_routes_there_are() -> None:
    app = World().app()
    routes = {(path.decode(), method) for path, direct in app.direct.items() for method in direct.methods - {"HEAD"}}
    routes |= {
        (route.path, method)
        for route in cast("FastAPI", app.app).routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }

    assert routes == {
        (path, method.upper()) for path, methods in openapi.document()["paths"].items() for method in methods
    }


def test_the_committed_document_is_what_the_code_says() -> None:
    committed = Path(__file__).parents[2] / "openapi.json"

    assert committed.read_text(encoding="utf-8") == openapi.text()


def test_the_document_knows_every_reason() -> None:
    assert openapi.document()["components"]["schemas"]["Reason"]["enum"] == [reason.value for reason in Reason]
