"""The fixture of the scenario (c-1), and what its harness checks in every answer (c-2-3, c-2-5, c-5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

SETS = ("certification",)
EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
SUBJECT_SEARCH = "/access/v1/search/subject"
RESOURCE_SEARCH = "/access/v1/search/resource"
ACTION_SEARCH = "/access/v1/search/action"

ALICE = {"type": "user", "id": "alice"}
BOB = {"type": "user", "id": "bob"}
ADMIN_BOB = {**BOB, "properties": {"role": "admin"}}
USERS = {"type": "user"}
READ, WRITE = {"name": "read"}, {"name": "write"}
SOFT_DELETE = {"name": "delete", "properties": {"soft": True}}
HARD_DELETE = {"name": "delete", "properties": {"soft": False}}
RECORD_1 = {"type": "record", "id": "record-1"}
RECORD_2 = {"type": "record", "id": "record-2"}
ACTIVE_1 = {**RECORD_1, "properties": {"status": "active"}}
ARCHIVED_1 = {**RECORD_1, "properties": {"status": "archived"}}
ARCHIVED_2 = {**RECORD_2, "properties": {"status": "archived"}}
RECORDS = {"type": "record"}
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}

QUESTION = {"subject": ALICE, "action": READ, "resource": RECORD_1}
"""Rule 1."""
REQUESTS: Mapping[str, dict[str, Any]] = {
    EVALUATION: QUESTION,
    EVALUATIONS: {**QUESTION, "evaluations": [{}]},
    SUBJECT_SEARCH: {**QUESTION, "subject": USERS},
    RESOURCE_SEARCH: {**QUESTION, "resource": RECORDS},
    ACTION_SEARCH: {"subject": ALICE, "resource": RECORD_1},
}
"""A good request for each endpoint."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    EVALUATION: ("subject.type", "subject.id", "action.name", "resource.type", "resource.id"),
    SUBJECT_SEARCH: ("subject.type", "action.name", "resource.type", "resource.id"),
    RESOURCE_SEARCH: ("subject.type", "subject.id", "action.name", "resource.type"),
    ACTION_SEARCH: ("subject.type", "subject.id", "resource.type", "resource.id"),
}


class Pep:
    """A client that checks the form of each answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def ask(self, path: str, body: Any, **headers: str) -> dict[str, Any]:
        """The answer's document; anything but a good answer fails."""
        answer = await self.client.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        document = answer.json()
        assert type(document) is dict
        assert type(document.get("context", {})) is dict
        return document

    async def decision(self, **question: Any) -> bool:
        """The decision on one question."""
        return decision_of(await self.ask(EVALUATION, question))

    async def decisions(self, **request: Any) -> list[bool]:
        """The decisions on a batch, as many as it has items."""
        document = await self.ask(EVALUATIONS, request)
        assert "decision" not in document
        return [decision_of(one) for one in document["evaluations"]]

    async def subjects(self, **request: Any) -> set[str]:
        """The ids found by a subject search."""
        return await self._ids(SUBJECT_SEARCH, request, request["subject"]["type"])

    async def resources(self, **request: Any) -> set[str]:
        """The ids found by a resource search."""
        return await self._ids(RESOURCE_SEARCH, request, request["resource"]["type"])

    async def actions(self, **request: Any) -> set[str]:
        """The names found by an action search."""
        results = (await self.ask(ACTION_SEARCH, request))["results"]
        assert all(set(one) <= {"name", "obligations"} for one in results)
        return {one["name"] for one in results}

    async def refused(self, path: str, body: Any) -> bool:
        """Whether the request is a 400 in our form of errors."""
        answer = await self.client.post(path, json=body)
        assert set(answer.json()) == {"error"}, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code == 400

    async def _ids(self, path: str, request: Any, wanted: str) -> set[str]:
        results = (await self.ask(path, request))["results"]
        assert type(results) is list
        assert all(one["type"] == wanted and type(one["id"]) is str for one in results)
        ids = [one["id"] for one in results]
        assert len(ids) == len(set(ids))
        return set(ids)


def decision_of(document: Mapping[str, Any]) -> bool:
    """The decision, which must be a JSON boolean (c-2-3-1), with a context that is an object, if any (c-2-3-2)."""
    decision = document["decision"]
    assert type(decision) is bool
    assert type(document.get("context", {})) is dict
    return decision


def without(body: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The request without the member at a dotted path."""
    first, _, rest = path.partition(".")
    if not rest:
        return {name: value for name, value in body.items() if name != first}
    return {**body, first: {name: value for name, value in body[first].items() if name != rest}}
