"""The routes of the decision log as `web.openapi.document` documents them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from authz.core.types import Reason
from authz.web.log.routes import LARGEST_PAGE, USUAL_PAGE
from authz.web.messages.problem import MEDIA_TYPE


class RecordedDecision(BaseModel):
    """One record as it stands in the log (docs/decision-log.md); members that are not known are absent."""

    model_config = ConfigDict(extra="allow")

    kind: str = Field(description="`decision` or `gate`.")
    id: str
    at: str = Field(description="RFC 3339, UTC.")
    decision: bool
    reason: str
    policy: str
    registry: int


class RecordedDecisions(BaseModel):
    """One page."""

    items: list[RecordedDecision]
    next_cursor: str = Field(default="", description="Absent on the last page.")


class DecisionReceipt(BaseModel):
    """What was asked and answered, by what it stands, and the recorded line; signed with Ed25519."""

    format: str
    issued_at: str
    question: dict[str, Any]
    answer: dict[str, Any]
    stands_on: dict[str, Any]
    recorded: dict[str, Any]
    key: str = Field(description="The first 16 hex digits of the SHA-256 of the public key.")
    sig: str = Field(description="Base64, over the object without this member.")


MODELS: Final[tuple[type[BaseModel], ...]] = (RecordedDecision, RecordedDecisions, DecisionReceipt)

_ERRORS: Final = {
    400: "The query cannot be read.",
    401: "The caller's credentials are missing or wrong.",
    403: "The key lacks the scope `log`, or is limited to other tenants.",
    404: "No decision with that id is in the log.",
    409: "The index says another thing than the log, or nobody signed for it.",
    429: "The key asks more often than it may.",
    503: "The database cannot be reached.",
}
_SECURITY: Final[list[dict[str, Any]]] = [{}, {"key": []}]
_QUERY: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "tenant": ("Only of this tenant.", {"type": "string"}),
    "contact": ("Only about this contact: e-mail address, +phone number or login.", {"type": "string"}),
    "resource": ("Only about this resource: `TYPE:ID`.", {"type": "string", "examples": ["ticket:4711"]}),
    "action": ("Only about this action.", {"type": "string"}),
    "reason": ("Only with this reason.", {"type": "string", "enum": [one.value for one in Reason]}),
    "decision": ("Only allows, or only refusals.", {"enum": ["true", "false"]}),
    "caller": ("Only asked with this API key.", {"type": "string"}),
    "request_id": ("Only asked with this `X-Request-ID`.", {"type": "string"}),
    "id": ("The decision with this id.", {"type": "string"}),
    "since": ("From this date or RFC 3339 instant on.", {"type": "string"}),
    "until": ("Before this date or instant.", {"type": "string"}),
    "order": ("Which come first.", {"enum": ["newest", "oldest"], "default": "newest"}),
    "limit": (
        f"The most items of one page; more than {LARGEST_PAGE} is {LARGEST_PAGE}.",
        {"type": "integer", "minimum": 1, "default": USUAL_PAGE},
    ),
    "cursor": ("`next_cursor` of the page before.", {"type": "string"}),
}


def log_paths() -> dict[str, Any]:
    """Path -> methods."""
    return {
        "/v1/decisions": {
            "get": {
                "operationId": "list_decisions",
                "summary": "Recorded decisions; needs scope `log`",
                "parameters": [
                    {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
                    for name, (text, schema) in _QUERY.items()
                ],
                "responses": _responses("One page.", RecordedDecisions, 400, 401, 403, 429, 503),
                "security": _SECURITY,
            }
        },
        "/v1/decisions/{decision}/receipt": {
            "get": {
                "operationId": "receipt",
                "summary": "The signed receipt of one decision; needs scope `log`",
                "parameters": [
                    {"name": "decision", "in": "path", "required": True, "description": "A `decision_id`.",
                     "schema": {"type": "string"}}
                ],
                "responses": _responses("The receipt.", DecisionReceipt, 401, 403, 404, 409, 429, 503),
                "security": _SECURITY,
            }
        },
    }  # fmt: skip


def _responses(text: str, form: type[BaseModel], *errors: int) -> dict[str, Any]:
    def content(media_type: str, name: str) -> dict[str, Any]:
        return {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    return {
        "200": {"description": text, "content": content("application/json", form.__name__)},
        **{
            str(status): {"description": _ERRORS[status], "content": content(MEDIA_TYPE, "Problem")}
            for status in errors
        },
    }
