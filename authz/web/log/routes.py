"""`GET /v1/decisions`: recorded decisions, page by page, and the receipt of one (docs/decision-log.md)."""

from __future__ import annotations

import asyncio
import base64
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

import msgspec
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from authz.core.types import Reason
from authz.errors import AuthzError, NotFound, RequestInvalid
from authz.log.index.pieces import Position, Wanted
from authz.recorded import Asked
from authz.web.credentials.callers import Caller, Callers, Scope
from authz.web.messages import wire
from authz.web.messages.problem import problem
from authz.web.messages.query import read_members
from authz.web.messages.reply import send_json
from authz.web.service import Service

DECISIONS: Final = "/v1/decisions"
RECEIPT: Final = "/v1/decisions/{decision}/receipt"
LARGEST_PAGE: Final = 500
USUAL_PAGE: Final = 50
_LONGEST_QUERY: Final = 4000
_AT_ONCE: Final = 4
"""Requests that ask the database at the same time."""
_TEXTS: Final = ("contact", "resource", "action", "reason", "caller", "request_id", "id", "since", "until")
_MEMBERS: Final = frozenset({*_TEXTS, "tenant", "decision", "order", "limit", "cursor"})


class _LogRoute(ABC):
    """Answers errors with problem details, as the registry's routes do; the database is asked in threads."""

    def __init__(self, service: Service, callers: Callers) -> None:
        self._service = service
        self._callers = callers
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer a caller with scope `log`."""
        try:
            asking = await self._callers.identify(scope)
            asking.require(Scope.LOG)
            answer = self._answer(scope, asking)
            async with self._at_once:
                body = await asyncio.to_thread(answer)
        except AuthzError as error:
            await problem(error)(scope, receive, send)
        else:
            await send_json(send, 200, body)

    @abstractmethod
    def _answer(self, scope: Connection, asking: Caller) -> Callable[[], bytes]:
        """What is to be done in a thread; whatever can be refused without the database is refused here."""


class DecisionLog(_LogRoute):
    """One page of recorded decisions. Needs scope `log`; a key for some tenants sees those alone."""

    def _answer(self, scope: Connection, asking: Caller) -> Callable[[], bytes]:
        stated = _stated(scope["query_string"])
        asked = _asked(stated, asking)
        limit = _limit(stated.get("limit", str(USUAL_PAGE)))
        after = _place(stated["cursor"]) if "cursor" in stated else None
        newest_first = stated.get("order", "newest") == "newest"

        def page() -> bytes:
            recorded = self._service.recorded
            try:
                wanted = recorded.wanted(asked)
            except ValueError as error:
                raise RequestInvalid("bad_query", str(error)) from None
            found = recorded.search(wanted, newest_first=newest_first, after=after)
            items = list(islice(found, limit + 1))
            document: dict[str, Any] = {"items": [record for _, record in items[:limit]]}
            if len(items) > limit:
                document["next_cursor"] = _cursor(items[limit - 1][0].position)
            return wire.write(document)

        return page


class DecisionReceipt(_LogRoute):
    """The signed receipt of one recorded decision, or 404, also for a decision about a tenant beyond the key."""

    def _answer(self, scope: Connection, asking: Caller) -> Callable[[], bytes]:
        wanted = Wanted(asking.limits.tenants, id=scope["path_params"]["decision"])

        def receipt() -> bytes:
            for found, _ in self._service.recorded.search(wanted):
                return self._service.receipt(found.line, found.position.segment, time.time())
            raise NotFound("no decision with that id is in the log")

        return receipt


def _stated(query_string: bytes) -> dict[str, str]:
    stated = read_members(query_string, _MEMBERS, _LONGEST_QUERY)
    if not all(value for name, value in stated.items() if name != "cursor"):
        raise RequestInvalid("bad_query", "a member of the query says nothing")
    if stated.get("order", "newest") not in {"newest", "oldest"}:
        raise RequestInvalid("bad_query", "`order` is `newest` or `oldest`")
    return stated


def _asked(stated: dict[str, str], asking: Caller) -> Asked:
    if stated.get("decision", "true") not in {"true", "false"}:
        raise RequestInvalid("bad_query", "`decision` is not true or false")
    if stated.get("reason", Reason.PERMITTED) not in set(Reason):
        raise RequestInvalid("bad_query", "`reason` is no reason of a decision")
    tenants = asking.limits.tenants
    if "tenant" in stated:
        asking.require_tenant(stated["tenant"])
        tenants = frozenset({stated["tenant"]})
    decision = stated["decision"] == "true" if "decision" in stated else None
    return Asked(tenants, decision=decision, **{name: stated.get(name, "") for name in _TEXTS})


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9) or int(text) == 0:  # noqa: PLR2004 - digits
        raise RequestInvalid("bad_query", "`limit` is not a whole number from 1 on")
    return min(int(text), LARGEST_PAGE)


def _cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def _place(cursor: str) -> Position:
    try:
        held = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        return msgspec.json.decode(held, type=Position)
    except (ValueError, msgspec.MsgspecError):
        raise RequestInvalid("bad_token", "the cursor is none of this list's") from None
