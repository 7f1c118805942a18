"""The registry's routes as `web.openapi.document` documents them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from authz.web.registry import schemas as forms

MODELS: Final[tuple[type[BaseModel], ...]] = (
    forms.Proposal,
    forms.Approval,
    forms.Suspension,
    forms.Restoration,
    forms.Tenants,
    forms.TenantDocument,
    forms.Annexes,
    forms.AnnexDocument,
    forms.Contacts,
    forms.ContactDocument,
    forms.Problem,
)

_ERRORS: Final[Mapping[int, str]] = {
    400: "The request cannot be read.",
    401: "The caller's credentials are missing or wrong.",
    403: "The key lacks the scope, or is limited to other tenants; whether there is such a thing is not told.",
    404: "There is no such thing.",
    409: "The change contradicts what is recorded: second person needed, dates run backwards, not suspended.",
    412: "The tenant has changed since it was looked at.",
    422: "What is stated cannot be entered; `problems` says why, part by part.",
    428: "`If-Match` is missing; it has to hold the ETag of what was looked at.",
    429: "The key asks more often than it may.",
    503: "The database cannot be reached (`registry_unavailable`), or the change is recorded and this worker could not "
    "read it back yet (`not_yet_visible`).",
}
_LOOKING: Final = (400, 401, 403, 429, 503)
_CHANGING: Final = (*_LOOKING, 404, 409, 412, 428)
_SECURITY: Final[list[dict[str, Any]]] = [{}, {"key": []}]
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of the tenant, annex or contact as it was looked at. `*` is not accepted.",
    "schema": {"type": "string", "examples": ['"41-5f0c77aa"']},
}


def registry_paths() -> dict[str, Any]:
    """Path -> methods."""
    annex, contact = _path("annex", "An annex's id.", "integer"), _path("contact", "A contact's id, as in `12.1`.")
    state = _query("state", "Only annexes in this state.", {"enum": ["draft", "approved", "superseded"]})
    every = _query("all", "`true`: on past and future annexes too.", {"enum": ["true", "false"], "default": "false"})
    return {
        "/v1/tenants": {"get": _list("tenants", "Tenants", forms.Tenants)},
        "/v1/tenants/{tenant}": {"get": _one("tenant", forms.TenantDocument, _path("tenant", "A tenant's id."))},
        "/v1/annexes": {
            "get": _list("annexes", "Annexes, drafts too", forms.Annexes, state),
            "post": _propose(),
        },
        "/v1/annexes/{annex}": {"get": _one("annex", forms.AnnexDocument, annex)},
        "/v1/annexes/{annex}/approve": {
            "post": _change("approve_annex", "Approve a draft as the second person", forms.Approval, annex)
        },
        "/v1/annexes/{annex}/withdraw": {"post": _change("withdraw_annex", "Set a draft aside", forms.Approval, annex)},
        "/v1/contacts": {"get": _list("contacts", "Contacts on the annexes in force", forms.Contacts, every)},
        "/v1/contacts/{contact}": {"get": _one("contact", forms.ContactDocument, contact)},
        "/v1/contacts/{contact}/suspend": {
            "post": _change("suspend_contact", "Suspend a contact at once", forms.Suspension, contact)
        },
        "/v1/contacts/{contact}/restore": {
            "post": _change("restore_contact", "Lift a suspension", forms.Restoration, contact)
        },
        "/v1/contacts/{contact}/revoke": {
            "post": _change("revoke_contact", "Revoke a contact at once", forms.Suspension, contact)
        },
    }


def _list(operation: str, summary: str, page: type[BaseModel], *more: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [
        _query("tenant", "Only of this tenant.", {"type": "string"}),
        *more,
        _query(
            "limit",
            "The most items of one page; more than 200 is 200.",
            {"type": "integer", "minimum": 1, "default": 50},
        ),
        _query("cursor", "`next_cursor` of the page before.", {"type": "string"}),
    ]
    return {
        "operationId": f"list_{operation}",
        "summary": f"{summary}; needs scope `registry:read`",
        "parameters": parameters,
        "responses": {"200": _answer("One page.", page), **_errors(*_LOOKING)},
        "security": _SECURITY,
    }


def _one(operation: str, form: type[BaseModel], path: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "operationId": f"show_{operation}",
        "summary": f"One {operation}; needs scope `registry:read`",
        "parameters": [path],
        "responses": {"200": _answer(f"The {operation}.", form, etag=True), **_errors(*_LOOKING, 404)},
        "security": _SECURITY,
    }


def _change(operation: str, summary: str, body: type[BaseModel], path: Mapping[str, Any]) -> dict[str, Any]:
    shown = forms.AnnexDocument if operation.endswith("annex") else forms.ContactDocument
    return {
        "operationId": operation,
        "summary": f"{summary}; needs scope `registry:write`",
        "parameters": [path, _IF_MATCH],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(body)}}},
        "responses": {"200": _answer("As it is now.", shown, etag=True), **_errors(*_CHANGING)},
        "security": _SECURITY,
    }


def _propose() -> dict[str, Any]:
    """The draft is the tenant's, so its `If-Match` is the tenant's ETag."""
    drafted = _change("propose_annex", "Enter a signed annex as a draft", forms.Proposal, _IF_MATCH)
    drafted["parameters"] = [_IF_MATCH]
    drafted["responses"] = {
        "200": _answer("It is recorded already.", forms.AnnexDocument, etag=True),
        "201": _answer("The draft, and what it would change.", forms.AnnexDocument, etag=True),
        **_errors(*_CHANGING, 422),
    }
    return drafted


def _path(name: str, description: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": kind}}


def _query(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": dict(schema)}


def _answer(description: str, form: type[BaseModel], *, etag: bool = False) -> dict[str, Any]:
    headers = {"ETag": {"description": "For `If-Match`.", "schema": {"type": "string"}}} if etag else {}
    return {
        "description": description,
        **({"headers": headers} if headers else {}),
        "content": {"application/json": {"schema": _ref(form)}},
    }


def _errors(*statuses: int) -> dict[str, Any]:
    return {
        str(status): {
            "description": _ERRORS[status],
            "content": {"application/problem+json": {"schema": _ref(forms.Problem)}},
        }
        for status in sorted(statuses)
    }


def _ref(form: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{form.__name__}"}
