"""Callers with keys: who is let in, how soon, and what each may ask; with real keys in a real registry."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from authz.core.types import Assurance, Channel
from authz.errors import RegistryUnavailable
from authz.registry.callers import NewKey, callers, create_caller, revoke_caller
from authz.registry.keys import KeyBook, KeyWatch
from authz.registry.store import RegistryStore
from authz.web.credentials.callers import KEYLESS, CallerUnknown
from authz.web.credentials.keys import KeyCallers, bearer
from authz.web.credentials.rate_limit import RateLimit
from tests.web.world import FLAT, QUESTION, World, error_code

FLAT_PATH = "/v1/decision"
EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
ACTION_SEARCH = "/access/v1/search/action"
NOBODYS = "authz_0123456789ab_" + "x" * 43

pytestmark = pytest.mark.usefixtures("each_way")


class Lookups(KeyWatch):
    """The real watch, which notes how often it was asked to look."""

    looks = 0

    def poll(self) -> bool:
        self.looks += 1
        return super().poll()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RegistryStore]:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    with store.changing("test") as change:
        for tenant in ("acme", "borealis"):
            change.connection.exec_driver_sql(
                "INSERT INTO tenant (id, set_id, name, changed_revision) VALUES (?, 'demo', ?, 1)", (tenant, tenant)
            )
        change.record("loaded")
    yield store
    store.close()


@pytest.fixture
def keys(store: RegistryStore) -> Lookups:
    return Lookups(store)


def made(store: RegistryStore, *scopes: str, **limits: Any) -> NewKey:
    return create_caller(store, "desk", "test", scopes=scopes or ("decide",), **limits)


def with_key(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def client_of(keys: KeyWatch, *, keyless: bool = True, rate_limit: RateLimit | None = None) -> httpx.AsyncClient:
    return World().client(KeyCallers(keys, keyless=keyless, rate_limit=rate_limit))


async def asked(client: httpx.AsyncClient, key: str, **change: str) -> httpx.Response:
    return await client.post(FLAT_PATH, json={**FLAT, **change}, headers=with_key(key))


async def test_without_any_key_the_loopback_needs_none(keys: Lookups) -> None:
    async with client_of(keys) as client:
        answer = await client.post(FLAT_PATH, json=FLAT)

    assert answer.json()["context"]["rule"] == "demo/matrix.csv:1"


async def test_without_any_key_an_address_that_is_not_loopback_answers_nobody(keys: Lookups) -> None:
    async with client_of(keys, keyless=False) as client:
        answer = await client.post(FLAT_PATH, json=FLAT)

    assert answer.status_code == 401


async def test_a_key_works_at_once_and_is_needed_from_then_on(store: RegistryStore, keys: Lookups) -> None:
    async with client_of(keys) as client:
        key = made(store).key
        with_it = await asked(client, key)
        without = await client.post(FLAT_PATH, json=FLAT)

    assert with_it.json()["decision"] is True
    assert without.status_code == 401
    assert without.headers["www-authenticate"] == "Bearer"


async def test_a_key_is_needed_even_if_all_there_were_are_revoked(store: RegistryStore, keys: Lookups) -> None:
    key = made(store)
    revoke_caller(store, key.id, "test")
    keys.poll()
    async with client_of(keys) as client:
        without = await client.post(FLAT_PATH, json=FLAT)
        revoked = await asked(client, key.key)

    assert (without.status_code, revoked.status_code) == (401, 401)


async def test_a_revoked_key_ends_at_the_next_look(store: RegistryStore, keys: Lookups) -> None:
    key, other = made(store), made(store)
    async with client_of(keys) as client:
        before = await asked(client, key.key)
        revoke_caller(store, key.id, "test")
        keys.poll()
        after = await asked(client, key.key)
        rotated = await asked(client, other.key)

    assert (before.status_code, after.status_code, rotated.status_code) == (200, 401, 200)


async def test_an_expired_key_is_no_key(store: RegistryStore, keys: Lookups) -> None:
    key = made(store, expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    now = dt.datetime.now(dt.UTC).timestamp()
    connection = {"headers": [(b"authorization", f"Bearer {key.key}".encode())]}

    caller = await KeyCallers(keys, clock=lambda: now).identify(connection)

    assert caller.id == key.id
    with pytest.raises(CallerUnknown):
        await KeyCallers(keys, clock=lambda: now + 3600).identify(connection)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="none"),
        pytest.param([("authorization", "{key}")], id="no scheme"),
        pytest.param([("authorization", "Bearer")], id="a scheme alone"),
        pytest.param([("authorization", "Bearer ")], id="nothing after the scheme"),
        pytest.param([("authorization", "Basic {key}")], id="another scheme"),
        pytest.param([("authorization", "Bearer  {key}")], id="two spaces"),
        pytest.param([("authorization", "Bearer {key} ")], id="a space after it"),
        pytest.param([("authorization", "Bearer {key},{key}")], id="two in one header"),
        pytest.param([("authorization", "Bearer {key}"), ("authorization", "Bearer {key}")], id="two headers"),
        pytest.param([("authorization", "Bearer {key}x")], id="longer"),
        pytest.param([("authorization", f"Bearer {NOBODYS}")], id="nobody's"),
        pytest.param([("authorization", "Bearer {id}")], id="the id alone"),
        pytest.param([("x-api-key", "{key}")], id="another header"),
        pytest.param([("cookie", "key={key}")], id="a cookie"),
    ],
)
async def test_whatever_is_not_one_good_key_in_its_place_is_401(
    store: RegistryStore, keys: Lookups, headers: list[tuple[str, str]]
) -> None:
    key = made(store)
    keys.poll()
    sent = [(name, value.format(key=key.key, id=key.id)) for name, value in headers]
    async with client_of(keys) as client:
        answer = await client.post(f"{FLAT_PATH}?access_token={key.key}&key={key.key}", json=FLAT, headers=sent)
        good = await asked(client, key.key)

    assert answer.status_code == 401
    assert error_code(answer) == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert good.json()["decision"] is True


def test_the_scheme_is_read_in_any_case_as_rfc_9110_has_it() -> None:
    assert bearer([(b"host", b"a"), (b"authorization", b"bEARER k")]) == b"k"
    assert bearer([(b"host", b"a")]) is None


async def test_a_known_key_costs_no_look_at_the_database(store: RegistryStore, keys: Lookups) -> None:
    key = made(store)
    keys.poll()
    before = keys.looks
    async with client_of(keys) as client:
        for _ in range(3):
            await asked(client, key.key)

    assert keys.looks == before


async def test_guessing_costs_few_looks_that_all_share(store: RegistryStore, keys: Lookups) -> None:
    key = made(store)
    keys.poll()
    before = keys.looks
    identify = KeyCallers(keys).identify

    async def guess(number: int) -> None:
        with pytest.raises(CallerUnknown):
            await identify({"headers": [(b"authorization", b"Bearer authz_%012x_%b" % (number, b"x" * 43))]})

    await asyncio.gather(*(guess(number) for number in range(2000)))
    shared = keys.looks - before
    for _ in range(10):
        await guess(1)
        await guess(int(key.id, 16))
    again = keys.looks - before

    assert shared <= 3
    assert again <= shared + 1


async def test_a_key_made_while_others_guess_is_found(store: RegistryStore, keys: Lookups) -> None:
    keys.poll()
    identify = KeyCallers(keys).identify
    guesses = [
        asyncio.ensure_future(identify({"headers": [(b"authorization", b"Bearer authz_%012x_%b" % (one, b"y" * 43))]}))
        for one in range(50)
    ]
    await asyncio.sleep(0)
    key = made(store)

    caller = await identify({"headers": [(b"authorization", b"Bearer " + key.key.encode())]})

    assert caller.id == key.id
    assert all(isinstance(one, CallerUnknown) for one in await asyncio.gather(*guesses, return_exceptions=True))


async def test_keys_that_were_never_read_let_nobody_in_not_even_without_one(tmp_path: Path) -> None:
    away = KeyWatch(RegistryStore(f"sqlite:///{tmp_path / 'nothing.sqlite'}"))

    assert away.book is None
    with pytest.raises(RegistryUnavailable):
        await KeyCallers(away, keyless=True).identify({"headers": []})


async def test_a_new_key_while_the_database_is_away_is_refused_and_works_when_it_is_back(
    store: RegistryStore, keys: Lookups, tmp_path: Path
) -> None:
    old = made(store)
    keys.poll()
    key = made(store)
    database = tmp_path / "registry.sqlite"
    async with client_of(keys) as client:
        database.rename(tmp_path / "away")
        away = await asked(client, key.key)
        known = await asked(client, old.key)
        (tmp_path / "away").rename(database)
        back = await asked(client, key.key)

    assert (away.status_code, known.status_code, back.status_code) == (401, 200, 200)


ROUTES = [
    ("decide", "POST", FLAT_PATH, FLAT),
    ("decide", "POST", EVALUATION, QUESTION),
    ("decide", "POST", EVALUATIONS, {**QUESTION, "evaluations": [{}]}),
    ("decide", "POST", "/v1/confirmations", {**FLAT, "ticket": "4711"}),
    ("explain", "POST", ACTION_SEARCH, QUESTION),
    ("policy", "GET", "/v1/policy", None),
    ("metrics", "GET", "/metrics", None),
]


@pytest.mark.parametrize(("scope", "method", "path", "body"), ROUTES, ids=[f"{one[2]}" for one in ROUTES])
async def test_every_route_wants_its_scope(
    store: RegistryStore, keys: Lookups, scope: str, method: str, path: str, body: dict[str, Any] | None
) -> None:
    everything = {"decide", "explain", "registry:read", "registry:write", "policy", "log", "metrics"}
    with_scope, without = made(store, scope), made(store, *(everything - {scope}))
    async with client_of(keys) as client:
        let_in = await client.request(method, path, json=body, headers=with_key(with_scope.key))
        refused = await client.request(method, path, json=body, headers=with_key(without.key))
        nobody = await client.request(method, path, json=body)

    assert let_in.status_code not in {401, 403}
    assert (refused.status_code, nobody.status_code) == (403, 401)
    assert error_code(refused) == "forbidden"


@pytest.mark.parametrize(
    ("limits", "change", "reason"),
    [
        ({"channels": [Channel.EMAIL]}, {}, "channel_not_allowed"),
        ({"channels": [Channel.API]}, {"channel": "web"}, "channel_not_allowed"),
        ({"tenants": ["borealis"]}, {"tenant": "acme"}, "tenant_not_allowed"),
        ({"tenants": ["borealis"]}, {}, "tenant_not_allowed"),
        ({"tenants": ["borealis"]}, {"tenant": "nobody"}, "tenant_not_allowed"),
        ({"channels": [Channel.WEB], "tenants": ["acme"]}, {"tenant": "acme"}, "permitted"),
    ],
)
async def test_a_question_beyond_the_keys_limits_is_denied(
    store: RegistryStore, keys: Lookups, limits: dict[str, Any], change: dict[str, str], reason: str
) -> None:
    told, untold = made(store, "decide", "explain", **limits), made(store, **limits)
    async with client_of(keys) as client:
        explained = (await asked(client, told.key, **change)).json()
        plain = (await asked(client, untold.key, **change)).json()

    assert explained["context"]["reason"] == reason
    assert plain["context"]["reason"] == (reason if reason == "permitted" else "refused")
    assert explained["decision"] is plain["decision"] is (reason == "permitted")
    assert reason == "permitted" or not explained["context"]["contact"].get("tenant")


@pytest.mark.parametrize("stated", list(Assurance))
async def test_an_assurance_above_the_keys_highest_is_403_everywhere(
    store: RegistryStore, keys: Lookups, stated: Assurance
) -> None:
    key = made(store, "decide", "explain", assurance=Assurance.MAIL_SIGNED).key
    context = {**QUESTION["context"], "assurance": stated.value}
    nested = {**QUESTION, "context": context}
    async with client_of(keys) as client:
        flat = await asked(client, key, assurance=stated.value)
        one = await client.post(EVALUATION, json=nested, headers=with_key(key))
        search = await client.post(ACTION_SEARCH, json=nested, headers=with_key(key))
        batch = await client.post(EVALUATIONS, json={**nested, "evaluations": [{}]}, headers=with_key(key))

    beyond = stated in {Assurance.SESSION, Assurance.CONFIRMED}
    assert [one.status_code for one in (flat, one, search)] == [403 if beyond else 200] * 3
    (item,) = batch.json()["evaluations"]
    assert (item["context"].get("error", {}).get("status") == 403) is beyond
    assert not (beyond and item["decision"])


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({}, "permitted"),
        ({"assurance": Assurance.CONFIRMED}, "permitted"),
        ({"assurance": Assurance.CLAIMED}, "sender_unverified"),
        ({"assurance": Assurance.CONFIRMED, "default_assurance": Assurance.CLAIMED}, "sender_unverified"),
    ],
)
async def test_a_question_that_states_no_assurance_has_that_of_its_key(
    store: RegistryStore, keys: Lookups, limits: dict[str, Any], reason: str
) -> None:
    key = made(store, "decide", "explain", **limits).key
    async with client_of(keys) as client:
        answer = await asked(client, key)

    assert answer.json()["context"]["reason"] == reason


async def test_a_key_over_its_rate_waits_and_the_others_do_not(store: RegistryStore, keys: Lookups) -> None:
    loud, quiet = made(store).key, made(store).key
    async with client_of(keys, rate_limit=RateLimit(0.001)) as client:
        first = await asked(client, loud)
        second = await client.post(FLAT_PATH, content=b"{", headers=with_key(loud))
        other = await asked(client, quiet)

    assert (first.status_code, second.status_code, other.status_code) == (200, 429, 200)
    assert error_code(second) == "rate_limited"
    assert 0 < int(second.headers["retry-after"]) <= 1000


async def test_the_last_use_of_a_key_is_written_once_a_minute_and_makes_no_revision(
    store: RegistryStore, tmp_path: Path
) -> None:
    now = [1_780_000_000.0]
    key = made(store)
    watch = KeyWatch(store, clock=lambda: now[0])
    revision = store.revision()
    identify = KeyCallers(watch, clock=lambda: now[0]).identify
    connection = {"headers": [(b"authorization", b"Bearer " + key.key.encode())]}

    def written() -> dt.datetime | None:
        watch.write_uses()
        return callers(store)[0].last_used_at

    never = written()
    await identify(connection)
    first = written()
    now[0] += 30
    await identify(connection)
    same = written()
    now[0] += 30
    later = written()

    assert never is None
    assert first == same == dt.datetime.fromtimestamp(1_780_000_000.0, dt.UTC)
    assert later == dt.datetime.fromtimestamp(1_780_000_030.0, dt.UTC)
    assert store.revision() == revision


def test_the_book_holds_no_key_and_no_revoked_one(store: RegistryStore, keys: Lookups) -> None:
    key, gone = made(store), made(store)
    revoke_caller(store, gone.id, "test")
    keys.poll()

    assert isinstance(keys.book, KeyBook)
    assert list(keys.book.by_id) == [key.id]
    assert keys.book.ids == {key.id, gone.id}
    assert key.key not in repr(keys.book.everybody)


def test_the_keyless_caller_is_nobody_in_the_registry() -> None:
    assert KEYLESS.id == "loopback"
