"""`POST /v1/confirmations`: from the refusal of a mail to the question asked again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authz.registry.confirmations import Confirmations
from authz.registry.store import RegistryStore
from tests.web.world import FLAT, INSIDE, World, error_code

PATH = "/v1/confirmations"
THIS = {"contact": "ana@acme.example", "action": "report", "ticket": "4711"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    world = World()
    world.confirmations = Confirmations(store)
    yield world
    store.close()


async def test_what_a_redeemed_token_gives_is_what_the_desk_asks_again_with(world: World) -> None:
    async with world.client() as client:
        refused = await client.post("/v1/decision", json={**FLAT, "assurance": "claimed"})
        issued = await client.post(PATH, json=THIS)
        redeemed = await client.post(PATH, json={**THIS, "token": issued.json()["token"]})
        again = await client.post("/v1/decision", json={**redeemed.json(), "ip": INSIDE})

    assert refused.json()["context"]["reason"] == "sender_unverified"
    assert issued.status_code == 201
    assert set(issued.json()) == {"token", "expires_at"}
    assert redeemed.status_code == 200
    assert redeemed.json()["assurance"] == "confirmed"
    assert redeemed.json()["ticket"] == "4711"
    assert again.json()["decision"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"contact": "dan@acme.example"},
        {"contact": {"type": "login", "id": "ana@acme.example"}},
        {"action": "restore"},
        {"ticket": "4712"},
        {"token": "x" * 43},
    ],
)
async def test_a_token_for_something_else_is_refused_without_a_word_why(world: World, change: dict[str, Any]) -> None:
    async with world.client() as client:
        token = (await client.post(PATH, json=THIS)).json()["token"]
        wrong = await client.post(PATH, json={**THIS, "token": token, **change})
        right = await client.post(PATH, json={**THIS, "token": token})
        twice = await client.post(PATH, json={**THIS, "token": token})

    assert (wrong.status_code, right.status_code, twice.status_code) == (409, 200, 409)
    assert wrong.content == twice.content
    assert error_code(wrong) == "confirmation_refused"


async def test_issuing_says_nothing_about_the_contact(world: World) -> None:
    async with world.client() as client:
        answers = [
            await client.post(PATH, json={**THIS, "contact": contact})
            for contact in ("ana@acme.example", "dan@acme.example", "eve@acme.example", "no address @ all")
        ]

    assert {one.status_code for one in answers} == {201}
    assert len({len(one.content) for one in answers}) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"contact": "ana@acme.example", "action": "report"}, "missing_member"),
        ({"contact": "ana@acme.example", "ticket": "1"}, "missing_member"),
        ({"action": "report", "ticket": "1"}, "missing_member"),
        ({**THIS, "ticket": 4711}, "wrong_type"),
        ({**THIS, "ticket": ""}, "empty_value"),
        ({**THIS, "ticket": "1" * 257}, "too_long"),
        ({**THIS, "token": ""}, "empty_value"),
        ({**THIS, "token": ["x"]}, "wrong_type"),
        ({**THIS, "token": "x" * 257}, "too_long"),
        ({**THIS, "token": None}, "null_value"),
    ],
)
async def test_what_cannot_be_read_is_a_400(world: World, body: dict[str, Any], code: str) -> None:
    async with world.client() as client:
        answer = await client.post(PATH, json=body)

    assert answer.status_code == 400
    assert error_code(answer) == code


async def test_without_the_database_there_is_no_token() -> None:
    async with World().client() as client:
        answer = await client.post(PATH, json=THIS)

    assert answer.status_code == 503
    assert error_code(answer) == "registry_unavailable"
