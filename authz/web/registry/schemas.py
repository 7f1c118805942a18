"""The shapes of the registry's routes: requests are read through these models, answers are documented by them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from authz.core.types import ContactState, NetworkChoice
from authz.errors import RequestInvalid

Form = TypeVar("Form", bound=BaseModel)

_CODES: Final = {"missing": "missing_member", "extra_forbidden": "unknown_member"}

StaffName = Annotated[
    str,
    Field(min_length=1, max_length=200, description="Who does it, as the caller knows it; kept in the trail."),
]


class _Body(BaseModel):
    """A change: a member that is not known might be a misspelt one, so it is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Proposal(_Body):
    """A signed annex to be entered as a draft. `annex` has the form of a registry file (docs/registry-format.md)."""

    tenant: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$", examples=["acme"])]
    by: StaffName
    annex: Annotated[
        dict[str, Any],
        Field(
            description="number, signed_on, effective_from, network, contacts; and document_sha256, where there is a "
            "document. Contacts have no `state`.",
            examples=[
                {
                    "number": 4,
                    "signed_on": "2026-05-20",
                    "effective_from": "2026-06-01",
                    "network": "declared",
                    "contacts": [{"name": "Ana Pop", "role": "admin", "email": "ana@acme.example"}],
                }
            ],
        ),
    ]
    contract: Annotated[str, Field(max_length=200, description="The contract's number, as the document has it.")] = ""


class Approval(_Body):
    """The second person."""

    by: StaffName


class Suspension(_Body):
    """Suspending or revoking."""

    by: StaffName
    cause: Annotated[str, Field(max_length=500, description="Why; name nobody in it.")] = ""


class Restoration(_Body):
    """Lifting a suspension."""

    by: StaffName
    revoked_too: Annotated[bool, Field(description="Lift a revocation as well; without it that is a 409.")] = False


class ContactOnPaper(BaseModel):
    """One line of an annex. `id` names the line, not the person: `<annex id>.<line>`."""

    id: str = Field(examples=["12.1"])
    name: str
    role: str
    function: str
    email: str | None
    phone: str | None
    login: str | None
    attributes: dict[str, Any]
    state: ContactState


class _AnnexOnFile(BaseModel):
    id: int
    tenant: str
    number: int
    signed_on: dt.date
    effective_from: dt.date
    network: NetworkChoice
    document_sha256: str
    state: Literal["draft", "approved", "superseded"]
    origin: Literal["signed", "loaded"]
    in_force: bool
    entered_by: str
    entered_at: str
    approved_by: str | None
    approved_at: str | None


class AnnexSummary(_AnnexOnFile):
    """An annex without its contacts."""

    contacts: int


class Change(BaseModel):
    """What a draft would change, in a sentence; and the actions that the person gains and loses by it."""

    sentence: str
    gains: list[str]
    loses: list[str]


class AnnexDocument(_AnnexOnFile):
    """An annex with its contacts; of a draft also what it would change."""

    contacts: list[ContactOnPaper]
    changes: list[Change] = Field(default=[], description="Only of a draft.")


class ContactDocument(ContactOnPaper):
    """A contact: a line of an approved annex, and how it stands now."""

    tenant: str
    annex: int = Field(description="The annex's id.")
    annex_number: int
    in_force: bool


class TenantSummary(BaseModel):
    """A tenant. `annex_in_force`: the number of the annex; null where none is."""

    id: str
    set: str
    name: str
    languages: list[str]
    annex_in_force: int | None
    network: NetworkChoice | None
    contacts: int = Field(description="Contacts on the annex in force.")
    drafts: int = Field(description="Annexes that wait for their second person.")


class TenantDocument(TenantSummary):
    """A tenant with its attributes and annexes."""

    attributes: dict[str, Any]
    annexes: list[AnnexSummary]


class Tenants(BaseModel):
    """One page. `next_cursor` is absent on the last one."""

    items: list[TenantSummary]
    next_cursor: str = ""


class Annexes(BaseModel):
    """One page. `next_cursor` is absent on the last one."""

    items: list[AnnexSummary]
    next_cursor: str = ""


class Contacts(BaseModel):
    """One page. `next_cursor` is absent on the last one."""

    items: list[ContactDocument]
    next_cursor: str = ""


class ProblemPart(BaseModel):
    """What is wrong with one part of the body. `pointer` is an RFC 6901 JSON pointer to it."""

    pointer: str = Field(examples=["/annex/contacts/0/email"])
    detail: str


class Problem(BaseModel):
    """RFC 9457. Neither `detail` nor `problems` repeats what was sent, or names anybody."""

    type: Literal["about:blank"]
    title: str = Field(examples=["Precondition Failed"])
    status: int
    detail: str
    code: str = Field(examples=["precondition_failed"])
    problems: list[ProblemPart] = []


def read_change(form: type[Form], document: object) -> Form:
    """The body of a change.

    Raises:
        RequestInvalid: names the member, never its value.
    """
    try:
        return form.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        code = _CODES.get(first["type"], "wrong_type")
        known = str(first["loc"][0]) if first["loc"] and first["loc"][0] in form.model_fields else ""
        what = {"missing_member": "is missing"}.get(code, "does not have its form")
        raise RequestInvalid(
            code, f"`{known}` {what}" if known else "the body has a member of no meaning here"
        ) from None
