"""The settings `AUTHZ_*` (DESIGN section 6), read from the environment once; the only module that reads it.

Everybody else gets plain values. Tests state what they need: `Settings(database_url=...)`.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from authz.core.network import AddressRange, parse_cidr
from authz.errors import ConfigError

PREFIX: Final = "AUTHZ_"
_SECRET: Final = re.compile(r"[\x21-\x7e]{16,256}")


class TokenAlgorithm(StrEnum):
    """How the identity provider signs its tokens: one way, and none in which we would hold a secret of its."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    ED25519 = "Ed25519"


class HttpParser(StrEnum):
    """Which of uvicorn's two HTTP/1.1 parsers reads requests."""

    HTTPTOOLS = "httptools"
    H11 = "h11"


class LogMode(StrEnum):
    """What an answer waits for: its record on disk (`durable`), or nothing (`relaxed`)."""

    DURABLE = "durable"
    RELAXED = "relaxed"


class LogLevel(StrEnum):
    """How much the operations log on standard error says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_Text = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """Every setting with its default. Immutable.

    Raises:
        ConfigError: a value does not fit, or the environment holds an `AUTHZ_` name that is no setting (a typing
            mistake would otherwise silently leave the default in force).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    policies: Path = Field(Path("policies"), description="folder of the policy sets, or a checkout that holds it")
    model: Path = Field(
        Path("model.conf"), description="the Casbin model, where none lies inside or beside the policies"
    )
    data: Path = Field(Path("data"), description="folder for generations, snapshots, the log and the SQLite files")
    database_url: SecretStr | None = Field(None, description="the registry; default: SQLite in the data folder")
    host: _Text = Field("127.0.0.1", description="address to serve on; without any API key only loopback is accepted")
    port: int = Field(8000, ge=0, le=65535, description="port to serve on; 0 takes a free one")
    workers: int = Field(1, ge=1, le=64, description="processes that answer requests")
    public_url: _Text | None = Field(
        None, description="the PDP's identifier in the AuthZEN metadata; default: the loopback address it serves on"
    )
    http_parser: HttpParser = Field(HttpParser.HTTPTOOLS, description="HTTP/1.1 parser")
    receive_timeout_s: float = Field(
        10.0, gt=0, le=600, description="seconds within which a whole request must have arrived"
    )
    max_connections: int = Field(1000, ge=1, description="open connections per worker; further ones are closed at once")
    poll_interval_s: float = Field(
        0.25, gt=0, le=60, description="seconds between two looks for a new policy or registry revision"
    )
    log_mode: LogMode = Field(LogMode.DURABLE, description="whether an answer waits for its record on disk")
    log_key: Path | None = Field(
        None, description="the log's signing key (32 bytes); default: `log.key` in the data folder"
    )
    log_days: int = Field(180, ge=1, description="days that records of decisions are kept")
    log_address_days: int = Field(30, ge=1, description="days that networks of refused addresses are kept")
    log_level: LogLevel = Field(LogLevel.INFO, description="operations log on standard error")
    max_staleness: float | None = Field(
        None, gt=0, description="seconds after which a lost registry refuses (`registry_too_old`); default: never"
    )
    rate_limit: float | None = Field(
        None, gt=0, le=1e6, description="requests per second, API key and worker; default: off"
    )
    oidc_issuer: _Text | None = Field(None, description="the identity provider whose tokens are accepted: their `iss`")
    oidc_audience: _Text | None = Field(None, description="what the tokens must be for: one of their `aud`")
    oidc_keys: _Text | None = Field(
        None, description="the identity provider's public keys (JWKS): a file, or an https URL"
    )
    oidc_algorithm: TokenAlgorithm = Field(TokenAlgorithm.RS256, description="the one way in which tokens are signed")
    oidc_claim: _Text = Field("sub", description="the claim that tells callers apart")
    oidc_callers: _Text | None = Field(
        None, description="`VALUE=KEY-ID, ...`: with this value in the claim a token stands for this API key's caller"
    )
    tls_certificate: Path | None = Field(None, description="the server's certificate chain (PEM); default: plain HTTP")
    tls_key: Path | None = Field(None, description="the private key of the certificate (PEM)")
    tls_client_ca: Path | None = Field(None, description="the authority (PEM) whose client certificates are accepted")
    tls_callers: _Text | None = Field(
        None, description="`NAME=KEY-ID, ...`: a client certificate with this name stands for this API key's caller"
    )

    gate_suffix: str | None = Field(
        None,
        pattern=r"\A[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\z",
        description="what follows the tenant's id and a dot in the hosts behind the gate; default: the gate is closed",
    )
    gate_trusted_proxies: _Text | None = Field(
        None, description="networks (CIDR, joined by commas) of proxies in front of the one that asks; default: none"
    )
    gate_secret: SecretStr | None = Field(
        None, description="what the proxy must send to the gate; default: it must come over the loopback"
    )
    gate_login_cookie: str | None = Field(
        None, pattern=r"\A[A-Za-z0-9_-]{1,64}\z", description="cookie without which the gate says 401; default: none"
    )

    def __init__(self, **values: Any) -> None:
        refuse_unknown_names(os.environ)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError("; ".join(_complaints(error))) from None

    @field_validator("public_url")
    @classmethod
    def _an_identifier(cls, url: str | None) -> str | None:
        """AuthZEN section 9.1.1: a URL without query or fragment; http is for loopback and tests."""
        if url is not None:
            parts = urlsplit(url)
            if (
                parts.scheme not in {"https", "http"}
                or not parts.hostname
                or "@" in parts.netloc
                or set(url) & set("?#")
            ):
                raise ValueError("not a URL with scheme and host, without user, query and fragment")
        return url

    @field_validator("gate_trusted_proxies")
    @classmethod
    def _networks(cls, text: str | None) -> str | None:
        if text is not None:
            _ranges(text)
        return text

    @field_validator("gate_secret")
    @classmethod
    def _a_header_value(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and _SECRET.fullmatch(secret.get_secret_value()) is None:
            raise ValueError("not 16 to 256 visible ASCII characters")
        return secret

    @field_validator("oidc_callers", "tls_callers")
    @classmethod
    def _pairs(cls, text: str | None) -> str | None:
        if text is not None:
            _mapping(text)
        return text

    @field_validator("oidc_keys")
    @classmethod
    def _a_file_or_a_safe_url(cls, where: str | None) -> str | None:
        """Whoever can change the keys on their way can be anybody; http is for loopback and tests."""
        if where is not None and "://" in where:
            parts = urlsplit(where)
            loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
            if not (parts.scheme == "https" or (parts.scheme == "http" and loopback)) or "@" in parts.netloc:
                raise ValueError("neither a file nor an https URL")
        return where

    @model_validator(mode="after")
    def _nothing_by_halves(self) -> Self:
        """A way in that lacks one of its parts would be open, or shut, without anybody having meant it."""
        self._complete("oidc_issuer", "oidc_audience", "oidc_keys", "oidc_callers")
        self._complete("tls_certificate", "tls_key")
        self._complete("tls_client_ca", "tls_callers")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("`AUTHZ_TLS_CLIENT_CA` needs `AUTHZ_TLS_CERTIFICATE` and `AUTHZ_TLS_KEY`")
        if self.oidc_issuer is None and {"oidc_algorithm", "oidc_claim"} & self.model_fields_set:
            raise ValueError("`AUTHZ_OIDC_ALGORITHM` and `AUTHZ_OIDC_CLAIM` mean nothing without `AUTHZ_OIDC_ISSUER`")
        return self

    def _complete(self, *names: str) -> None:
        missing = [PREFIX + name.upper() for name in names if getattr(self, name) is None]
        if 0 < len(missing) < len(names):
            raise ValueError(f"only part of what belongs together is set; missing: {', '.join(missing)}")

    @property
    def token_callers(self) -> Mapping[str, str]:
        """Value of the claim -> id of the API key whose caller the token stands for."""
        return _mapping(self.oidc_callers or "")

    @property
    def certificate_callers(self) -> Mapping[str, str]:
        """Name in a client certificate -> id of the API key whose caller it stands for."""
        return _mapping(self.tls_callers or "")

    @property
    def trusted_proxies(self) -> tuple[AddressRange, ...]:
        """The networks of proxies in front of the one that asks the gate."""
        return _ranges(self.gate_trusted_proxies) if self.gate_trusted_proxies is not None else ()

    @property
    def registry_url(self) -> SecretStr:
        """The registry's SQLAlchemy URL; SQLite in the data folder unless stated."""
        return self.database_url or SecretStr(f"sqlite:///{self.data / 'registry.sqlite'}")

    @property
    def identifier(self) -> str:
        """The PDP's identifier (AuthZEN section 9.1.1): configuration, never taken from a request."""
        if self.public_url is not None:
            return self.public_url
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.tls_certificate is None else 'https'}://{host}:{self.port}"


def _mapping(text: str) -> dict[str, str]:
    """`NAME=KEY-ID, ...`; a name may hold `=`, a key's id cannot."""
    parts = [pair.rpartition("=") for pair in text.split(",") if pair.strip()]
    pairs = [(name.strip(), key_id.strip()) for name, _, key_id in parts]
    if not all(name and key_id for name, key_id in pairs):
        raise ValueError("not of the form `NAME=KEY-ID, NAME=KEY-ID`")
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("one name stands twice")
    return dict(pairs)


def _ranges(text: str) -> tuple[AddressRange, ...]:
    return tuple(parse_cidr(one.strip()) for one in text.split(","))


def user_cache() -> Path | None:
    """Where programs of this user keep what can be made again (XDG Base Directory); None where there is no home."""
    stated = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if stated.is_absolute():
        return stated
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return None


def refuse_unknown_names(environment: Mapping[str, str]) -> None:
    """Stop at an `AUTHZ_` name that is no setting.

    Raises:
        ConfigError: names the stranger, never its value, and the setting that was probably meant.
    """
    known = sorted(PREFIX + name.upper() for name in Settings.model_fields)
    strangers = sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known)
    if strangers:
        raise ConfigError("; ".join(_unknown(name, known) for name in strangers))


def _unknown(name: str, known: Iterable[str]) -> str:
    words = [one.removeprefix(PREFIX) for one in known]
    meant = difflib.get_close_matches(name.upper().removeprefix(PREFIX), words, n=1)
    return f"`{name}` is not a setting" + (f"; did you mean `{PREFIX}{meant[0]}`?" if meant else "")


def _complaints(error: ValidationError) -> Iterable[str]:
    """One sentence for each bad value; the value itself may be a secret and is left out."""
    for complaint in error.errors(include_url=False, include_context=False, include_input=False):
        name = ".".join(map(str, complaint["loc"])).upper()
        message = complaint["msg"].removeprefix("Value error, ") if not name else complaint["msg"]
        yield f"`{PREFIX}{name}`: {message[:1].lower()}{message[1:]}" if name else message
