"""Hostile framing over a real socket, on both parsers: one request, one answer, no 5xx, no hang, no allow, no echo."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.web.sockets import WAYS, Connection, served
from tests.web.world import FLAT, QUESTION, World

HOST = b"Host: pdp.example\r\n"
JSON = b"Content-Type: application/json\r\n"
BODY = json.dumps(FLAT).encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
POST = b"POST /v1/decision HTTP/1.1\r\n"
GOOD = POST + HOST + JSON + LENGTH + b"\r\n" + BODY
LIVE = b"GET /health/live HTTP/1.1\r\n" + HOST + b"\r\n"
CANARY = b"canary7f3e"


@pytest.fixture(scope="module", params=WAYS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with served(World().app(), request.param) as port:
        yield port


@pytest.fixture(scope="module", params=WAYS)
def hasty_port(request: pytest.FixtureRequest) -> Iterator[int]:
    with served(World().app(), request.param, receive_timeout_s=0.4) as port:
        yield port


def post(*headers: bytes, body: bytes = BODY, target: bytes = b"/v1/decision", version: bytes = b"HTTP/1.1") -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST " + target + b" " + version + b"\r\n" + HOST + JSON + lines + b"\r\n" + body


def with_length(body: bytes, *headers: bytes, target: bytes = b"/v1/decision") -> bytes:
    return post(b"Content-Length: %d" % len(body), *headers, body=body, target=target)


def chunked(body: bytes, *headers: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", *headers, body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))


L = LENGTH.strip()

# Refused, and the connection closes: where the next request begins could be read in two ways, or the body is unread.
REFUSED = [
    pytest.param(post(L, b"Transfer-Encoding: chunked"), {400}, id="length and coding"),
    pytest.param(post(b"Transfer-Encoding: chunked", L, body=b"0\r\n\r\n"), {400}, id="coding and length"),
    pytest.param(post(L, b"Content-Length: 3"), {400}, id="two lengths"),
    pytest.param(post(b"Content-Length: 3, 5"), {400}, id="two lengths in one header"),
    pytest.param(post(b"Content-Length: +60"), {400}, id="a length with a sign"),
    pytest.param(post(b"Content-Length: -1"), {400}, id="a negative length"),
    pytest.param(post(b"Content-Length: 0x10"), {400}, id="a hexadecimal length"),
    pytest.param(post(b"Content-Length: 1e2"), {400}, id="a length with an exponent"),
    pytest.param(post(b"Content-Length: 99999999999999999999999"), {400, 413}, id="an endless length"),
    pytest.param(post(b"Content-Length: 65537"), {413}, id="a declared length over the limit"),
    pytest.param(post(b"Transfer-Encoding: gzip, chunked"), {400, 501}, id="two codings"),
    pytest.param(post(b"Transfer-Encoding: identity", L), {400, 501}, id="coding identity"),
    pytest.param(post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), {400, 501}, id="chunked twice"),
    pytest.param(post(b"Transfer-Encoding: xchunked"), {400, 501}, id="an unknown coding"),
    pytest.param(post(b"Transfer-Encoding : chunked"), {400}, id="a space before the colon"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=b"zz\r\n"), {400}, id="a chunk without a size"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=b"5\r\nabcdeXX0\r\n"), {400}, id="a chunk without its end"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n"), {400}, id="a negative chunk"),
    pytest.param(post(b"Transfer-Encoding: chunked", body=b"f" * 30 + b"\r\n"), {400}, id="an endless chunk"),
    pytest.param(POST + JSON + LENGTH + b"\r\n" + BODY, {400}, id="no Host"),
    pytest.param(post(L, b"Host: evil.example"), {400}, id="two Hosts"),
    pytest.param(POST + b"Host: a b\r\n" + JSON + LENGTH + b"\r\n" + BODY, {400}, id="a Host with a space"),
    pytest.param(POST + b"Host: a/b\r\n" + JSON + LENGTH + b"\r\n" + BODY, {400}, id="a Host with a slash"),
    pytest.param(POST + b"Host: u@a\r\n" + JSON + LENGTH + b"\r\n" + BODY, {400}, id="a Host with a user"),
    pytest.param(POST + b"Host: \r\n" + JSON + LENGTH + b"\r\n" + BODY, {400}, id="an empty Host"),
    pytest.param(POST + b"Host: a:99999999\r\n" + JSON + LENGTH + b"\r\n" + BODY, {400}, id="a Host with a wild port"),
    pytest.param(post(L, version=b"HTTP/0.9"), {400}, id="HTTP/0.9"),
    pytest.param(post(L, version=b"HTTP/2.0"), {400}, id="HTTP/2.0 as a word"),
    pytest.param(post(L, version=b"HTTP/1.2"), {400}, id="HTTP/1.2"),
    pytest.param(post(L, version=b"http/1.1"), {400}, id="the version in lower case"),
    pytest.param(post(L, version=b"ICE/1.0"), {400}, id="another protocol"),
    pytest.param(b"GET /health/live\r\n\r\n", {400}, id="no version at all"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}, id="the preface of HTTP/2"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 40, {400}, id="a TLS greeting"),
    pytest.param(b"nonsense\r\n\r\n", {400}, id="nonsense"),
    pytest.param(b"GET /health/live HTTP/1.1\r\n" + HOST + b" folded: x\r\n\r\n", {400}, id="a folded header"),
    pytest.param(b"GET /health/live HTTP/1.1\r\n" + HOST + b"X-A: a\x00b\r\n\r\n", {400}, id="a NUL in a header"),
    pytest.param(b"GET /health/live HTTP/1.1\r\n" + HOST + b"X A: b\r\n\r\n", {400}, id="a space in a header name"),
    pytest.param(b"CONNECT pdp.example:80 HTTP/1.1\r\n" + HOST + b"\r\n", {400}, id="CONNECT"),
    pytest.param(post(L, b"Content-Encoding: gzip"), {415}, id="an encoded body"),
    pytest.param(post(L, b"Content-Type: application/json"), {400}, id="two content types"),
    pytest.param(with_length(BODY, b"X-Request-ID: a", b"X-Request-ID: b"), {400}, id="two request ids"),
    pytest.param(with_length(BODY, target=b"/v1/nothing"), {404}, id="an unknown path"),
    pytest.param(with_length(BODY, target=b"/v1%2Fdecision"), {400}, id="an encoded slash"),
    pytest.param(with_length(BODY, target=b"/v1/decisio%6e"), {400}, id="an encoded letter"),
    pytest.param(with_length(BODY, target=b"//v1/decision"), {400}, id="an empty segment"),
    pytest.param(with_length(BODY, target=b"/v1//decision"), {400}, id="an empty segment inside"),
    pytest.param(with_length(BODY, target=b"/x/../v1/decision"), {400}, id="a way back"),
    pytest.param(with_length(BODY, target=b"/./v1/decision"), {400}, id="a dot segment"),
    pytest.param(with_length(BODY, target=b"/v1/decision/.."), {400}, id="a way back at the end"),
    pytest.param(with_length(BODY, target=b"/v1\\decision"), {400}, id="a backslash"),
    pytest.param(with_length(BODY, target=b"http://pdp.example/v1/decision"), {400}, id="a whole URL"),
    pytest.param(with_length(BODY, target=b"http://evil.example/v1/decision"), {400}, id="a whole URL elsewhere"),
    pytest.param(with_length(BODY, target=b"pdp.example/v1/decision"), {400}, id="no leading slash"),
    pytest.param(with_length(BODY, target=b"*"), {400}, id="a star"),
    pytest.param(with_length(BODY, target=b"/v1/decision\xc3\xa9"), {400}, id="a letter beyond ASCII"),
    pytest.param(b"PUT /v1/decision HTTP/1.1\r\n" + HOST + JSON + LENGTH + b"\r\n" + BODY, {405}, id="a wrong method"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "statuses"), REFUSED)
def test_an_ambiguous_request_gets_one_refusal_and_the_connection_closes(
    port: int, raw: bytes, statuses: set[int]
) -> None:
    with Connection(port) as connection:
        connection.send(raw)
        answer = connection.answer()

        assert answer.status in statuses
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["connection"] == "close"
        assert answer.code
        assert connection.is_closed()


@pytest.mark.parametrize(("raw", "statuses"), REFUSED)
def test_nothing_behind_an_ambiguous_request_is_answered(port: int, raw: bytes, statuses: set[int]) -> None:
    with Connection(port) as connection:
        connection.send(raw + GOOD)
        answer = connection.answer()

        assert answer.status in statuses
        assert not answer.allowed
        assert connection.is_closed()


# Accepted as they are; the connection stays open and in step.
ACCEPTED = [
    pytest.param(GOOD, id="a plain question"),
    pytest.param(chunked(BODY), id="a body in chunks"),
    pytest.param(with_length(BODY, target=b"/v1/decision?x=%2F..%2f"), id="a query string"),
    pytest.param(with_length(json.dumps(QUESTION).encode(), target=b"/access/v1/evaluation"), id="AuthZEN"),
    pytest.param(post(L, b"X-Forwarded-For: 198.51.100.9", b"Forwarded: for=198.51.100.9"), id="forwarding headers"),
    pytest.param(POST + b"Host: [2001:db8::1]:8000\r\n" + JSON + LENGTH + b"\r\n" + BODY, id="an IPv6 Host"),
    pytest.param(POST + b"host: PDP.example.:80\r\n" + JSON + LENGTH + b"\r\n" + BODY, id="a Host with dot and port"),
    pytest.param(post(L, b"Connection: keep-alive"), id="keep-alive"),
]  # fmt: skip


@pytest.mark.parametrize("raw", ACCEPTED)
def test_a_plain_request_is_answered_and_the_connection_stays_in_step(port: int, raw: bytes) -> None:
    with Connection(port) as connection:
        for request in (raw, GOOD, raw):
            connection.send(request)

            assert connection.answer().allowed


def test_requests_sent_ahead_are_answered_in_their_order(port: int) -> None:
    refused = with_length(json.dumps({**FLAT, "ip": "198.51.100.9"}).encode(), b"X-Request-ID: second")
    with Connection(port) as connection:
        connection.send(GOOD + refused + LIVE + GOOD)
        answers = [connection.answer() for _ in range(4)]

        assert [one.status for one in answers] == [200] * 4
        assert [one.allowed for one in answers] == [True, False, False, True]
        assert answers[1].headers["x-request-id"] == "second"


@pytest.mark.parametrize("behind", [b"nonsense\r\n\r\n", post(b"Transfer-Encoding: chunked", body=b"zz\r\n")])
def test_a_good_request_is_answered_before_the_nonsense_behind_it(port: int, behind: bytes) -> None:
    with Connection(port) as connection:
        connection.send(GOOD + behind)
        first = connection.answer()
        if "connection" not in first.headers:
            assert connection.answer().status == 400

        assert first.allowed
        assert connection.is_closed()


def test_an_upgrade_is_ignored_and_the_request_answered(port: int) -> None:
    for upgrade in (b"h2c", b"websocket", b"x"):
        with Connection(port) as connection:
            connection.send(
                post(L, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + upgrade, b"HTTP2-Settings: AAMA")
            )

            assert connection.answer().allowed


def test_a_client_that_waits_for_100_continue_gets_it_only_for_a_request_that_is_read(port: int) -> None:
    expecting = b"Expect: 100-continue"
    with Connection(port) as connection:
        connection.send(post(L, expecting, body=b""))
        assert connection.answer().status == 100
        connection.send(BODY)
        assert connection.answer().allowed

    with Connection(port) as connection:
        connection.send(post(b"Content-Length: 99999999", expecting, body=b""))
        assert connection.answer().status == 413


def test_a_client_that_sends_a_huge_body_still_reads_its_refusal(port: int) -> None:
    huge = b"x" * 4_000_000
    with Connection(port) as connection:
        connection.socket.sendall(with_length(huge))  # raises where the connection is reset under the client's hands

        assert connection.answer().status == 413
        assert connection.is_closed()


def test_headers_without_end_are_refused(port: int) -> None:
    with Connection(port) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 2_000_000)

        try:
            assert connection.answer().status in {400, 431}
        except ConnectionResetError:
            return
        assert connection.is_closed()


@pytest.mark.parametrize(
    "raw",
    [
        post(b"X-Request-ID: r-7", b"Transfer-Encoding: chunked", body=b"zz\r\n"),
        post(b"X-Request-ID: r-7", L, b"Transfer-Encoding: chunked"),
        post(b"X-Request-ID: r-7", b"Content-Length: 99999"),
        with_length(BODY, b"X-Request-ID: r-7", target=b"//"),
        POST + b"Host: a b\r\nX-Request-ID: r-7\r\n" + JSON + LENGTH + b"\r\n" + BODY,
        with_length(b"{", b"X-Request-ID: r-7"),
        GOOD + with_length(b"{", b"X-Request-ID: r-7"),
    ],
)
def test_a_refusal_carries_the_id_of_its_request(port: int, raw: bytes) -> None:
    with Connection(port) as connection:
        connection.send(raw)
        if raw.startswith(GOOD):
            assert "x-request-id" not in connection.answer().headers
        answer = connection.answer()

        assert answer.status in {400, 413}
        assert answer.headers["x-request-id"] == "r-7"


@pytest.mark.parametrize("request_id", [b"x" * 129, b"a b", b"\xc3\xa9", b""])
def test_an_id_that_cannot_be_echoed_is_refused_without_echo(port: int, request_id: bytes) -> None:
    with Connection(port) as connection:
        connection.send(with_length(BODY, b"X-Request-ID: " + request_id))
        answer = connection.answer()

        assert (answer.status, answer.code) == (400, "bad_request_id")
        assert "x-request-id" not in answer.headers


def test_a_head_request_gets_the_headers_only(port: int) -> None:
    with Connection(port) as connection:
        connection.send(b"HEAD /health/live HTTP/1.1\r\n" + HOST + b"\r\n")
        answer = connection.answer(to_head=True)
        connection.send(GOOD)

        assert answer.status == 200
        assert connection.answer().allowed


def test_an_old_client_without_host_and_keep_alive_is_answered(port: int) -> None:
    with Connection(port) as connection:
        connection.send(b"GET /health/live HTTP/1.0\r\n\r\n")

        assert connection.answer().status == 200
        assert connection.is_closed()


@pytest.mark.parametrize("value", [CANARY, CANARY + b"\xff", b"<script>" + CANARY, b"%0d%0aX: " + CANARY])
def test_no_part_of_a_request_comes_back_in_an_error(port: int, value: bytes) -> None:
    requests = [
        with_length(b'{"contact":"' + value + b'"}'),
        with_length(b'{"contact":"x","action":"y","ip":"' + value + b'"}'),
        with_length(b'{"contact":"x","action":"y","channel":"' + value + b'"}'),
        with_length(value),
        with_length(BODY, target=b"/" + value.replace(b" ", b"")),
        with_length(BODY, b"X-Request-ID: " + value + b" x"),
        post(b"Content-Length: " + value),
        POST + b"Host: " + value + b" x\r\n\r\n",
    ]
    for raw in requests:
        with Connection(port) as connection:
            connection.send(raw)
            answer = connection.answer()

            assert 400 <= answer.status < 500
            assert CANARY not in answer.body
            assert CANARY.decode() not in str(answer.headers)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"", id="silence"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"P", id="a letter"),
        pytest.param(POST + HOST, id="half the headers"),
        pytest.param(POST + HOST + JSON + LENGTH + b"\r\n" + BODY[:-1], id="a body without its last byte"),
        pytest.param(post(b"Transfer-Encoding: chunked", body=b"5\r\nab"), id="half a chunk"),
        pytest.param(GOOD + b"P", id="a letter after a good request"),
        pytest.param(GOOD + POST + HOST, id="half the headers after a good request"),
        pytest.param(GOOD + GOOD[:-1], id="a body without its last byte after a good request"),
    ],
)
def test_a_request_that_does_not_arrive_is_cut(hasty_port: int, part: bytes) -> None:
    with Connection(hasty_port) as connection:
        connection.send(part)
        if part.startswith(GOOD):
            assert connection.answer().allowed
        try:
            answer = connection.answer()
        except ConnectionError:
            return

        assert (answer.status, answer.code) in {(408, "request_timeout"), (400, "bad_http")}
        assert connection.is_closed()


def test_trickling_bytes_do_not_extend_the_deadline(hasty_port: int) -> None:
    with Connection(hasty_port) as connection:
        connection.socket.settimeout(0.05)
        closed = False
        for byte in POST + HOST + b"X-Filler: " + b"x" * 2000:
            connection.send(bytes([byte]))
            try:
                closed = connection.socket.recv(4096) != b"x"
            except TimeoutError:
                continue
            except ConnectionResetError:
                closed = True
            break

        assert closed


def test_the_deadline_is_for_requests_and_not_for_the_time_between_them(hasty_port: int) -> None:
    with Connection(hasty_port) as connection:
        for _ in range(2):
            connection.send(GOOD)

            assert connection.answer().allowed
            time.sleep(0.7)  # longer than a request may take
        connection.send(GOOD[:-1])
        assert connection.answer().code == "request_timeout"


def test_more_connections_than_the_limit_are_closed_and_the_others_answered() -> None:
    with served(World().app(), "httptools", max_connections=2) as port:
        with Connection(port) as first, Connection(port) as second:
            for connection in (first, second):
                connection.send(GOOD)
                assert connection.answer().allowed
            with Connection(port) as third:
                assert third.is_closed()
            first.send(GOOD)
            assert first.answer().allowed
        with Connection(port) as later:
            later.send(GOOD)
            try:
                assert later.answer().allowed
            except ConnectionError:
                pytest.skip("the server has not yet seen the others go")


@pytest.mark.parametrize(
    "bad",
    [
        b"GARBAGE\r\n\r\n",
        with_length(BODY, b"Transfer-Encoding: chunked"),
        with_length(BODY, b"X: \x00"),
    ],
    ids=["no request at all", "two framings", "a NUL in a header"],
)
def test_a_bad_request_in_one_piece_with_good_ones_is_answered_after_them(port: int, bad: bytes) -> None:
    with Connection(port) as connection:
        connection.send(with_length(BODY) + with_length(BODY) + bad)

        answers = [connection.answer() for _ in range(3)]

        assert [answer.status for answer in answers] == [200, 200, 400]
        assert connection.is_closed()


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(GOOD, [200], id="one request"),
        pytest.param(GOOD + LIVE + GOOD, [200, 200, 200], id="several"),
        pytest.param(LIVE + GOOD + GOOD[:-5], [200, 200], id="the last one is not whole"),
        pytest.param(GOOD[:-5], [], id="none is whole"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_a_client_that_sends_nothing_more_still_gets_the_answers_to_what_it_asked(
    port: int, sent: bytes, expected: list[int]
) -> None:
    with Connection(port) as client:
        client.send(sent)
        client.socket.shutdown(socket.SHUT_WR)

        assert [client.answer().status for _ in expected] == expected
        assert client.is_closed()


def test_a_client_that_resets_the_connection_is_no_failure_of_the_service(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    question = json.dumps({**QUESTION, "subject": {"type": "contact"}}).encode()
    for many in [1, 5] * 20:
        with Connection(port) as going:  # a search is answered in a thread, so the reset comes before its answer
            going.send(with_length(question, target=b"/access/v1/search/subject") * many)
            going.reset()

    with Connection(port) as staying:
        staying.send(LIVE)
        assert staying.answer().status == 200
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
