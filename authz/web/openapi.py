"""The OpenAPI 3.1 document of the public interface: `python -m authz.web.openapi > openapi.json`.

The hot routes have no models at run time, so the document is put together here; a test holds its paths and methods
equal to the routes, and the committed file equal to this module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from authz.web import schemas

VERSION: Final = "1"
_REF: Final = "#/components/schemas/"

_MODELS: Final[tuple[type[BaseModel], ...]] = (
    schemas.EvaluationRequest,
    schemas.FlatQuestion,
    schemas.Decision,
    schemas.Error,
    schemas.Readiness,
    schemas.Liveness,
    schemas.PolicyStatus,
    schemas.Metadata,
)

_REQUEST_ID: Final = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "Echoed on every answer, also on errors.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[\\x21-\\x7e]+$"},
}

_EVALUATION_EXAMPLES: Final = {
    "tenant inferred": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "action": {"name": "change_ip_address"},
            "resource": {"type": "tenant", "id": "*"},
            "context": {"ip": "203.0.113.5", "channel": "web"},
        }
    },
    "ticket of a tenant, by mail": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "action": {"name": "error_report"},
            "resource": {"type": "ticket", "id": "4711", "properties": {"tenant": "acme"}},
            "context": {"channel": "email", "assurance": "mail_verified"},
        }
    },
}
_FLAT_EXAMPLES: Final = {
    "from the web": {"value": {"contact": "ana@acme.example", "action": "change_ip_address", "ip": "203.0.113.5"}},
    "by telephone": {
        "value": {"contact": "+40213000001", "action": "error_report", "tenant": "acme", "channel": "phone"}
    },
}
_REVISION: Final = {"policy": "sha256:5f0c4e", "registry": 12}
_DECISION_EXAMPLES: Final = {
    "allowed": {
        "value": {
            "decision": True,
            "context": {
                "reason": "permitted",
                "reason_user": {"en": "This request is permitted."},
                "rule": "calltrack/matrix.csv:12",
                "revision": _REVISION,
                "decision_id": "0f8fad5bd9cb469fa16570867728950e",
            },
        }
    },
    "refused, to a caller with scope explain": {
        "value": {
            "decision": False,
            "context": {
                "reason": "contact_unregistered",
                "reason_user": {"en": "This request cannot be accepted."},
                "contact": {"registered": False, "status": "unauthorised"},
                "revision": _REVISION,
                "decision_id": "7c9e6679f7b44b2ea1c39f1d5a3e9b10",
            },
        }
    },
    "refused, to any other caller": {
        "value": {
            "decision": False,
            "context": {
                "reason": "refused",
                "reason_user": {"en": "This request cannot be accepted."},
                "revision": _REVISION,
                "decision_id": "16fd2706b8ba4c7a9b3f2d8e5a1c4f60",
            },
        }
    },
}

_ERRORS: Final[Mapping[int, str]] = {
    400: "The request cannot be read; nothing was decided.",
    401: "The caller's credentials are missing or wrong. It never means that the contact was refused.",
    403: "The caller's key is not good for this.",
    405: "This path has other methods.",
    413: "The body, or its declared length, is over 64 KiB.",
    415: "The body carries a Content-Encoding.",
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
                "evaluation", "Decide one request (AuthZEN)", schemas.EvaluationRequest, _EVALUATION_EXAMPLES
            ),
            "/v1/decision": _question("decision", "Decide one request (flat)", schemas.FlatQuestion, _FLAT_EXAMPLES),
            "/v1/policy": _reading("policy", "What is live", {200: schemas.PolicyStatus}, (401, 403), secured=True),
            "/health/live": _reading("live", "The process answers", {200: schemas.Liveness}),
            "/health/ready": _reading(
                "ready", "Every policy set is live (503: not yet)", {200: schemas.Readiness, 503: schemas.Readiness}
            ),
            "/.well-known/authzen-configuration": _reading("metadata", "AuthZEN metadata", {200: schemas.Metadata}),
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


def _question(operation: str, summary: str, body: type[BaseModel], examples: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "parameters": [_REQUEST_ID],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": _ref(body), "examples": dict(examples)}},
            },
            "responses": {
                "200": _answer("The decision, allow or deny.", schemas.Decision, _DECISION_EXAMPLES),
                **_errors(400, 401, 403, 413, 415, 500, 503),
            },
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
) -> dict[str, Any]:
    described = {str(status): _answer(summary, model) for status, model in answers.items()}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": [_REQUEST_ID],
            "responses": {**described, **_errors(400, *errors)},
            **({"security": [{}, {"key": []}]} if secured else {}),
        }
    }


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _answer(_ERRORS[status], schemas.Error) for status in statuses}


def _answer(description: str, model: type[BaseModel], examples: Mapping[str, Any] | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _ref(model)}
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
