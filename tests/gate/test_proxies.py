"""The templates of deploy/gate on the real proxies: who is let through, and whom forged headers help (nobody)."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from authz.web.gate.forward import ANSWER_HEADERS
from tests.gate import edge, proxies
from tests.gate.conftest import Edge
from tests.gate.edge import DECLARED, STRANGER, Lines, ask
from tests.web.gate_world import RULES, GateWorld
from tests.web.installation import free_port
from tests.web.sockets import served

pytestmark = pytest.mark.e2e

ACME, BETA = "acme.app.example", "beta.app.example"
NAMES_FOR_AN_ADDRESS = (
    "X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "X-Envoy-External-Address", "CF-Connecting-IP",
    "X-Cluster-Client-IP", "X-Original-Forwarded-For", "X-Forwarded", "Forwarded-For",
)  # fmt: skip


def spellings(name: str) -> list[str]:
    """The name, and the names that other software takes for it."""
    mixed = name.replace("-", "_", 1) if name.count("-") > 1 else name
    return list(dict.fromkeys([name, name.replace("-", "_"), name.replace("-", "."), mixed, name.upper()]))


def forgeries(address: str, tenant: str) -> dict[str, Lines]:
    """Headers by which a client would be somebody else: from `address`, or of `tenant`."""
    host = f"{tenant}.app.example"
    found: dict[str, Lines] = {}
    for name in NAMES_FOR_AN_ADDRESS:
        found |= {spelling: [(spelling, address)] for spelling in spellings(name)}
    for name in ("X-Forwarded-Host", "X-Host", "X-Original-Host"):
        found |= {spelling: [(spelling, host)] for spelling in spellings(name)}
    for name in ("X-Authz-Tenant", "X-Authz-Contact"):
        found |= {spelling: [(spelling, tenant)] for spelling in spellings(name)}
    for name in ("X-Authz-Address",):
        found |= {spelling: [(spelling, address)] for spelling in spellings(name)}
    for name in ("X-Original-URI", "X-Forwarded-Uri", "X-Rewrite-URL", "X-Forwarded-Prefix"):
        found |= {spelling: [(spelling, f"/authz/{tenant}?ip={address}")] for spelling in spellings(name)}
    found |= {
        "Forwarded": [("Forwarded", f"for={address};host={host};proto=https")],
        "X-Original-URL": [("X-Original-URL", f"https://{host}/")],
        "X_Original_URL": [("X_Original_URL", f"https://{host}/")],
        "a list": [("X-Forwarded-For", f"{address}, {address}")],
        "two lines": [("X-Forwarded-For", address), ("X-Forwarded-For", address)],
        "a mapped address": [("X-Forwarded-For", f"::ffff:{address}")],
        "the tenant twice": [("X-Authz-Tenant", tenant), ("X-Authz-Tenant", tenant)],
        "method words": [("X-Forwarded-Method", "OPTIONS"), ("X-Original-Method", "OPTIONS")],
        "method override": [("X-HTTP-Method-Override", "OPTIONS")],
        "the secret": [("X-Authz-Gate-Secret", "guessed"), ("X_Authz_Gate_Secret", "guessed")],
        "hop by hop": [
            ("Connection", "close, X-Forwarded-For, X-Real-IP, X-Authz-Tenant, X-Authz-Gate-Secret, X-Forwarded-Host"),
            ("X-Forwarded-For", address),
            ("X-Authz-Tenant", tenant),
        ],
        "internal": [("X-Envoy-Internal", "true"), ("X-Envoy-Original-Path", "/"), ("X-Envoy-Force-Trace", "true")],
        "key": [("Authorization", "Bearer guessed")],
        "odd request id": [("X-Request-ID", "a b"), ("X-Request-ID", "c")],
    }
    return found


FORGERIES_FOR_ENTRY = forgeries(DECLARED, "acme")
FORGERIES_OF_A_GUEST = forgeries("203.0.113.5", "beta")


def test_a_declared_address_reaches_the_application_which_is_told_whose_it_is(edge_of: Edge) -> None:
    answer = ask(edge_of.port, DECLARED, ACME, target="/api/x?a=1&b=2")

    received = edge_of.application.received.pop()
    assert (answer.status, received.method, received.target) == (200, "GET", "/api/x?a=1&b=2")
    assert received.all("X-Authz-Tenant") == ["acme"]
    assert received.all("X-Authz-Network") == ["declared"]
    assert received.all("X-Authz-Address") == [DECLARED]
    assert received.all("X-Authz-Contact") in ([""], [])
    assert len(received.all("X-Authz-Decision-Id")[0]) == 32
    assert received.all("X-Authz-Registry-Revision") == ["7"]
    assert received.all("X-Authz-Gate-Secret") == []


def test_another_address_never_reaches_the_application(edge_of: Edge) -> None:
    before = len(edge_of.application.received)

    answer = ask(edge_of.port, STRANGER, ACME)

    assert answer.status == 403
    assert len(edge_of.application.received) == before
    assert b"network" not in answer.body
    assert not [name for name in answer.headers if name.startswith("x-authz")]


def test_a_tenant_with_any_address_is_reached_from_everywhere(edge_of: Edge) -> None:
    answer = ask(edge_of.port, STRANGER, BETA)

    received = edge_of.application.received.pop()
    assert answer.status == 200
    assert (received.all("X-Authz-Tenant"), received.all("X-Authz-Network")) == (["beta"], ["any"])
    assert received.all("X-Authz-Address") == [STRANGER]


@pytest.mark.parametrize("host", ["nobody.app.example", "mismatch.app.example", "future.app.example"])
def test_a_host_that_is_no_tenants_is_refused(edge_of: Edge, host: str) -> None:
    assert ask(edge_of.port, DECLARED, host).status == 403


@pytest.mark.parametrize(
    "host", ["www.acme.app.example", "app.example", "acme.app.example.evil.example", "evil.example"]
)
def test_a_host_beside_the_suffix_reaches_nothing(edge_of: Edge, host: str) -> None:
    before = len(edge_of.application.received)

    answer = ask(edge_of.port, DECLARED, host)

    assert answer.status != 200 or answer.body == b""
    assert len(edge_of.application.received) == before


@pytest.mark.parametrize("forgery", FORGERIES_FOR_ENTRY)
def test_a_forged_header_lets_nobody_in(edge_of: Edge, forgery: str) -> None:
    before = len(edge_of.application.received)

    answer = ask(edge_of.port, STRANGER, ACME, FORGERIES_FOR_ENTRY[forgery])

    assert answer.status in {400, 403}
    assert len(edge_of.application.received) == before


@pytest.mark.parametrize("forgery", FORGERIES_OF_A_GUEST)
def test_a_forged_header_makes_nobody_another_tenants_guest(edge_of: Edge, forgery: str) -> None:
    before = len(edge_of.application.received)

    answer = ask(edge_of.port, DECLARED, ACME, FORGERIES_OF_A_GUEST[forgery])

    if len(edge_of.application.received) == before:
        assert answer.status in {400, 403}
        return
    received = edge_of.application.received.pop()
    assert received.all("X-Authz-Tenant") == ["acme"]
    assert received.all("X-Authz-Address") == [DECLARED]
    assert received.all("X-Authz-Contact") in ([""], [])
    assert received.all("Host") == [ACME]
    assert set(received.all("X-Forwarded-Host")) <= {ACME}
    assert "203.0.113.5" not in "".join(received.all("X-Forwarded-For") + received.all("X-Real-IP"))


@pytest.mark.parametrize("spelling", ["X-Authz-Gate-Secret", "X_Authz_Gate_Secret", "X.Authz.Gate.Secret"])
def test_the_application_never_sees_a_secret(edge_of: Edge, spelling: str) -> None:
    assert ask(edge_of.port, DECLARED, ACME, [(spelling, "guessed")]).status == 200
    assert edge_of.application.received.pop().all("X-Authz-Gate-Secret") == []


@pytest.mark.parametrize("spelling", ["X-Authz-Role", "x_authz_role", "X.Authz.Role"])
def test_a_name_like_the_gates_that_the_gate_does_not_know_is_taken_away(edge_of: Edge, spelling: str) -> None:
    """nginx and Traefik can delete known names alone, which docs/gate.md says; of look-alikes they let none through."""
    assert ask(edge_of.port, DECLARED, ACME, [(spelling, "admin")]).status == 200
    received = edge_of.application.received.pop()

    let_through = spelling == "X-Authz-Role" and edge_of.name.startswith(("nginx", "traefik"))
    assert received.all("X-Authz-Role") == (["admin"] if let_through else [])


@pytest.mark.parametrize(
    "target",
    [
        f"/?ip={DECLARED}&X-Forwarded-For={DECLARED}&tenant=beta",
        "/?X-Forwarded-Host=beta.app.example",
        "/authz/forward?ip=127.0.0.2",
        "/../authz-gate",
        "/authz-gate",
        "/%2e%2e/authz-gate",
        "//beta.app.example/",
        "/x%00y",
        "/x%0d%0aX-Forwarded-For:%20127.0.0.2",
    ],
)
def test_words_in_the_target_let_nobody_in(edge_of: Edge, target: str) -> None:
    before = len(edge_of.application.received)

    answer = ask(edge_of.port, STRANGER, ACME, target=target)

    assert answer.status in {400, 403, 404}
    assert len(edge_of.application.received) == before


def test_a_whole_url_as_target_is_asked_for_the_host_that_the_application_sees(edge_of: Edge) -> None:
    before = len(edge_of.application.received)

    ask(edge_of.port, STRANGER, ACME, target=f"http://{BETA}/")
    ask(edge_of.port, STRANGER, BETA, target=f"http://{ACME}/")

    for received in edge_of.application.received[before:]:
        assert received.all("X-Authz-Tenant") == ["beta"]
        assert received.all("Host") == [BETA]


@pytest.mark.parametrize("second", [BETA, ACME])
def test_two_hosts_reach_nothing(edge_of: Edge, second: str) -> None:
    before = len(edge_of.application.received)

    answer = ask(edge_of.port, STRANGER, ACME, [("Host", second)])

    assert answer.status in {400, 403}
    assert len(edge_of.application.received) == before


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_body_goes_to_the_application_whole_and_the_gate_does_not_wait_for_it(edge_of: Edge, method: str) -> None:
    body = b"x" * 200_000

    passed = ask(edge_of.port, DECLARED, ACME, method=method, target="/upload", body=body)
    refused = ask(edge_of.port, STRANGER, ACME, method=method, target="/upload")

    received = edge_of.application.received.pop()
    assert (passed.status, received.method, received.body) == (200, method, body)
    assert refused.status == 403


def test_an_offered_upgrade_is_asked_like_everything_else(edge_of: Edge) -> None:
    upgrade = [
        ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]  # fmt: skip
    before = len(edge_of.application.received)

    assert ask(edge_of.port, STRANGER, ACME, upgrade).status == 403
    assert len(edge_of.application.received) == before


@pytest.fixture(scope="module", params=proxies.names())
def name(request: pytest.FixtureRequest) -> str:
    """Every proxy in turn."""
    one: str = request.param
    return one


def test_without_the_service_nothing_passes(name: str, tmp_path: Path) -> None:
    with edge.application() as application:
        ports = proxies.Ports(free_port(), free_port(), application.port)
        with proxies.running(name, tmp_path, ports):
            answer = ask(ports.proxy, DECLARED, ACME)

    assert answer.status == (503 if name.startswith(("nginx", "envoy")) else answer.status)
    assert answer.status >= 500
    assert application.received == []


@pytest.mark.parametrize("name", [one for one in proxies.names() if one != "traefik"])
def test_a_service_that_hangs_lets_nothing_pass(name: str, tmp_path: Path) -> None:
    """The time-outs are the templates'; Traefik's own is 30 s and not to be changed."""
    with edge.application() as application, socket.create_server(("127.0.0.1", 0)) as silent:
        ports = proxies.Ports(free_port(), silent.getsockname()[1], application.port)
        with proxies.running(name, tmp_path, ports):
            answer = ask(ports.proxy, DECLARED, ACME)

    assert answer.status >= 500
    assert application.received == []


def test_without_the_secret_nothing_passes(name: str, tmp_path: Path) -> None:
    rules = RULES._replace(secret=b"another-secret-0123456789")
    with served(GateWorld().gate(rules), "h11") as gate, edge.application() as application:
        ports = proxies.Ports(free_port(), gate, application.port)
        with proxies.running(name, tmp_path, ports):
            answer = ask(ports.proxy, DECLARED, BETA)

    assert answer.status == 403
    assert application.received == []


def test_login_at_the_edge_reaches_the_client_as_401(name: str, tmp_path: Path) -> None:
    rules = RULES._replace(secret=proxies.SECRET.encode(), login_cookie=b"sid")
    with served(GateWorld().gate(rules), "h11") as gate, edge.application() as application:
        ports = proxies.Ports(free_port(), gate, application.port)
        with proxies.running(name, tmp_path, ports):
            without = ask(ports.proxy, DECLARED, ACME)
            with_it = ask(ports.proxy, DECLARED, ACME, [("Cookie", "sid=4711")])
            outside = ask(ports.proxy, STRANGER, ACME, [("Cookie", "sid=4711")])

    assert (without.status, with_it.status, outside.status) == (401, 200, 403)
    assert "cookie-name" in without.headers["www-authenticate"]
    assert len(application.received) == 1


def test_every_template_passes_on_every_header_of_the_answer() -> None:
    for template in ("nginx.conf", "Caddyfile", "traefik-dynamic.yaml"):
        words = (proxies.TEMPLATES / template).read_text(encoding="utf-8").lower()
        assert not [header for header in ANSWER_HEADERS if header.decode() not in words], template
    assert "patterns: [{prefix: x-authz-}]" in (proxies.TEMPLATES / "envoy.yaml").read_text(encoding="utf-8")
