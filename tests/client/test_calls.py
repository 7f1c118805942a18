"""The client over real sockets: against the real application, and against servers that mean it badly."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from authz.client import AUTHZ_UNAVAILABLE, BAD_REPLY, OBLIGATION_NOT_UNDERSTOOD, AsyncClient, Client, Decision
from authz.client.decision import LARGEST_REPLY
from tests.client.stub import Behaviour, answer, stub
from tests.web.sockets import served
from tests.web.world import INSIDE, OUTSIDE, World

YES = b'{"decision":true,"context":{"reason":"permitted"}}'
KEY = "the-key-that-nobody-may-see"
Ask = Callable[..., Decision]


def by_client(url: str, key: str | None = None, **settings: Any) -> Decision:
    """One question by the synchronous client."""
    with Client(url, key, **settings) as client:
        return client.decide("ana@acme.example", "report", ip=INSIDE)


def by_async_client(url: str, key: str | None = None, **settings: Any) -> Decision:
    """The same by the asynchronous one."""

    async def ask() -> Decision:
        async with AsyncClient(url, key, **settings) as client:
            return await client.decide("ana@acme.example", "report", ip=INSIDE)

    return asyncio.run(ask())


@pytest.fixture(params=[by_client, by_async_client], ids=["Client", "AsyncClient"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Both clients in turn."""
    one: Ask = request.param
    return one


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The real application on a real port."""
    with served(World().app(), "httptools") as port:
        yield f"http://127.0.0.1:{port}"


def test_the_real_service_says_yes(ask: Ask, service: str) -> None:
    decision = ask(service)

    assert decision
    assert (decision.reason, decision.contact["tenant"]) == ("permitted", "acme")


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ({"action": "report", "ip": OUTSIDE}, "network_not_declared"),
        ({"action": "report", "ip": INSIDE, "tenant": "other"}, "tenant_unknown"),
        ({"action": "report", "channel": "email", "assurance": "claimed"}, "sender_unverified"),
        ({"action": "report", "ip": INSIDE, "resource": {"type": "spaceship", "id": "1"}}, "tenant_unknown"),
        ({"action": {"name": "restore"}, "ip": INSIDE}, "role_not_permitted"),
    ],
)
def test_the_real_service_says_no_and_why(service: str, question: dict[str, Any], reason: str) -> None:
    with Client(service) as client:
        decision = client.decide("ana@acme.example", **question)

    assert (decision.allowed, decision.reason) == (False, reason)


def test_the_real_services_complaints_are_a_no(service: str) -> None:
    with Client(service) as client:
        bad_ip = client.decide("ana@acme.example", "report", ip="not an address")
        half_a_character = client.decide("ana\udcff@acme.example", "report", ip=INSIDE)
    with_a_key = by_client(service, KEY)

    assert (bad_ip.reason, half_a_character.reason, with_a_key.reason) == (BAD_REPLY, BAD_REPLY, BAD_REPLY)
    assert half_a_character.detail == "status 400, lone_surrogate"
    assert with_a_key.detail == "status 401, unauthenticated"


def test_a_service_without_a_policy_is_unavailable(ask: Ask) -> None:
    with served(World(live=False).app(), "h11") as port:
        decision = ask(f"http://127.0.0.1:{port}")

    assert (decision.allowed, decision.reason, decision.detail) == (
        False, AUTHZ_UNAVAILABLE, "status 503, no_active_policy",
    )  # fmt: skip


def says(*parts: bytes) -> Behaviour:
    """Send these, one after the other."""

    def behave(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return behave


def drips(data: bytes) -> Behaviour:
    """A byte now and then, more slowly than any deadline here, more often than any time-out for one read."""

    def behave(connection: socket.socket) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(0.1)

    return behave


def waits(connection: socket.socket) -> None:
    """Say nothing until the client hangs up."""
    connection.recv(1)


def resets(connection: socket.socket) -> None:
    """Close with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def floods(connection: socket.socket) -> None:
    """An answer without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + YES)
    with suppress(OSError):
        while True:
            connection.sendall(b" " * 65536)


HOSTILE: dict[str, tuple[Behaviour, str]] = {
    "nothing": (says(), AUTHZ_UNAVAILABLE),
    "reset": (resets, AUTHZ_UNAVAILABLE),
    "silence": (waits, AUTHZ_UNAVAILABLE),
    "dripping head": (drips(answer(YES)), AUTHZ_UNAVAILABLE),
    "dripping body": (lambda to: (says(answer(YES)[:-40])(to), drips(YES[-40:])(to), None)[-1], AUTHZ_UNAVAILABLE),
    "cut body": (says(answer(YES + b" " * 100)[:-50]), AUTHZ_UNAVAILABLE),
    "cut head": (says(b"HTTP/1.1 200 OK\r\nContent-"), AUTHZ_UNAVAILABLE),
    "not HTTP": (says(b"220 mail.example ESMTP\r\n" + YES), AUTHZ_UNAVAILABLE),
    "only JSON": (says(YES), AUTHZ_UNAVAILABLE),
    "endless body": (floods, BAD_REPLY),
    "huge body": (says(answer(YES + b" " * (LARGEST_REPLY + 1))), BAD_REPLY),
    "huge head": (says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n" + YES), AUTHZ_UNAVAILABLE),
    "not JSON": (says(answer(b"<html>true</html>")), BAD_REPLY),
    "a string": (says(answer(b'{"decision":"true"}')), BAD_REPLY),
    "encoded": (says(answer(YES, "200 OK", "Content-Encoding: gzip")), BAD_REPLY),
    "redirect": (says(answer(YES, "302 Found", "Location: http://127.0.0.1:1/yes")), BAD_REPLY),
    "redirect keeping the method": (says(answer(YES, "307 Temporary Redirect", "Location: /yes")), BAD_REPLY),
    "created": (says(answer(YES, "201 Created")), BAD_REPLY),
    "forbidden": (says(answer(YES, "403 Forbidden")), BAD_REPLY),
    "login": (says(answer(YES, "401 Unauthorized", 'WWW-Authenticate: Digest realm="x", nonce="y"')), BAD_REPLY),
    "unavailable": (says(answer(YES, "503 Service Unavailable", "Retry-After: 0")), AUTHZ_UNAVAILABLE),
    "early hints, then no": (says(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(b"{}")), BAD_REPLY),
    "two lengths": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 50\r\n\r\n{}" + YES),
        AUTHZ_UNAVAILABLE,
    ),
    "switching": (
        says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + YES),
        AUTHZ_UNAVAILABLE,
    ),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_server_gets_no_yes_out_of_the_client_and_is_asked_once(ask: Ask, hostile: str) -> None:
    behave, reason = HOSTILE[hostile]
    with stub(behave) as server:
        decision = ask(server.url, KEY, timeout_s=0.5)

    assert (decision.allowed, decision.reason) == (False, reason), decision.detail
    assert len(server.requests) == 1
    assert KEY not in repr(decision)


def test_a_plain_yes_from_the_same_server_is_one(ask: Ask) -> None:
    with stub(says(answer(YES))) as server:
        assert ask(server.url)


def test_nobody_there_is_a_no(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    decision = ask(f"http://127.0.0.1:{port}")

    assert (decision.allowed, decision.reason, decision.detail) == (False, AUTHZ_UNAVAILABLE, "ConnectError")


def test_a_name_that_does_not_resolve_is_a_no(ask: Ask) -> None:
    assert ask("http://authz.invalid:8000").reason == AUTHZ_UNAVAILABLE


def test_connecting_is_tried_twice_and_asking_never(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []
    original = asyncio.BaseEventLoop.create_connection

    async def first_fails(self: asyncio.BaseEventLoop, *args: Any, **kwargs: Any) -> Any:
        tries.append(args)
        if len(tries) == 1:
            raise ConnectionRefusedError
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", first_fails)
    with stub(says(answer(YES))) as server:
        decision = by_async_client(server.url)

    assert decision
    assert (len(tries), len(server.requests)) == (2, 1)


def test_an_obligation_nobody_announced_is_a_no_and_what_is_understood_is_said(ask: Ask) -> None:
    duty = b'{"decision":true,"context":{"reason":"permitted","obligations":[{"id":"1","type":"call_back"}]}}'
    with stub(says(answer(duty))) as server:
        strange = ask(server.url)
        understood = ask(server.url, understands={"call_back", "log"})

    assert (strange.allowed, strange.reason) == (False, OBLIGATION_NOT_UNDERSTOOD)
    assert understood
    questions = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in server.requests]
    assert [question.get("supported_obligations") for question in questions] == [None, ["call_back", "log"]]


def test_nothing_of_the_environment_is_used(ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    with stub(says(answer(YES))) as server:
        decision = ask(server.url)

    assert decision
    assert b"authorization" not in server.requests[0].lower()


def test_the_key_is_sent_once_and_shown_nowhere(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with stub(says(answer(YES))) as server:
        decision = ask(server.url + "/", KEY)
        client = Client(server.url, KEY)
        asynchronous = AsyncClient(server.url, KEY)

    assert decision
    assert server.requests[0].count(KEY.encode()) == 1
    assert f"Authorization: Bearer {KEY}".encode() in server.requests[0]
    shown = [repr(client), str(client), repr(asynchronous), repr(vars(client)), repr(vars(asynchronous)), caplog.text]
    shown += [repr(vars(asynchronous._http)), repr(decision)]
    assert KEY not in "".join(shown)
    assert repr(client) == f"Client('{server.url}')"
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps(client)
    client.close()


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000",
        "ftp://a.example",
        "http://",
        "http://user:pass@a.example",
        "http://a.example?x",
        "http://a.example#x",
        "",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="not a URL"):
        Client(url)


@pytest.mark.parametrize("key", ["", "with blank", "with\nline", "ключ", "x" * 513])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="the key") as refused:
        AsyncClient("http://127.0.0.1:8000", key)

    assert not key or key not in str(refused.value)


def test_other_arguments_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ValueError, match="several types"):
        Client("http://127.0.0.1:8000", understands="log")
    with pytest.raises(ValueError, match="timeout"):
        Client("http://127.0.0.1:8000", timeout_s=0)


def test_one_client_serves_many_threads(service: str) -> None:
    with Client(service) as client, ThreadPoolExecutor(8) as threads:
        calls = [
            threads.submit(client.decide, "ana@acme.example", "report", ip=ip) for ip in (INSIDE, OUTSIDE) * 20
        ]  # fmt: skip

    assert [bool(call.result()) for call in calls] == [True, False] * 20


def test_a_closed_client_says_no(service: str) -> None:
    client = Client(service)
    assert client.decide("ana@acme.example", "report", ip=INSIDE)
    client.close()
    client.close()

    decision = client.decide("ana@acme.example", "report", ip=INSIDE)

    assert (decision.allowed, decision.reason, decision.detail) == (False, AUTHZ_UNAVAILABLE, "the client is closed")


def test_closing_ends_the_calls_under_way() -> None:
    answers: list[Decision] = []
    with stub(waits) as server:
        client = Client(server.url, timeout_s=30.0)
        thread = threading.Thread(target=lambda: answers.append(client.decide("ana@acme.example", "report", ip=INSIDE)))
        thread.start()
        while not server.requests:
            time.sleep(0.01)
        client.close()
        thread.join(20)

    assert [(one.allowed, one.reason) for one in answers] == [(False, AUTHZ_UNAVAILABLE)]


def test_a_closed_asynchronous_client_says_no(service: str) -> None:
    async def closed() -> Decision:
        client = AsyncClient(service)
        await client.aclose()
        return await client.decide("ana@acme.example", "report", ip=INSIDE)

    assert asyncio.run(closed()).detail == "the client is closed"


def test_the_synchronous_client_works_where_an_event_loop_runs(service: str) -> None:
    async def inside() -> Decision:
        with Client(service) as client:
            return client.decide("ana@acme.example", "report", ip=INSIDE)

    assert asyncio.run(inside())


def test_a_client_made_before_a_fork_works_in_the_child(service: str) -> None:
    """As under a web server that loads the application and then forks its workers."""
    code = (
        "import os, sys\n"
        "from authz.client import Client\n"
        f"client = Client({service!r}, timeout_s=20.0)\n"
        f"question = ('ana@acme.example', 'report'), {{'ip': {INSIDE!r}}}\n"
        "assert client.decide(*question[0], **question[1])\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if client.decide(*question[0], **question[1]) else 3)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    ended = exit_status_of(code)

    assert ended == 0


def exit_status_of(code: str) -> int:
    """The exit status of a Python program."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", code], env=environment, timeout=60, check=False).returncode


def test_a_cancelled_call_stays_cancelled() -> None:
    async def cancelled(url: str) -> None:
        async with AsyncClient(url, timeout_s=30.0) as client:
            async with asyncio.timeout(0.2):
                await client.decide("ana@acme.example", "report", ip=INSIDE)

    with stub(waits) as server, pytest.raises(TimeoutError):
        asyncio.run(cancelled(server.url))
