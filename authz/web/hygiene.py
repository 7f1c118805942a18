"""The outermost layer: one pure ASGI application that lets only plain, unambiguous HTTP/1.x requests through.

Neither of uvicorn's parsers refuses everything that two readers could read differently (security.md section 2), so
the framing headers, the Host, the path and the method are checked here, alike for both. Whatever a request looks like,
it gets one answer: JSON, `no-store`, with its `X-Request-ID`. A body not read to its end closes the connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authz.web import wire
from authz.web.reply import CACHEABLE, CLOSE, Refusal, is_fault, send_error

if TYPE_CHECKING:
    from authz.web.heads import Fast

_log = structlog.get_logger(__name__)

REQUEST_ID: ContextVar[str] = ContextVar("request_id")
"""The `X-Request-ID` of the request at hand, for the logs; empty where it has none."""

# Two `Authorization` headers are for `web.keys` to refuse: that is about the caller, hence 401.
_ONCE: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"content-encoding",
    }
)
ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Headers of every answer."""
_NO_STORE: Final = ALWAYS[0]

_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_HOST = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?"
    rb"|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
_LONGEST_HOST: Final = 261
_PATH = re.compile(rb"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]*)+")
_UNPLAIN_SEGMENT = re.compile(rb"//|/\.{1,2}(?:/|\Z)")
_LINGER_S: Final = 2.0
_VERSIONS: Final = frozenset({"1.0", "1.1"})


class ClientGone(Exception):
    """The client closed the connection before its request was complete; nobody waits for an answer."""


class Direct(NamedTuple):
    """An endpoint that is reached by its exact path, past the router."""

    methods: frozenset[str]
    app: ASGIApp


class Gate(Protocol):
    """The endpoint of reverse proxies. What arrives there is somebody else's request: it has a hygiene of its own."""

    def answers(self, path: bytes) -> bool:
        """Whether the path, as it was sent, is the gate's."""
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As any ASGI application; never raises for what a request looks like."""
        ...


class Hygiene:
    """Checks each request, dispatches the exact paths of `direct`, hands all others to `app`.

    The paths of `gate`, if there is one, go there before any check. `fast`: what the protocol may answer by itself
    (`web.fast`); None: nothing.
    """

    def __init__(
        self, app: ASGIApp, direct: Mapping[bytes, Direct], gate: Gate | None = None, fast: Fast | None = None
    ) -> None:
        self.app = app
        self.direct = direct
        self.gate = gate
        self.fast = fast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection; anything but HTTP and lifespan is closed."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close"})
        elif self.gate is not None and self.gate.answers(scope["raw_path"]):
            await self.gate(scope, receive, send)
        else:
            await self._answer(scope, Exchange(receive, send))

    async def _answer(self, scope: Scope, exchange: Exchange) -> None:
        try:
            exchange.name(read_request_id(scope))
            exchange.unread = exchange.lingers = has_body(scope)
            check_target(scope)
            await self._dispatch(scope, exchange)
        except ClientGone:
            return
        except Exception as error:
            if is_fault(error):
                _log.exception("request_failed")
            if exchange.started:
                raise
            await send_error(exchange.send, error)

    async def _dispatch(self, scope: Scope, exchange: Exchange) -> None:
        direct = self.direct.get(scope["raw_path"])
        if direct is None:
            await self.app(scope, exchange.receive, exchange.send)
        elif scope["method"] in direct.methods:
            await direct.app(scope, exchange.receive, exchange.send)
        else:
            allow = ", ".join(sorted(direct.methods)).encode()
            raise Refusal(405, "method_not_allowed", "this path has other methods", [(b"allow", allow)])


class Exchange:
    """One request and its answer: notes whether the body was read, adds the headers that every answer has."""

    __slots__ = ("_extra", "_receive", "_send", "lingers", "started", "unread")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._extra: tuple[tuple[bytes, bytes], ...] = ALWAYS
        self.unread = True
        self.lingers = False
        self.started = False

    def name(self, request_id: bytes) -> None:
        """Echo this `X-Request-ID`, and have it in the logs; empty: there is none."""
        REQUEST_ID.set(request_id.decode("ascii"))
        if request_id:
            self._extra = (*ALWAYS, (b"x-request-id", request_id))

    async def receive(self) -> Message:
        """The next part of the request.

        Raises:
            ClientGone: there will be none.
        """
        message = await self._receive()
        if message["type"] == "http.disconnect":
            if not self.started:
                raise ClientGone
        elif not message.get("more_body", False):
            self.unread = False
        return message

    async def send(self, message: Message) -> None:
        """The next part of the answer."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = [*message.get("headers", ()), *self._extra]
            if CACHEABLE in headers:
                headers.remove(_NO_STORE)
            if self.unread and CLOSE not in headers:
                headers.append(CLOSE)
            await self._send({**message, "headers": headers})
        elif self.unread and self.lingers and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._read_to_the_end()
            await self._send({"type": "http.response.body"})
        else:
            await self._send(message)

    async def _read_to_the_end(self) -> None:
        """Lingering close (RFC 9112 section 9.6): closing at once would reset the connection under the answer."""
        with suppress(TimeoutError, ClientGone):
            async with asyncio.timeout(_LINGER_S):
                while self.unread:
                    if (await self.receive())["type"] == "http.disconnect":
                        return


def read_request_id(scope: Scope) -> bytes:
    """The request's `X-Request-ID` (AuthZEN section 10.1.3), empty where it has none.

    Raises:
        Refusal: 400 for one that cannot be echoed.
    """
    found: list[bytes] = [value for name, value in scope["headers"] if name == b"x-request-id"]
    if not found:
        return b""
    if len(found) > 1 or _REQUEST_ID.fullmatch(found[0]) is None:
        raise Refusal(400, "bad_request_id", "X-Request-ID is 1 to 128 visible ASCII characters")
    return found[0]


def has_body(scope: Scope) -> bool:
    """Whether a body follows the headers; checks version, Host and framing (RFC 9112 sections 3.2 and 6.3).

    Raises:
        Refusal: 400; the connection closes, since where the next request begins is uncertain.
    """
    seen: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _ONCE:
            if name in seen:
                raise Refusal(400, "repeated_header", "a header that may stand once stands twice", [CLOSE])
            seen[name] = value
    if scope["http_version"] not in _VERSIONS:
        raise Refusal(400, "bad_version", "this is an HTTP/1.1 service", [CLOSE])
    host = seen.get(b"host")
    if host is None:
        if scope["http_version"] != "1.0":
            raise Refusal(400, "bad_host", "a request needs one Host header", [CLOSE])
    elif len(host) > _LONGEST_HOST or _HOST.fullmatch(host) is None:
        raise Refusal(400, "bad_host", "the Host header is not a host name", [CLOSE])
    return _body_follows(seen.get(b"content-length"), seen.get(b"transfer-encoding"))


def _body_follows(length: bytes | None, coding: bytes | None) -> bool:
    if coding is not None:
        if length is not None:
            raise Refusal(400, "bad_framing", "Content-Length and Transfer-Encoding contradict each other", [CLOSE])
        if coding.lower() != b"chunked":
            raise Refusal(400, "bad_framing", "the only Transfer-Encoding is chunked", [CLOSE])
        return True
    if length is None:
        return False
    if _LENGTH.fullmatch(length) is None:
        raise Refusal(400, "bad_framing", "Content-Length is not a number", [CLOSE])
    return int(length) > 0


def check_target(scope: Scope) -> None:
    """The path is taken as it was sent: no percent-encoding, no empty or dot segments. The query string is ignored.

    Raises:
        Refusal: 400.
    """
    path: bytes = scope["raw_path"]
    if _PATH.fullmatch(path) is None or _UNPLAIN_SEGMENT.search(path) is not None:
        raise Refusal(400, "bad_path", "the path is not in its plain form", [CLOSE])
    scope["path"] = path.decode("ascii")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole JSON body of a request.

    Raises:
        Refusal: 400 for another content type (AuthZEN certification c-2-4-3, not 415), 415 for an encoded body, 413
            where the declared or the real length is over the limit.
    """
    content_type = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            content_type = value
        elif name == b"content-encoding":
            raise Refusal(415, "content_encoding", "the body must not be encoded")
        elif name == b"content-length" and int(value) > wire.LARGEST_BODY:
            raise _too_large()
    if not wire.is_json_type(content_type):
        raise Refusal(400, "content_type", "the content type must be application/json")
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > wire.LARGEST_BODY:
            raise _too_large()
    return body


def _too_large() -> Refusal:
    return Refusal(413, "body_too_large", f"the body is longer than {wire.LARGEST_BODY} bytes", [CLOSE])
