"""The HTTP face: FastAPI holds the routes and the document, `Hygiene` stands before it (DESIGN section 6)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from authz.errors import AuthzError
from authz.web.connection.heads import Endpoint, Fast, Heads
from authz.web.connection.hygiene import Direct, Hygiene
from authz.web.connection.turn import Turn
from authz.web.credentials.callers import Callers, FromMemory
from authz.web.decide.as_of import DECISION, FlatDecision
from authz.web.decide.authzen import EVALUATION, EVALUATIONS, Evaluations, Metadata, metadata_paths, search_endpoints
from authz.web.decide.confirmations import PATH as CONFIRMATIONS
from authz.web.decide.confirmations import Confirm
from authz.web.decide.decisions import Decisions, may_ask_the_past
from authz.web.decide.endpoints import Evaluation, Live, PolicyStatus, Ready
from authz.web.gate.forward import Forward, GateRules
from authz.web.log.routes import DECISIONS, RECEIPT, DecisionLog, DecisionReceipt
from authz.web.measures.metrics import Metrics, MetricsPage
from authz.web.measures.tally import Tally
from authz.web.messages.reply import error_body, error_detail, headers_of, status_of
from authz.web.registry.routes import registry_routes
from authz.web.service import Service

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_MEANINGS: Final[Mapping[int, tuple[str, str]]] = {
    404: ("not_found", "there is nothing at this path"),
    405: ("method_not_allowed", "this path has other methods"),
}


def create_app(
    service: Service,
    callers: Callers,
    lifespan: Lifespan | None = None,
    gate: GateRules = GateRules(),
    metrics: Metrics | None = None,
) -> Hygiene:
    """The ASGI application of one worker; `metrics` None: nothing is counted.

    `lifespan` runs what belongs to the server's life (looking for new revisions); in-process tests need none.
    """
    app = FastAPI(
        title="authz",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan or _nothing,
        redirect_slashes=False,
        exception_handlers={HTTPException: _plain_error, AuthzError: _our_error},
    )
    decisions = Decisions(service)
    app.router.routes.extend(direct_routes(service, decisions, callers, metrics or Metrics(Tally())))
    app.router.routes.extend(registry_routes(service, callers))
    fast = Fast(Heads(_at_once(decisions), callers), decisions, Turn()) if isinstance(callers, FromMemory) else None
    return Hygiene(app, _by_exact_path(app), Forward(service, callers, gate), fast)


def direct_routes(service: Service, decisions: Decisions, callers: Callers, metrics: Metrics) -> list[Route]:
    """The routes without a pydantic model."""
    metadata = Metadata(service)
    return [
        Route(EVALUATION, Evaluation(decisions, callers), methods=["POST"]),
        Route(DECISION, FlatDecision(service, decisions, callers), methods=["POST"]),
        Route("/v1/policy", PolicyStatus(service, callers), methods=["GET"]),
        Route("/health/live", Live(), methods=["GET"]),
        Route("/health/ready", Ready(service, callers), methods=["GET"]),
        Route(CONFIRMATIONS, Confirm(service, callers), methods=["POST"]),
        Route(DECISIONS, DecisionLog(service, callers), methods=["GET"]),
        Route(RECEIPT, DecisionReceipt(service, callers), methods=["GET"]),
        Route("/metrics", MetricsPage(service, callers, metrics), methods=["GET"]),
        Route(EVALUATIONS, Evaluations(decisions, callers), methods=["POST"]),
        *(Route(path, search, methods=["POST"]) for path, search in search_endpoints(service, callers).items()),
        *(Route(path, metadata, methods=["GET"]) for path in metadata_paths(service.identifier)),
    ]


def _at_once(decisions: Decisions) -> dict[bytes, Endpoint]:
    """What needs neither disk nor database: the same decisions once more, for the fast path (`web.connection.fast`)."""
    return {
        EVALUATION.encode(): Endpoint(decisions.authzen),
        EVALUATIONS.encode(): Endpoint(decisions.batch),
        DECISION.encode(): Endpoint(decisions.flat, may_ask_the_past),
    }


def _by_exact_path(app: FastAPI) -> dict[bytes, Direct]:
    """The same routes once more, to be found by one look-up instead of a walk through the router."""
    return {
        route.path.encode(): Direct(frozenset(route.methods or ()), route.app)
        for route in app.router.routes
        if type(route) is Route
    }


async def _plain_error(_: Request, error: Exception) -> Response:
    """What the router itself refuses, in the form of all our errors."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers: Any = getattr(error, "headers", None)
    code, message = _MEANINGS.get(status, ("refused", "the request was refused"))
    return Response(error_body(code, message), status, headers, "application/json")


async def _our_error(_: Request, error: Exception) -> Response:
    """What an endpoint behind the router refuses: the same answer as from one before it."""
    if not isinstance(error, AuthzError):
        raise error
    headers = {name.decode(): value.decode() for name, value in headers_of(error)}
    return Response(error_body(**error_detail(error)), status_of(error), headers, "application/json")


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield
