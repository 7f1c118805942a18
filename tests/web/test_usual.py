"""What is read at once is what careful reading makes of it; what it would refuse is never read at once."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.core.question import request_from_authzen, request_from_flat
from authz.core.types import Assurance, Request
from authz.errors import RequestInvalid
from authz.web.decide.batch import effective, read_batch
from authz.web.decide.usual import usual_authzen, usual_batch, usual_flat
from authz.web.messages import wire

ZEN: dict[str, Any] = {
    "subject": {"type": "contact", "id": "ana@acme.example"},
    "action": {"name": "Change IP Address"},
    "resource": {"type": "tenant", "id": "acme"},
    "context": {"ip": "203.0.113.5"},
}
FLAT: dict[str, Any] = {
    "contact": "ana@acme.example",
    "action": "change_ip_address",
    "ip": "203.0.113.5",
    "tenant": "acme",
}
SEPARATORS = [(",", ":"), (", ", ": ")]
DAMAGE = [
    b"\\u0061",
    b'"',
    b"{",
    b"}",
    b"null",
    b" ",
    b"\xc3\xa9",
    b"\n",
    b"\\",
    b",",
    b":",
    b"1",
    b"\x00",
    b'"ip":"1.1.1.1"',
    b"true",
]


def carefully(body: bytes, assurance: Assurance, *, flat: bool) -> Request | None:
    to_request = request_from_flat if flat else request_from_authzen
    try:
        return to_request(wire.read_object(body), assurance)
    except RequestInvalid:
        return None


@pytest.mark.parametrize("separators", SEPARATORS, ids=["compact", "with blanks"])
@pytest.mark.parametrize("assurance", list(Assurance))
def test_the_usual_body_is_read_at_once(separators: tuple[str, str], assurance: Assurance) -> None:
    for document, flat in ((ZEN, False), (FLAT, True)):
        body = json.dumps(document, separators=separators).encode()
        usual = usual_flat(body, assurance) if flat else usual_authzen(body, assurance)

        assert usual is not None
        assert usual == carefully(body, assurance, flat=flat)


@settings(max_examples=600)
@given(seed=st.integers(0, 2**63), words=st.lists(st.text(max_size=8), min_size=5, max_size=5))
def test_whatever_is_sent_reading_at_once_makes_the_same_request_or_none(seed: int, words: list[str]) -> None:
    rng = Random(seed)
    flat = rng.random() < 0.5
    body = bytearray(json.dumps(FLAT if flat else ZEN, separators=rng.choice(SEPARATORS)).encode())
    for word, known in zip(
        words, ("ana@acme.example", "acme", "contact", "Change IP Address", "203.0.113.5"), strict=True
    ):
        if rng.random() < 0.3:
            body = body.replace(known.encode(), json.dumps(word, ensure_ascii=rng.random() < 0.5).encode()[1:-1])
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(body))
        body[at : at + rng.randrange(3)] = rng.choice(DAMAGE)
    usual = usual_flat(bytes(body), Assurance.SESSION) if flat else usual_authzen(bytes(body), Assurance.SESSION)

    assert usual is None or usual == carefully(bytes(body), Assurance.SESSION, flat=flat), bytes(body)


def batch_carefully(body: bytes) -> list[Request] | None:
    try:
        batch = read_batch(wire.read_object(body))
        if batch is None or batch.stops_at is not None:
            return None
        return [request_from_authzen(effective(item, batch.defaults), Assurance.SESSION) for item in batch.items]
    except RequestInvalid:
        return None


@pytest.mark.parametrize("separators", SEPARATORS, ids=["compact", "with blanks"])
@pytest.mark.parametrize("items", [1, 2, 100])
def test_a_batch_of_usual_questions_is_read_at_once(separators: tuple[str, str], items: int) -> None:
    several = [{**ZEN, "action": {"name": f"action {at}"}} for at in range(items)]
    body = json.dumps({"evaluations": several}, separators=separators).encode()

    read = usual_batch(body, Assurance.SESSION)

    assert read is not None
    assert [one.action for one in read] == [f"action {at}" for at in range(items)]
    assert read == batch_carefully(body)


@settings(max_examples=400)
@given(seed=st.integers(0, 2**63))
def test_whatever_batch_is_sent_reading_at_once_makes_the_same_requests_or_none(seed: int) -> None:
    rng = Random(seed)
    body = bytearray(json.dumps({"evaluations": [ZEN] * rng.randrange(4)}, separators=rng.choice(SEPARATORS)).encode())
    for _ in range(rng.randrange(3)):
        at = rng.choice((rng.randrange(len(body)), len(body) - rng.randrange(1, 4)))
        body[at : at + rng.randrange(3)] = rng.choice([*DAMAGE, b"]", b"]}", b",{}"])
    usual = usual_batch(bytes(body), Assurance.SESSION)

    assert usual is None or usual == batch_carefully(bytes(body)), bytes(body)


@pytest.mark.parametrize(
    "end", [b"", b"]", b"}", b"],", b"]}\n", b",]}", b", ]}", b'],"options":{}}', b",{}]}", b"]}]}", b"]}\xc3\xa9"]
)
def test_a_batch_that_ends_otherwise_is_not_read_at_once(end: bytes) -> None:
    item = json.dumps(ZEN, separators=(",", ":")).encode()

    assert usual_batch(b'{"evaluations":[' + item + end, Assurance.SESSION) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"contact":"a@x.example","contact":"b@x.example","action":"x"}',
        b'{"contact":"","action":"x"}',
        b'{"contact":"a@x.example","action":"x","ip":"010.0.0.1"}',
        b'{"contact":"a@x.example","action":"x","ip":"1.2.3"}',
        b'{"contact":"' + b"a" * 1025 + b'","action":"x"}',
        b'{"contact":"a","action":"' + b"a" * 257 + b'"}',
        b'{"contact":"a\\u0040x","action":"x"}',
        b'{"contact":"a@x.example","action":"x"}\n',
        b'{"contact":"a@x.example","action":"x","as_of":"2026-01-01"}',
    ],
)
def test_what_careful_reading_refuses_or_reads_otherwise_is_never_read_at_once(body: bytes) -> None:
    assert usual_flat(body, Assurance.SESSION) is None
