"""Tokens of an identity provider: which ones stand for a caller, and where the keys come from."""

from __future__ import annotations

import base64
import hmac
import http.server
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from authz.errors import ConfigError
from authz.registry.callers import create_caller, revoke_caller
from authz.registry.keys import KeyWatch
from authz.registry.store import RegistryStore
from authz.settings import Settings, TokenAlgorithm
from authz.web.credentials import tokens
from authz.web.credentials.keys import KeyCallers
from authz.web.credentials.tokens import TokenCallers
from tests.web.world import FLAT, World

ISSUER, AUDIENCE = "https://id.example/realm", "https://pdp.example"
NOW = 1_780_000_000
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
CLAIMS: Mapping[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "iat": NOW - 10, "exp": NOW + 300}


def token(claims: Mapping[str, Any] = CLAIMS, key: Any = KEY, algorithm: str = "RS256", **header: Any) -> bytes:
    header = {"alg": algorithm, "kid": "one", **header}
    return jwt.encode(header, dict(claims), key, algorithms=[algorithm]).encode()


def signed_with_our_public_key() -> bytes:
    """HS256 with the public key, which everybody has, in the place of a secret (RFC 8725 section 2.1)."""
    parts = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": "one"}, dict(CLAIMS))
    )
    mac = hmac.digest(KEY.as_pem(private=False), parts, "sha256")
    return parts + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")


def with_claims(**change: Any) -> dict[str, Any]:
    return {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}


def public(*keys: Any) -> str:
    return json.dumps(KeySet(list(keys)).as_dict(private=False))


def settings(keys: str, **change: Any) -> Settings:
    parts: dict[str, Any] = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE, "oidc_callers": "desk=3f2a"}
    return Settings(**{**parts, "oidc_keys": keys, **change})


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(public(KEY), encoding="utf-8")
    return path


@pytest.fixture
def accepted(key_file: Path) -> TokenCallers:
    return TokenCallers(settings(str(key_file)))


def test_a_good_token_stands_for_its_caller_until_it_ends(accepted: TokenCallers) -> None:
    good = token()

    assert accepted.caller_id(good, NOW) == "3f2a"
    assert accepted.caller_id(good, NOW + 1) == "3f2a"
    assert accepted.caller_id(good, NOW + 300 + tokens.LEEWAY_S) is None


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(token(with_claims(iss="https://other.example")), id="another issuer"),
        pytest.param(token(with_claims(iss=None)), id="no issuer"),
        pytest.param(token(with_claims(aud="https://other.example")), id="another audience"),
        pytest.param(token(with_claims(aud=None)), id="no audience"),
        pytest.param(token(with_claims(exp=None)), id="no end"),
        pytest.param(token(with_claims(exp=NOW - 60)), id="ended"),
        pytest.param(token(with_claims(exp="tomorrow")), id="an end that is none"),
        pytest.param(token(with_claims(nbf=NOW + 60)), id="not yet"),
        pytest.param(token(with_claims(sub="stranger")), id="nobody we know"),
        pytest.param(token(with_claims(sub=None)), id="nobody"),
        pytest.param(token(with_claims(sub=["desk"])), id="a list of callers"),
        pytest.param(token(key=OTHER), id="another key of the same id"),
        pytest.param(token(algorithm="RS512"), id="another algorithm of the same key"),
        pytest.param(token(kid="two"), id="a key id that is not there"),
        pytest.param(token(key=OTHER, jwk=OTHER.as_dict(private=False)), id="a key of its own"),
        pytest.param(signed_with_our_public_key(), id="our public key as a secret"),
        pytest.param(b".".join([b"eyJhbGciOiJub25lIn0", token().split(b".")[1], b""]), id="unsigned"),
        pytest.param(token()[:-1], id="cut"),
        pytest.param(token() + b"." + token(), id="two"),
        pytest.param(token(with_claims(pad="x" * 9000)), id="huge"),
        pytest.param(b"..", id="three nothings"),
        pytest.param(b"a", id="no token"),
        pytest.param(b"\xff.\xff.\xff", id="bytes"),
    ],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_any_other_token_stands_for_nobody(accepted: TokenCallers, bad: bytes) -> None:
    assert accepted.caller_id(bad, NOW) is None
    assert accepted.caller_id(token(), NOW) == "3f2a"


def test_one_audience_of_several_is_enough(accepted: TokenCallers) -> None:
    assert accepted.caller_id(token(with_claims(aud=["https://other.example", AUDIENCE])), NOW) == "3f2a"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        (TokenAlgorithm.PS256, KEY),
        (TokenAlgorithm.ES256, ECKey.generate_key("P-256", {"kid": "one"})),
        (TokenAlgorithm.ED25519, OKPKey.generate_key("Ed25519", {"kid": "one"})),
    ],
)
def test_the_configured_algorithm_is_the_only_one(tmp_path: Path, algorithm: TokenAlgorithm, key: Any) -> None:
    path = tmp_path / "keys.json"
    path.write_text(public(key), encoding="utf-8")
    accepted = TokenCallers(settings(str(path), oidc_algorithm=algorithm))

    assert accepted.caller_id(token(key=key, algorithm=algorithm.value), NOW) == "3f2a"
    assert accepted.caller_id(token(), NOW) is None


def test_the_configured_claim_tells_callers_apart(key_file: Path) -> None:
    accepted = TokenCallers(settings(str(key_file), oidc_claim="azp", oidc_callers="portal=1a, a=b=2b"))

    assert accepted.caller_id(token(), NOW) is None
    assert accepted.caller_id(token(with_claims(azp="portal")), NOW) == "1a"
    assert accepted.caller_id(token(with_claims(azp="a=b")), NOW) == "2b"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"keys": []}', '{"keys": [1]}', '{"keys": [{"kty": "oct", "k": "AAAA"}]}', "\xff"]
)
def test_a_file_that_is_no_key_set_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="latin-1")

    with pytest.raises(ConfigError, match="AUTHZ_OIDC_KEYS"):
        TokenCallers(settings(str(path)))
    with pytest.raises(ConfigError, match="cannot be read"):
        TokenCallers(settings(str(tmp_path / "none")))


def test_a_changed_file_is_taken_and_a_broken_one_is_not(accepted: TokenCallers, key_file: Path) -> None:
    old, new = token(), token(key=OTHER)
    assert accepted.caller_id(old, NOW) == "3f2a"

    key_file.write_text(public(OTHER), encoding="utf-8")
    accepted.refresh()
    assert (accepted.caller_id(old, NOW), accepted.caller_id(new, NOW)) == (None, "3f2a")

    key_file.write_text("{", encoding="utf-8")
    accepted.refresh()
    assert accepted.caller_id(new, NOW) == "3f2a"


class Provider(http.server.BaseHTTPRequestHandler):
    """`/keys` are the keys, `/moved` leads to them."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        moved = self.path == "/moved"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("location", "/keys")
        self.end_headers()
        if not moved:
            self.wfile.write(public(KEY).encode())

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def provider() -> Iterator[str]:
    Provider.asked = []
    with http.server.HTTPServer(("127.0.0.1", 0), Provider) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_keys_behind_a_url_are_fetched_by_the_look_out_and_not_by_requests(provider: str) -> None:
    accepted = TokenCallers(settings(f"{provider}/keys"))

    before = accepted.caller_id(token(), NOW)
    asked_before = list(Provider.asked)
    accepted.refresh()
    accepted.refresh()

    assert (before, asked_before) == (None, [])
    assert accepted.caller_id(token(), NOW) == "3f2a"
    assert Provider.asked == ["/keys"]


def test_a_redirect_is_not_followed(provider: str) -> None:
    accepted = TokenCallers(settings(f"{provider}/moved"))
    accepted.refresh()

    assert accepted.caller_id(token(), NOW) is None
    assert Provider.asked == ["/moved"]


async def test_a_token_has_the_limits_of_its_key_and_ends_with_it(key_file: Path, tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    key = create_caller(store, "desk", "test", scopes=["decide"])
    watch = KeyWatch(store)
    callers = KeyCallers(watch, tokens=TokenCallers(settings(str(key_file), oidc_callers=f"desk={key.id}")))
    now = int(time.time())
    headers = {"authorization": f"Bearer {token(with_claims(exp=now + 300)).decode()}"}
    async with World().client(callers) as client:
        asked = await client.post("/v1/decision", json=FLAT, headers=headers)
        beyond = await client.get("/v1/policy", headers=headers)
        revoke_caller(store, key.id, "test")
        watch.poll()
        ended = await client.post("/v1/decision", json=FLAT, headers=headers)
    store.close()

    assert (asked.status_code, beyond.status_code, ended.status_code) == (200, 403, 401)
