"""The shapes of requests, for the OpenAPI document only: no request is ever read through these models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from authz.core.types import Assurance, Channel

Properties = Annotated[
    dict[str, Any],
    Field(description="What the caller says of it; what the set does not declare with a request origin is ignored."),
]
Text = Annotated[dict[str, str], Field(description="Language code to text.", examples=[{"en": "This is permitted."}])]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Id = Annotated[str, Field(min_length=1, max_length=1024)]


class Open(BaseModel):
    """Unknown members are ignored in requests and may be added to answers (AuthZEN section 10.1.1)."""

    model_config = ConfigDict(extra="allow")


class Subject(Open):
    """Who wants to act. `contact` is an e-mail address; `phone` is E.164; a set may answer to further types."""

    type: Name = Field(examples=["contact", "phone", "login"])
    id: Id = Field(examples=["ana@acme.example"])
    properties: Properties = Field(default={})


class Action(Open):
    """What the contact asks for: an action's id, or a tag or label that means it."""

    name: Name = Field(examples=["change_ip_address"])
    properties: Properties = Field(default={})


class Resource(Open):
    """What it is asked about: a tenant (`*`: the one on whose annex the contact stands), or a resource of the set."""

    type: Name = Field(examples=["tenant", "ticket"])
    id: Id = Field(examples=["acme", "*"])
    properties: Properties = Field(default={})


ObligationTypes = Annotated[
    list[Name],
    Field(
        description="The types of obligation that the caller can perform. An allow that needs another one is then a "
        "deny. Left out: nothing is said about it.",
        examples=[["custom"]],
    ),
]


class Context(Open):
    """The circumstances. A `time` is ignored: the service goes by its own clock."""

    ip: str = Field(
        default="", description="The contact's address, for channels that have one.", examples=["203.0.113.5"]
    )
    channel: Channel = Field(default=Channel.WEB, description="How the request reached the caller.")
    assurance: Assurance = Field(
        default=Assurance.SESSION, description="How sure the caller is of the contact; default: the key's."
    )
    sender_verified: bool = Field(
        default=False, description="Instead of `assurance`, for mail: whether the sender's domain was authenticated."
    )
    supported_obligations: ObligationTypes = []


class EvaluationRequest(Open):
    """AuthZEN 1.0 section 6.1."""

    subject: Subject
    action: Action
    resource: Resource
    context: Context = Field(default=Context())


class EvaluationItem(Open):
    """One question of a batch; a member that it leaves out is the one at the top of the request, as a whole."""

    subject: Subject | SkipJsonSchema[None] = None
    action: Action | SkipJsonSchema[None] = None
    resource: Resource | SkipJsonSchema[None] = None
    context: Context | SkipJsonSchema[None] = None


class BatchOptions(Open):
    """How a batch goes on after an answer."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class EvaluationsRequest(EvaluationItem):
    """AuthZEN 1.0 section 7.1. Without `evaluations` the top is one question, which then needs all three entities.

    Only the effective item has to be complete: a member at the top that no item uses is not looked at.
    """

    evaluations: list[EvaluationItem] = Field(default=[], max_length=1000)
    options: BatchOptions = Field(default=BatchOptions())


class SearchedEntity(Open):
    """What is searched for: its type; an `id` is ignored."""

    type: Name = Field(examples=["contact", "ticket"])
    properties: Properties = Field(default={})


class PageRequest(Open):
    """AuthZEN 1.0 section 8.2.1. With a `token`, `limit` may be left out or must be the same as before."""

    token: str = Field(default="", description="`next_token` of the page before, with the same question.")
    limit: int = Field(default=1000, ge=0, description="The most results of one page; more than 1000 is 1000.")


class SubjectSearchRequest(Open):
    """AuthZEN 1.0 section 8.4: who may do the action on the resource?"""

    subject: SearchedEntity
    action: Action
    resource: Resource
    context: Context = Field(default=Context())
    page: PageRequest = Field(default=PageRequest())


class ResourceSearchRequest(Open):
    """AuthZEN 1.0 section 8.5: on which of the registry's resources may the subject do the action?"""

    subject: Subject
    action: Action
    resource: SearchedEntity
    context: Context = Field(default=Context())
    page: PageRequest = Field(default=PageRequest())


class ActionSearchRequest(Open):
    """AuthZEN 1.0 section 8.6: what may the subject do on the resource?"""

    subject: Subject
    resource: Resource
    context: Context = Field(default=Context())
    page: PageRequest = Field(default=PageRequest())


class FlatQuestion(Open):
    """The same question without nesting."""

    contact: Id | Subject = Field(
        description="An e-mail address if it holds an `@`, a phone number if it begins with `+`, else a login.",
        examples=["ana@acme.example"],
    )
    action: Name | Action = Field(examples=["change_ip_address"])
    ip: str = Field(default="", examples=["203.0.113.5"])
    tenant: Name = Field(default="*", examples=["acme"])
    channel: Channel = Channel.WEB
    assurance: Assurance = Assurance.SESSION
    sender_verified: bool = False
    supported_obligations: ObligationTypes = []
    resource: Resource = Field(default=Resource(type="tenant", id="*"))
    as_of: str = Field(
        default="",
        description="A past instant (RFC 3339), or a date: its beginning in the set's time zone. The answer is by the "
        "annex and the policy bundle then in force, and `context.as_of` names both. Needs scope `explain`. Before the "
        "first recorded bundle: 404 `as_of_before_history`.",
        examples=["2026-03-01"],
    )


class ConfirmationRequest(Open):
    """Without `token`: issue one for this. With it: redeem it, for what it was issued for."""

    contact: Id | Subject = Field(description="As in `POST /v1/decision`.", examples=["ana@acme.example"])
    action: Name | Action = Field(description="In the same words both times.", examples=["change_ip_address"])
    ticket: Name = Field(description="The desk's own number.", examples=["4711"])
    token: str = Field(default="", max_length=256)


class IssuedConfirmation(Open):
    """A single-use token, good for 15 minutes. It tells nothing about whether the contact is registered."""

    token: str
    expires_at: str = Field(examples=["2026-06-03T09:15:00+00:00"])


class Confirmed(Open):
    """What the desk puts into its question when it asks again, in the form of `POST /v1/decision`."""

    contact: Subject
    action: Name
    ticket: Name
    assurance: Literal["confirmed"]
