"""No answer without its record: over every route that answers, in one process and in a real service that is killed."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from authz.log.checks.verify import verify
from authz.log.signed.checkpoints import Checkpoints
from authz.log.signed.signing import signer_at
from authz.log.writing.recovery import recover
from authz.log.writing.writer import DecisionLogUnavailable
from tests.web.installation import INSIDE, OUTSIDE, Installation
from tests.web.world import FLAT, QUESTION, World, error_code

KILLS = int(os.environ.get("KILLS", "6")) // 6
ROUTES: dict[str, tuple[str, dict[str, Any], int]] = {
    "evaluation": ("/access/v1/evaluation", QUESTION, 1),
    "flat": ("/v1/decision", FLAT, 1),
    "batch": (
        "/access/v1/evaluations",
        {"evaluations": [QUESTION, QUESTION, {**QUESTION, "action": {"name": "restore"}}]},
        3,
    ),
}


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("route", ROUTES)
async def test_each_answer_has_one_record_with_its_id_and_the_request_id(world: World, route: str) -> None:
    path, question, count = ROUTES[route]
    async with world.client() as client:
        answer = (await client.post(path, json=question, headers={"x-request-id": "req-7"})).json()

    records = [json.loads(b"{%b}" % one.body) for one in world.log.records]
    answers = answer.get("evaluations", [answer])
    assert len(records) == count
    assert [one["id"] for one in records] == [one["context"]["decision_id"] for one in answers]
    assert [one["decision"] for one in records] == [one["decision"] for one in answers]
    assert {one["request_id"] for one in records} == {"req-7"}
    assert {one["caller"] for one in records} == {"loopback"}


async def test_an_error_in_one_item_of_a_batch_is_no_decision(world: World) -> None:
    async with world.client() as client:
        await client.post("/access/v1/evaluations", json={"evaluations": [QUESTION, {"subject": 1}]})

    assert len(world.log.records) == 1


@pytest.mark.parametrize("route", ROUTES)
async def test_without_a_record_there_is_no_answer(world: World, route: str) -> None:
    path, question, _ = ROUTES[route]
    world.log.problem = DecisionLogUnavailable()
    async with world.client() as client:
        answer = await client.post(path, json=question)

    assert answer.status_code == 503
    assert error_code(answer) == "log_unavailable"


async def test_a_request_that_cannot_be_read_is_no_decision(world: World) -> None:
    async with world.client() as client:
        assert (await client.post("/v1/decision", json={"contact": None})).status_code == 400

    assert world.log.records == []


@pytest.fixture
def loaded(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path)
    installation.load_registry()
    return installation


def ids_in(log: Path) -> set[str]:
    lines = [line for path in log.glob("*.jsonl") for line in path.read_text().split("\n")[:-1]]
    return {record["id"] for record in map(json.loads, lines) if record["kind"] == "decision"}


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("kill", range(max(1, KILLS)))
def test_a_service_killed_under_load_has_every_answer_it_gave_in_its_log(loaded: Installation, kill: int) -> None:
    received: list[str] = []
    with loaded.serving(AUTHZ_LOG_LEVEL="error") as serving:
        serving.until_ready()
        stop = threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=f"http://127.0.0.1:{serving.port}") as client:
                while not stop.is_set():
                    try:
                        answer = client.post(
                            "/v1/decision", json={"contact": "ana@acme.example", "action": "report", "ip": INSIDE}
                        )
                    except httpx.TransportError:
                        return
                    received.append(answer.json()["context"]["decision_id"])

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for one in asking:
            one.start()
        serving.eventually(lambda: len(received) > 40 + 25 * kill, "answers under load")
        serving.process.kill()
        for one in asking:
            one.join(20)
        serving.process.wait(20)
    folder = loaded.data / "log"

    assert len(received) > 10
    assert set(received) <= ids_in(folder)
    list(recover(folder, Checkpoints(folder, signer_at(loaded.data / "log.key")).known_heads(), 0.0))
    assert verify(folder, signer_at(loaded.data / "log.key").public_key).findings == ()


@pytest.mark.e2e
@pytest.mark.slow
def test_no_name_address_or_key_leaves_by_log_metrics_or_standard_error(loaded: Installation) -> None:
    key = json.loads(
        loaded.command("key", "create", "desk", "--scope", "decide", "--scope", "explain", "--json").stdout
    )["key"]
    metrics_key = json.loads(loaded.command("key", "create", "ops", "--scope", "metrics", "--json").stdout)["key"]
    canaries = [
        "canary.person@acme.example",
        "+40213009999",
        "canary-login",
        "Canary Person",
        OUTSIDE,
        "192.0.2.77",
        key,
        "CANARY-4711",
    ]
    bodies: list[Any] = [
        {"contact": canaries[0], "action": canaries[3], "ip": OUTSIDE},
        {"contact": canaries[1], "action": "report", "ip": "192.0.2.77"},
        {"contact": canaries[2], "action": "report", "resource": {"type": "ticket", "id": "CANARY-4711"}},
        {"contact": "ana@acme.example", "action": "report", "ip": OUTSIDE},
        {"contact": {"type": canaries[3], "id": canaries[0]}, "action": "report"},
        {"contact": canaries[0], "action": None},
        [canaries[0]],
    ]
    with loaded.serving() as serving:
        serving.until_ready()
        for body in bodies:
            for path in (
                "/v1/decision",
                "/access/v1/evaluation",
                "/access/v1/evaluations",
                "/v1/tenants",
                "/authz/forward",
            ):
                serving.client.post(
                    path, json=body, headers={"Authorization": f"Bearer {key}", "X-Forwarded-For": OUTSIDE}
                )
        serving.client.get("/v1/decision", headers={"Authorization": f"Bearer {key}x"})
        metrics = serving.client.get("/metrics", headers={"Authorization": f"Bearer {metrics_key}"}).text
        assert "authz_log_written_total" in metrics
    written = [*serving.log().splitlines(), *metrics.splitlines()]
    written += [
        line
        for path in (loaded.data / "log").rglob("*")
        if path.is_file()
        for line in path.read_bytes().decode("latin-1").splitlines()
    ]

    assert len(written) > 40
    for canary in [*canaries, "ana@acme.example", "Ana Pop"]:
        assert not [line for line in written if canary in line], canary
