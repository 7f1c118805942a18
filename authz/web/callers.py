"""Who asks (the PEP), and what it may do here: scopes, tenants, channels, assurance (DESIGN section 6).

The key-less caller of the loopback is the only one so far; callers with keys satisfy the same `Callers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from authz.core.types import Assurance, Channel
from authz.errors import AuthzError

Headers = Iterable[tuple[bytes, bytes]]
"""Name in lower case and value, as in an ASGI scope."""

AUTHORIZATION: Final = b"authorization"


class Scope(StrEnum):
    """What a caller's key is good for."""

    DECIDE = "decide"
    EXPLAIN = "explain"
    REGISTRY_READ = "registry:read"
    REGISTRY_WRITE = "registry:write"
    POLICY = "policy"
    LOG = "log"
    METRICS = "metrics"


class CallerUnknown(AuthzError):
    """The credentials are missing or wrong (HTTP 401): it is about the caller, never about the contact."""

    code = "unauthenticated"


class CallerRefused(AuthzError):
    """The caller is known, and this is beyond what its key is good for (HTTP 403)."""

    code = "forbidden"


class Caller(NamedTuple):
    """A known caller and its limits.

    `tenants`, `channels`: those it may ask about and state; None is all. `default_assurance` stands where a question
    states none, `highest_assurance` is the most it may claim.
    """

    id: str
    scopes: frozenset[Scope]
    tenants: frozenset[str] | None = None
    channels: frozenset[Channel] | None = None
    default_assurance: Assurance = Assurance.SESSION
    highest_assurance: Assurance = Assurance.CONFIRMED

    def require(self, scope: Scope) -> None:
        """Refuse a caller without the scope.

        Raises:
            CallerRefused: HTTP 403.
        """
        if scope not in self.scopes:
            raise CallerRefused(f"this needs the scope `{scope}`")

    @property
    def explains(self) -> bool:
        """Whether this caller is told the exact reason of a refusal, its rule and what is missing."""
        return Scope.EXPLAIN in self.scopes


class Callers(Protocol):
    """Tells callers by their credentials."""

    def identify(self, headers: Headers) -> Caller:
        """The caller of a request.

        Raises:
            CallerUnknown: HTTP 401.
        """
        ...


KEYLESS: Final = Caller("loopback", frozenset(Scope))


class KeylessLoopback:
    """No API key exists: whoever reaches the loopback address is the one caller, with every scope."""

    def identify(self, headers: Headers) -> Caller:
        """`KEYLESS`; but credentials that cannot be checked are refused, never ignored.

        Raises:
            CallerUnknown: the request carries an `Authorization` header.
        """
        for name, _ in headers:
            if name == AUTHORIZATION:
                raise CallerUnknown("the credentials are not known here")
        return KEYLESS
