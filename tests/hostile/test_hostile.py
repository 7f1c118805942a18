"""Hundreds of hostile requests to a real server on both parsers: no allow, no 5xx, no hang, no echo, one answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.hostile.addresses import ADDRESSES, CIRCUMSTANCES
from tests.hostile.assault import failure, question, with_body
from tests.hostile.documents import DOCUMENTS
from tests.hostile.framing import FRAMING, SPOOFED, post
from tests.hostile.spellings import ACTIONS, EMAILS, RESOURCES, TENANTS
from tests.web.sockets import WAYS, served
from tests.web.world import INSIDE, OUTSIDE, QUESTION, World

SHORTEST_SECRET = 6
"""Characters; shorter ones stand in our own words, too."""


@pytest.fixture(scope="module", params=WAYS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with served(World().app(), request.param, receive_timeout_s=1.5) as port:
        yield port


def failures(port: int, requests: Iterable[tuple[bytes, str]]) -> list[tuple[bytes, str]]:
    found = []
    for raw, secret in requests:
        wrong = failure(port, raw, secret)
        if wrong:
            found.append((raw[:300], wrong))
    return found


def secret_of(value: object) -> str:
    """What of a hostile value must not come back; a tenant's own id is no secret to a caller with `explain`."""
    return value if isinstance(value, str) and len(value) >= SHORTEST_SECRET and value.strip() != "acme" else ""


@pytest.mark.parametrize("member", ["contact", "subject"])
def test_no_other_spelling_of_a_contact_is_a_yes(port: int, member: str) -> None:
    def asked(value: Any) -> bytes:
        body = {"contact": value} if member == "contact" else {"subject": {"type": "contact", "id": value}}
        flat = {"action": "report", "ip": INSIDE, **body}
        return with_body(json.dumps(flat).encode())

    assert failures(port, ((asked(value), secret_of(value)) for value in EMAILS)) == []


@pytest.mark.parametrize(
    ("member", "values"),
    [
        pytest.param("action", ACTIONS, id="action"),
        pytest.param("tenant", TENANTS, id="tenant"),
        pytest.param("resource", RESOURCES, id="resource"),
        pytest.param("ip", ADDRESSES, id="ip"),
    ],
)
def test_no_other_spelling_of_anything_else_is_a_yes(port: int, member: str, values: tuple[Any, ...]) -> None:
    assert failures(port, ((question({member: value}), secret_of(value)) for value in values)) == []


def test_no_claim_about_the_circumstances_is_a_yes(port: int) -> None:
    assert failures(port, ((question(change), "") for change in CIRCUMSTANCES)) == []


@pytest.mark.parametrize("path", [b"/v1/decision", b"/access/v1/evaluation", b"/access/v1/evaluations"])
def test_no_document_that_could_be_read_in_two_ways_is_a_yes(port: int, path: bytes) -> None:
    assert failures(port, ((with_body(document, path), "") for document in DOCUMENTS)) == []


def test_no_request_that_could_be_framed_in_two_ways_is_a_yes(port: int) -> None:
    assert failures(port, ((raw, "") for raw in FRAMING)) == []


def test_no_header_speaks_for_the_caller(port: int) -> None:
    body = json.dumps({"contact": "ana@acme.example", "action": "report", "ip": OUTSIDE}).encode()
    length = b"Content-Length: %d" % len(body)

    assert failures(port, ((post(length, header, body=body), "") for header in SPOOFED)) == []


def nested(path: str, subject: Any) -> Any:
    """The request of an AuthZEN endpoint with that subject."""
    single = {**QUESTION, "subject": subject}
    if path.endswith("evaluations"):
        return {**QUESTION, "evaluations": [{"subject": subject}, {"subject": subject}]}
    if path.endswith("action"):
        return {name: value for name, value in single.items() if name != "action"}
    return single


def is_no(document: Any) -> bool:
    if "error" in document:
        return True
    if "results" in document:
        return bool(document["results"] == [])
    answers = document.get("evaluations", [document])
    return bool(answers) and all(one["decision"] is False for one in answers)


@pytest.mark.parametrize("name", ["evaluation", "evaluations", "search/action", "search/resource"])
async def test_no_endpoint_takes_another_spelling_of_a_contact(name: str) -> None:
    path = "/access/v1/" + name
    async with World().client() as client:
        for value in EMAILS:
            for subject in ({"type": "contact", "id": value}, value):
                content = json.dumps(nested(path, subject)).encode()
                answer = await client.post(path, content=content, headers={"content-type": "application/json"})

                assert answer.status_code in {200, 400}, value
                assert is_no(answer.json()), value


FIELDS: dict[str, tuple[Callable[[Any], dict[str, Any]], tuple[Any, ...]]] = {
    "action": (lambda value: {"action": {"name": value}}, ACTIONS),
    "tenant": (lambda value: {"resource": {"type": "tenant", "id": value}}, TENANTS),
    "resource": (lambda value: {"resource": value}, RESOURCES),
    "ip": (lambda value: {"context": {"ip": value}}, ADDRESSES),
    "context": (lambda value: {"context": {"ip": INSIDE, **value}}, CIRCUMSTANCES[:39]),
}


@pytest.mark.parametrize("field", FIELDS)
async def test_no_batch_and_no_search_takes_what_a_single_question_refuses(field: str) -> None:
    change, values = FIELDS[field]
    async with World().client() as client:
        for value in values:
            for path, body in (
                ("evaluations", {**QUESTION, "evaluations": [change(value)]}),
                ("search/subject", {**QUESTION, **change(value), "subject": {"type": "contact"}}),
            ):
                answer = await client.post(
                    "/access/v1/" + path,
                    content=json.dumps(body).encode(),
                    headers={"content-type": "application/json"},
                )

                assert answer.status_code in {200, 400}, value
                assert is_no(answer.json()), value
