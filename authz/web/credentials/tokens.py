"""Tokens of an identity provider (OIDC, JWT) as a way in: RFC 7519, RFC 8725.

One algorithm, one issuer, one audience, an end; the keys from one place that the settings name. Nothing in a token says
how it is to be checked: its `alg`, `jwk`, `jku` and `x5c` choose nothing.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from authz.errors import ConfigError
from authz.settings import Settings, TokenAlgorithm

_log = structlog.get_logger(__name__)

FETCH_EVERY_S: Final = 300.0
RETRY_EVERY_S: Final = 10.0
LEEWAY_S: Final = 30
"""Seconds by which the provider's clock may differ from ours."""
_FETCH_TIMEOUT_S: Final = 5.0
_LARGEST_KEY_SET: Final = 256 * 1024
_LONGEST_TOKEN: Final = 8 * 1024
_MOST_REMEMBERED: Final = 4096
_KEY_TYPES: Final[Mapping[TokenAlgorithm, str]] = {
    TokenAlgorithm.RS256: "RSA",
    TokenAlgorithm.PS256: "RSA",
    TokenAlgorithm.ES256: "EC",
    TokenAlgorithm.ED25519: "OKP",
}


class KeysUnreadable(Exception):
    """What should be a key set cannot be read, or holds no key for the algorithm."""


class TokenCallers:
    """Satisfies `web.credentials.keys.Tokens`. `refresh` renews the keys, from one thread, off the path of requests."""

    def __init__(self, settings: Settings) -> None:
        """Read the keys if they are a file; those of a URL are fetched by the first `refresh`.

        Raises:
            ConfigError: the file is not a key set for the algorithm.
        """
        if settings.oidc_issuer is None or settings.oidc_audience is None or settings.oidc_keys is None:
            raise AssertionError("the settings are complete or there are none")
        self._where = settings.oidc_keys
        self._algorithm = settings.oidc_algorithm
        self._claim = settings.oidc_claim
        self._callers = settings.token_callers
        self._issuer = settings.oidc_issuer
        self._audience = settings.oidc_audience
        self._keys: KeySet | None = None
        self._seen: bytes | None = None
        self._next_fetch = 0.0
        self._remembered: dict[bytes, tuple[str, float]] = {}
        if not self._is_url:
            try:
                self._take(_read(Path(self._where)))
            except KeysUnreadable as error:
                raise ConfigError(f"AUTHZ_OIDC_KEYS: {error}") from None

    def caller_id(self, token: bytes, now: float) -> str | None:
        """The id of the caller that the token stands for; None where it is not good, or stands for nobody.

        A good token is checked once, then remembered until it ends or the keys change.
        """
        if self._keys is None or len(token) > _LONGEST_TOKEN:
            return None
        digest = sha256(token).digest()
        found = self._remembered.get(digest)
        if found is None:
            found = self._checked(token, self._keys, now)
            if found is None:
                return None
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered = {}
            self._remembered[digest] = found
        caller_id, ends_at = found
        return caller_id if now < ends_at + LEEWAY_S else None

    def refresh(self) -> None:
        """Renew the keys where it is time to. What cannot be read leaves the last good keys in place."""
        if self._is_url and time.monotonic() < self._next_fetch:
            return
        self._next_fetch = time.monotonic() + RETRY_EVERY_S
        try:
            self._take(_fetched(self._where) if self._is_url else _read(Path(self._where)))
        except KeysUnreadable as error:
            _log.warning("oidc_keys_unreadable", reason=str(error))
            return
        self._next_fetch = time.monotonic() + FETCH_EVERY_S

    @property
    def _is_url(self) -> bool:
        return "://" in self._where

    def _take(self, content: bytes) -> None:
        if content == self._seen:
            return
        self._keys = key_set(content, _KEY_TYPES[self._algorithm])
        self._remembered = {}
        self._seen = content
        _log.info("oidc_keys_taken", keys=len(self._keys.keys))

    def _checked(self, token: bytes, keys: KeySet, now: float) -> tuple[str, float] | None:
        claims_wanted = jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
        )
        try:
            claims: Mapping[str, Any] = jwt.decode(token, keys, algorithms=[self._algorithm.value]).claims
            claims_wanted.validate(dict(claims))
            ends_at = float(claims["exp"])
        except (JoseError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None
        value = claims.get(self._claim)
        caller_id = self._callers.get(value) if isinstance(value, str) else None
        return None if caller_id is None else (caller_id, ends_at)


def key_set(content: bytes, key_type: str) -> KeySet:
    """The public keys of one type in a JWKS (RFC 7517 section 5); keys for encryption are left out.

    Raises:
        KeysUnreadable: there is none.
    """
    try:
        document = json.loads(content)
        keys = [
            key
            for key in document["keys"]
            if key["kty"] == key_type and key.get("use", "sig") == "sig" and isinstance(key, dict)
        ]
        if not keys:
            raise KeysUnreadable(f"no `{key_type}` key for signatures")
        return KeySet.import_key_set({"keys": keys})
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise KeysUnreadable("not a JSON Web Key Set") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeysUnreadable(f"the file cannot be read: {error.strerror}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Keys come from the address that the settings name, and from no other (security.md, threat 48)."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """No request follows."""


# Nor does a proxy of the environment stand between.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def _fetched(url: str) -> bytes:
    try:
        with _opener.open(url, timeout=_FETCH_TIMEOUT_S) as answer:
            content: bytes = answer.read(_LARGEST_KEY_SET + 1)
    except (OSError, ValueError) as error:  # URLError, HTTPError and TimeoutError are OSErrors
        raise KeysUnreadable(f"the keys cannot be fetched: {type(error).__name__}") from None
    if len(content) > _LARGEST_KEY_SET:
        raise KeysUnreadable("the answer is too long for a key set")
    return content
