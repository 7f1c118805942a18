"""The settings: defaults, the environment, and what stops the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from authz.errors import ConfigError
from authz.settings import HttpParser, LogMode, Settings, refuse_unknown_names


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.upper().startswith("AUTHZ_")]:
        monkeypatch.delenv(name)


def test_the_defaults_are_those_of_the_public_interface() -> None:
    settings = Settings()

    assert (settings.policies, settings.model, settings.data) == (Path("policies"), Path("model.conf"), Path("data"))
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)
    assert (settings.http_parser, settings.log_mode) == (HttpParser.HTTPTOOLS, LogMode.DURABLE)
    assert (settings.max_staleness, settings.rate_limit) == (None, None)
    assert settings.registry_url.get_secret_value() == "sqlite:///data/registry.sqlite"
    assert settings.identifier == "http://127.0.0.1:8000"


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AUTHZ_POLICIES": "/srv/policies",
        "AUTHZ_PORT": "9000",
        "AUTHZ_HOST": "::1",
        "AUTHZ_HTTP_PARSER": "h11",
        "AUTHZ_LOG_MODE": "relaxed",
        "AUTHZ_MAX_STALENESS": "3600",
    }.items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.policies == Path("/srv/policies")
    assert settings.http_parser is HttpParser.H11
    assert settings.log_mode is LogMode.RELAXED
    assert settings.max_staleness == 3600
    assert settings.identifier == "http://[::1]:9000"


def test_what_is_stated_in_code_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_PORT", "9000")

    assert Settings(port=9001).port == 9001


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("AUTHZ_DATABASE_URI", "; did you mean `AUTHZ_DATABASE_URL`?"),
        ("AUTHZ_POLICY", "; did you mean `AUTHZ_POLICIES`?"),
        ("AUTHZ_WORKER", "; did you mean `AUTHZ_WORKERS`?"),
        ("authz_prot", "; did you mean `AUTHZ_PORT`?"),
        ("AUTHZ_QQQQQQ", ""),
    ],
)
def test_an_unknown_name_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, hint: str) -> None:
    monkeypatch.setenv(name, "canary-7f3e")

    with pytest.raises(ConfigError) as refused:
        Settings()

    assert str(refused.value) == f"`{name}` is not a setting{hint}"


def test_every_unknown_name_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        refuse_unknown_names({"AUTHZ_AAAA": "", "AUTHZ_BBBB": "", "OTHER": "", "AUTHZ_PORT": ""})

    assert str(refused.value) == "`AUTHZ_AAAA` is not a setting; `AUTHZ_BBBB` is not a setting"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTHZ_PORT", "canary-7f3e"),
        ("AUTHZ_PORT", "65536"),
        ("AUTHZ_PORT", ""),
        ("AUTHZ_HOST", ""),
        ("AUTHZ_WORKERS", "0"),
        ("AUTHZ_HTTP_PARSER", "canary-7f3e"),
        ("AUTHZ_LOG_MODE", "none"),
        ("AUTHZ_RATE_LIMIT", "-1"),
        ("AUTHZ_POLL_INTERVAL_S", "0"),
        ("AUTHZ_PUBLIC_URL", "https://pdp.example?x=1"),
        ("AUTHZ_PUBLIC_URL", "pdp.example"),
        ("AUTHZ_PUBLIC_URL", "https://pdp.example/#x"),
        ("AUTHZ_PUBLIC_URL", "https://user@pdp.example"),
    ],
)
def test_a_value_that_does_not_fit_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigError) as refused:
        Settings()

    assert str(refused.value).startswith(f"`{name}`: ")
    assert "canary" not in str(refused.value)


def test_the_database_url_is_never_shown() -> None:
    settings = Settings(database_url="postgresql://authz:canary-7f3e@db.example/authz")

    assert "canary" not in repr(settings)
    assert "canary" not in str(settings.model_dump(mode="json"))
    assert settings.registry_url.get_secret_value().endswith("canary-7f3e@db.example/authz")


def test_settings_do_not_change() -> None:
    with pytest.raises(Exception, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


OIDC = {
    "oidc_issuer": "https://id.example",
    "oidc_audience": "https://pdp.example",
    "oidc_keys": "https://id.example/keys",
    "oidc_callers": "desk=3f2a",
}
TLS = {
    "tls_certificate": "cert.pem",
    "tls_key": "key.pem",
    "tls_client_ca": "ca.pem",
    "tls_callers": "desk.example=3f2a",
}


@pytest.mark.parametrize("missing", [*OIDC, *TLS])
def test_a_way_in_that_is_half_configured_stops_the_start(missing: str) -> None:
    parts: dict[str, Any] = dict(OIDC if missing in OIDC else TLS)
    Settings(**parts)
    del parts[missing]

    with pytest.raises(ConfigError, match=f"missing: .*AUTHZ_{missing.upper()}"):
        Settings(**parts)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"oidc_claim": "azp"}, "mean nothing without"),
        ({"tls_client_ca": "ca.pem", "tls_callers": "a=b"}, "needs `AUTHZ_TLS_CERTIFICATE`"),
        ({**OIDC, "oidc_keys": "http://id.example/keys"}, "AUTHZ_OIDC_KEYS"),
        ({**OIDC, "oidc_keys": "https://user@id.example/keys"}, "AUTHZ_OIDC_KEYS"),
        ({**OIDC, "oidc_keys": "file:///etc/keys"}, "AUTHZ_OIDC_KEYS"),
        ({**OIDC, "oidc_algorithm": "HS256"}, "AUTHZ_OIDC_ALGORITHM"),
        ({**OIDC, "oidc_algorithm": "none"}, "AUTHZ_OIDC_ALGORITHM"),
        ({**OIDC, "oidc_callers": "desk"}, "AUTHZ_OIDC_CALLERS"),
        ({**OIDC, "oidc_callers": "desk="}, "AUTHZ_OIDC_CALLERS"),
        ({**OIDC, "oidc_callers": "desk=a, desk=b"}, "AUTHZ_OIDC_CALLERS"),
        ({**TLS, "tls_callers": "=a"}, "AUTHZ_TLS_CALLERS"),
    ],
)
def test_a_way_in_that_cannot_be_meant_stops_the_start(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Settings(**parts)


def test_the_identifier_of_a_service_with_a_certificate_is_https() -> None:
    assert Settings(**TLS).identifier == "https://127.0.0.1:8000"
    assert Settings(**OIDC).token_callers == {"desk": "3f2a"}
