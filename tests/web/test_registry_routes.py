"""The registry over HTTP: what it shows, who may change what, and that no editor overwrites what he has not seen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Scope as Connection

from authz.core.limits import Limits
from authz.errors import RegistryUnavailable
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.registry.trail import trail
from authz.registry.watch import RegistryWatch
from authz.web.credentials.callers import Caller, CallerUnknown, Scope
from authz.wiring import NotYetVisible, People
from tests.web.world import FLAT, World, generation

PEOPLE = """\
tenants:
  - id: acme
    set: demo
    name: Acme Distribution SRL
    languages: [ro]
    annexes:
      - number: 1
        signed_on: 2025-02-20
        effective_from: 2025-03-01
        network: any
        contacts: [{name: Doru Vasile, role: admin, email: doru@acme.example}]
      - number: 2
        signed_on: 2026-01-12
        effective_from: 2026-01-15
        network: declared
        contacts:
          - {name: Ana Pop, role: admin, email: ana@acme.example, phone: "+40213000001", login: ana.pop}
          - {name: Dan Rus, role: user, email: dan@acme.example}
  - id: borealis
    set: demo
    name: Borealis SRL
    annexes:
      - {number: 1, signed_on: 2026-01-12, effective_from: 2026-01-15, network: any,
         contacts: [{name: Eva Lup, role: admin, email: eva@borealis.example}]}
"""
ANNEX = {
    "number": 3,
    "signed_on": "2026-02-20",
    "effective_from": "2026-03-01",
    "network": "declared",
    "contacts": [
        {"name": "Ana Pop", "role": "user", "email": "ana@acme.example"},
        {"name": "Ion Barbu", "role": "admin", "email": "ion@acme.example"},
    ],
}
PROPOSAL = {"tenant": "acme", "by": "Mara Ionescu", "annex": ANNEX}
MARA, IRINA = {"by": "Mara Ionescu"}, {"by": "Irina Țurcanu"}
EVERYTHING = frozenset(Scope)


class As:
    """One caller for every request without an `Authorization` header."""

    def __init__(self, *scopes: Scope, tenants: tuple[str, ...] | None = None) -> None:
        limits = Limits(None if tenants is None else frozenset(tenants))
        self.caller = Caller("k1", frozenset(scopes or EVERYTHING), limits)

    async def identify(self, connection: Connection) -> Caller:
        if any(name == b"authorization" for name, _ in connection["headers"]):
            raise CallerUnknown("the credentials are missing or wrong")
        return self.caller


class RegistryWorld(World):
    """The small world over a real registry."""

    def __init__(self, store: RegistryStore) -> None:
        super().__init__()
        self.store = store
        self.watch = RegistryWatch(store)
        self.directory = self.watch.directory
        self.people = People(store, self.policies.current, self.catch_up)

    def catch_up(self, tenant_id: str, revision: int) -> None:
        self.watch.poll()
        assert self.watch.has(tenant_id, revision)


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[RegistryWorld]:
    store = RegistryStore(database)
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE, encoding="utf-8")
    load_file(path, store, {"demo": generation().definition}, "ines")
    yield RegistryWorld(store)
    store.close()


async def tag_of(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return {"if-match": answer.headers["etag"]}


async def proposed(client: httpx.AsyncClient, proposal: dict[str, Any] = PROPOSAL) -> httpx.Response:
    return await client.post("/v1/annexes", json=proposal, headers=await tag_of(client, "/v1/tenants/acme"))


async def contact_id(client: httpx.AsyncClient, name: str = "Ana Pop") -> str:
    items = (await client.get("/v1/contacts?tenant=acme")).json()["items"]
    return next(str(one["id"]) for one in items if one["name"] == name)


def problem_code(answer: httpx.Response) -> str:
    """The code of an error answer, whose form is checked on the way (RFC 9457)."""
    document = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= set(document)
    assert document["status"] == answer.status_code
    assert document["type"] == "about:blank"
    for personal in ("ana", "mara", "acme.example", "Ionescu"):
        assert personal not in answer.text
    return str(document["code"])


async def decision(client: httpx.AsyncClient, **changed: str) -> str:
    answer = await client.post("/v1/decision", json={**FLAT, **changed})
    return str(answer.json()["context"]["reason"])


# ------------------------------------------------------------------------------------------------ looking


async def test_tenants_annexes_and_contacts_are_shown(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        tenant = (await client.get("/v1/tenants/acme")).json()
        annex_id = tenant["annexes"][1]["id"]
        annex = (await client.get(f"/v1/annexes/{annex_id}")).json()
        contact = (await client.get(f"/v1/contacts/{annex_id}.1")).json()

    assert (tenant["annex_in_force"], tenant["network"], tenant["contacts"], tenant["drafts"]) == (2, "declared", 2, 0)
    assert [(one["number"], one["state"], one["in_force"]) for one in tenant["annexes"]] == [
        (1, "approved", False),
        (2, "approved", True),
    ]
    assert (annex["origin"], annex["entered_by"], [one["name"] for one in annex["contacts"]]) == (
        "loaded", "ines", ["Ana Pop", "Dan Rus"],
    )  # fmt: skip
    assert (contact["email"], contact["phone"], contact["login"], contact["state"], contact["in_force"]) == (
        "ana@acme.example", "+40213000001", "ana.pop", "active", True,
    )  # fmt: skip


async def test_lists_are_paged_and_no_page_skips_or_repeats(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        for path, expected in (("tenants", 2), ("annexes", 3), ("contacts", 3), ("contacts?all=true", 4)):
            mark = "&" if "?" in path else "?"
            seen: list[str] = []
            cursor = ""
            for _ in range(expected):
                page = (await client.get(f"/v1/{path}{mark}limit=1{cursor}")).json()
                seen += [str(one["id"]) for one in page["items"]]
                cursor = f"&cursor={page['next_cursor']}" if "next_cursor" in page else ""
            whole = (await client.get(f"/v1/{path}")).json()
            assert cursor == ""
            assert seen == [str(one["id"]) for one in whole["items"]]
            assert len(set(seen)) == expected
            assert "next_cursor" not in whole


async def test_contacts_are_those_in_force_unless_all_are_asked_for(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        current = (await client.get("/v1/contacts?tenant=acme")).json()["items"]
        every = (await client.get("/v1/contacts?tenant=acme&all=true")).json()["items"]

    assert [one["name"] for one in current] == ["Ana Pop", "Dan Rus"]
    assert [(one["name"], one["in_force"]) for one in every] == [
        ("Doru Vasile", False),
        ("Ana Pop", True),
        ("Dan Rus", True),
    ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "bad_query"),
        ("tenant=", "bad_query"),
        ("limit=x", "bad_query"),
        ("tenants=acme", "bad_query"),
        ("limit=1&limit=2", "bad_query"),
        ("all=maybe", "bad_query"),
        ("state=draft", "bad_query"),
        ("cursor=ana", "bad_token"),
        ("cursor=WyJ0ZW5hbnRzIixbImEiLDAsMCwwXV0", "bad_token"),
    ],
)
async def test_a_query_that_means_nothing_is_refused(world: RegistryWorld, query: str, code: str) -> None:
    async with world.client(As()) as client:
        answer = await client.get(f"/v1/contacts?{query}")

    assert (answer.status_code, problem_code(answer)) == (400, code)


@pytest.mark.parametrize(
    "path", ["tenants/nobody", "annexes/99", "annexes/x", "contacts/99.1", "contacts/2.9", "contacts/2", "contacts/x.y"]
)
async def test_what_is_not_there_is_a_404(world: RegistryWorld, path: str) -> None:
    async with world.client(As()) as client:
        answer = await client.get(f"/v1/{path}")

    assert (answer.status_code, problem_code(answer)) == (404, "not_found")


# ------------------------------------------------------------------------------------------------ an annex


async def test_an_annex_is_proposed_by_one_person_and_approved_by_another(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        draft = await proposed(client)
        path = draft.headers["location"]
        assert await decision(client) == "permitted"
        drafts = (await client.get("/v1/annexes?tenant=acme&state=draft")).json()["items"]
        approved = await client.post(f"{path}/approve", json=IRINA, headers={"if-match": draft.headers["etag"]})
        answers = [await decision(client, contact=f"{name}@acme.example") for name in ("ana", "ion", "dan")]

    assert draft.status_code == 201
    assert [one["id"] for one in drafts] == [draft.json()["id"]]
    assert "Dan Rus: removed" in " ".join(one["sentence"] for one in draft.json()["changes"])
    assert approved.status_code == 200, approved.text
    assert (approved.json()["state"], approved.json()["in_force"]) == ("approved", True)
    assert (approved.json()["entered_by"], approved.json()["approved_by"]) == ("Mara Ionescu", "Irina Țurcanu")
    assert answers == ["permitted", "permitted", "contact_unregistered"]
    last = trail(world.store, "acme")[-1]
    assert (last.kind, last.details["via_key"]) == ("annex_approved", "k1")


async def test_a_draft_is_withdrawn_and_can_no_longer_be_approved(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        draft = await proposed(client)
        path = draft.headers["location"]
        unseen = await client.post(f"{path}/withdraw", json=IRINA)
        done = await client.post(f"{path}/withdraw", json=IRINA, headers={"if-match": draft.headers["etag"]})
        late = await client.post(f"{path}/approve", json=IRINA, headers={"if-match": done.headers["etag"]})

    assert (unseen.status_code, problem_code(unseen)) == (428, "precondition_required")
    assert (done.status_code, done.json()["state"]) == (200, "superseded")
    assert (late.status_code, problem_code(late)) == (409, "conflict")


async def test_the_same_annex_is_entered_once(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        first, again = await proposed(client), await proposed(client)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


async def test_nobody_approves_what_he_entered(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        draft = await proposed(client)
        answer = await client.post(
            f"{draft.headers['location']}/approve",
            json={"by": "MARA  ionescu"},
            headers={"if-match": draft.headers["etag"]},
        )

    assert (answer.status_code, problem_code(answer)) == (409, "conflict")
    assert "second person" in answer.json()["detail"]


async def test_every_problem_of_an_annex_is_told_by_its_place_and_without_what_was_sent(world: RegistryWorld) -> None:
    contacts = [
        {"name": "Ana Pop", "role": "ana-chief", "email": "ana@@acme.example"},
        {"name": "Ana Pop", "role": "user", "login": "ana.pop", "state": "suspended", "ana pop": 1},
        {"name": "Ana `Mara` Pop", "role": "user", "phone": "ana"},
    ]
    annex = {**ANNEX, "effective_from": "ana", "contacts": contacts}
    async with world.client(As()) as client:
        answer = await proposed(client, {**PROPOSAL, "annex": annex})
        tenant = (await client.get("/v1/tenants/acme")).json()

    assert (answer.status_code, problem_code(answer)) == (422, "annex_invalid")
    assert {one["pointer"] for one in answer.json()["problems"]} == {
        "/annex/effective_from",
        "/annex/contacts/0/role",
        "/annex/contacts/0/email",
        "/annex/contacts/1",
        "/annex/contacts/1/state",
        "/annex/contacts/2/phone",
    }
    assert tenant["drafts"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"tenant": "acme", "annex": ANNEX}, "missing_member"),
        ({**PROPOSAL, "by": 7}, "wrong_type"),
        ({**PROPOSAL, "by": "   "}, "bad_name"),
        ({**PROPOSAL, "ana": 1}, "unknown_member"),
        ({**PROPOSAL, "annex": []}, "wrong_type"),
        ({**PROPOSAL, "tenant": "ana@acme.example"}, "wrong_type"),
    ],
)
async def test_a_body_that_is_none_is_refused(world: RegistryWorld, body: dict[str, Any], code: str) -> None:
    async with world.client(As()) as client:
        answer = await proposed(client, body)

    assert (answer.status_code, problem_code(answer)) == (400, code)


async def test_a_number_that_is_recorded_with_other_contents_is_a_conflict(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        answer = await proposed(client, {**PROPOSAL, "annex": {**ANNEX, "number": 2}})

    assert (answer.status_code, problem_code(answer)) == (409, "conflict")


# ------------------------------------------------------------------------------------------------ a contact


async def test_a_contact_is_suspended_restored_and_revoked_at_once(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        path = f"/v1/contacts/{await contact_id(client)}"
        said = []
        tag = await tag_of(client, path)
        for verb in ("suspend", "restore", "revoke"):
            answer = await client.post(f"{path}/{verb}", json=MARA, headers=tag)
            assert answer.status_code == 200, answer.text
            tag = {"if-match": answer.headers["etag"]}
            said.append((answer.json()["state"], await decision(client)))
        refused = await client.post(f"{path}/restore", json=MARA, headers=tag)
        forced = await client.post(f"{path}/restore", json={**MARA, "revoked_too": True}, headers=tag)

    assert said == [
        ("suspended", "contact_suspended"),
        ("active", "permitted"),
        ("revoked", "contact_suspended"),
    ]
    assert (refused.status_code, problem_code(refused)) == (409, "conflict")
    assert forced.json()["state"] == "active"


# ------------------------------------------------------------------------------------------------ two editors


async def test_a_change_without_the_tag_of_what_was_seen_is_a_428(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        path = f"/v1/contacts/{await contact_id(client)}/suspend"
        for headers in ({}, {"if-match": "*"}):
            for target, body in ((path, MARA), ("/v1/annexes", PROPOSAL)):
                answer = await client.post(target, json=body, headers=headers)
                assert (answer.status_code, problem_code(answer)) == (428, "precondition_required")

        assert await decision(client) == "permitted"


async def test_whoever_looked_before_somebody_else_changed_it_has_to_look_again(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        draft = await proposed(client)
        stale = {"if-match": draft.headers["etag"]}
        contact = f"/v1/contacts/{await contact_id(client)}"
        await client.post(f"{contact}/suspend", json=MARA, headers=await tag_of(client, contact))

        approved = await client.post(f"{draft.headers['location']}/approve", json=IRINA, headers=stale)
        weak = {"if-match": "W/" + (await tag_of(client, contact))["if-match"]}
        restored = await client.post(f"{contact}/restore", json=MARA, headers=weak)

    for answer in (approved, restored):
        assert (answer.status_code, problem_code(answer)) == (412, "precondition_failed")


async def test_of_two_editors_at_the_same_moment_one_wins(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        path = f"/v1/contacts/{await contact_id(client)}"
        tag = await tag_of(client, path)
        answers = await asyncio.gather(
            *(client.post(f"{path}/{verb}", json=MARA, headers=tag) for verb in ("suspend", "revoke"))
        )

    assert sorted(one.status_code for one in answers) == [200, 412]


async def test_a_tag_stays_as_long_as_nothing_of_the_tenant_changes(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        before = [await tag_of(client, f"/v1/tenants/{one}") for one in ("acme", "borealis")]
        path = f"/v1/contacts/{await contact_id(client)}"
        await client.post(f"{path}/suspend", json=MARA, headers=await tag_of(client, path))
        after = [await tag_of(client, f"/v1/tenants/{one}") for one in ("acme", "borealis")]

    assert before[0] != after[0]
    assert before[1] == after[1]


# ------------------------------------------------------------------------------------------------ callers

READING = ["tenants", "tenants/acme", "annexes", "annexes/2", "contacts", "contacts/2.1"]
WRITING = ["annexes", "annexes/2/approve", "contacts/2.1/suspend", "contacts/2.1/restore", "contacts/2.1/revoke"]


async def test_each_route_needs_its_scope_and_credentials(world: RegistryWorld) -> None:
    others = EVERYTHING - {Scope.REGISTRY_READ}
    async with world.client(As(*others)) as client:
        looked = [await client.get(f"/v1/{path}") for path in READING]
        unknown = await client.get("/v1/tenants", headers={"authorization": "Bearer wrong"})
    async with world.client(As(*(EVERYTHING - {Scope.REGISTRY_WRITE}))) as client:
        changed = [await client.post(f"/v1/{path}", json=PROPOSAL) for path in WRITING]

    for answer in looked + changed:
        assert (answer.status_code, problem_code(answer)) == (403, "forbidden")
    assert (unknown.status_code, problem_code(unknown)) == (401, "unauthenticated")
    assert unknown.headers["www-authenticate"] == "Bearer"


async def test_a_key_limited_to_tenants_learns_nothing_of_others(world: RegistryWorld) -> None:
    async with world.client(As()) as client:
        items = (await client.get("/v1/annexes?tenant=acme")).json()["items"]
    annex_id = items[-1]["id"]
    paths = [
        "tenants/acme", "tenants/nobody", f"annexes/{annex_id}", "annexes/99", f"contacts/{annex_id}.1",
        "contacts/99.1", "annexes?tenant=acme", "annexes?tenant=nobody",
    ]  # fmt: skip
    async with world.client(As(tenants=("borealis",))) as client:
        answers = [await client.get(f"/v1/{path}") for path in paths]
        answers.append(await client.post("/v1/annexes", json=PROPOSAL))
        answers.append(await client.post("/v1/annexes", json={**PROPOSAL, "tenant": "nobody"}))
        answers.append(await client.post(f"/v1/annexes/{annex_id}/approve", json=IRINA))
        answers.append(await client.post(f"/v1/contacts/{annex_id}.1/suspend", json=MARA))
        own = [(await client.get(f"/v1/{one}")).json()["items"] for one in ("tenants", "annexes", "contacts")]

    assert len({answer.content for answer in answers}) == 1
    assert (answers[0].status_code, problem_code(answers[0])) == (403, "forbidden")
    assert [one["id"] for one in own[0]] == ["borealis"]
    assert {one["tenant"] for one in own[1] + own[2]} == {"borealis"}


# ------------------------------------------------------------------------------------------------ trouble


async def test_with_the_database_away_the_routes_say_so_and_decisions_go_on(world: RegistryWorld) -> None:
    away = RegistryStore("sqlite:///no such folder/registry.sqlite")
    world.people = world.people._replace(store=away)
    async with world.client(As()) as client:
        answer = await client.get("/v1/tenants")
        assert await decision(client) == "permitted"

    assert (answer.status_code, problem_code(answer)) == (503, "registry_unavailable")
    assert "no such folder" not in answer.text


async def test_a_change_that_cannot_be_read_back_is_not_taken_for_one_that_failed(world: RegistryWorld) -> None:
    def blind(_tenant: str, _revision: int) -> None:
        raise NotYetVisible("the change is recorded, but this worker could not read it back yet; do not repeat it")

    world.people = world.people._replace(catch_up=blind)
    async with world.client(As()) as client:
        answer = await proposed(client)

    assert (answer.status_code, problem_code(answer)) == (503, "not_yet_visible")
    assert "is recorded" in answer.json()["detail"]
    assert issubclass(NotYetVisible, RegistryUnavailable)
