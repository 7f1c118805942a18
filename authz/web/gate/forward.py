"""`/authz/forward`: the gate that a reverse proxy asks before it lets a connection through (docs/gate.md).

Any method, any path below. Whatever arrives, the answer is 200, 401, 403, or 503 where none is known now; all four
proxies close on everything but 200, and nginx makes a fault of its own of any other status. The body of the request is
never read.
"""

from __future__ import annotations

import hmac
from typing import Final, NamedTuple

import structlog
from starlette.types import Receive, Scope, Send

from authz.core.network import AddressRange, format_address, parse_address, parse_cidr
from authz.core.types import Address, Reason
from authz.errors import AuthzError
from authz.log.lines.record import GateAnswer
from authz.pdp import GateOutcome
from authz.settings import Settings
from authz.web.connection.hygiene import Exchange
from authz.web.credentials.callers import Callers
from authz.web.gate.forwarded import AmbiguousForwarding, client_address, has_cookie, target, tenant_label
from authz.web.messages import wire
from authz.web.messages.incoming import REQUEST_ID, has_body, read_request_id
from authz.web.messages.reply import Refusal, error_body, send_json
from authz.web.service import Service

_log = structlog.get_logger(__name__)

PATH: Final = b"/authz/forward"
SECRET_HEADER: Final = b"x-authz-gate-secret"
ANSWER_HEADERS: Final = (
    b"x-authz-tenant",
    b"x-authz-network",
    b"x-authz-address",
    b"x-authz-contact",
    b"x-authz-decision-id",
    b"x-authz-policy-revision",
    b"x-authz-registry-revision",
)
"""Every 200 has all of them, empty where there is nothing to say: some proxies would else pass on the client's own."""

_LOOPBACK: Final = (parse_cidr("127.0.0.0/8"), parse_cidr("::1/128"))
_TOLD_TO_ALL: Final = frozenset({Reason.AMBIGUOUS_REQUEST, Reason.IP_MISSING})
"""Refusals that come before any tenant is looked at, so they tell nothing about one."""


class GateRules(NamedTuple):
    """The gate's settings. `suffix`: the part of the host after the tenant; empty: no host is a tenant's.

    `trusted`: proxies in front of the asking one. `secret`: what the asking proxy must send; empty: it must come over
    the loopback or a Unix socket. `login_cookie`: without this cookie the answer is 401; empty: none is asked for.
    """

    suffix: bytes = b""
    trusted: tuple[AddressRange, ...] = ()
    secret: bytes = b""
    login_cookie: bytes = b""


def gate_rules(settings: Settings) -> GateRules:
    """The gate's rules as the settings have them."""
    secret = settings.gate_secret
    return GateRules(
        (settings.gate_suffix or "").encode("ascii"),
        settings.trusted_proxies,
        secret.get_secret_value().encode("ascii") if secret is not None else b"",
        (settings.gate_login_cookie or "").encode("ascii"),
    )


class _Answer(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Forward:
    """The gate as an ASGI application with its own hygiene: what elsewhere is a 400 is a 403 here."""

    def __init__(self, service: Service, callers: Callers, rules: GateRules) -> None:
        self._pdp = service.pdp
        self._journal = service.journal
        self._callers = callers
        self._rules = rules

    @staticmethod
    def answers(path: bytes) -> bool:
        """Whether the path, as it was sent, is the gate's."""
        return path.startswith(PATH) and path[len(PATH) : len(PATH) + 1] in {b"", b"/"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question of the proxy's."""
        exchange = Exchange(receive, send)
        answer = await self._answer(scope, exchange)
        await send_json(exchange.send, *answer)

    async def _answer(self, scope: Scope, exchange: Exchange) -> _Answer:
        """Total: an error inside is an answer too, and never a 200."""
        try:
            self._name(scope, exchange)
            exchange.unread = exchange.lingers = has_body(scope)
            if not self._is_from_proxy(scope):
                return _Answer(403, error_body("forbidden", "this endpoint answers the reverse proxy alone"))
            return await self._decide(scope)
        except Refusal:  # a Host or a framing that two readers could read differently
            return _refused(Reason.AMBIGUOUS_REQUEST)
        except AuthzError as error:
            return _Answer(503, error_body(error.code, "the answer is not known now"))
        except Exception:  # noqa: BLE001 - R8: whatever went wrong, the answer is a refusal that says so
            _log.exception("gate_failed")
            return _Answer(503, error_body(Reason.INTERNAL_ERROR, "the service has a fault; it is logged"))

    @staticmethod
    def _name(scope: Scope, exchange: Exchange) -> None:
        """The request id is the client's word for its request to the application; an odd one is left out here."""
        try:
            exchange.name(read_request_id(scope))
        except Refusal:
            exchange.name(b"")

    def _is_from_proxy(self, scope: Scope) -> bool:
        if self._rules.secret:
            sent = [value for name, value in scope["headers"] if name == SECRET_HEADER]
            return len(sent) == 1 and hmac.compare_digest(sent[0], self._rules.secret)
        peer, server = scope.get("client"), scope.get("server")
        if not peer:
            return server is not None and server[1] is None  # a Unix socket has a path and no port
        return _is_loopback(peer[0])

    async def _decide(self, scope: Scope) -> _Answer:
        headers = scope["headers"]
        try:
            asked = target(headers, scope["method"].encode("latin-1"), scope["raw_path"][len(PATH) :])
        except AmbiguousForwarding:
            return _refused(Reason.AMBIGUOUS_REQUEST)
        address = client_address(headers, self._rules.trusted)
        if address is None:
            return _refused(Reason.IP_MISSING)
        outcome = self._pdp.gate(tenant_label(asked.host, self._rules.suffix), address)
        found = outcome.passage
        await self._journal.settled(self._journal.note_gate(_recorded(outcome), address, REQUEST_ID.get("")))
        _log.debug("gate_answered", decision_id=outcome.decision_id, reason=found.reason.value)
        if found.reason is Reason.INTERNAL_ERROR:
            return _Answer(503, error_body(found.reason, "the service has a fault; it is logged"))
        if not found.allowed:
            shown = found.reason if await self._explains(scope) else Reason.REFUSED
            return _refused(shown, outcome.decision_id)
        if self._rules.login_cookie and not has_cookie(headers, self._rules.login_cookie):
            challenge = b'Cookie realm="authz", cookie-name="%b"' % self._rules.login_cookie
            return _Answer(401, error_body("login_required", "log in first"), ((b"www-authenticate", challenge),))
        return _Answer(200, b'{"decision":true}', _answer_headers(outcome, address))

    async def _explains(self, scope: Scope) -> bool:
        """Whether exact reasons may leave here: as for everybody on the key-less loopback, unless a secret is set.

        The client's own headers came along, so they say nothing about who asks.
        """
        if self._rules.secret:
            return False
        try:
            return (await self._callers.identify({**scope, "headers": []})).explains
        except AuthzError:
            return False


def _recorded(outcome: GateOutcome) -> GateAnswer:
    """What the decision log keeps of it."""
    found = outcome.passage
    return GateAnswer(
        outcome.decision_id,
        outcome.at,
        found.allowed,
        found.reason,
        outcome.policy_revision,
        outcome.registry_revision,
        found.generation.definition.id if found.generation is not None else "",
        found.tenant.id if found.tenant is not None else "",
        found.annex.number if found.annex is not None else 0,
        found.network_rule,
    )


def _is_loopback(peer: str) -> bool:
    try:
        address = parse_address(peer)
    except ValueError:
        return False
    return any(span.first <= address <= span.last for span in _LOOPBACK)


def _answer_headers(outcome: GateOutcome, address: Address) -> tuple[tuple[bytes, bytes], ...]:
    """`X-Authz-Contact` is empty: the edge does not know the person."""
    found = outcome.passage
    said = (
        found.tenant.id if found.tenant is not None else "",
        found.network.value if found.network is not None else "",
        format_address(address),
        "",
        outcome.decision_id,
        outcome.policy_revision,
        str(outcome.registry_revision),
    )
    return tuple((name, value.encode("ascii")) for name, value in zip(ANSWER_HEADERS, said, strict=True))


def _refused(reason: Reason, decision_id: str = "") -> _Answer:
    context = {"reason": reason.value, **({"decision_id": decision_id} if decision_id else {})}
    return _Answer(403, wire.write({"decision": False, "context": context}))
