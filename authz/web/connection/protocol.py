"""Uvicorn's two HTTP/1.1 protocols with an absolute deadline for receiving a request, and with our form of errors.

What one parser repairs and the other refuses is refused by both, where it could change what a request means: folded
headers, lengths stated twice, heads without end. Elsewhere one may refuse what the other takes (a line end before a
request, a blank behind a value, a method in small letters); neither reads it as another request.
"""

from __future__ import annotations

import re
from typing import Any, Final

import h11
import httptools
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from authz.web.connection.deadline import BAD_HTTP, Deadline, LimitedConfig, echoed, last_answer

_HEAD_TOO_LARGE: Final = ("headers_too_large", "the request line and headers are too long")
_LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request line with its headers; h11 has a limit of its own of this size, httptools has none."""
# What h11 repairs where httptools refuses (RFC 9112 sections 5.2 and 6.3): a folded header, a length said twice.
_REPAIRED: Final = re.compile(
    rb"\n[ \t]|\ncontent-length[ \t]*:(?:[^\n]*,|.*?\ncontent-length[ \t]*:)", re.IGNORECASE | re.DOTALL
)
_HEAD_END: Final = re.compile(rb"\n\r?\n")


class _HeadTooLarge(Exception):
    """Raised inside a callback of httptools, which wraps it."""


class DeadlineHttpTools(Deadline, HttpToolsProtocol):  # type: ignore[misc]  # asyncio looks at what it returns
    """httptools with a deadline. It also answers a request with a body that offers an upgrade, as some clients do to
    begin HTTP/2: httptools stops at the headers of such a request, so its body is counted off here.
    """

    def __init__(self, config: LimitedConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._active: Any = None
        self._upgrade_offered = False
        self._body_left = 0
        self._in_head = False
        self._head_bytes = 0
        self._is_long = False
        self._last_answer = b""

    def _refuse(self, status: int, code: str, message: str) -> None:
        """As `Deadline`; after the requests that were received before, the refused one is answered as well."""
        if any(not cycle.more_body for cycle in self._unanswered()):
            self._last_answer = last_answer(status, code, message, echoed(self._unreceived_headers()))
            self._drop_unreceived()
            self._request_ends()
            return
        super()._refuse(status, code, message)

    def on_response_complete(self) -> None:
        """The next request's turn; or that of the refusal which ends the connection."""
        if self._last_answer and not self.pipeline and not self.transport.is_closing():
            self.transport.write(self._last_answer)
            self.transport.close()
            return
        super().on_response_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._active = cycle
        super()._start_asgi_task(cycle, app)

    def _unanswered(self) -> list[Any]:
        queued = [cycle for cycle, _ in reversed(self.pipeline)]
        if self._active is None or self._active.response_complete:
            return queued
        return [self._active, *queued]

    def _unreceived_headers(self) -> list[tuple[bytes, bytes]]:
        return self.headers if self._in_head else super()._unreceived_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Uvicorn tells the newest request alone; one that was sent ahead of it would write to nobody, an error."""
        for cycle in self._unanswered():
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def _drop_unreceived(self) -> None:
        received = [(cycle, app) for cycle, app in self.pipeline if not cycle.more_body]
        self.pipeline.clear()
        self.pipeline.extend(received)

    def data_received(self, data: bytes) -> None:
        """Bytes of the present or of the next request."""
        self._unset_keepalive_if_required()
        if self.transport.is_closing() or self._last_answer:
            return
        if self._upgrade_offered:
            self._count_off(data)
            return
        if self._receiving_since is None and not self._is_answering():
            self._request_begins()
        self._is_long = self._head_bytes + len(data) > _LARGEST_HEAD
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade_offered = True
            self.cycle.keep_alive = False
            self._count_off(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(
                *((431, *_HEAD_TOO_LARGE) if isinstance(error.__context__, _HeadTooLarge) else (400, *BAD_HTTP))
            )
        else:
            self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
            if self._head_bytes > _LARGEST_HEAD:
                self._refuse(431, *_HEAD_TOO_LARGE)

    def _count_off(self, data: bytes) -> None:
        if self._body_left:
            part = data[: self._body_left]
            self._body_left -= len(part)
            super().on_body(part)
            if not self._body_left:
                self._request_ends()
                super().on_message_complete()

    def on_message_begin(self) -> None:
        """The first byte of a request, also of one that came in one piece with the one before."""
        if self._receiving_since is None:
            self._request_begins()
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Only the origin form of a target is a path here, without a fragment (RFC 9112 section 3.2.1)."""
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise httptools.HttpParserInvalidURLError
        if self._is_long and self._head_size() > _LARGEST_HEAD:
            raise _HeadTooLarge
        if self.parser.should_upgrade():
            lengths = [value for name, value in self.headers if name == b"content-length"]
            self._body_left = int(lengths[0]) if len(lengths) == 1 else 0
        self._in_head = False
        super().on_headers_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)

    def on_message_complete(self) -> None:
        """The last byte of the body, but for a body that the parser has not read."""
        if not self._body_left:
            self._request_ends()
            super().on_message_complete()


class DeadlineH11(Deadline, H11Protocol):  # type: ignore[misc]  # as above
    """h11 with a deadline. It refuses what h11 would repair."""

    def data_received(self, data: bytes) -> None:
        """Bytes of the present or of the next request."""
        if self._receiving_since is None and not self._is_answering():
            self._request_begins()
        if self.transport.is_closing():
            return
        super().data_received(data)

    def handle_events(self) -> None:
        """After what has arrived was read: is the present request complete, does a next one wait?"""
        if self.conn.their_state is h11.IDLE:
            head = _whole_head(self.conn.trailing_data[0])
            if len(head) > _LARGEST_HEAD:
                self._refuse(431, *_HEAD_TOO_LARGE)
                return
            if _REPAIRED.search(head) is not None:
                self._refuse(400, *BAD_HTTP)
                return
        super().handle_events()
        state = self.conn.their_state
        if state is h11.SEND_BODY or (state is h11.IDLE and self.conn.trailing_data[0]):
            if self._receiving_since is None:  # it came in one piece with the request before it
                self._request_begins()
        else:
            self._request_ends()

    def _should_upgrade(self) -> bool:
        """No upgrade is offered, so none is worth a warning."""
        return False


def _whole_head(data: bytes) -> bytes:
    """The head at the beginning of `data`, without its last line end; empty where it is not complete."""
    data = data.lstrip(b"\r\n")
    end = _HEAD_END.search(data)
    return data[: end.start() + 1] if end is not None else b""
