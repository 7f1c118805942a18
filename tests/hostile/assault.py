"""Sends hostile requests to a real server, with a request that must be allowed before, during and after each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.hostile.framing import post
from tests.web.sockets import Answer, Connection
from tests.web.world import FLAT

GOOD = post(b"Content-Length: %d" % len(json.dumps(FLAT)), body=json.dumps(FLAT).encode())
LURE = b"evil"
"""Stands in many hostile requests, and in no answer of ours."""


def question(changes: Mapping[str, Any]) -> bytes:
    """A good flat question with these members instead of its own."""
    body = json.dumps({**FLAT, **changes}).encode()
    return post(b"Content-Length: %d" % len(body), body=body)


def with_body(body: bytes, path: bytes = b"/v1/decision") -> bytes:
    """A request with that body."""
    return post(b"Content-Length: %d" % len(body), body=body, line=b"POST " + path + b" HTTP/1.1")


def is_well(port: int) -> bool:
    """Whether a good request is allowed."""
    with Connection(port) as connection:
        connection.send(GOOD)
        return connection.answer().allowed


def failure(port: int, raw: bytes, secret: str = "") -> str:
    """What is wrong with how the request is met; empty: nothing. `secret`: what must not come back."""
    if not is_well(port):
        return "a good request was not allowed before"
    with Connection(port) as connection:
        connection.send(raw[: len(raw) // 2])
        if not is_well(port):
            return "a good request was not allowed during"
        connection.send(raw[len(raw) // 2 :])
        try:
            answer = connection.answer()
        except (ConnectionError, TimeoutError) as error:
            return f"no answer: {error!r}"
        wrong = _wrong_with(answer, secret) or _out_of_step(connection, answer)
    if not is_well(port):
        return "a good request was not allowed after"
    return wrong


def _wrong_with(answer: Answer, secret: str) -> str:
    if answer.status >= 500 or answer.status < 200:
        return f"status {answer.status}"
    if answer.headers.get("content-type") != "application/json":
        return f"the answer is {answer.headers.get('content-type')}"
    document = json.loads(answer.body)
    if answer.status == 200 and document.get("decision") is not False:
        return f"allowed: {document}"
    if answer.status != 200 and set(document) != {"error"}:
        return f"not an error of ours: {document}"
    said = answer.body + str(answer.headers).encode()
    shown = {secret, json.dumps(secret)[1:-1], secret.strip()} - {""}
    if LURE in said or any(one.encode("utf-8", "surrogatepass") in said for one in shown):
        return f"echo: {said!r}"
    return ""


def _out_of_step(connection: Connection, answer: Answer) -> str:
    """Exactly one answer: the connection closes, or the next request on it is answered as itself."""
    if answer.headers.get("connection") == "close":
        return "" if connection.is_closed() else "another answer behind the last one"
    connection.send(GOOD)
    try:
        return "" if connection.answer().allowed else "the next request was answered as another"
    except (ConnectionError, TimeoutError) as error:
        return f"the next request was not answered: {error!r}"
