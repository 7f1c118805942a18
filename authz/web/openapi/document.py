"""The OpenAPI 3.1 document of the public interface: `python -m authz.web.openapi.document > openapi.json`.

The hot routes have no models at run time, so the document is put together here; a test holds its paths and methods
equal to the routes, and the committed file equal to this module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from authz.web.log import openapi as log_openapi
from authz.web.openapi import answer_schemas as answers
from authz.web.openapi import examples, schemas
from authz.web.registry import openapi as registry_openapi

VERSION: Final = "1"
_REF: Final = "#/components/schemas/"

_MODELS: Final[tuple[type[BaseModel], ...]] = (
    schemas.EvaluationRequest,
    schemas.EvaluationsRequest,
    schemas.SubjectSearchRequest,
    schemas.ResourceSearchRequest,
    schemas.ActionSearchRequest,
    schemas.FlatQuestion,
    schemas.ConfirmationRequest,
    schemas.IssuedConfirmation,
    schemas.Confirmed,
    answers.Decision,
    answers.Decisions,
    answers.FoundEntities,
    answers.FoundActions,
    answers.Error,
    answers.Readiness,
    answers.Liveness,
    answers.PolicyStatus,
    answers.Metadata,
    *registry_openapi.MODELS,
    *log_openapi.MODELS,
)

_REQUEST_ID: Final = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Echoed on every answer, also on errors.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[\\x21-\\x7e]+$"},
}

_TENANT: Final = {
    "name": "tenant",
    "in": "path",
    "required": True,
    "description": "A tenant's id. Every well-formed one is answered alike: there is no telling who is a client.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
}

_ERRORS: Final[Mapping[int, str]] = {
    400: "The request cannot be read; nothing was decided.",
    401: "The caller's credentials are missing or wrong. It never means that the contact was refused.",
    403: "The caller's key is not good for this.",
    404: "There is nothing at this path.",
    405: "This path has other methods.",
    409: "The token is not, or no longer, good for this; it is not told why.",
    413: "The body, or its declared length, is over 64 KiB.",
    415: "The body carries a Content-Encoding.",
    429: "The key asks more often than it may; `Retry-After` says when it may again.",
    500: "The service has a fault; a PEP refuses.",
    503: "The answer is not known now: no policy was ever good (`no_active_policy`), or the registry was never read.",
}


def document() -> dict[str, Any]:
    """The whole document."""
    _, definitions = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REF + "{model}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "authz",
            "version": VERSION,
            "description": "May contact X request action Y from address Z? A policy decision point (AuthZEN 1.0). "
            "A deny is status 200 with `decision: false`; whatever is not status 200 and `true` is a no.",
        },
        "paths": {
            "/access/v1/evaluation": _question(
                "evaluation", "Decide one request (AuthZEN)", schemas.EvaluationRequest, examples.EVALUATION
            ),
            "/access/v1/evaluations": _asking(
                "evaluations",
                "Decide several requests (AuthZEN)",
                schemas.EvaluationsRequest,
                examples.EVALUATIONS,
                _answer("The decisions; without items the one decision.", answers.Decisions, answers.Decision),
            ),
            "/access/v1/search/subject": _asking(
                "search_subject",
                "Who may do it (AuthZEN); needs scope `explain`",
                schemas.SubjectSearchRequest,
                examples.SUBJECT_SEARCH,
                _answer("One page of permitted subjects.", answers.FoundEntities),
            ),
            "/access/v1/search/resource": _asking(
                "search_resource",
                "On what it may be done (AuthZEN); needs scope `explain`",
                schemas.ResourceSearchRequest,
                examples.RESOURCE_SEARCH,
                _answer("One page of the registry's resources.", answers.FoundEntities),
            ),
            "/access/v1/search/action": _asking(
                "search_action",
                "What may be done (AuthZEN); needs scope `explain`",
                schemas.ActionSearchRequest,
                examples.ACTION_SEARCH,
                _answer("One page of permitted actions.", answers.FoundActions),
            ),
            "/v1/decision": _flat_question(),
            "/v1/confirmations": _confirming(),
            "/metrics": _metrics(),
            "/v1/policy": _reading("policy", "What is live", {200: answers.PolicyStatus}, (401, 403), secured=True),
            **registry_openapi.registry_paths(),
            **log_openapi.log_paths(),
            "/health/live": _reading("live", "The process answers", {200: answers.Liveness}),
            "/health/ready": _reading(
                "ready",
                "Every policy set is live (503: not yet)",
                {200: answers.Readiness, 503: answers.Readiness},
            ),
            "/.well-known/authzen-configuration": _reading("metadata", "AuthZEN metadata", {200: answers.Metadata}),
            "/.well-known/authzen-configuration/{tenant}": _reading(
                "metadata_of_tenant",
                "AuthZEN metadata of the identifier of a tenant",
                {200: answers.Metadata},
                (404,),
                parameters=[_TENANT],
            ),
        },
        "components": {
            "schemas": _without_empty_defaults(dict(sorted(definitions["$defs"].items()))),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key. Without any key the service answers on loopback only, and needs none.",
                }
            },
        },
    }


def _confirming() -> dict[str, Any]:
    redeemed = _answer("Redeemed: ask again with this.", schemas.Confirmed)
    asking = _asking(
        "confirmations",
        "Issue or redeem a confirmation",
        schemas.ConfirmationRequest,
        examples.CONFIRMATION,
        redeemed,
    )
    responses = asking["post"]["responses"]
    issued = {"201": _answer("Issued: send it to the registered address.", schemas.IssuedConfirmation)}
    asking["post"]["responses"] = dict(sorted({**responses, **issued, **_errors(409)}.items()))
    return asking


def _metrics() -> dict[str, Any]:
    reading = _reading("metrics", "Counts for Prometheus; needs scope `metrics`", {}, (401, 403, 429), secured=True)
    page = {
        "description": "The text format; no label names a contact, a tenant or an address.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
    reading["get"]["responses"] = {"200": page, **reading["get"]["responses"]}
    return reading


def _question(operation: str, summary: str, body: type[BaseModel], asked: Mapping[str, Any]) -> dict[str, Any]:
    answer = _answer("The decision, allow or deny.", answers.Decision, examples=examples.DECISION)
    return _asking(operation, summary, body, asked, answer)


def _flat_question() -> dict[str, Any]:
    question = _question("decision", "Decide one request (flat)", schemas.FlatQuestion, examples.FLAT)
    unrecorded = _answer("Nothing is recorded of the instant `as_of`.", answers.Error)
    question["post"]["responses"] = dict(sorted({**question["post"]["responses"], "404": unrecorded}.items()))
    return question


def _asking(
    operation: str, summary: str, body: type[BaseModel], asked: Mapping[str, Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "parameters": [_REQUEST_ID],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _ref(body), "examples": dict(asked)}},
            },
            "responses": {"200": answer, **_errors(400, 401, 403, 413, 415, 429, 500, 503)},
            "security": [{}, {"key": []}],
        }
    }


def _reading(
    operation: str,
    summary: str,
    answers: Mapping[int, type[BaseModel]],
    errors: tuple[int, ...] = (),
    *,
    secured: bool = False,
    parameters: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    described = {str(status): _answer(summary, model) for status, model in answers.items()}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [*parameters, _REQUEST_ID],
            "responses": {**described, **_errors(400, *errors)},
            **({"security": [{}, {"key": []}]} if secured else {}),
        }
    }


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _answer(_ERRORS[status], answers.Error) for status in statuses}


def _answer(
    description: str, *models: type[BaseModel], examples: Mapping[str, Any] | None = None
) -> dict[str, Any]:  # fmt: skip
    refs = [_ref(model) for model in models]
    content: dict[str, Any] = {"schema": refs[0] if len(refs) == 1 else {"anyOf": refs}}
    if examples:
        content["examples"] = dict(examples)
    return {
        "description": description,
        "headers": {"X-Request-ID": {"description": "As in the request.", "schema": {"type": "string"}}},
        "content": {"application/json": content},
    }


def _without_empty_defaults(schema: Any) -> Any:
    """An absent member has no default; the models need one only to be optional."""
    if isinstance(schema, dict):
        return {
            name: _without_empty_defaults(value)
            for name, value in schema.items()
            if name != "default" or (value not in ("", 0, [], {}, None) and not isinstance(value, dict))
        }
    return [_without_empty_defaults(one) for one in schema] if isinstance(schema, list) else schema


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF + model.__name__}


def text() -> str:
    """The document as the file `openapi.json` holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
