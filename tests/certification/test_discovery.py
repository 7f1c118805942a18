"""Discovery (c-6)."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from tests.certification.fixture import REQUESTS, SETS, Pep
from tests.web.shipped_world import ShippedWorld

WELL_KNOWN = "/.well-known/authzen-configuration"
ENDPOINTS = {
    "access_evaluation_endpoint",
    "access_evaluations_endpoint",
    "search_subject_endpoint",
    "search_resource_endpoint",
    "search_action_endpoint",
}


def is_url(url: object) -> bool:
    parts = urlsplit(str(url))
    return parts.scheme == "https" and bool(parts.hostname) and not parts.query and not parts.fragment


async def test_c_6_the_metadata_names_every_endpoint_under_the_identifier_it_was_derived_from(pep: Pep) -> None:
    answer = await pep.client.get(WELL_KNOWN, headers={"host": "elsewhere.example", "x-request-id": "r-6"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("cache-control") == ["public, max-age=300"]
    assert answer.headers["x-request-id"] == "r-6"
    document = answer.json()
    assert document["policy_decision_point"] == "https://pdp.example"
    assert set(document) == {"policy_decision_point", *ENDPOINTS}  # no null, no empty list: this set has no obligation
    assert all(is_url(document[name]) for name in ENDPOINTS)
    assert {urlsplit(document[name]).path for name in ENDPOINTS} == set(REQUESTS)


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("https://pdp.example", ""),
        ("https://pdp.example/tenant1", "/tenant1"),
        ("https://pdp.example:8443/a/b", "/a/b"),
    ],
)
async def test_c_6_1_the_path_of_an_identifier_stands_behind_the_well_known_one(
    world: ShippedWorld, identifier: str, path: str
) -> None:
    async with ShippedWorld(world.directory, SETS, identifier).client() as client:
        own = await client.get(WELL_KNOWN + path)
        tenant = await client.get(f"{WELL_KNOWN}{path}/acme")
        elsewhere = [await client.get(WELL_KNOWN + other) for other in ("/", "/a/b/c/d", "/ACME", "/ac_me")]

    assert own.json()["policy_decision_point"] == identifier
    assert tenant.json() == {**own.json(), "policy_decision_point": identifier + "/acme"}
    assert own.json()["access_evaluation_endpoint"] == identifier + "/access/v1/evaluation"
    assert {answer.status_code for answer in elsewhere} == {404}
    assert {answer.headers["cache-control"] for answer in elsewhere} == {"no-store"}


async def test_a_document_is_not_found_where_its_identifier_would_be_another(world: ShippedWorld) -> None:
    async with ShippedWorld(world.directory, SETS, "https://pdp.example/a/b").client() as client:
        answers = [await client.get(WELL_KNOWN + path) for path in ("", "/a", "/b", "/a/b/")]

    assert {answer.status_code for answer in answers} == {404}


async def test_nobody_learns_from_the_metadata_who_is_a_client(pep: Pep) -> None:
    def of(answer: httpx.Response, tenant: str) -> tuple[int, str]:
        return answer.status_code, answer.text.replace(tenant, "")

    known = await pep.client.get(WELL_KNOWN + "/certification")
    unknown = await pep.client.get(WELL_KNOWN + "/nobody-of-that-name")

    assert of(known, "/certification") == of(unknown, "/nobody-of-that-name")


async def test_the_endpoints_in_the_metadata_are_those_that_answer(pep: Pep) -> None:
    document = (await pep.client.get(WELL_KNOWN)).json()
    for name in ENDPOINTS:
        path = urlsplit(document[name]).path
        assert await pep.ask(path, REQUESTS[path])
