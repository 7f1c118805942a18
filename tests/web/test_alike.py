"""To a caller without scope `explain` every refusal looks alike: status, headers, bytes (security.md, promise 19)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from authz.core.limits import Limits
from authz.core.types import Channel
from authz.web.credentials.callers import KEYLESS, Caller, Scope
from authz.web.decide.hold import LONGEST_HOLD_MS, hold_refusal
from tests.web.world import INSIDE, OUTSIDE, QUESTION, As, World

PLAIN = KEYLESS._replace(scopes=frozenset({Scope.DECIDE}))
LIMITED = PLAIN._replace(limits=Limits(frozenset({"acme"}), frozenset({Channel.WEB, Channel.PHONE})))

REFUSED: dict[str, dict[str, Any]] = {
    "nobody": {"subject": {"type": "contact", "id": "nobody@acme.example"}},
    "nobody elsewhere": {"subject": {"type": "contact", "id": "x@elsewhere.example"}},
    "no address at all": {"subject": {"type": "contact", "id": "not an address"}},
    "no such type": {"subject": {"type": "spaceship", "id": "ana@acme.example"}},
    "suspended": {"subject": {"type": "contact", "id": "dan@acme.example"}},
    "no such number": {"subject": {"type": "phone", "id": "+40213999999"}},
    "not permitted": {"action": {"name": "restore"}},
    "no such action": {"action": {"name": "fly"}},
    "outside": {"context": {"ip": OUTSIDE}},
    "no address": {"context": {}},
    "unverified": {"context": {"ip": INSIDE, "assurance": "claimed"}},
    "no such tenant": {"resource": {"type": "tenant", "id": "nobody"}},
    "no such resource type": {"resource": {"type": "spaceship", "id": "1"}},
    "unknown ticket": {"resource": {"type": "ticket", "id": "1"}},
    "beyond the key": {"context": {"channel": "chat"}},
}

pytestmark = pytest.mark.usefixtures("each_way")


def looks(answer: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Everything that a caller sees, but for the answer's own id."""
    body = re.sub(rb'"decision_id":"[0-9a-f]{32}"', b'"decision_id":""', answer.content)
    return answer.status_code, answer.headers.raw, body


def flat(question: dict[str, Any]) -> dict[str, Any]:
    return {
        "contact": question["subject"],
        "action": question["action"],
        "resource": question["resource"],
        **question["context"],
    }


@pytest.mark.parametrize("caller", [PLAIN, LIMITED], ids=["any key", "a limited key"])
async def test_every_refusal_looks_alike(caller: Caller) -> None:
    reasons = set()
    async with World().client(As(caller)) as client, World().client() as explaining:
        seen = []
        for change in REFUSED.values():
            question = {**QUESTION, **change}
            if caller is PLAIN and question["context"].get("channel") == "chat":
                continue
            seen.append(looks(await client.post("/access/v1/evaluation", json=question)))
            seen.append(looks(await client.post("/v1/decision", json=flat(question))))
            explained = (await explaining.post("/access/v1/evaluation", json=question)).json()["context"]
            reasons.add(explained["reason"])
        allowed = await client.post("/access/v1/evaluation", json=QUESTION)

    assert len(seen) >= 28
    assert len(reasons) >= 7
    assert all(one == seen[0] for one in seen)
    assert seen[0][0] == 200
    assert b'"reason":"refused"' in seen[0][2]
    assert not {b"obligations", b"service_terms", b"contact", b"rule", b"missing"} & set(
        re.findall(rb'"(\w+)":', seen[0][2])
    )
    assert allowed.json()["decision"] is True


async def test_every_refusal_of_a_batch_looks_alike() -> None:
    items = [change for name, change in REFUSED.items() if name != "beyond the key"]
    async with World().client(As(PLAIN)) as client:
        answer = await client.post("/access/v1/evaluations", json={**QUESTION, "evaluations": items})

    _, _, body = looks(answer)
    answers = body.split(b'{"decision"')[1:]
    assert len(answers) == len(items)
    assert len({one.rstrip(b",]}") for one in answers}) == 1


async def test_a_search_is_no_way_round() -> None:
    async with World().client(As(PLAIN)) as client:
        seen = [
            looks(
                await client.post(
                    "/access/v1/search/action", json={"subject": subject, "resource": QUESTION["resource"]}
                )
            )
            for subject in (QUESTION["subject"], REFUSED["nobody"]["subject"], REFUSED["suspended"]["subject"])
        ]

    assert seen[0][0] == 403
    assert all(one == seen[0] for one in seen)


@pytest.mark.parametrize(
    ("path", "question", "explains", "holds"),
    [
        ("/access/v1/evaluation", {**QUESTION, **REFUSED["nobody"]}, False, 1),
        ("/access/v1/evaluation", {**QUESTION, **REFUSED["nobody"]}, True, 0),
        ("/access/v1/evaluation", QUESTION, False, 0),
        ("/v1/decision", flat({**QUESTION, **REFUSED["outside"]}), False, 1),
        ("/access/v1/evaluations", {**QUESTION, "evaluations": [{}, REFUSED["nobody"], REFUSED["outside"]]}, False, 1),
        ("/access/v1/evaluations", {**QUESTION, **REFUSED["nobody"]}, False, 1),
        ("/access/v1/evaluations", {**QUESTION, "evaluations": [{}]}, False, 0),
    ],
    ids=["refused", "refused with its reason", "allowed", "flat", "batch", "batch without items", "batch of allows"],
)
async def test_only_a_refusal_without_a_reason_is_held_for_a_moment(
    path: str, question: dict[str, Any], explains: bool, holds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []

    def no_moment() -> float:
        held.append(path)
        return 0.0

    monkeypatch.setattr("authz.web.decide.hold.moment_s", no_moment)

    async with World().client(As(KEYLESS if explains else PLAIN)) as client:
        await client.post(path, json=question)

    assert len(held) == holds


async def test_the_moment_is_drawn_anew_each_time_and_never_long() -> None:
    moments: list[float] = []

    async def sleep(seconds: float) -> None:
        moments.append(seconds)

    for _ in range(50):
        await hold_refusal(sleep)

    assert len(set(moments)) > 40
    assert all(0 <= moment <= LONGEST_HOLD_MS / 1000 for moment in moments)
