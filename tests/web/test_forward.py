"""The gate's endpoint over HTTP (the contract of `/authz/forward`; docs/gate.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.network import parse_cidr
from authz.core.types import Address
from authz.pdp import GateOutcome
from authz.settings import Settings
from authz.web.credentials.callers import Caller, CallerUnknown
from authz.web.gate.forward import ANSWER_HEADERS, Forward, GateRules, gate_rules
from tests.web.gate_world import RULES, GateWorld

ACME: Final = {"X-Forwarded-Host": "acme.app.example", "X-Forwarded-For": "203.0.113.5"}
OUTSIDE: Final = {**ACME, "X-Forwarded-For": "198.51.100.9"}
BETA: Final = {"X-Forwarded-Host": "beta.app.example", "X-Forwarded-For": "198.51.100.9"}
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
SECRET: Final = "a-secret-of-the-proxy-0123456789"


class KeyNeeded:
    """As where API keys exist: no request without one is anybody's."""

    async def identify(self, connection: Any) -> Caller:
        raise CallerUnknown("no key")


def reason(answer: Any) -> str:
    """The reason of a refusal."""
    document = answer.json()
    assert document["decision"] is False
    return str(document["context"]["reason"])


async def test_a_declared_address_passes_and_every_header_says_its_part() -> None:
    async with GateWorld().asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=ACME)

    assert (answer.status_code, answer.json()) == (200, {"decision": True})
    assert {name: answer.headers[name.decode()] for name in ANSWER_HEADERS} == {
        b"x-authz-tenant": "acme",
        b"x-authz-network": "declared",
        b"x-authz-address": "203.0.113.5",
        b"x-authz-contact": "",
        b"x-authz-decision-id": answer.headers["x-authz-decision-id"],
        b"x-authz-policy-revision": "sha256:" + "5f0c" * 16,
        b"x-authz-registry-revision": "7",
    }
    assert len(answer.headers["x-authz-decision-id"]) == 32
    assert answer.headers["cache-control"] == "no-store"


async def test_a_tenant_with_any_address_lets_everybody_reach_its_login() -> None:
    async with GateWorld().asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=BETA)

    assert (answer.status_code, answer.headers["x-authz-network"]) == (200, "any")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(OUTSIDE, "network_not_declared", id="another address"),
        pytest.param({**ACME, "X-Forwarded-For": "203.0.113.66"}, "network_not_declared", id="an address left out"),
        pytest.param({**ACME, "X-Forwarded-Host": "nobody.app.example"}, "tenant_unknown", id="no such tenant"),
        pytest.param({**ACME, "X-Forwarded-Host": "acme.evil.example"}, "tenant_unknown", id="another suffix"),
        pytest.param({**ACME, "X-Forwarded-Host": "a.acme.app.example"}, "tenant_unknown", id="a label more"),
        pytest.param({**ACME, "X-Forwarded-Host": "mismatch.app.example"}, "network_choice_mismatch", id="mismatch"),
        pytest.param({**ACME, "X-Forwarded-Host": "future.app.example"}, "annex_not_in_force", id="a future annex"),
        pytest.param({**ACME, "X-Forwarded-Host": "bare.app.example"}, "network_not_declared", id="no lines"),
        pytest.param({"X-Forwarded-Host": "acme.app.example"}, "ip_missing", id="no address"),
        pytest.param({"X-Forwarded-Host": "beta.app.example"}, "ip_missing", id="no address, any address"),
        pytest.param({**ACME, "X-Forwarded-For": "203.0.113.5, garbage"}, "ip_missing", id="an unreadable address"),
        pytest.param({**ACME, "X-Original-URL": "https://beta.app.example/"}, "ambiguous_request", id="two hosts"),
        pytest.param({**ACME, "X-Forwarded-Uri": "/a", "X-Original-URI": "/b"}, "ambiguous_request", id="two paths"),
    ],
)
async def test_a_refusal_is_403_with_its_reason_on_the_keyless_loopback(
    headers: Mapping[str, str], expected: str
) -> None:
    async with GateWorld().asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=dict(headers))

    assert (answer.status_code, reason(answer)) == (403, expected)
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("x-authz")]
    assert len(answer.content) < 200


@pytest.mark.parametrize("guarded", ["by keys", "by a secret"])
async def test_where_the_world_can_hear_it_every_tenant_and_none_are_refused_alike(guarded: str) -> None:
    rules = RULES._replace(secret=SECRET.encode()) if guarded == "by a secret" else RULES
    callers = KeyNeeded() if guarded == "by keys" else None
    said = set()
    async with GateWorld().asked_by(rules=rules, callers=callers) as proxy:
        for host in ("acme", "nobody", "mismatch", "future", "bare"):
            sent = {**OUTSIDE, "X-Forwarded-Host": f"{host}.app.example", "X-Authz-Gate-Secret": SECRET}
            answer = await proxy.get("/authz/forward", headers=sent)
            document = answer.json()
            document["context"].pop("decision_id")
            said.add((answer.status_code, str(document), len(answer.content)))

    assert said == {(403, "{'decision': False, 'context': {'reason': 'refused'}}", len(answer.content))}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api/x",
        "/api/%2e%2e/x",
        "//x",
        "/a%00b",
        "/" + "x" * 4000,
        "?ip=203.0.113.5&tenant=beta&X-Forwarded-For=203.0.113.5",
        "/x?a=1&b=%2F..%2f",
    ],
)
async def test_any_method_and_any_path_below_have_the_same_answer(method: str, path: str) -> None:
    async with GateWorld().asked_by() as proxy:
        inside = await proxy.request(method, "/authz/forward" + path, headers=ACME)
        outside = await proxy.request(method, "/authz/forward" + path, headers=OUTSIDE)

    assert (inside.status_code, outside.status_code) == (200, 403)


@pytest.mark.parametrize(
    "path", [b"/authz/forwardx", b"/authz/forward.", b"/authz", b"/authz/Forward", b"/x/authz/forward"]
)
def test_what_is_beside_the_path_is_not_the_gate(path: bytes) -> None:
    assert not Forward.answers(path)


async def test_the_body_is_never_read_and_dot_segments_lead_nowhere() -> None:
    sent: list[Any] = []

    async def body() -> Any:
        raise AssertionError("the gate read the body")

    async def note(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "path": "/authz/forward", "query_string": b"",
        "raw_path": b"/authz/forward/../../v1/decision", "client": ("127.0.0.1", 40000), "server": ("127.0.0.1", 8000),
        "headers": [(b"host", b"acme.app.example"), (b"x-forwarded-for", b"203.0.113.5"), (b"content-length", b"0")],
    }  # fmt: skip
    await GateWorld().gate()(scope, body, note)

    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    "lines",
    [
        [("Host", "acme.app.example"), ("Host", "beta.app.example")],
        [("Host", "acme.app.example"), ("Content-Length", "1"), ("Transfer-Encoding", "chunked")],
        [("Host", "acme app example")],
        [("Host", "acme.app.example"), ("Content-Length", "x")],
    ],
)
async def test_what_is_a_400_elsewhere_is_a_403_here(lines: list[tuple[str, str]]) -> None:
    async with GateWorld().asked_by() as proxy:
        request = proxy.build_request("GET", "/authz/forward")
        request.headers = type(request.headers)([*lines, ("X-Forwarded-For", "203.0.113.5")])
        answer = await proxy.send(request)

    assert (answer.status_code, reason(answer)) == (403, "ambiguous_request")


@pytest.mark.parametrize("request_id", ["with blanks", "x" * 200, "\xe4"])
async def test_an_odd_request_id_of_the_client_shuts_nobody_out(request_id: str) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in {**ACME, "X-Request-ID": request_id}.items()]
    async with GateWorld().asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=headers)

    assert (answer.status_code, "x-request-id" in answer.headers) == (200, False)


@pytest.mark.parametrize(
    ("peer", "sent", "rules", "status"),
    [
        ("127.0.0.1", None, RULES, 200),
        ("127.8.9.10", None, RULES, 200),
        ("::1", None, RULES, 200),
        ("::ffff:127.0.0.1", None, RULES, 200),
        ("203.0.113.5", None, RULES, 403),
        ("2001:db8::1", None, RULES, 403),
        ("testclient", None, RULES, 403),
        ("203.0.113.5", SECRET, RULES, 403),
        ("203.0.113.5", SECRET, RULES._replace(secret=SECRET.encode()), 200),
        ("127.0.0.1", SECRET, RULES._replace(secret=SECRET.encode()), 200),
        ("127.0.0.1", None, RULES._replace(secret=SECRET.encode()), 403),
        ("127.0.0.1", SECRET[:-1], RULES._replace(secret=SECRET.encode()), 403),
        ("127.0.0.1", SECRET.upper(), RULES._replace(secret=SECRET.encode()), 403),
        ("127.0.0.1", "", RULES._replace(secret=SECRET.encode()), 403),
    ],
)
async def test_only_the_proxy_is_answered(peer: str, sent: str | None, rules: GateRules, status: int) -> None:
    headers = {**ACME, **({"X-Authz-Gate-Secret": sent} if sent is not None else {})}
    async with GateWorld().asked_by(peer, rules) as proxy:
        answer = await proxy.get("/authz/forward", headers=headers)

    assert answer.status_code == status


async def test_the_secret_twice_is_no_secret() -> None:
    rules = RULES._replace(secret=SECRET.encode())
    lines = [*ACME.items(), ("X-Authz-Gate-Secret", SECRET), ("X-Authz-Gate-Secret", "x")]
    async with GateWorld().asked_by(rules=rules) as proxy:
        answer = await proxy.get("/authz/forward", headers=lines)

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("server", "status"), [(("/run/authz.sock", None), 200), (("127.0.0.1", 8000), 403), (None, 403)]
)
async def test_a_unix_socket_has_no_peer_and_is_the_machines_own(server: Any, status: int) -> None:
    sent: list[Any] = []

    async def note(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": "/authz/forward", "raw_path": b"/authz/forward",
        "query_string": b"", "client": None, "server": server,
        "headers": [(b"host", b"acme.app.example"), (b"x-forwarded-for", b"203.0.113.5")],
    }  # fmt: skip
    await GateWorld().gate()(scope, _nothing_more, note)

    assert sent[0]["status"] == status


async def _nothing_more() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


async def test_a_trusted_proxy_in_front_is_skipped_and_no_other() -> None:
    rules = RULES._replace(trusted=(parse_cidr("192.0.2.0/24"),))
    async with GateWorld().asked_by(rules=rules) as proxy:
        behind = await proxy.get("/authz/forward", headers={**ACME, "X-Forwarded-For": "203.0.113.5, 192.0.2.7"})
        forged = await proxy.get("/authz/forward", headers={**ACME, "X-Forwarded-For": "203.0.113.5, 198.51.100.9"})

    assert (behind.status_code, forged.status_code) == (200, 403)


async def test_with_login_at_the_edge_the_cookie_only_ever_turns_a_yes_into_a_401() -> None:
    rules = RULES._replace(login_cookie=b"sid")
    async with GateWorld().asked_by(rules=rules) as proxy:
        without = await proxy.get("/authz/forward", headers=ACME)
        with_it = await proxy.get("/authz/forward", headers={**ACME, "Cookie": "sid=4711"})
        outside = await proxy.get("/authz/forward", headers={**OUTSIDE, "Cookie": "sid=4711"})

    assert (without.status_code, with_it.status_code, outside.status_code) == (401, 200, 403)
    assert without.headers["www-authenticate"] == 'Cookie realm="authz", cookie-name="sid"'
    assert not [name for name in without.headers if name.startswith("x-authz")]


async def test_without_a_suffix_the_gate_is_closed() -> None:
    async with GateWorld().asked_by(rules=GateRules()) as proxy:
        answer = await proxy.get("/authz/forward", headers=ACME)

    assert answer.status_code == 403


async def test_without_a_policy_there_is_no_answer() -> None:
    async with GateWorld(live=False).asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=ACME)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_active_policy")


async def test_a_tenant_of_a_policy_set_that_is_not_live_has_no_answer() -> None:
    async with GateWorld().asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers={**ACME, "X-Forwarded-Host": "other.app.example"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_active_policy")


async def test_a_fault_inside_is_a_503_and_counted() -> None:
    world = GateWorld()
    world.directory.tenants["acme"] = None  # type: ignore[assignment]
    world.directory.tenants["beta"] = object()  # type: ignore[assignment]
    async with world.asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=BETA)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "internal_error")
    assert world.pdp.internal_errors == 1


async def test_a_fault_beside_the_decision_is_a_503_too() -> None:
    world = GateWorld()

    def broken(tenant_id: str, address: Address, now: float | None = None) -> GateOutcome:
        raise ZeroDivisionError

    world.pdp.gate = broken  # type: ignore[method-assign]
    async with world.asked_by() as proxy:
        answer = await proxy.get("/authz/forward", headers=ACME)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "internal_error")


_NAMES = (
    "Host", "X-Forwarded-Host", "X-Forwarded-For", "X-Real-IP", "X-Forwarded-Method", "X-Original-Method",
    "X-Forwarded-Uri", "X-Original-URI", "X-Original-URL", "Content-Length", "Transfer-Encoding", "X-Request-ID",
    "Cookie", "Forwarded", "X_Forwarded_For", "Upgrade", "Expect", "Authorization",
)  # fmt: skip
_VALUES = st.one_of(
    st.sampled_from(["acme.app.example", "203.0.113.5", "/a", "https://acme.app.example/", "0", "chunked", "GET", ""]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
)


@given(
    st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES), max_size=8),
    st.sampled_from(METHODS),
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=12),
)
async def test_whatever_arrives_the_answer_is_one_that_proxies_understand(
    lines: list[tuple[str, str]], method: str, below: str
) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in lines]
    sent: list[Any] = []

    async def note(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": "/", "query_string": b"", "headers": raw,
        "raw_path": b"/authz/forward/" + below.encode(), "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    }  # fmt: skip
    await GateWorld().gate()(scope, _nothing_more, note)

    assert sent[0]["status"] in {200, 403}
    names = [name for name, _ in sent[0]["headers"]]
    assert (sent[0]["status"] == 200) == (set(ANSWER_HEADERS) <= set(names))


def test_the_rules_are_those_of_the_settings(tmp_path: Any) -> None:
    settings = Settings(
        gate_suffix="app.example", gate_trusted_proxies="192.0.2.0/24, 2001:db8:99::/48", gate_secret=SECRET,
        gate_login_cookie="sid",
    )  # fmt: skip

    assert gate_rules(settings) == GateRules(
        b"app.example", (parse_cidr("192.0.2.0/24"), parse_cidr("2001:db8:99::/48")), SECRET.encode(), b"sid"
    )
    assert gate_rules(Settings()) == GateRules()
