"""The HTTP layer by itself: Host, framing, path, request id, and the table of errors."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from authz import errors
from authz.errors import AuthzError, Problem
from authz.web.connection.hygiene import Direct, Hygiene
from authz.web.credentials.callers import CallerRefused, CallerUnknown
from authz.web.messages.incoming import check_target, has_body, read_body, read_request_id
from authz.web.messages.reply import Refusal, status_of

HOSTS = {
    b"pdp.example": True,
    b"PDP.Example.": True,
    b"localhost:8000": True,
    b"127.0.0.1": True,
    b"[::1]": True,
    b"[2001:db8::1]:8000": True,
    b"a_b.example": True,
    b"": False,
    b".": False,
    b"a..b": False,
    b"-a": False,
    b"a-": False,
    b"a b": False,
    b"a,b": False,
    b"a/b": False,
    b"a\\b": False,
    b"a@b": False,
    b"a?b": False,
    b"a#b": False,
    b"a%2eb": False,
    b"a:": False,
    b"a:x": False,
    b"a:123456": False,
    b"a:1:2": False,
    b"[::1": False,
    b"::1": False,
    b"[::1%eth0]": False,
    b"[]": False,
    b"\xc3\xa9.example": False,
    b"a\x00": False,
    b"a\n": False,
    b"a" * 262: False,
}
PATHS = {
    b"/": True,
    b"/v1/decision": True,
    b"/.well-known/authzen-configuration": True,
    b"/a/...": True,
    b"/v1/contacts/ana@acme.example": True,
    b"/v1/decision/": True,
    b"": False,
    b"v1/decision": False,
    b"//v1/decision": False,
    b"/v1//decision": False,
    b"/v1/./decision": False,
    b"/v1/../decision": False,
    b"/v1/decision/..": False,
    b"/.": False,
    b"/v1%2Fdecision": False,
    b"/v1/decision%00": False,
    b"/v1/decision\n": False,
    b"/v1/decision\x7f": False,
    b"/v1\\decision": False,
    b"/v1/d\xc3\xa9cision": False,
    b"http://a/v1/decision": False,
    b"*": False,
}


def scope(*headers: tuple[bytes, bytes], version: str = "1.1", path: bytes = b"/") -> Scope:
    return {"type": "http", "http_version": version, "headers": list(headers), "raw_path": path, "method": "POST"}


@pytest.mark.parametrize(("host", "plain"), HOSTS.items())
def test_a_host_is_a_name_or_an_address_with_or_without_port(host: bytes, plain: bool) -> None:
    if plain:
        assert has_body(scope((b"host", host))) is False
    else:
        with pytest.raises(Refusal) as refused:
            has_body(scope((b"host", host)))
        assert (refused.value.status, refused.value.code) == (400, "bad_host")


@pytest.mark.parametrize(("path", "plain"), PATHS.items())
def test_a_path_is_taken_in_its_plain_form_only(path: bytes, plain: bool) -> None:
    asked = scope(path=path)
    if plain:
        check_target(asked)

        assert asked["path"] == path.decode()
    else:
        with pytest.raises(Refusal) as refused:
            check_target(asked)
        assert (refused.value.status, refused.value.code) == (400, "bad_path")


@pytest.mark.parametrize(
    ("headers", "follows"),
    [
        ([], False),
        ([(b"content-length", b"0")], False),
        ([(b"content-length", b"7")], True),
        ([(b"transfer-encoding", b"chunked")], True),
        ([(b"transfer-encoding", b"Chunked")], True),
    ],
)
def test_the_headers_say_whether_a_body_follows(headers: list[tuple[bytes, bytes]], follows: bool) -> None:
    assert has_body(scope((b"host", b"a"), *headers)) is follows


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param([(b"content-length", b"7"), (b"transfer-encoding", b"chunked")], "bad_framing", id="both"),
        pytest.param([(b"content-length", b"7"), (b"content-length", b"7")], "repeated_header", id="a length twice"),
        pytest.param([(b"content-length", b"7,7")], "bad_framing", id="a list of lengths"),
        pytest.param([(b"content-length", b" 7")], "bad_framing", id="a spaced length"),
        pytest.param([(b"content-length", b"+7")], "bad_framing", id="a signed length"),
        pytest.param([(b"content-length", b"\xd9\xa7")], "bad_framing", id="an Arabic digit"),
        pytest.param([(b"content-length", b"")], "bad_framing", id="an empty length"),
        pytest.param([(b"content-length", b"9" * 19)], "bad_framing", id="a length beyond 64 bits"),
        pytest.param([(b"transfer-encoding", b"gzip, chunked")], "bad_framing", id="two codings"),
        pytest.param([(b"transfer-encoding", b"")], "bad_framing", id="no coding"),
        pytest.param([(b"host", b"b")], "repeated_header", id="a Host twice"),
        pytest.param([(b"content-type", b"a"), (b"content-type", b"a")], "repeated_header", id="two content types"),
    ],
)
def test_what_two_readers_could_frame_differently_is_refused(headers: list[tuple[bytes, bytes]], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        has_body(scope((b"host", b"a"), *headers))

    assert (refused.value.status, refused.value.code) == (400, code)
    assert (b"connection", b"close") in refused.value.headers


@pytest.mark.parametrize("version", ["0.9", "2", "2.0", "1.2", "3", ""])
def test_only_http_1_is_spoken(version: str) -> None:
    with pytest.raises(Refusal, match=r"HTTP/1\.1"):
        has_body(scope((b"host", b"a"), version=version))


def test_a_host_may_be_absent_in_http_1_0_only() -> None:
    assert has_body(scope(version="1.0")) is False
    with pytest.raises(Refusal, match="Host"):
        has_body(scope())


@pytest.mark.parametrize("value", [b"a", b"x" * 128, b"!~", b"bfe9eb29-ab87-4ca3-be83-a1d5d8305716"])
def test_a_request_id_of_visible_ascii_is_kept_as_it_is(value: bytes) -> None:
    assert read_request_id(scope((b"x-request-id", value))) == value


@pytest.mark.parametrize("value", [b"", b"x" * 129, b"a b", b"a\tb", b"a\n", b"\x7f", b"\xc3\xa9"])
def test_any_other_request_id_is_refused(value: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_request_id(scope((b"x-request-id", value)))

    assert refused.value.code == "bad_request_id"


async def talk(app: Hygiene, asked: Scope, *events: Message) -> list[Message]:
    return await talk_until(app, asked, list(events))


async def talk_until(app: Hygiene, asked: Scope, waiting: list[Message]) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(asked, receive, send)
    return sent


async def reads_all(_scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def reads_nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def breaks_halfway(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("after the start")


def hygiene(app: Any) -> Hygiene:
    return Hygiene(reads_nothing, {b"/": Direct(frozenset({"POST"}), app)})


PIECE: Message = {"type": "http.request", "body": b"1234", "more_body": True}
LAST: Message = {"type": "http.request", "body": b"567", "more_body": False}
ASKED = ((b"host", b"a"), (b"content-length", b"7"))


def closes(sent: list[Message]) -> bool:
    return (b"connection", b"close") in sent[0]["headers"]


async def test_a_connection_whose_body_was_read_stays_open() -> None:
    assert not closes(await talk(hygiene(reads_all), scope(*ASKED), PIECE, LAST))


async def test_a_connection_whose_body_was_not_read_closes_after_the_rest_has_come() -> None:
    waiting = [PIECE, LAST]
    sent = await talk_until(hygiene(reads_nothing), scope(*ASKED), waiting)

    assert closes(sent)
    assert waiting == []
    assert [message["type"] for message in sent].count("http.response.start") == 1
    assert sent[-1].get("more_body", False) is False


async def test_a_client_that_has_gone_gets_no_answer() -> None:
    assert await talk(hygiene(reads_all), scope(*ASKED), PIECE) == []


async def test_an_answer_that_breaks_halfway_is_not_followed_by_another() -> None:
    with pytest.raises(RuntimeError, match="after the start"):
        await talk(hygiene(breaks_halfway), scope((b"host", b"a")))


async def test_a_websocket_is_closed() -> None:
    assert await talk(hygiene(reads_all), {"type": "websocket"}) == [{"type": "websocket.close"}]


async def test_a_body_without_end_is_not_read_to_its_end() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    with pytest.raises(Refusal) as refused:
        await read_body(scope((b"content-type", b"application/json")), receive)

    assert (refused.value.status, refused.value.code) == (413, "body_too_large")


def every_error() -> list[type[AuthzError]]:
    found = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, AuthzError)]
    return [one for one in [*found, CallerUnknown, CallerRefused] if one is not AuthzError]


@pytest.mark.parametrize("error", every_error())
def test_every_error_has_a_status(error: type[AuthzError]) -> None:
    if issubclass(error, errors.InvalidFile):
        made: AuthzError = error([Problem("f", 1, 1, "x")])
    elif issubclass(error, errors.RequestInvalid):
        made = error("bad_address", "x")
    else:
        made = error("x")

    assert 400 <= status_of(made) <= 503
