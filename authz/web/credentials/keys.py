"""Callers told by their credentials: an API key, a token of the identity provider, or a client certificate.

All three lead to a caller of the registry, whose scopes, limits, end and revocation hold. From memory: no SQL for a key
that is known, one look that all share for one that is not. An `Authorization` header decides alone where there is one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, Protocol

from starlette.types import Scope as Connection

from authz.core.limits import NO_LIMITS, Limits
from authz.errors import RegistryUnavailable
from authz.registry import callers as registry
from authz.registry.keys import KeyBook
from authz.web.credentials.callers import AUTHORIZATION, KEYLESS, Caller, CallerUnknown, Headers, Known, Scope
from authz.web.credentials.peer import peer_names
from authz.web.credentials.rate_limit import RateLimit
from authz.web.credentials.shared_look import SharedLook

_SCHEME: Final = b"bearer "
_KEY = re.compile(rb"authz_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_FOREVER: Final = float("inf")
_KEYLESS_KNOWN: Final = Known(KEYLESS)
_MOST_STRANGERS: Final = 1024
_STRANGER_FOR_S: Final = 10.0
"""Seconds for which a key that nobody has is not looked up again; a key cannot be tried before it is made."""


class Keys(Protocol):
    """Where the keys come from; `registry.keys.KeyWatch` is the real one."""

    book: KeyBook | None

    def poll(self) -> bool:
        """Take the newest keys; blocks."""
        ...

    def note_use(self, caller_id: str, at: float) -> None:
        """Remember that a key was used."""
        ...


class Tokens(Protocol):
    """Checks tokens of an identity provider; `web.credentials.tokens` has the real one."""

    def caller_id(self, token: bytes, now: float) -> str | None:
        """The id of the caller that a good token stands for; None for any other token."""
        ...


class Register:
    """One `KeyBook` in the form that requests need. Immutable."""

    def __init__(self, book: KeyBook) -> None:
        self.book = book
        self.by_id: Mapping[str, Known] = {caller_id: _known(one) for caller_id, one in book.by_id.items()}
        self.by_hash: Mapping[bytes, Known] = {
            digest: self.by_id[one.id]._replace(lasting=True) for digest, one in book.by_hash.items()
        }


class KeyCallers:
    """Satisfies `Callers` and `FromMemory`."""

    def __init__(
        self,
        keys: Keys,
        *,
        keyless: bool = False,
        rate_limit: RateLimit | None = None,
        tokens: Tokens | None = None,
        certificates: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`keyless`: whoever asks without credentials has every scope, as long as no key was ever made.

        `certificates`: name in a client certificate -> id of the caller that it stands for.
        """
        self._keys = keys
        self._keyless = keyless
        self._rate_limit = rate_limit
        self._tokens = tokens
        self._certificates = certificates or {}
        self._clock = clock
        self._look = SharedLook(keys.poll)
        self._strangers: dict[bytes, float] = {}
        self._register: Register | None = None

    async def identify(self, connection: Connection) -> Caller:
        """The caller, once in the bucket of its rate.

        Raises:
            CallerUnknown, CallerTooFast: see `Callers`.
            RegistryUnavailable: the keys were never read, so nobody can be told from anybody.
        """
        known = self.recognise(connection)
        if known is None:
            known = await self._stranger(bearer(connection["headers"]))
        if known is None:
            raise CallerUnknown("the credentials are missing or wrong")
        return self.admit(known)

    def epoch(self) -> object:
        """The register: a new one with every new revision of the keys."""
        register = self._register
        return register if register is not None and register.book is self._keys.book else self._newest()

    def recognise(self, connection: Connection) -> Known | None:
        """From the keys in memory, from the token by its signature, or from the connection's certificate."""
        register = self._newest()
        credential = bearer(connection["headers"])
        if credential is None:
            known = self._by_certificate(connection, register)
            return _KEYLESS_KNOWN if known is None and self._keyless and not register.book.ids else known
        known = register.by_hash.get(sha256(credential).digest())
        if known is None and self._tokens is not None and _KEY.fullmatch(credential) is None:
            caller_id = self._tokens.caller_id(credential, self._clock())
            return register.by_id.get(caller_id) if caller_id is not None else None
        return known

    def admit(self, known: Known) -> Caller:
        """The caller, unless its key has ended or asks too often; a use is noted."""
        caller = known.caller
        if caller is KEYLESS:
            return caller
        now = self._clock()
        if now >= known.ends_at:
            raise CallerUnknown("the credentials are missing or wrong")
        if self._rate_limit is not None:
            self._rate_limit.take(caller.id, time.monotonic())
        self._keys.note_use(caller.id, now)
        return caller

    def _newest(self) -> Register:
        book = self._keys.book
        if book is None:
            raise RegistryUnavailable("the callers' keys were never read")
        register = self._register
        if register is None or register.book is not book:
            register = self._register = Register(book)
        return register

    async def _stranger(self, credential: bytes | None) -> Known | None:
        """A credential that no key in memory has: a key made since the last look, or nobody's."""
        match = _KEY.fullmatch(credential) if credential is not None else None
        if credential is None or match is None:
            return None
        now, digest = self._clock(), sha256(credential).digest()
        if match[1].decode() in self._newest().book.ids or self._strangers.get(digest, 0.0) > now:
            return None
        if not await self._look.once_more():
            return None
        known = self._newest().by_hash.get(digest)
        if known is None:
            if len(self._strangers) >= _MOST_STRANGERS:
                self._strangers.clear()
            self._strangers[digest] = now + _STRANGER_FOR_S
        return known

    def _by_certificate(self, connection: Connection, register: Register) -> Known | None:
        if not self._certificates:
            return None
        ids = {self._certificates[name] for name in peer_names(connection) if name in self._certificates}
        return register.by_id.get(ids.pop()) if len(ids) == 1 else None


def bearer(headers: Headers) -> bytes | None:
    """The one bearer credential of a request; None where it has no `Authorization` header.

    Raises:
        CallerUnknown: two headers, another scheme, or nothing after it.
    """
    found: bytes | None = None
    for name, value in headers:
        if name == AUTHORIZATION:
            if found is not None:
                raise CallerUnknown("the credentials are stated twice")
            found = value
    if found is None:
        return None
    credential = found[len(_SCHEME) :]
    if found[: len(_SCHEME)].lower() != _SCHEME or not credential:
        raise CallerUnknown("the credentials are no bearer key")
    return credential


def _known(one: registry.Caller) -> Known:
    scopes = frozenset(Scope(scope) for scope in one.scopes if scope in set(Scope))
    limits = Limits(one.tenants, one.channels, one.assurance)
    caller = Caller(one.id, scopes, NO_LIMITS if limits == NO_LIMITS else limits, one.default_assurance)
    return Known(caller, _FOREVER if one.expires_at is None else one.expires_at.timestamp())
