"""`GET /v1/decisions`: who is shown which decisions, page by page, and their receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Scope as Connection

from authz.core.limits import Limits
from authz.core.types import SubjectKey
from authz.indexer import log_index
from authz.log.lines.pseudonyms import Pseudonyms, subject_ref
from authz.log.signed.receipt import read_receipt, write_receipt
from authz.log.signed.signing import Signer, signer_at
from authz.recorded import Recorded
from authz.registry.load import load_file
from authz.registry.log_keys import keys_of
from authz.registry.store import RegistryStore
from authz.web.credentials.callers import Caller, CallerUnknown, Scope
from tests.log.segments import decision, write_segment
from tests.web.test_registry_routes import PEOPLE
from tests.web.world import World, generation

REFUSED = {"decision": False, "reason": "network_not_declared"}


class As:
    """One caller for every request without an `Authorization` header."""

    def __init__(self, *scopes: Scope, tenants: tuple[str, ...] | None = None) -> None:
        limits = Limits(None if tenants is None else frozenset(tenants))
        self.caller = Caller("k1", frozenset(scopes), limits)

    def known(self, connection: Connection) -> Caller | None:
        return None

    async def identify(self, connection: Connection) -> Caller:
        if any(name == b"authorization" for name, _ in connection["headers"]):
            raise CallerUnknown("the credentials are missing or wrong")
        return self.caller


class LoggedWorld(World):
    """The small world with a registry, and a log that was written before."""

    def __init__(self, store: RegistryStore, folder: Path, signer: Signer) -> None:
        super().__init__()
        self.recorded = Recorded(store, log_index(folder, store), folder)
        self._signer = signer

    def receipt(self, line: str, segment: str, now: float) -> bytes:
        return write_receipt(line, segment, self._signer, now)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return signer_at(tmp_path / "log.key")


@pytest.fixture
def world(database: str, tmp_path: Path, signer: Signer) -> Iterator[LoggedWorld]:
    store = RegistryStore(database)
    path, folder = tmp_path / "people.yaml", tmp_path / "log"
    path.write_text(PEOPLE, encoding="utf-8")
    load_file(path, store, {"demo": generation().definition}, "ines")
    with store.reading() as connection:
        (ana,) = keys_of(connection, SubjectKey("ana@acme.example"))["acme"]
    folder.mkdir()
    write_segment(
        folder / "a.jsonl",
        [
            decision(1, subject_ref=subject_ref(ana, "acme")),
            decision(2, subject_ref=subject_ref(ana, "acme"), **REFUSED),
            decision(3, tenant="borealis", subject_ref="22" * 16),
            decision(4, tenant=None, decision=False, reason="contact_unregistered", subject_ref="33" * 16),
            decision(5, resource_type="ticket", resource_ref=Pseudonyms(folder).resource("ticket", "4711")),
        ],
    )
    yield LoggedWorld(store, folder, signer)
    store.close()


@pytest.fixture
def client(world: LoggedWorld) -> httpx.AsyncClient:
    return world.client(As(Scope.LOG))


def numbers(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [int(one["id"], 16) for one in answer.json()["items"]]


def problem_code(answer: httpx.Response, status: int) -> str:
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, document["status"]) == (status, status)
    assert {"type", "title", "status", "detail", "code"} <= set(document)
    return str(document["code"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("order=oldest", [1, 2, 3, 4, 5]),
        ("tenant=acme", [5, 2, 1]),
        ("contact=ana%40acme.example", [2, 1]),
        ("contact=%2B40213000001&decision=false", [2]),
        ("contact=ana.pop&decision=true", [1]),
        ("contact=nobody%40acme.example", []),
        ("resource=ticket:4711", [5]),
        ("reason=contact_unregistered", [4]),
        ("action=move_box&since=2026-11-26T14:03:05Z", [5]),
        ("since=2026-11-27", []),
        ("request_id=r-3", [3]),
        (f"id={2:032x}", [2]),
        ("caller=k2", []),
    ],
    ids=[
        "all, newest first", "oldest first", "tenant", "e-mail", "phone", "login", "nobody", "ticket", "reason",
        "action and instant", "date", "request", "decision", "caller",
    ],
)  # fmt: skip
async def test_decisions_are_found_by(client: httpx.AsyncClient, query: str, expected: list[int]) -> None:
    assert numbers(await client.get(f"/v1/decisions?{query}")) == expected


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_pages_neither_skip_nor_repeat(client: httpx.AsyncClient, limit: int) -> None:
    found: list[int] = []
    path = f"/v1/decisions?limit={limit}"
    cursor = ""
    while True:
        answer = await client.get(path + (f"&cursor={cursor}" if cursor else ""))
        found += numbers(answer)
        assert len(answer.json()["items"]) <= limit
        if "next_cursor" not in answer.json():
            break
        cursor = answer.json()["next_cursor"]

    assert found == [5, 4, 3, 2, 1]


async def test_a_record_is_shown_as_it_stands_in_the_log(client: httpx.AsyncClient) -> None:
    (record,) = (await client.get(f"/v1/decisions?id={2:032x}")).json()["items"]

    assert record["seq"] == 2
    assert {**decision(2, subject_ref=record["subject_ref"], **REFUSED)}.items() <= record.items()


async def test_a_key_for_some_tenants_sees_those_alone(world: LoggedWorld) -> None:
    client = world.client(As(Scope.LOG, tenants=("borealis",)))

    assert numbers(await client.get("/v1/decisions")) == [3]
    assert numbers(await client.get("/v1/decisions?contact=ana%40acme.example")) == []
    assert numbers(await client.get(f"/v1/decisions?id={1:032x}")) == []
    assert problem_code(await client.get("/v1/decisions?tenant=acme"), 403) == "forbidden"
    assert problem_code(await client.get(f"/v1/decisions/{1:032x}/receipt"), 404) == "not_found"
    assert (await client.get(f"/v1/decisions/{3:032x}/receipt")).status_code == 200


@pytest.mark.parametrize("scope", sorted(set(Scope) - {Scope.LOG}))
@pytest.mark.parametrize("path", ["/v1/decisions", f"/v1/decisions/{1:032x}/receipt"])
async def test_no_other_scope_opens_the_log(world: LoggedWorld, scope: Scope, path: str) -> None:
    assert problem_code(await world.client(As(scope)).get(path), 403) == "forbidden"


async def test_a_caller_that_is_not_known_sees_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/decisions", headers={"authorization": "Bearer nonsense"})

    assert problem_code(answer, 401) == "unauthenticated"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("color=red", "bad_query"),
        ("contact=", "bad_query"),
        ("tenant=", "bad_query"),
        ("tenant=acme&tenant=borealis", "bad_query"),
        ("decision=perhaps", "bad_query"),
        ("reason=because", "bad_query"),
        ("order=sideways", "bad_query"),
        ("limit=0", "bad_query"),
        ("limit=-1", "bad_query"),
        ("limit=many", "bad_query"),
        ("since=yesterday", "bad_query"),
        ("resource=98765", "bad_query"),
        ("%ff", "bad_query"),
        ("caller=" + "x" * 4000, "bad_query"),
        ("cursor=nonsense", "bad_token"),
        ("cursor=", "bad_token"),
    ],
    ids=lambda one: one[:20],
)
async def test_what_cannot_be_read_is_refused_and_not_repeated(
    client: httpx.AsyncClient, query: str, code: str
) -> None:
    answer = await client.get(f"/v1/decisions?{query}")

    assert problem_code(answer, 400) == code
    assert query.partition("=")[2] in ("", "0", "-1") or query.partition("=")[2] not in answer.text


async def test_a_receipt_is_the_record_signed(client: httpx.AsyncClient, signer: Signer) -> None:
    answer = await client.get(f"/v1/decisions/{2:032x}/receipt")

    receipt = read_receipt(answer.content, signer.public_key)
    assert receipt.key == signer.key_id
    assert receipt.record["reason"] == "network_not_declared"
    assert json.loads(answer.content)["stands_on"]["annex_sha256"] == "cd" * 32


async def test_there_is_no_receipt_of_what_was_never_decided(client: httpx.AsyncClient) -> None:
    assert problem_code(await client.get(f"/v1/decisions/{9:032x}/receipt"), 404) == "not_found"


async def test_with_the_database_away_decisions_go_on_and_the_search_says_so() -> None:
    world = World()
    question = {"contact": "ana@acme.example", "action": "report", "ip": "203.0.113.5"}

    answer = await world.client(As(Scope.LOG)).get("/v1/decisions")
    decided: Any = await world.client(As(Scope.DECIDE)).post("/v1/decision", json=question)

    assert problem_code(answer, 503) == "registry_unavailable"
    assert "no such folder" not in answer.text
    assert decided.json()["decision"] is True
    assert len(world.log.records) == 1
