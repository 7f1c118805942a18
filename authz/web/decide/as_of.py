"""`POST /v1/decision`, with `as_of` for callers with scope `explain`; AuthZEN's routes know no such member."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from authz.answer import answer_document
from authz.core.question import request_from_flat
from authz.core.types import Request
from authz.errors import RequestInvalid
from authz.log.lines.record import instant
from authz.past import PastOutcome, as_of_document
from authz.web.credentials.callers import Caller, Callers, Scope
from authz.web.decide.decisions import AS_OF, Decisions, may_ask_the_past
from authz.web.decide.hold import send_answered
from authz.web.messages import wire
from authz.web.messages.incoming import read_body
from authz.web.messages.reply import send_json
from authz.web.service import Service

DECISION: Final = "/v1/decision"
_AT_ONCE: Final = 2
"""Questions about the past that read disk and database at the same time."""


class FlatDecision:
    """A flat question and its decision: now, or as of an earlier instant."""

    def __init__(self, service: Service, decisions: Decisions, callers: Callers) -> None:
        self._decisions = decisions
        self._past = service.past
        self._texts = service.texts
        self._callers = callers
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one question."""
        asking = await self._callers.identify(scope)
        asking.require(Scope.DECIDE)
        body = await read_body(scope, receive)
        document = wire.read_object(body) if may_ask_the_past(body) else {}
        if AS_OF in document:
            asking.require(Scope.EXPLAIN)
            request = asking.within(request_from_flat(document, asking.default_assurance))
            async with self._at_once:
                past, answer = await asyncio.to_thread(self._as_of, document[AS_OF], request, asking)
            await self._decisions.recorded([past.outcome], asking, instant(past.outcome.at))
            await send_json(send, 200, wire.write(answer))
        else:
            answered = self._decisions.flat(body, asking)
            await self._decisions.recorded(answered.outcomes, asking)
            await send_answered(send, answered)

    def _as_of(self, stated: object, request: Request, asking: Caller) -> tuple[PastOutcome, Mapping[str, Any]]:
        if type(stated) is not str:
            raise RequestInvalid("wrong_type", f"`{AS_OF}` is not a string")
        try:
            at = self._past.instant(stated, request)
        except (ValueError, OverflowError):
            raise RequestInvalid("bad_as_of", f"`{AS_OF}` is neither a date nor an RFC 3339 instant") from None
        if at > time.time():
            raise RequestInvalid("as_of_in_future", f"`{AS_OF}` is not past; what will hold then is not known")
        past = self._past.decide(request, at, asking.limits)
        answer = answer_document(past.outcome, self._texts, explain=True)
        answer["context"][AS_OF] = as_of_document(past)
        return past, answer
