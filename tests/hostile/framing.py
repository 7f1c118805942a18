"""Requests that two readers of HTTP could read differently, and headers that try to speak for the caller."""

from __future__ import annotations

from typing import Final

from tests.hostile.documents import GOOD

BODY: Final = GOOD.encode()
TARGET: Final = b"/v1/decision"
HOST: Final = b"Host: pdp.example"
JSON: Final = b"Content-Type: application/json"
LENGTH: Final = b"Content-Length: %d" % len(BODY)
CHUNKED: Final = b"Transfer-Encoding: chunked"


def raw(*headers: bytes, body: bytes = BODY, line: bytes = b"POST /v1/decision HTTP/1.1") -> bytes:
    """A request of exactly these lines."""
    return b"\r\n".join((line, *headers, b"", b"")) + body


def post(*headers: bytes, body: bytes = BODY, line: bytes = b"POST /v1/decision HTTP/1.1") -> bytes:
    """A request with a Host and a content type, and these lines."""
    return raw(HOST, JSON, *headers, body=body, line=line)


def chunks(body: bytes) -> bytes:
    """A body in one chunk."""
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


FRAMING: Final[tuple[bytes, ...]] = (
    # length and coding
    post(LENGTH, CHUNKED), post(CHUNKED, LENGTH, body=chunks(BODY)), post(LENGTH, LENGTH),
    post(LENGTH, b"Content-Length: 0"),
    post(b"Content-Length: 0", LENGTH), post(b"Content-Length: %d, %d" % (len(BODY), len(BODY))),
    post(b"Content-Length: -5"),
    post(b"Content-Length: +%d" % len(BODY)), post(b"Content-Length: 0x20"), post(b"Content-Length: 1e1"),
    post(b"Content-Length: 5 5"),
    post(b"Content-Length: "), post(b"Content-Length: abc"), post(b"Content-Length: 184467440737095516160"),
    post(b"Content-Length: 65537"),
    post(b"Content-Length: 9999999999"), post(b"Content-Length: \xd9\xa3"), post(b"Content-Length: 5;q=1"),
    post(b"Content-Length\t: 5"),
    post(b"Content-Length : %d" % len(BODY)), post(b" " + LENGTH),
    post(b"Transfer-Encoding: chunked, chunked", body=chunks(BODY)),
    post(b"Transfer-Encoding: gzip, chunked", body=chunks(BODY)),
    post(b"Transfer-Encoding: chunked, identity", body=chunks(BODY)),
    post(b"Transfer-Encoding: identity", LENGTH), post(b"Transfer-Encoding: xchunked", body=chunks(BODY)),
    post(b"Transfer-Encoding: \x0bchunked", body=chunks(BODY)),
    post(b"Transfer-Encoding: chunked\x00", body=chunks(BODY)),
    post(b'Transfer-Encoding: "chunked"', body=chunks(BODY)), post(b"Transfer-Encoding : chunked", body=chunks(BODY)),
    post(b"Transfer-Encoding:\r\n chunked", body=chunks(BODY)), post(CHUNKED, CHUNKED, body=chunks(BODY)),
    post(b"Transfer-Encoding: chunked;q=1", body=chunks(BODY)), post(b"Transfer-Encoding: deflate", LENGTH),
    post(b"Transfer-Encoding: ", LENGTH),
    # chunks
    post(CHUNKED, body=b"zz\r\n\r\n"), post(CHUNKED, body=b"-1\r\n\r\n"),
    post(CHUNKED, body=b"5\r\nabcdeXX0\r\n\r\n"), post(CHUNKED, body=b"0x5\r\nabcde\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"f" * 40 + b"\r\n"), post(CHUNKED, body=b"ffffffffffffffff\r\nabc"),
    post(CHUNKED, body=b"\r\n5\r\nabcde\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"5 \r\nabcde\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"5;" + b"x" * 70000 + b"\r\nabcde\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"+5\r\nabcde\r\n0\r\n\r\n"),
    post(CHUNKED, body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY) - 3, BODY)), post(CHUNKED, body=b"0\r\n\r\n"),
    post(CHUNKED, body=b"10001\r\n" + b"x" * 65537 + b"\r\n0\r\n\r\n"),
    # the request line
    post(LENGTH, line=b"POST /v1/decision HTTP/2.0"), post(LENGTH, line=b"POST /v1/decision HTTP/1.9"),
    post(LENGTH, line=b"POST /v1/decision HTTP/0.9"),
    post(LENGTH, line=b"POST /v1/decision"), post(LENGTH, line=b"POST /v1/decision HTTP/1.1 x"),
    post(LENGTH, line=b"POST  /v1/decision HTTP/1.1x"),
    post(LENGTH, line=b"POST\t/v1/decision\tHTTP/1.1\x0b"), post(LENGTH, line=b"post /v1/decision HTTP/1.1"),
    post(LENGTH, line=b"P\x00ST /v1/decision HTTP/1.1"),
    post(LENGTH, line=b"GET /v1/decision HTTP/1.1"), post(LENGTH, line=b"PUT /v1/decision HTTP/1.1"),
    post(LENGTH, line=b"DELETE /v1/decision HTTP/1.1"),
    post(LENGTH, line=b"OPTIONS * HTTP/1.1"), post(LENGTH, line=b"TRACE /v1/decision HTTP/1.1"),
    post(LENGTH, line=b"CONNECT pdp.example:443 HTTP/1.1"),
    post(LENGTH, line=b"PROPFIND /v1/decision HTTP/1.1"), post(LENGTH, line=b"X" * 300 + b" /v1/decision HTTP/1.1"),
    post(LENGTH, line=b" POST /v1/decision HTTP/1.1"),
    post(LENGTH, line=b"POST /v1/decision ICY/1.1"), post(LENGTH, line=b"POST /v1/decision HTTP/1.1\r"),
    # the target
    *(
        post(LENGTH, line=b"POST " + target + b" HTTP/1.1")
        for target in (
            b"/v1%2Fdecision", b"/v1/decisio%6e", b"/v1/%64ecision", b"//v1/decision", b"/v1//decision",
            b"/v1/./decision", b"/x/../v1/decision", b"/v1/decision/",
            b"/v1/decision/.", b"/v1/decision/..", b"/v1/decision;x=1", b"/v1/decision%00", b"/v1/decision%20",
            b"/v1/decision%0d%0a", b"/V1/DECISION", b"/v1\\decision",
            b"\\v1\\decision", b"v1/decision", b"http://pdp.example/v1/decision", b"http://evil.example/v1/decision",
            b"//evil.example/v1/decision", b"/v1/decision\xc3\xa9",
            b"/v1/decision#x", b"/%2e%2e/v1/decision", b"/v1/..%2fv1/decision", b"/v1/decision%2f..", b"*", b"/",
            b"/v1", b"/v1/decision.json", b"/v1/decisions", b"/access/v1/evaluation/",
            b"/access/v1/Evaluation", b"/access/v2/evaluation", b"/access/v1/search", b"/access/v1/search/",
            b"/access/v1/search/tenant", b"/.well-known/authzen-configuration/../../v1/decision",
            b"/.well-known/authzen-configuration/%2e%2e", b"/.well-known/authzen-configuration//",
            b"/" + b"a" * 8000, b"/v1/decision?" + b"&" * 70000,
        )
    ),
    # the Host
    raw(JSON, LENGTH), raw(HOST, HOST, JSON, LENGTH), raw(HOST, b"Host: evil.example", JSON, LENGTH),
    *(
        raw(b"Host: " + host, JSON, LENGTH)
        for host in (
            b"", b"a b", b"a/b", b"user@pdp.example", b"pdp.example:99999999", b"pdp.example:x",
            b"pdp.example, evil.example", b"[::1", b"::1", b"[::g]", b"pdp.example\x00",
            b"pdp..example", b".pdp.example", b"-pdp.example", b"pdp.example?x", b"pdp.example#x",
            b"\xd0\xb0.example", b"a" * 300, b"http://pdp.example", b"pdp.example\\x",
        )
    ),
    # headers
    post(LENGTH, b"X-A: a\x00b"), post(LENGTH, b"X A: b"), post(LENGTH, b": b"), post(LENGTH, b"nothing"),
    post(LENGTH, b"X-A: a\r\n folded"), post(LENGTH, b"X-A\x00: b"),
    post(LENGTH, b"X-A: " + b"a" * 70000), post(LENGTH, *(b"X-%d: a" % n for n in range(9000))),
    post(LENGTH, b"X-\xc3\xa9: a"), post(LENGTH, b"X-Request-ID: a", b"X-Request-ID: b"),
    post(LENGTH, b"X-Request-ID: " + b"x" * 129), post(LENGTH, b"X-Request-ID: a b"),
    post(LENGTH, b"X-Request-ID: \xff"), post(LENGTH, b"X-Request-ID:"),
    post(LENGTH, b"Authorization: Bearer x"), post(LENGTH, b"Authorization: Bearer x", b"Authorization: Bearer y"),
    post(LENGTH, b"Authorization:"),
    post(LENGTH, b"Authorization: Basic YWRtaW46YWRtaW4="), post(LENGTH, b"Content-Encoding: gzip"),
    post(LENGTH, b"Content-Encoding: identity"),
    post(LENGTH, b"Content-Encoding: br, gzip"), post(LENGTH, b"Content-Encoding: "), post(LENGTH, JSON),
    post(LENGTH, b"Content-Type: text/plain"),
    *(
        raw(HOST, b"Content-Type: " + kind, LENGTH)
        for kind in (
            b"", b"text/plain", b"text/json", b"application/xml", b"application/x-www-form-urlencoded",
            b"multipart/form-data; boundary=x", b"application/jsonp", b"application/json5",
            b"application/ld+json", b"application/json; charset=utf-16", b"application/json; charset=latin-1",
            b"application/json; charset=utf-8; charset=utf-16", b"application/json, text/plain",
            b"application/json; x=y", b"*/*", b"application/*", b"application/json;charset", b"application / json",
            b"application/json\x00", b"json", b"application/json; charset=utf-7",
        )
    ),
    raw(HOST, LENGTH),
    # other protocols
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40 + b"\r\n\r\n", b"nonsense\r\n\r\n",
    b"\x00" * 100 + b"\r\n\r\n", b"SSH-2.0-x\r\n\r\n",
    b"EHLO evil.example\r\n\r\n", b"\xff\xfb\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\n\nx\r\n\r\n",
    b"$1\r\n\r\n", b"{" + BODY + b"}\r\n\r\n",
)  # fmt: skip
"""Each a whole request to its own eyes, or the beginning of one that no reader would go on with."""

_ADDRESSED: Final = tuple(
    name + b": " + value
    for name in (
        b"X-Forwarded-For", b"X_Forwarded_For", b"X-Real-IP", b"True-Client-IP", b"CF-Connecting-IP", b"X-Client-IP",
        b"X-Cluster-Client-IP", b"X-Original-Forwarded-For",
        b"Fastly-Client-IP", b"Client-IP", b"Via", b"X-ProxyUser-Ip", b"X-Remote-Addr", b"Remote-Addr",
    )
    for value in (b"203.0.113.5", b"203.0.113.5, 198.51.100.9", b"127.0.0.1")
)  # fmt: skip
SPOOFED: Final[tuple[bytes, ...]] = (
    *_ADDRESSED,
    b"Forwarded: for=203.0.113.5", b'Forwarded: for="203.0.113.5";proto=https', b"X-Forwarded-Host: evil.example",
    b"X-Forwarded-Proto: https", b"X-Original-URL: /v1/decision",
    b"X-Rewrite-URL: /v1/decision", b"X-HTTP-Method-Override: PUT", b"X-Authz-Contact: ana@acme.example",
    b"X-Remote-User: ana@acme.example", b"Remote-User: ana@acme.example",
    b"X-Forwarded-User: ana@acme.example", b"X-Forwarded-Email: ana@acme.example", b"X-Scope: explain",
    b"X-Tenant: acme", b"X-Client-Cert: x", b"X-SSL-Client-Verify: SUCCESS",
    b"Cookie: decision=true", b"Origin: https://evil.example", b"Referer: https://pdp.example/",
    b"Accept: text/html", b"Accept: */*;q=0", b"Accept-Encoding: gzip, br", b"Expect: 200-ok",
    b"Upgrade: websocket", b"Connection: Upgrade", b"Connection: close, X-Request-ID", b"TE: trailers",
    b"Range: bytes=0-0", b"If-None-Match: *", b"Prefer: return=minimal",
)  # fmt: skip
"""Headers that speak for nobody: beside a question from outside they change nothing."""
