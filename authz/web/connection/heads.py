"""Heads of requests that the fast path (`fast` beside this) may answer: read strictly once, then known by their bytes.

1. A head is taken only where both of uvicorn's parsers and `hygiene` would take it, in one way: a request line from
   a closed list, header names from a closed list and each at most once, visible ASCII and single blanks in the values,
   one good `Content-Length` within the limit. Whatever differs is None here: the careful path has its answer.
2. Remembered is where a head's body ends, which endpoint it asks, and whose key it shows; nothing of a question.
3. It is remembered for one epoch of the callers, so no longer than a revoked key would be let in; what of the caller
   can change within an epoch (its end, its rate, a token, a certificate) is asked for at each request.
4. The memory is bounded, and holds no head that carries an id of its own request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from starlette.types import Scope as Connection

from authz.errors import AuthzError
from authz.web.connection.turn import Turn
from authz.web.credentials.callers import Caller, CallerUnknown, FromMemory, Known, Scope
from authz.web.decide.decisions import Answered, Decisions
from authz.web.messages import wire
from authz.web.messages.incoming import has_body, read_request_id

_END: Final = b"\r\n\r\n"
_LONGEST: Final = 8 * 1024
_LONGEST_REMEMBERED: Final = 2 * 1024
_MOST_REMEMBERED: Final = 1024
_LINES: Final = re.compile(rb"(?:[A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)++\r\n")
_ID_LINE: Final = re.compile(rb"\r\nx-request-id: ?([!-~]{1,128})(?=\r\n)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"[1-9][0-9]{0,5}")
_NEEDED: Final = frozenset({b"host", b"content-type", b"content-length"})
_OF_ONE_REQUEST: Final = frozenset({b"x-request-id", b"traceparent", b"tracestate", b"x-forwarded-for", b"x-real-ip"})
_TAKEN: Final = frozenset(
    {
        *_NEEDED,
        *_OF_ONE_REQUEST,
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"cache-control",
        b"connection",
        b"forwarded",
        b"pragma",
        b"user-agent",
        b"via",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
    }
)


class Endpoint(NamedTuple):
    """How the body of a known caller's request is answered.

    `decide`: at once, or in steps as `Decisions.batch`. `declines`: the bodies that the careful path must see.
    """

    decide: Callable[[bytes, Caller], Answered | Iterator[Answered | None]]
    declines: Callable[[bytes], bool] | None = None


class Head(NamedTuple):
    """A good head of `size` bytes, followed by a body of `length` bytes. `known` None: ask at each request."""

    size: int
    length: int
    endpoint: Endpoint
    request_id: bytes
    headers: list[tuple[bytes, bytes]]
    known: Known | None


class Heads:
    """The heads that one worker knows, for the endpoints by their exact paths."""

    def __init__(self, endpoints: Mapping[bytes, Endpoint], callers: FromMemory) -> None:
        self._endpoints = {b"POST %b HTTP/1.1\r\n" % path: (path, one) for path, one in endpoints.items()}
        self._callers = callers
        self._epoch: object = None
        self._remembered: dict[bytes, Head] = {}

    def find(self, data: bytes, at: int, state: Mapping[str, Any]) -> Head | None:
        """The head that begins at `at`; None: it is incomplete, or the careful path must see it.

        `state`: of the connection, as in an ASGI scope.
        """
        end = data.find(_END, at) + len(_END)
        if end < len(_END):
            return None
        raw = data[at:end]
        try:
            epoch = self._callers.epoch()
            if epoch is not self._epoch:
                self._remembered = {}
                self._epoch = epoch
            return self._remembered.get(raw) or self._with_its_id(raw, state)
        except AuthzError:
            return None

    def admitted(self, head: Head, state: Mapping[str, Any]) -> Caller:
        """The caller, counted.

        Raises:
            CallerUnknown, CallerTooFast, RegistryUnavailable: nothing is counted; the careful path has the answer.
        """
        return self._callers.admit(head.known or self._recognised(head.headers, state))

    def _with_its_id(self, raw: bytes, state: Mapping[str, Any]) -> Head | None:
        """A head with an `X-Request-ID` is the head without that one line, which may be remembered, and the id."""
        line = _ID_LINE.search(raw)
        if line is None:
            return self._read(raw, state)
        rest = raw[: line.start()] + raw[line.end() :]
        head = self._remembered.get(rest) or self._read(rest, state)
        if head is None or head.request_id:
            return None
        return head._replace(size=len(raw), request_id=line[1])

    def _read(self, raw: bytes, state: Mapping[str, Any]) -> Head | None:
        line_end = raw.find(b"\n") + 1
        found = self._endpoints.get(raw[:line_end])
        if found is None or len(raw) > _LONGEST or _LINES.fullmatch(raw, line_end) is None:
            return None
        path, endpoint = found
        headers = [(name.lower(), value.lstrip(b" ")) for name, _, value in _split(raw[line_end : -len(_END)])]
        stated = dict(headers)
        if len(stated) != len(headers) or not _NEEDED <= stated.keys() <= _TAKEN:
            return None
        length = stated[b"content-length"]
        if (
            stated.get(b"connection", b"keep-alive").lower() != b"keep-alive"
            or not wire.is_json_type(stated[b"content-type"])
            or _LENGTH.fullmatch(length) is None
            or int(length) > wire.LARGEST_BODY
        ):
            return None
        connection = {"http_version": "1.1", "raw_path": path, "headers": headers}
        request_id = read_request_id(connection)
        if not has_body(connection):
            return None
        known = self._recognised(headers, state)
        head = Head(len(raw), int(length), endpoint, request_id, headers, known if known.lasting else None)
        if len(raw) <= _LONGEST_REMEMBERED and _OF_ONE_REQUEST.isdisjoint(stated):
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered = {}
            self._remembered[raw] = head
        return head

    def _recognised(self, headers: list[tuple[bytes, bytes]], state: Mapping[str, Any]) -> Known:
        connection: Connection = {"headers": headers, "state": state}
        known = self._callers.recognise(connection)
        if known is None or Scope.DECIDE not in known.caller.scopes:
            raise CallerUnknown("not as far as memory says")
        return known


class Fast(NamedTuple):
    """What a protocol needs to answer by itself."""

    heads: Heads
    decisions: Decisions
    turn: Turn


def _split(lines: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    return (line.partition(b":") for line in lines.split(b"\r\n"))
