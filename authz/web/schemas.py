"""The shapes of requests and answers, for the OpenAPI document only: no request is ever read through these models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from authz.core.types import Assurance, Channel, Reason

Properties = Annotated[
    dict[str, Any],
    Field(description="What the caller says of it; what the set does not declare with a request origin is ignored."),
]
Text = Annotated[dict[str, str], Field(description="Language code to text.", examples=[{"en": "This is permitted."}])]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Id = Annotated[str, Field(min_length=1, max_length=1024)]


class _Open(BaseModel):
    """Unknown members are ignored in requests and may be added to answers (AuthZEN section 10.1.1)."""

    model_config = ConfigDict(extra="allow")


class Subject(_Open):
    """Who wants to act. `contact` is an e-mail address; `phone` is E.164; a set may answer to further types."""

    type: Name = Field(examples=["contact", "phone", "login"])
    id: Id = Field(examples=["ana@acme.example"])
    properties: Properties = Field(default={})


class Action(_Open):
    """What the contact asks for: an action's id, or a tag or label that means it."""

    name: Name = Field(examples=["change_ip_address"])
    properties: Properties = Field(default={})


class Resource(_Open):
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


class Context(_Open):
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


class EvaluationRequest(_Open):
    """AuthZEN 1.0 section 6.1."""

    subject: Subject
    action: Action
    resource: Resource
    context: Context = Field(default=Context())


class EvaluationItem(_Open):
    """One question of a batch; a member that it leaves out is the one at the top of the request, as a whole."""

    subject: Subject | SkipJsonSchema[None] = None
    action: Action | SkipJsonSchema[None] = None
    resource: Resource | SkipJsonSchema[None] = None
    context: Context | SkipJsonSchema[None] = None


class BatchOptions(_Open):
    """How a batch goes on after an answer."""

    evaluations_semantic: Literal["execute_all", "deny_on_first_deny", "permit_on_first_permit"] = "execute_all"


class EvaluationsRequest(EvaluationItem):
    """AuthZEN 1.0 section 7.1. Without `evaluations` the top is one question, which then needs all three entities.

    Only the effective item has to be complete: a member at the top that no item uses is not looked at.
    """

    evaluations: list[EvaluationItem] = Field(default=[], max_length=1000)
    options: BatchOptions = Field(default=BatchOptions())


class SearchedEntity(_Open):
    """What is searched for: its type; an `id` is ignored."""

    type: Name = Field(examples=["contact", "ticket"])
    properties: Properties = Field(default={})


class PageRequest(_Open):
    """AuthZEN 1.0 section 8.2.1. With a `token`, `limit` may be left out or must be the same as before."""

    token: str = Field(default="", description="`next_token` of the page before, with the same question.")
    limit: int = Field(default=1000, ge=0, description="The most results of one page; more than 1000 is 1000.")


class SubjectSearchRequest(_Open):
    """AuthZEN 1.0 section 8.4: who may do the action on the resource?"""

    subject: SearchedEntity
    action: Action
    resource: Resource
    context: Context = Field(default=Context())
    page: PageRequest = Field(default=PageRequest())


class ResourceSearchRequest(_Open):
    """AuthZEN 1.0 section 8.5: on which of the registry's resources may the subject do the action?"""

    subject: Subject
    action: Action
    resource: SearchedEntity
    context: Context = Field(default=Context())
    page: PageRequest = Field(default=PageRequest())


class ActionSearchRequest(_Open):
    """AuthZEN 1.0 section 8.6: what may the subject do on the resource?"""

    subject: Subject
    resource: Resource
    context: Context = Field(default=Context())
    page: PageRequest = Field(default=PageRequest())


class FlatQuestion(_Open):
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


class ConfirmationRequest(_Open):
    """Without `token`: issue one for this. With it: redeem it, for what it was issued for."""

    contact: Id | Subject = Field(description="As in `POST /v1/decision`.", examples=["ana@acme.example"])
    action: Name | Action = Field(description="In the same words both times.", examples=["change_ip_address"])
    ticket: Name = Field(description="The desk's own number.", examples=["4711"])
    token: str = Field(default="", max_length=256)


class IssuedConfirmation(_Open):
    """A single-use token, good for 15 minutes. It tells nothing about whether the contact is registered."""

    token: str
    expires_at: str = Field(examples=["2026-06-03T09:15:00+00:00"])


class Confirmed(_Open):
    """What the desk puts into its question when it asks again, in the form of `POST /v1/decision`."""

    contact: Subject
    action: Name
    ticket: Name
    assurance: Literal["confirmed"]


class Revision(_Open):
    """What the decision was made by: a hash over the policy files, and the registry's number."""

    policy: str = Field(examples=["sha256:5f0c4e"])
    registry: int = Field(examples=[12])


class Obligation(_Open):
    """A must-do of the caller; one that it cannot do turns the allow into a deny (AuthZEN obligations profile)."""

    id: str
    type: Literal["step-up", "notification", "session_termination", "custom"]
    properties: dict[str, Any]


class ServiceTerms(_Open):
    """What the contract promises in return. A member that it does not promise is absent."""

    service_class: str = Field(alias="class", examples=["severity_1"])
    support_level: str = Field(default="", examples=["2"])
    received_at: str = Field(examples=["2026-06-03T09:00:00+03:00"])
    reaction_due: str = Field(default="", examples=["2026-06-03T10:00:00+03:00"])
    completion_due: str = Field(default="", examples=["2026-06-04T12:00:00+03:00"])
    lapses_at: str = Field(default="", examples=["2026-06-24T18:00:00+03:00"])
    lapses_to: str = Field(default="", examples=["closed"])
    best_effort: bool
    clause: str = Field(examples=["3.1.3"])


class ContactStanding(_Open):
    """Where the contact stands; only for callers with scope `explain`."""

    registered: bool
    status: Literal["active", "suspended", "revoked", "unauthorised", "not_in_force", "unassigned", "unknown"]
    name: str = ""
    ids: list[str] = Field(default=[])
    tenant: str = ""
    role: str = ""
    annex: int = 0


class DecisionContext(_Open):
    """Why. Members marked "explain" go only to callers with that scope; to others every refusal reads `refused`."""

    reason: Reason
    reason_user: Text = Field(description="Fit for a reply to the requester; never tells whether a contact exists.")
    reason_admin: Text = Field(default={}, description="explain: for the desk's staff.")
    rule: str = Field(
        default="", description="explain: the deciding policy line.", examples=["calltrack/matrix.csv:12"]
    )
    network_rule: str = Field(default="", description="explain: the network line that matched the address.")
    fact: str = Field(default="", description="explain: the fact that `fact_unknown` and `fact_not_met` speak of.")
    missing: list[str] = Field(
        default=[], description="explain: what would have to be different for an allow; empty: nothing would help."
    )
    contact: ContactStanding = Field(default=ContactStanding(registered=False, status="unauthorised"))
    revision: Revision
    decision_id: str = Field(examples=["0f8fad5bd9cb469fa16570867728950e"])
    obligations: list[Obligation] = Field(default=[])
    service_terms: ServiceTerms | SkipJsonSchema[None] = Field(
        default=None, description="Absent where the contract promises nothing."
    )


class Decision(_Open):
    """AuthZEN 1.0 section 5.5. Only the JSON value `true` is a yes."""

    decision: bool
    context: DecisionContext


class ItemError(BaseModel):
    """Why one question of a batch could not be answered, with the status that it would have had by itself."""

    status: int = Field(examples=[400])
    code: str = Field(examples=["missing_member"])
    message: str = Field(examples=["`action` is missing"])


class UnansweredContext(_Open):
    """In place of reasons."""

    error: ItemError


class Unanswered(_Open):
    """A question of a batch that could not be answered; a refusal."""

    decision: Literal[False]
    context: UnansweredContext


class Decisions(_Open):
    """AuthZEN 1.0 section 7.2: one decision for each item in the order of the request, up to the one that ends it."""

    evaluations: list[Decision | Unanswered]


class Page(_Open):
    """AuthZEN 1.0 section 8.2.2."""

    next_token: str = Field(description="Empty: this is the last page.")
    count: int = Field(description="Results on this page.")


class SearchContext(_Open):
    """What was searched."""

    revision: Revision


class FoundEntity(_Open):
    """A permitted subject or resource."""

    type: str
    id: str
    obligations: list[Obligation] = Field(default=[])


class FoundAction(_Open):
    """A permitted action."""

    name: str
    obligations: list[Obligation] = Field(default=[])


class FoundEntities(_Open):
    """AuthZEN 1.0 sections 8.4.2 and 8.5.2, in a stable order."""

    page: Page | SkipJsonSchema[None] = Field(
        default=None, description="Absent where the request has none and this is the whole result."
    )
    results: list[FoundEntity]
    context: SearchContext


class FoundActions(_Open):
    """AuthZEN 1.0 section 8.6.2, in a stable order."""

    page: Page | SkipJsonSchema[None] = Field(
        default=None, description="Absent where the request has none and this is the whole result."
    )
    results: list[FoundAction]
    context: SearchContext


class ErrorDetail(BaseModel):
    """A closed code and a sentence for the developer; neither ever repeats the request."""

    code: str = Field(examples=["missing_member"])
    message: str = Field(examples=["`action` is missing"])


class Error(BaseModel):
    """The form of every answer that is not a decision."""

    error: ErrorDetail


class SetStatus(BaseModel):
    """One policy set. `stale`: its files are newer than what is live, and `problems` says why."""

    revision: str = Field(default="", description="Absent where the set never had a good generation.")
    since: str = Field(default="", description="When the revision went live.", examples=["2026-06-03T09:00:00+00:00"])
    age_s: float = Field(default=0.0, description="Seconds since then.")
    stale: bool
    problems: list[str] | int = Field(
        description="`file:line:column: text`; only their number for callers without scope `policy`."
    )


class RegistryStatus(BaseModel):
    """The registry in memory; `age_s`: seconds since it was last seen to be what the database holds."""

    revision: int
    age_s: float
    stale: bool
    problems: list[str] | int


class Readiness(BaseModel):
    """What is live, how old, and what is wrong."""

    stale: bool
    policy: dict[str, SetStatus]
    registry: RegistryStatus | SkipJsonSchema[None] = Field(
        default=None, description="Absent while the registry was never read."
    )


class Liveness(BaseModel):
    """The process answers."""

    live: Literal[True]


class PolicyStatus(BaseModel):
    """The policy sets."""

    policy: dict[str, SetStatus]


class Metadata(BaseModel):
    """AuthZEN 1.0 section 9.1."""

    policy_decision_point: str = Field(examples=["https://pdp.example"])
    access_evaluation_endpoint: str = Field(examples=["https://pdp.example/access/v1/evaluation"])
    access_evaluations_endpoint: str = Field(examples=["https://pdp.example/access/v1/evaluations"])
    search_subject_endpoint: str = Field(examples=["https://pdp.example/access/v1/search/subject"])
    search_resource_endpoint: str = Field(examples=["https://pdp.example/access/v1/search/resource"])
    search_action_endpoint: str = Field(examples=["https://pdp.example/access/v1/search/action"])
    supported_obligations: list[str] = Field(
        default=[], description="Types of obligation that the live policy sets can ask for.", examples=[["custom"]]
    )
