"""The outermost layer: one pure ASGI application that lets only plain, unambiguous HTTP/1.x requests through.

Neither of uvicorn's parsers refuses everything that two readers could read differently (security.md section 2), so
the framing headers, the Host, the path and the method are checked here, alike for both. Whatever a request looks like,
it gets one answer: JSON, `no-store`, with its `X-Request-ID`. A body not read to its end closes the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from authz.web.messages.incoming import REQUEST_ID, check_target, has_body, read_request_id
from authz.web.messages.reply import CACHEABLE, CLOSE, Refusal, is_fault, send_error

if TYPE_CHECKING:
    from authz.web.connection.heads import Fast

_log = structlog.get_logger(__name__)

ALWAYS: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""Headers of every answer."""
_NO_STORE: Final = ALWAYS[0]

_LINGER_S: Final = 2.0


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
    (`web.connection.fast`); None: nothing.
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
