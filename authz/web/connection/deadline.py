"""The deadline for receiving a request, and the last answer on a connection, for both of uvicorn's protocols.

Uvicorn waits for ever for the rest of a request, and ASGI cannot see a request whose headers are incomplete
(security.md section 2, threats 41 and 42). The deadline runs from the first byte, or from the connection, to the last
byte of the body; trickling bytes do not extend it.
"""

from __future__ import annotations

import asyncio
import http
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from authz.web.credentials.peer import PEER_NAMES, names_of
from authz.web.messages.incoming import read_request_id
from authz.web.messages.reply import Refusal, error_body

BAD_HTTP: Final = ("bad_http", "this is not an HTTP/1.1 request")
_TOO_SLOW: Final = ("request_timeout", "the request did not arrive in time")


def last_answer(status: int, code: str, message: str, request_id: bytes) -> bytes:
    """A whole refusal, after which the connection closes."""
    body = error_body(code, message)
    echo = b"x-request-id: %b\r\n" % request_id if request_id else b""
    return b"".join(
        (
            b"HTTP/1.1 %d %s\r\n" % (status, http.HTTPStatus(status).phrase.encode()),
            b"content-type: application/json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n",
            b"%bcontent-length: %d\r\nconnection: close\r\n\r\n" % (echo, len(body)),
            body,
        )
    )


def echoed(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The `X-Request-ID` in what has arrived of a request; empty where it has none that can be echoed."""
    try:
        return read_request_id({"headers": headers})
    except Refusal:
        return b""


class LimitedConfig(uvicorn.Config):
    """Uvicorn's configuration with the limits of a connection; travels to worker processes.

    `receive_timeout_s`: seconds for a whole request to arrive. `max_connections`: open ones per worker; further ones
    are closed at once.
    """

    def __init__(self, app: Any, *, receive_timeout_s: float, max_connections: int, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self.receive_timeout_s = receive_timeout_s
        self.max_connections = max_connections


if TYPE_CHECKING:

    class _Protocol(asyncio.Protocol):
        """What the two protocols of uvicorn have in common."""

        cycle: Any
        transport: asyncio.Transport
        loop: asyncio.AbstractEventLoop
        connections: set[Any]
        app_state: dict[str, Any]

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

        def on_response_complete(self) -> None: ...
else:
    _Protocol = object


class Deadline(_Protocol):
    """Mixed into a uvicorn protocol: cuts a connection whose request takes too long to arrive.

    One timer a connection, armed when a request begins and none runs; it looks at when the present request began.
    """

    def __init__(self, config: LimitedConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._receive_timeout_s = config.receive_timeout_s
        self._max_connections = config.max_connections
        self._receiving_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A silent connection is a request that does not arrive."""
        super().connection_made(transport)
        names = names_of(transport)
        if names:
            self.app_state = {**self.app_state, PEER_NAMES: names}
        if len(self.connections) > self._max_connections:
            self.transport.abort()
            return
        self._request_begins()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def eof_received(self) -> bool:
        """The client sends nothing more, and may still read: it gets the answers to what it has asked.

        TCP lets one direction be closed alone (RFC 9112 section 9.6); TLS does not.
        """
        self._has_ended = True
        return self._owes_an_answer() and self.transport.get_extra_info("sslcontext") is None

    def on_response_complete(self) -> None:
        """The next request's turn; after the last one of a client that sends nothing more the connection closes."""
        super().on_response_complete()
        self._close_if_ended()

    def _close_if_ended(self) -> None:
        if self._has_ended and not self._owes_an_answer():
            self.transport.close()

    def _owes_an_answer(self) -> bool:
        return any(not cycle.more_body for cycle in self._unanswered())

    def _request_begins(self) -> None:
        self._receiving_since = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(self._receive_timeout_s, self._look_at_the_time)

    def _request_ends(self) -> None:
        self._receiving_since = None

    def _look_at_the_time(self) -> None:
        self._timer = None
        if self._receiving_since is None or self.transport.is_closing():
            return
        left = self._receiving_since + self._receive_timeout_s - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._look_at_the_time)
        else:
            self._refuse(408, *_TOO_SLOW)

    def _is_answering(self) -> bool:
        """Whether a request was received in full and its answer is not complete."""
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def _unanswered(self) -> list[Any]:
        """The cycles of this connection whose answer is not complete, oldest first."""
        return [self.cycle] if self.cycle is not None and not self.cycle.response_complete else []

    def _unreceived_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers, as far as they are known, of the request that is being received."""
        cycle = self.cycle
        return [] if cycle is None or cycle.response_complete else list(cycle.scope["headers"])

    def _drop_unreceived(self) -> None:
        """Forget queued requests that will never arrive in full."""

    def _refuse(self, status: int, code: str, message: str) -> None:
        """The last answer on this connection. Requests received in full are answered first, and are then the last."""
        unanswered = self._unanswered()
        received = [cycle for cycle in unanswered if not cycle.more_body]
        if received:
            received[-1].keep_alive = False
            self._drop_unreceived()
            return
        request_id = echoed(self._unreceived_headers())
        for cycle in unanswered:
            if cycle.response_started:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(last_answer(status, code, message, request_id))
        self.transport.close()

    def send_400_response(self, _msg: str) -> None:
        """What uvicorn calls for input that its parser refuses."""
        self._refuse(400, *BAD_HTTP)
