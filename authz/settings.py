"""The settings `AUTHZ_*` (DESIGN section 6), read from the environment once; the only module that reads it.

Everybody else gets plain values. Tests state what they need: `Settings(database_url=...)`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from authz.errors import ConfigError

PREFIX: Final = "AUTHZ_"


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
    data: Path = Field(Path("data"), description="folder for generations, snapshots, the log and the SQLite file")
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
    log_mode: LogMode = Field(LogMode.DURABLE, description="whether an answer waits for its decision record")
    log_level: LogLevel = Field(LogLevel.INFO, description="operations log on standard error")
    max_staleness: float | None = Field(
        None, gt=0, description="seconds after which an unreachable registry refuses; default: never"
    )
    rate_limit: float | None = Field(None, gt=0, description="requests per second and API key; default: off")

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
        return f"http://{host}:{self.port}"


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
        message = complaint["msg"]
        yield f"`{PREFIX}{name}`: {message[:1].lower()}{message[1:]}"
