"""The routes that exist so far, as plain ASGI applications: body to arguments, one use case, answer.

No pydantic model is made per request; `web.openapi.document` documents what stands here.
"""

from __future__ import annotations

from typing import Any

from starlette.types import Receive, Scope, Send

from authz.web.credentials import callers as caller
from authz.web.credentials.callers import Callers, CallerTooFast, CallerUnknown
from authz.web.decide.decisions import Decisions
from authz.web.decide.hold import send_answered
from authz.web.messages import wire
from authz.web.messages.incoming import read_body
from authz.web.messages.reply import send_json
from authz.web.service import Service
from authz.wiring import Health


class Evaluation:
    """One question and its decision. A deny is 200 (AuthZEN section 10.1.2).

    A PEP reads 400 as "my request is wrong", 401 and 403 as "my key is", 503 as "no answer now"; it refuses on all.
    """

    def __init__(self, decisions: Decisions, callers: Callers) -> None:
        self._decisions = decisions
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question in AuthZEN's form."""
        asking = await self._callers.identify(scope)
        asking.require(caller.Scope.DECIDE)
        answered = self._decisions.authzen(await read_body(scope, receive), asking)
        await self._decisions.recorded(answered.outcomes, asking)
        await send_answered(send, answered)


class Live:
    """`GET /health/live`: the process answers."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer without looking at anything."""
        await send_json(send, 200, b'{"live":true}')


class Ready:
    """`GET /health/ready`: 200 once every set has a good generation, 503 before; what is live and what is wrong.

    The problems name places in policy files, so only callers with scope `policy` read them; others read how many.
    """

    def __init__(self, service: Service, callers: Callers) -> None:
        self._service = service
        self._callers = callers

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer from memory."""
        health = self._service.health()
        document = health_document(health, await self._tells_places(scope))
        await send_json(send, 200 if health.ready else 503, wire.write(document))

    async def _tells_places(self, scope: Scope) -> bool:
        try:
            return caller.Scope.POLICY in (await self._callers.identify(scope)).scopes
        except (CallerUnknown, CallerTooFast):
            return False


class PolicyStatus:
    """`GET /v1/policy`: each policy set's live revision and the problems of newer files. Needs scope `policy`."""

    def __init__(self, service: Service, callers: Callers) -> None:
        self._service = service
        self._callers = callers

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer from memory."""
        (await self._callers.identify(scope)).require(caller.Scope.POLICY)
        await send_json(send, 200, wire.write({"policy": health_document(self._service.health(), True)["policy"]}))


def health_document(health: Health, places: bool) -> dict[str, Any]:
    """`{"stale", "policy": {set: {...}}, "registry"?}`; without `places`, `problems` is only counted."""
    policy: dict[str, Any] = {}
    for set_id, one in health.policy.items():
        live = {"revision": one["revision"], "since": one["since"], "age_s": _rounded(one["age_s"])}
        policy[set_id] = {
            **(live if one["revision"] else {}),
            "stale": one["stale"],
            "problems": one["problems"] if places else len(one["problems"]),
        }
    document: dict[str, Any] = {"stale": health.stale, "policy": policy}
    if health.log is not None:
        document["log"] = health.log._asdict()
    if health.registry is not None:
        registry = health.registry
        document["registry"] = {
            "revision": registry.revision,
            "age_s": _rounded(registry.age_s),
            "stale": registry.stale,
            "problems": registry.problems if places else len(registry.problems),
        }
    return document


def _rounded(seconds: float | None) -> float:
    return round(seconds or 0.0, 3)
