"""Who asks (the PEP), and what it may do here: scopes, tenants, channels, assurance (DESIGN section 6).

Callers with credentials of their own are known by `web.credentials.keys`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple, Protocol, runtime_checkable

from starlette.types import Scope as Connection

from authz.core.limits import NO_LIMITS, Limits
from authz.core.types import Assurance, Request
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


_EXPLAIN: Final = Scope.EXPLAIN
"""Reading an enumeration's member costs more than looking it up in a set."""


class CallerUnknown(AuthzError):
    """The credentials are missing or wrong (HTTP 401): it is about the caller, never about the contact."""

    code = "unauthenticated"


class CallerRefused(AuthzError):
    """The caller is known, and this is beyond what its key is good for (HTTP 403)."""

    code = "forbidden"


class CallerTooFast(AuthzError):
    """The caller asks more often than AUTHZ_RATE_LIMIT lets it (HTTP 429).

    `retry_after_s`: whole seconds after which one more request is let through.
    """

    code = "rate_limited"

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("too many requests with this key; see Retry-After")


class Caller(NamedTuple):
    """A known caller and its limits. `default_assurance` stands where a question states none."""

    id: str
    scopes: frozenset[Scope]
    limits: Limits = NO_LIMITS
    default_assurance: Assurance = Assurance.SESSION

    def require(self, scope: Scope) -> None:
        """Refuse a caller without the scope.

        Raises:
            CallerRefused: HTTP 403.
        """
        if scope not in self.scopes:
            raise CallerRefused(f"this needs the scope `{scope}`")

    def within(self, request: Request) -> Request:
        """The request, as far as the caller may claim what it states; its channel and tenant are for the decision.

        Raises:
            CallerRefused: HTTP 403, for an assurance above the caller's highest.
        """
        if self.limits is not NO_LIMITS and not self.limits.may_claim(request.assurance):
            raise CallerRefused("the stated assurance is more than this key may claim")
        return request

    def require_tenant(self, tenant_id: str) -> None:
        """Refuse what is about a tenant beyond the caller's limits, whether there is such a tenant or not.

        Raises:
            CallerRefused: HTTP 403.
        """
        if self.limits.tenants is not None and tenant_id not in self.limits.tenants:
            raise CallerRefused("this key is not good for that tenant")

    @property
    def explains(self) -> bool:
        """Whether this caller is told the exact reason of a refusal, its rule and what is missing."""
        return _EXPLAIN in self.scopes


class Callers(Protocol):
    """Tells callers by their credentials."""

    async def identify(self, connection: Connection) -> Caller:
        """The caller of a request, from its headers (and its connection's certificate); from memory where it can be.

        Raises:
            CallerUnknown: HTTP 401.
            CallerTooFast: HTTP 429.
        """
        ...


class Known(NamedTuple):
    """A caller, and when its credentials end, in seconds since 1970-01-01T00:00Z.

    `lasting`: the same headers are the same caller as long as `FromMemory.epoch` is the same object.
    """

    caller: Caller
    ends_at: float = float("inf")
    lasting: bool = False


@runtime_checkable
class FromMemory(Protocol):
    """Callers told without waiting for anything, in two steps: the first may be remembered (`web.connection.heads`)."""

    def epoch(self) -> object:
        """A new object whenever somebody told before may no longer be let in.

        Raises:
            RegistryUnavailable: nobody can be told from anybody.
        """
        ...

    def recognise(self, connection: Connection) -> Known | None:
        """Whose credentials these are; None where they are nobody's, as far as memory says. Counts nothing.

        Raises:
            CallerUnknown, RegistryUnavailable: see `Callers`.
        """
        ...

    def admit(self, known: Known) -> Caller:
        """The caller, once in the bucket of its rate and noted as used.

        Raises:
            CallerUnknown: its credentials have ended.
            CallerTooFast: HTTP 429.
        """
        ...


KEYLESS: Final = Caller("loopback", frozenset(Scope))
_KEYLESS_KNOWN: Final = Known(KEYLESS)


class KeylessLoopback:
    """No API key exists: whoever reaches the loopback address is the one caller, with every scope.

    Satisfies `Callers` and `FromMemory`.
    """

    async def identify(self, connection: Connection) -> Caller:
        """`KEYLESS`; but credentials that cannot be checked are refused, never ignored.

        Raises:
            CallerUnknown: the request carries an `Authorization` header.
        """
        return self.recognise(connection).caller

    def epoch(self) -> object:
        """Nothing changes."""
        return self

    def recognise(self, connection: Connection) -> Known:
        """As `identify`."""
        for name, _ in connection["headers"]:
            if name == AUTHORIZATION:
                raise CallerUnknown("the credentials are not known here")
        return _KEYLESS_KNOWN

    def admit(self, known: Known) -> Caller:
        """Nothing is counted."""
        return known.caller
