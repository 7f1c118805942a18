"""What a request has to look like to be read: one meaning, whichever parser read its head (security.md section 2)."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

from starlette.types import Receive, Scope

from authz.web.messages import wire
from authz.web.messages.reply import CLOSE, Refusal

REQUEST_ID: ContextVar[str] = ContextVar("request_id")
"""The `X-Request-ID` of the request at hand, for the logs; empty where it has none."""

# Two `Authorization` headers are for `web.credentials.keys` to refuse: that is about the caller, hence 401.
_ONCE: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"content-type",
        b"content-encoding",
    }
)
_REQUEST_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_HOST = re.compile(
    rb"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?"
    rb"|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
_LONGEST_HOST: Final = 261
_PATH = re.compile(rb"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]*)+")
_UNPLAIN_SEGMENT = re.compile(rb"//|/\.{1,2}(?:/|\Z)")
_VERSIONS: Final = frozenset({"1.0", "1.1"})


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
