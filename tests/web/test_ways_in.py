"""Keys, certificates and counts in the service as it is run: several workers, real sockets."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from authz.errors import ConfigError
from authz.settings import Settings
from authz.web.credentials.ways_in import tls_options
from tests.web.certificates import Authority, loopback
from tests.web.installation import INSIDE, PATIENCE_S, Installation, Serving, free_port
from tests.web.test_metrics import decisions, samples

QUESTION = {"contact": "ana@acme.example", "action": "report", "ip": INSIDE}


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    installation = Installation(tmp_path)
    installation.load_registry()
    return installation


def create_key(installation: Installation, *options: str) -> dict[str, str]:
    made = installation.command("key", "create", "desk", "--scope", "decide", *options, "--json")
    assert made.returncode == 0, made.stderr
    document: dict[str, str] = json.loads(made.stdout)
    return document


def listed(installation: Installation) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = json.loads(installation.command("key", "list", "--json").stdout)
    return document


def statuses(serving: Serving, key: str = "", times: int = 12) -> set[int]:
    """What new connections are answered, so that every worker gets some of them."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    url = f"http://127.0.0.1:{serving.port}/v1/decision"
    return {httpx.post(url, json=QUESTION, headers=headers, timeout=PATIENCE_S).status_code for _ in range(times)}


@pytest.mark.e2e
@pytest.mark.slow
def test_keys_come_rotate_and_go_on_every_worker_of_a_running_service(installation: Installation) -> None:
    with installation.serving(AUTHZ_WORKERS="2") as serving:
        serving.until_ready()
        keyless = statuses(serving)
        first = create_key(installation, "--scope", "metrics")
        at_once = statuses(serving, first["key"])
        serving.eventually(lambda: statuses(serving) == {401}, "the end of the key-less time")
        second = create_key(installation)
        both = statuses(serving, first["key"]) | statuses(serving, second["key"])
        page = serving.client.get("/metrics", headers={"authorization": f"Bearer {first['key']}"})
        serving.eventually(lambda: listed(installation)[0]["last_used_at"] is not None, "the last use")
        assert installation.command("key", "revoke", first["id"]).returncode == 0
        serving.eventually(lambda: statuses(serving, first["key"]) == {401}, "the end of the first key")
        left = statuses(serving, second["key"])
        assert installation.command("key", "revoke", second["id"]).returncode == 0
        serving.eventually(lambda: statuses(serving, second["key"]) == {401}, "the end of the second key")
        nobody = statuses(serving)

    assert (keyless, at_once, both, left, nobody) == ({200}, {200}, {200}, {200}, {401})
    labels = {"set": "demo", "action": "report", "outcome": "allow", "reason": "permitted", "channel": "web"}
    assert samples(page.text)[decisions(**labels)] >= 12 + 12 + 24
    assert list((installation.data / "metrics").iterdir()) == []


@pytest.mark.e2e
@pytest.mark.slow
def test_another_address_than_loopback_is_served_on_once_there_is_a_key(installation: Installation) -> None:
    port = str(free_port())
    refused = installation.command("serve", AUTHZ_HOST="0.0.0.0", AUTHZ_PORT=port)
    key = create_key(installation)
    with installation.serving(AUTHZ_HOST="0.0.0.0") as serving:
        serving.until_ready()
        answers = statuses(serving, times=1), statuses(serving, key["key"], times=1)

    assert refused.returncode == 2
    assert "no API key exists" in refused.stderr
    assert answers == ({401}, {200})
    assert "keyless_loopback" not in serving.log()


@pytest.mark.e2e
@pytest.mark.slow
def test_a_service_that_starts_without_its_database_still_knows_its_keys(installation: Installation) -> None:
    key = create_key(installation)
    with installation.serving() as serving:
        serving.until_ready()
        serving.eventually((installation.data / "registry.snapshot").exists, "the snapshot")
    database = installation.data / "registry.sqlite"
    database.rename(installation.folder / "away")
    with installation.serving() as serving:
        serving.until_ready()
        answers = statuses(serving, times=1), statuses(serving, key["key"], times=1)

    assert answers == ({401}, {200})


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def tls(installation: Installation, authority: Authority) -> Iterator[tuple[Serving, str]]:
    """A running service that takes client certificates, and the key of its one caller."""
    certificate, secret = authority.sign("server", loopback())
    key = create_key(installation)
    with installation.serving(
        AUTHZ_TLS_CERTIFICATE=certificate,
        AUTHZ_TLS_KEY=secret,
        AUTHZ_TLS_CLIENT_CA=str(authority.certificate),
        AUTHZ_TLS_CALLERS=f"desk.example={key['id']}, spiffe://acme.example/desk={key['id']}",
    ) as serving:
        yield serving, key["key"]


@pytest.mark.e2e
@pytest.mark.slow
def test_a_client_certificate_of_the_authority_stands_for_its_caller(
    tls: tuple[Serving, str], authority: Authority, tmp_path: Path
) -> None:
    serving, key = tls
    stranger = Authority(tmp_path, "stranger")

    def client(chain: tuple[str, str] | None = None) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(authority.certificate))
        if chain is not None:
            context.load_cert_chain(*chain)
        return httpx.Client(base_url=f"https://127.0.0.1:{serving.port}", verify=context, timeout=PATIENCE_S)

    def status(chain: tuple[str, str] | None = None, headers: dict[str, str] | None = None) -> int:
        with client(chain) as asking:
            return asking.post("/v1/decision", json=QUESTION, headers=headers).status_code

    def is_ready() -> bool:
        with client() as asking:
            return asking.get("/health/ready").status_code == 200

    serving.eventually(is_ready, "readiness")
    desk = authority.sign("x", x509.DNSName("desk.example"))
    told = {
        "a DNS name": status(desk),
        "a URI": status(authority.sign("x", x509.UniformResourceIdentifier("spiffe://acme.example/desk"))),
        "a key without a certificate": status(headers={"authorization": f"Bearer {key}"}),
        "nothing": status(),
        "a common name": status(authority.sign("desk.example", x509.DNSName("other.example"))),
        "a wildcard": status(authority.sign("x", x509.DNSName("*.example"))),
        "a wrong key beside a good certificate": status(desk, {"authorization": "Bearer wrong"}),
        "a header": status(headers={"x-ssl-client-san": "desk.example", "x-forwarded-client-cert": "DNS=desk.example"}),
    }

    assert told == {
        "a DNS name": 200,
        "a URI": 200,
        "a key without a certificate": 200,
        "nothing": 401,
        "a common name": 401,
        "a wildcard": 401,
        "a wrong key beside a good certificate": 401,
        "a header": 401,
    }
    with pytest.raises(httpx.TransportError):
        status(stranger.sign("x", x509.DNSName("desk.example")))


def test_a_certificate_that_cannot_be_used_stops_the_start(authority: Authority, tmp_path: Path) -> None:
    certificate, secret = authority.sign("server", loopback())
    other = authority.sign("other", loopback())[1]
    client = {"tls_client_ca": secret, "tls_callers": "a=b"}

    for wrong in ({"tls_key": other}, {"tls_certificate": tmp_path / "none"}, client):
        with pytest.raises(ConfigError, match="AUTHZ_TLS_"):
            tls_options(Settings(**{"tls_certificate": certificate, "tls_key": secret, **wrong}))
