"""Logins that one company lends to another, asked over HTTP with the example people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.policies.shipped import SETS
from tests.web.shipped_world import ShippedWorld, example_directory


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> ShippedWorld:
    return ShippedWorld(example_directory(tmp_path_factory.mktemp("people"), ["registry.yaml"], SETS), SETS)


@pytest_asyncio.fixture
async def client(world: ShippedWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client() as client:
        yield client


@pytest.mark.parametrize("agreed", [True, False])
async def test_the_representative_lends_a_login_only_with_the_lenders_consent(
    client: httpx.AsyncClient, agreed: bool
) -> None:
    lending = {"requested": True, "lender_agrees": agreed, "host_agrees": True}
    question = {
        "subject": {"type": "login", "id": "rep.stepan"},
        "action": {"name": "lend_logins"},
        "resource": {
            "type": "login",
            "id": "taras.h",
            "properties": {"tenant": "zoria-contact", "company": "zoria-contact", "lending": lending},
        },
    }

    answer = await client.post("/access/v1/evaluation", json=question)

    assert answer.status_code == 200
    assert answer.json()["decision"] is agreed


@pytest.mark.parametrize(("login", "rule"), [("bohdan.r", ""), ("vira.h", "revoked_by_lender")])
async def test_a_guest_works_for_the_host_until_the_lender_recalls_it(
    client: httpx.AsyncClient, login: str, rule: str
) -> None:
    subject = {"type": "login", "id": login}
    question = {"subject": subject, "action": {"name": "handle_calls"}, "context": {"ip": "203.0.113.5"}}

    answer = (
        await client.post(
            "/access/v1/evaluation", json=question | {"resource": {"type": "tenant", "id": "zoria-contact"}}
        )
    ).json()

    assert answer["decision"] is (not rule)
    assert answer["context"].get("fact", "") == rule
