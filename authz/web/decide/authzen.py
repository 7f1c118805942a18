"""The AuthZEN 1.0 endpoints beside the single evaluation: batch, search, metadata (sections 7, 8, 9)."""

from __future__ import annotations

import asyncio
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from authz.core.search import Place
from authz.core.types import Request
from authz.pdp import Search
from authz.web.credentials.callers import CallerRefused, Callers, Scope
from authz.web.decide.decisions import Decisions
from authz.web.decide.hold import send_answered
from authz.web.decide.paging import requested_page
from authz.web.decide.search import ACTIONS, RESOURCES, SUBJECTS, Form, answer_search, search_question
from authz.web.messages import wire
from authz.web.messages.incoming import read_body
from authz.web.messages.reply import CACHEABLE, Refusal, send_json
from authz.web.service import Service

EVALUATION: Final = "/access/v1/evaluation"
EVALUATIONS: Final = "/access/v1/evaluations"
SEARCH_SUBJECT: Final = "/access/v1/search/subject"
SEARCH_RESOURCE: Final = "/access/v1/search/resource"
SEARCH_ACTION: Final = "/access/v1/search/action"
WELL_KNOWN: Final = "/.well-known/authzen-configuration"

SEARCHES: Final[dict[str, Form]] = {SEARCH_SUBJECT: SUBJECTS, SEARCH_RESOURCE: RESOURCES, SEARCH_ACTION: ACTIONS}

_ENDPOINTS: Final = {
    "access_evaluation_endpoint": EVALUATION,
    "access_evaluations_endpoint": EVALUATIONS,
    "search_subject_endpoint": SEARCH_SUBJECT,
    "search_resource_endpoint": SEARCH_RESOURCE,
    "search_action_endpoint": SEARCH_ACTION,
}
_TENANT: Final = re.compile(r"[a-z0-9-]{1,64}")
_SEARCHES_AT_ONCE: Final = 2


class Evaluations:
    """`POST /access/v1/evaluations`: several questions in one request."""

    def __init__(self, decisions: Decisions, callers: Callers) -> None:
        self._decisions = decisions
        self._callers = callers

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer in the order of the items; without items as the single API would."""
        asking = await self._callers.identify(scope)
        asking.require(Scope.DECIDE)
        for answered in self._decisions.batch(await read_body(scope, receive), asking):
            if answered is None:
                await asyncio.sleep(0)
            else:
                await self._decisions.recorded(answered.outcomes, asking)
                await send_answered(send, answered)


class SearchEndpoint:
    """`POST /access/v1/search/...`: needs scope `explain`, since it lists the directory.

    Runs in a thread, at most two at a time, so that the loop goes on answering.
    """

    def __init__(self, service: Service, callers: Callers, form: Form, at_once: asyncio.Semaphore) -> None:
        self._pdp = service.pdp
        self._callers = callers
        self._form = form
        self._at_once = at_once

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Answer one page."""
        asking = await self._callers.identify(scope)
        asking.require(Scope.EXPLAIN)
        document = wire.read_object(await read_body(scope, receive))
        what = self._form.what
        question = asking.within(search_question(what, document, asking.default_assurance))
        if asking.limits.refusal(question) is not None:
            raise CallerRefused("the stated channel or tenant is beyond this key")
        page = requested_page(document, what, question)

        def run(request: Request, after: Place) -> Search:
            return self._pdp.search(what, request, asking.limits, after)

        def written() -> bytes:
            return wire.write(answer_search(self._form, question, page, run))

        async with self._at_once:
            body = await asyncio.to_thread(written)
        await send_json(send, 200, body)


def search_endpoints(service: Service, callers: Callers) -> dict[str, SearchEndpoint]:
    """Path to endpoint."""
    at_once = asyncio.Semaphore(_SEARCHES_AT_ONCE)
    return {path: SearchEndpoint(service, callers, form, at_once) for path, form in SEARCHES.items()}


class Metadata:
    """`GET /.well-known/authzen-configuration[/path]` (section 9): which endpoints there are; public, may be cached.

    The identifier is configuration. Below it each tenant has one of its own, `<identifier>/<tenant>`, with the same
    endpoints; it is answered for every well-formed tenant id, so that nobody can find out here who is a client.
    """

    def __init__(self, service: Service) -> None:
        self._pdp = service.pdp
        self._identifier = service.identifier
        self._endpoints = {name: service.identifier + path for name, path in _ENDPOINTS.items()}

    async def __call__(self, scope: Connection, _receive: Receive, send: Send) -> None:
        """The document of the identifier that the path was derived from."""
        tenant = scope.get("path_params", {}).get("tenant")
        if tenant is not None and _TENANT.fullmatch(tenant) is None:
            raise Refusal(404, "not_found", "there is nothing at this path")
        document: dict[str, object] = {
            "policy_decision_point": self._identifier if tenant is None else f"{self._identifier}/{tenant}",
            **self._endpoints,
        }
        types = self._pdp.obligation_types()
        if types:
            document["supported_obligations"] = types
        await send_json(send, 200, wire.write(document), [CACHEABLE])


def metadata_paths(identifier: str) -> tuple[str, str]:
    """Where the document of the identifier is found, and those of its tenants (section 9.2)."""
    own = WELL_KNOWN + urlsplit(identifier).path
    return own, own + "/{tenant}"
