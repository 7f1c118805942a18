"""The fast path: usual questions answered from the bytes of a connection, without ASGI scope, task or coroutine.

1. It answers only what it has recognised whole and found good: a head that `heads` beside it takes, of a caller known
   from memory, and the whole body. Everything else goes, from its first byte, to the parser and the application, as if
   this class were not there; before that nothing has been counted and no byte answered.
2. It is asked only between requests: while the parser is inside a request, or the application owes an answer, all bytes
   are the parser's.
3. One answer at a time, in the order of the requests. While an answer waits (for its record, for the moment of a held
   refusal, for a batch that lets others in, for a client that does not read), what arrives is put aside, and reading is
   paused. A client that goes loses the answer, never the record.
4. What comes in one turn of the event loop is read from all connections first and answered then (`turn` beside this):
   to change between the kernel's work and ours at each request empties the processor's caches each time.
5. The answer is, byte for byte, the one that the application would have sent: the same function makes its body, the
   same table its errors; `tests/web/test_fast.py` sends each request both ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from authz.errors import AuthzError
from authz.web.connection.deadline import LimitedConfig
from authz.web.connection.heads import Fast, Head
from authz.web.connection.hygiene import ALWAYS
from authz.web.connection.protocol import DeadlineH11, DeadlineHttpTools
from authz.web.credentials.callers import Caller
from authz.web.decide import hold
from authz.web.decide.decisions import Answered, Decisions
from authz.web.messages.incoming import REQUEST_ID
from authz.web.messages.reply import JSON, RawHeaders, error_answer, is_fault

_log = structlog.get_logger(__name__)

_MOST_AT_A_TIME: Final = 32
"""Requests of one connection that are answered before other connections get their turn."""


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


_OK: Final = STATUS_LINE[200]
_BEFORE_LENGTH: Final = _lines([JSON]) + b"content-length: "
_AFTER_LENGTH: Final = b"\r\n" + _lines(ALWAYS)


class FastHttpTools(DeadlineHttpTools):
    """`DeadlineHttpTools` with the fast path before its parser."""

    def __init__(self, config: LimitedConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._fast: Fast | None = getattr(self.app, "fast", None)
        self._begun = b""
        """A good head, and its body as far as it has arrived."""
        self._owes = False
        """An answer was begun here and has not departed."""
        self._waits = False
        self._came = False
        """What waits came in this turn, and nobody has looked at it."""
        self._stalled = False
        self._behind = b""
        self._is_last = False
        self._rests_since: float | None = None
        self._rest_timer: asyncio.TimerHandle | None = None
        self._dated: list[tuple[bytes, bytes]] = []
        self._ok_head = _OK + _BEFORE_LENGTH

    def data_received(self, data: bytes) -> None:
        """Bytes of the present or of the next request."""
        self._rests_since = None
        if self._waits:
            self._behind += data
            self.flow.pause_reading()
        elif self._begun:
            data, self._begun = self._begun + data, b""
            self._take(data)
        elif self._fast is not None and self._is_between_requests():
            self._waits = self._came = True
            self._behind = data
            self._fast.turn.join(self)
        else:
            super().data_received(data)

    def look(self) -> None:
        """At what came in this turn."""
        if self._came:
            self._came = False
            self._go_on()

    def _is_between_requests(self) -> bool:
        cycle = self.cycle
        return (
            (cycle is None or (cycle.response_complete and not cycle.more_body))
            and not self._in_head
            and not self._last_answer
            and not self._upgrade_offered
            and not self.pipeline
            and not self.transport.is_closing()
        )

    def _take(self, data: bytes) -> None:
        """Answer the usual requests at the beginning of `data`; the rest goes the careful way."""
        at = answered = 0
        while at < len(data) and self._fast is not None:
            head = self._fast.heads.find(data, at, self.app_state)
            if head is None:
                break
            body_at = at + head.size
            end = body_at + head.length
            if end > len(data):
                self._begun = data[at:]
                if self._receiving_since is None:
                    self._request_begins()
                return
            if self.flow.write_paused or answered == _MOST_AT_A_TIME:
                self._put_aside(data[at:])
                return
            if not self._is_answered(self._fast, head, data[body_at:end]):
                break
            at = end
            answered += 1
            if self._owes:
                self._waits = True
                self._behind = data[at:]
                return
        if at < len(data):
            super().data_received(data[at:])
        else:
            self._rests()

    def _is_answered(self, fast: Fast, head: Head, body: bytes) -> bool:
        """Answer one request, now or later; False: the careful path must see it."""
        endpoint = head.endpoint
        if endpoint.declines is not None and endpoint.declines(body):
            return False
        try:
            asking = fast.heads.admitted(head, self.app_state)
        except AuthzError:
            return False
        self._owes = True
        self._receiving_since = None
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        token = REQUEST_ID.set(head.request_id.decode("ascii")) if head.request_id else None
        self._answer(fast.decisions, head, asking, endpoint.decide, body, asking)
        if token is not None:
            REQUEST_ID.reset(token)
        return True

    def _answer(
        self, decisions: Decisions, head: Head, asking: Caller, decide: Callable[..., Any], *question: Any
    ) -> None:
        """Decide and record; the answer leaves when its record is as safe as the log's mode promises (R9)."""
        try:
            answered = decide(*question)
            if type(answered) is not Answered and answered is not None:
                decide = answered.__next__
                answered = decide()
            if answered is None:
                self.loop.call_soon(self._answer, decisions, head, asking, decide)
                return
            ticket = None
            if answered.outcomes:
                ticket = decisions.note(answered.outcomes, asking, head.request_id.decode())
        except Exception as error:  # noqa: BLE001 - told and logged as `Hygiene` does
            if is_fault(error):
                _log.exception("request_failed")
            self._depart(head, *error_answer(error))
            return
        if ticket is None:
            self._leave(head, answered, None)
        else:
            decisions.when_safe(ticket, partial(self._leave, head, answered))

    def _leave(self, head: Head, answered: Answered, error: Exception | None) -> None:
        """The record is safe, or there is an error and no answer."""
        if error is not None:
            self._depart(head, *error_answer(error))
        elif answered.held:
            self.loop.call_later(hold.moment_s(), self._depart, head, 200, answered.body)
        else:
            self._depart(head, 200, answered.body)

    def _depart(self, head: Head, status: int, body: bytes, headers: RawHeaders = ()) -> None:
        """Send an answer; and go on, where requests waited behind it."""
        self._owes = False
        if self.transport.is_closing():
            return
        self.transport.write(self._whole(head, status, body, headers))
        self.server_state.total_requests += 1
        if self._is_last:
            self.transport.close()
        elif self._waits:
            self._go_on()

    def _whole(self, head: Head, status: int, body: bytes, headers: RawHeaders) -> bytes:
        """Status line and headers in the order of the careful path, and the body."""
        dated = self.server_state.default_headers
        if dated is not self._dated:
            self._dated = dated
            self._ok_head = _OK + _lines(dated) + _BEFORE_LENGTH
        if status == 200 and not head.request_id and not self._is_last:  # noqa: PLR2004
            return b"%b%d%b\r\n%b" % (self._ok_head, len(body), _AFTER_LENGTH, body)
        last = [(b"x-request-id", head.request_id)] if head.request_id else []
        if self._is_last:
            last.append((b"connection", b"close"))
        said = [*dated, JSON, (b"content-length", b"%d" % len(body)), *headers, *ALWAYS, *last]
        return b"%b%b\r\n%b" % (STATUS_LINE[status], _lines(said), body)

    def _put_aside(self, rest: bytes) -> None:
        """What begins with a whole request: go on when the client has read, or when others have had their turn."""
        self._receiving_since = None
        self._waits = True
        self._behind = rest
        self.flow.pause_reading()
        if self.flow.write_paused:
            self._stalled = True
        else:
            self.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._waits = False
        if self.transport.is_closing():
            return
        behind, self._behind = self._behind, b""
        self.flow.resume_reading()
        if behind:
            self._take(behind)
        else:
            self._rests()
        self._close_if_ended()

    def _owes_an_answer(self) -> bool:
        return self._owes or self._waits or super()._owes_an_answer()

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._stalled:
            self._stalled = False
            self._go_on()

    def _rests(self) -> None:
        """Between requests: closed after uvicorn's time for it, by one timer that is not set anew at each request."""
        self._rests_since = self.loop.time()
        if self._rest_timer is None:
            self._rest_timer = self.loop.call_later(self.timeout_keep_alive, self._look_whether_it_rests)

    def _look_whether_it_rests(self) -> None:
        self._rest_timer = None
        if self._rests_since is None:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest_timer = self.loop.call_later(left, self._look_whether_it_rests)
        else:
            self.timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The answer that waits is the last one; a request that has begun is received by the application."""
        self.look()
        if self._waits:
            self._is_last = True
        else:
            self._hand_over()
            super().shutdown()

    def _refuse(self, status: int, code: str, message: str) -> None:
        """As before, also for a request that has begun here."""
        self._hand_over()
        super()._refuse(status, code, message)

    def _hand_over(self) -> None:
        begun, self._begun = self._begun, b""
        if begun:
            super().data_received(begun)


PROTOCOLS: Final[Mapping[str, type[asyncio.Protocol]]] = {"httptools": FastHttpTools, "h11": DeadlineH11}
"""By the setting `AUTHZ_HTTP_PARSER`; `h11` is the careful path alone."""
