"""`as_of` in `POST /v1/decision`: the annex and the policy bundle of then, both named, for scope `explain` only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from authz.core.types import SubjectKey
from authz.policy.bundle import read_bundle
from authz.policy.generations.store import PolicyStore
from authz.policy.pipeline import build_set
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend
from authz.settings import Settings
from authz.web.credentials.callers import Scope
from authz.wiring import Service
from tests.policy.small_set import MATRIX, MODEL, write_set
from tests.web.test_registry_routes import As
from tests.web.world import FLAT, QUESTION, World

OCTOBER = dt.datetime(2025, 10, 1, tzinfo=dt.UTC).timestamp()
FEBRUARY = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC).timestamp()
APRIL = dt.datetime(2026, 4, 1, tzinfo=dt.UTC).timestamp()
PEOPLE = """\
tenants:
  - id: town
    set: library
    name: Town Library
    annexes:
      - {number: 1, signed_on: 2025-02-20, effective_from: 2025-03-01, network: any,
         contacts: [{name: Ana Pop, role: keeper, email: ana@town.example}]}
      - {number: 2, signed_on: 2026-02-20, effective_from: 2026-03-01, network: any,
         contacts: [{name: Ana Pop, role: reader, email: ana@town.example}]}
"""
QUESTION_THEN = {"contact": "ana@town.example", "action": "discard", "ip": "203.0.113.5"}


class PastWorld(World):
    """The small world's application over a real data folder: `past` and the registry are the real service's."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.pdp = service.pdp
        self.past = service.past


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Keepers may discard until February, when the bundle changes; from March on Ana is a reader."""
    folder = write_set(tmp_path / "policies", networks="p2, town, 203.0.113.0/24, allow\n")
    data = tmp_path / "data"
    before = build_set(read_bundle(folder, MODEL))
    stricter = MATRIX.replace("keeper, discard, network_ok + sender_ok,              allow",
                              "keeper, discard, -,                                   deny")  # fmt: skip
    (folder / "matrix.csv").write_text(stricter)
    tests = (folder / "tests.yaml").read_text()
    (folder / "tests.yaml").write_text(
        tests.replace("[bogdan, discard, true, permitted]", "[bogdan, discard, false, role_not_permitted]")
    )
    after = build_set(read_bundle(folder, MODEL))
    PolicyStore(data, lambda: OCTOBER).publish(before)
    PolicyStore(data, lambda: FEBRUARY).publish(after)
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    store = RegistryStore(url)
    store.migrate()
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE)
    load_file(path, store, {"library": before.definition}, "ines")
    yield Service(Settings(data=data, database_url=SecretStr(url)))
    store.close()


async def asked(service: Service, as_of: object, *scopes: Scope) -> Any:
    async with PastWorld(service).client(As(*scopes)) as client:
        return await client.post("/v1/decision", json={**QUESTION_THEN, "as_of": as_of})


@pytest.mark.parametrize(
    ("as_of", "reason", "annex", "since"),
    [
        ("2026-01-15", "permitted", 1, "2025-10-01"),
        ("2026-02-01T11:59:59Z", "permitted", 1, "2025-10-01"),
        ("2026-02-01T14:00:00+02:00", "role_not_permitted", 1, "2026-02-01"),
        ("2026-02-28", "role_not_permitted", 1, "2026-02-01"),
        ("2026-03-01", "role_not_permitted", 2, "2026-02-01"),
    ],
    ids=["before both changes", "a second before the bundle", "the bundle's first second", "old annex", "new annex"],
)
async def test_the_annex_and_the_bundle_of_then_decide_and_are_named(
    service: Service, as_of: str, reason: str, annex: int, since: str
) -> None:
    context = (await asked(service, as_of)).json()["context"]

    assert context["reason"] == reason
    assert context["as_of"]["annex"]["number"] == context["contact"]["annex"] == annex
    assert context["as_of"]["annex"]["approved_by"] == "ines"
    assert context["as_of"]["policy"]["since"].startswith(since)
    assert context["as_of"]["policy"]["revision"] == context["revision"]["policy"]


async def test_before_the_first_recorded_bundle_the_answer_is_an_error_and_no_guess(service: Service) -> None:
    answer = await asked(service, "2025-09-30")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "as_of_before_history")


async def test_a_suspension_of_today_does_not_reach_back(service: Service) -> None:
    suspend(service.people.store, "town", SubjectKey("ana@town.example"), "mara")
    service.refresh_registry()

    async with PastWorld(service).client(As()) as client:
        now = (await client.post("/v1/decision", json=QUESTION_THEN)).json()
        then = (await client.post("/v1/decision", json={**QUESTION_THEN, "as_of": "2026-01-15"})).json()

    assert (now["context"]["reason"], then["context"]["reason"]) == ("contact_suspended", "permitted")


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        ("yesterday", "bad_as_of"),
        ("2026-02-30", "bad_as_of"),
        ("2026-01-15T10:00:00", "bad_as_of"),
        ("20260115", "bad_as_of"),
        ("9999-12-31T23:59:59Z", "as_of_in_future"),
        (1768435200, "wrong_type"),
        ("", "bad_as_of"),
    ],
)
async def test_what_is_no_past_instant_is_a_400(service: Service, as_of: object, code: str) -> None:
    answer = await asked(service, as_of)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_it_needs_the_scope_explain(service: Service) -> None:
    answer = await asked(service, "2026-01-15", Scope.DECIDE)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


async def test_authzen_knows_no_such_member_and_a_time_stays_ignored() -> None:
    long_ago = "1990-01-01T00:00:00Z"
    context = {**QUESTION["context"], "as_of": long_ago, "time": long_ago}
    async with World().client() as client:
        nested = await client.post("/access/v1/evaluation", json={**QUESTION, "as_of": long_ago, "context": context})
        flat = await client.post("/v1/decision", json={**FLAT, "time": long_ago})

    for answer in (nested, flat):
        assert answer.json()["decision"] is True
        assert "as_of" not in answer.json()["context"]
