"""Answers as ASGI messages, and the one table from errors to HTTP statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from starlette.types import Send

from authz.errors import (
    AuthzError,
    ConfigError,
    Conflict,
    EngineDisagreement,
    InvalidFile,
    NotFound,
    RequestInvalid,
    Unavailable,
)
from authz.registry.change import Outdated
from authz.web.credentials.callers import CallerRefused, CallerTooFast, CallerUnknown
from authz.web.messages import wire
from authz.web.messages.refusals import BodyInvalid, NotStated

RawHeaders = Iterable[tuple[bytes, bytes]]

CLOSE: Final = (b"connection", b"close")
CACHEABLE: Final = (b"cache-control", b"public, max-age=300")
"""For the few answers that are the same for everybody; all others are `no-store`."""
INTERNAL: Final = 500
FAULT: Final = "the service has a fault; it is logged"
JSON: Final = (b"content-type", b"application/json")
_BEARER: Final = (b"www-authenticate", b"Bearer")

STATUS: Final[Mapping[type[AuthzError], int]] = {
    RequestInvalid: 400,
    CallerUnknown: 401,
    CallerRefused: 403,
    CallerTooFast: 429,
    NotFound: 404,
    Conflict: 409,
    Outdated: 412,
    BodyInvalid: 422,
    NotStated: 428,
    InvalidFile: 422,
    Unavailable: 503,
    ConfigError: INTERNAL,
    EngineDisagreement: INTERNAL,
}
"""The nearest class in an error's ancestry decides. Faults of the service are told by their code alone."""

CODE_STATUS: Final[Mapping[str, int]] = {"body_too_large": 413, "content_encoding": 415}
"""Bad requests for which HTTP has a status of its own; all others are 400 (AuthZEN certification, c-2-4)."""


class Refusal(AuthzError):
    """An answer of the HTTP layer itself: unknown path, wrong method, unacceptable framing."""

    def __init__(self, status: int, code: str, message: str, headers: RawHeaders = ()) -> None:
        self.status = status
        self.code = code
        self.headers = tuple(headers)
        super().__init__(message)


def error_body(code: str, message: str) -> bytes:
    """`{"error": {"code", "message"}}`; neither ever holds request input."""
    return wire.write({"error": {"code": code, "message": message}})


def error_detail(error: AuthzError) -> dict[str, str]:
    """Code and message; a fault of the service says nothing but its code."""
    return {"code": error.code, "message": FAULT if status_of(error) == INTERNAL else str(error)}


def status_of(error: AuthzError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refusal):
        return error.status
    if isinstance(error, RequestInvalid) and error.code in CODE_STATUS:
        return CODE_STATUS[error.code]
    return next(STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS)


async def send_whole(send: Send, status: int, body: bytes, content_type: bytes) -> None:
    """One complete answer that is not JSON."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, body: bytes, headers: RawHeaders = ()) -> None:
    """One complete JSON answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [JSON, (b"content-length", b"%d" % len(body)), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


def headers_of(error: AuthzError) -> RawHeaders:
    """What an error says beside its body."""
    if isinstance(error, Refusal):
        return error.headers
    if isinstance(error, CallerUnknown):
        return (_BEARER,)
    if isinstance(error, CallerTooFast):
        return ((b"retry-after", b"%d" % error.retry_after_s),)
    return ()


def is_fault(error: Exception) -> bool:
    """Whether an error is the service's own, to be logged with its trace."""
    return not isinstance(error, AuthzError) or status_of(error) == INTERNAL


def error_answer(error: Exception) -> tuple[int, bytes, RawHeaders]:
    """Status, body and headers of the answer to an error."""
    if isinstance(error, AuthzError):
        return status_of(error), error_body(**error_detail(error)), headers_of(error)
    return INTERNAL, error_body("internal_error", FAULT), ()


async def send_error(send: Send, error: Exception) -> None:
    """The answer to an error."""
    await send_json(send, *error_answer(error))
