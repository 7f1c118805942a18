"""What comes in one turn of the event loop is read from all connections first, and answered then."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.server import ServerState

from authz.web.connection.fast import FastHttpTools
from authz.web.connection.hygiene import Hygiene
from authz.web.connection.turn import Turn
from tests.web.sockets import PATIENCE_S, configuration
from tests.web.test_fast import only_fast, question
from tests.web.world import World

LIVE = b"GET /health/live HTTP/1.1\r\nHost: pdp.example\r\n\r\n"


class Asked:
    """A connection on which something came."""

    def __init__(self, name: str, looked: list[str], then: Callable[[], None] = lambda: None) -> None:
        self.loop = asyncio.get_running_loop()
        self.transport: Any = self
        self.aborted = False
        self._name = name
        self._looked = looked
        self._then = then

    def look(self) -> None:
        self._looked.append(self._name)
        self._then()

    def abort(self) -> None:
        self.aborted = True


async def test_nobody_looks_before_all_have_come_and_each_looks_once_in_its_order() -> None:
    turn, looked = Turn(), list[str]()
    for name in "abc":
        turn.join(Asked(name, looked))
    assert looked == []

    for _ in range(3):
        await asyncio.sleep(0)

    assert looked == ["a", "b", "c"]


async def test_what_comes_while_others_look_is_looked_at_in_the_next_turn() -> None:
    turn, looked = Turn(), list[str]()
    turn.join(Asked("a", looked, lambda: turn.join(Asked("c", looked))))
    turn.join(Asked("b", looked))

    for _ in range(3):
        await asyncio.sleep(0)

    assert looked == ["a", "b", "c"]


async def test_a_fault_on_one_connection_ends_that_one_and_no_other() -> None:
    def fails() -> None:
        raise RuntimeError("a fault of ours")

    turn, looked = Turn(), list[str]()
    broken, good = Asked("broken", looked, fails), Asked("good", looked)
    turn.join(broken)
    turn.join(good)

    await asyncio.sleep(0)

    assert looked == ["broken", "good"]
    assert (broken.aborted, good.aborted) == (True, False)


async def connected(app: Hygiene) -> tuple[FastHttpTools, socket.socket]:
    """A connection of the fast path, and the client's side of it."""
    config = configuration(app, "fast", keep_alive_s=600)
    config.load()
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    _, protocol = await asyncio.get_running_loop().create_connection(
        lambda: FastHttpTools(config, ServerState(), {}), sock=ours
    )
    return protocol, theirs


async def everything(client: socket.socket) -> bytes:
    """All that is said until the connection closes."""
    answer = b""
    while received := await asyncio.get_running_loop().sock_recv(client, 65536):
        answer += received
    return answer


@pytest.mark.parametrize("asked", [question("/v1/decision"), LIVE], ids=["the fast way", "the careful way"])
async def test_what_came_in_the_turn_in_which_the_service_ends_is_answered_and_is_the_last(asked: bytes) -> None:
    protocol, client = await connected(World().app())
    with client:
        protocol.data_received(asked)
        protocol.shutdown()
        answer = await asyncio.wait_for(everything(client), PATIENCE_S)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_question_in_pieces_of_one_turn_is_answered_once() -> None:
    protocol, client = await connected(only_fast(World()))
    raw = question("/v1/decision")
    with client:
        for at in range(0, len(raw), 50):
            protocol.data_received(raw[at : at + 50])
        answer = await asyncio.get_running_loop().sock_recv(client, 65536)
        protocol.transport.abort()

    assert answer.count(b'"decision":true') == 1
