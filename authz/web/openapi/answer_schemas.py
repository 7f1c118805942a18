"""The shapes of answers, for the OpenAPI document only; those of requests are in `web.openapi.schemas`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from authz.core.types import Reason
from authz.web.openapi.schemas import Open, Text


class Revision(Open):
    """What the decision was made by: a hash over the policy files, and the registry's number."""

    policy: str = Field(examples=["sha256:5f0c4e"])
    registry: int = Field(examples=[12])


class Obligation(Open):
    """A must-do of the caller; one that it cannot do turns the allow into a deny (AuthZEN obligations profile)."""

    id: str
    type: Literal["step-up", "notification", "session_termination", "custom"]
    properties: dict[str, Any]


class ServiceTerms(Open):
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


class ContactStanding(Open):
    """Where the contact stands; only for callers with scope `explain`."""

    registered: bool
    status: Literal["active", "suspended", "revoked", "unauthorised", "not_in_force", "unassigned", "unknown"]
    name: str = ""
    ids: list[str] = Field(default=[])
    tenant: str = ""
    role: str = ""
    annex: int = 0


class DecisionContext(Open):
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


class Decision(Open):
    """AuthZEN 1.0 section 5.5. Only the JSON value `true` is a yes."""

    decision: bool
    context: DecisionContext


class ItemError(BaseModel):
    """Why one question of a batch could not be answered, with the status that it would have had by itself."""

    status: int = Field(examples=[400])
    code: str = Field(examples=["missing_member"])
    message: str = Field(examples=["`action` is missing"])


class UnansweredContext(Open):
    """In place of reasons."""

    error: ItemError


class Unanswered(Open):
    """A question of a batch that could not be answered; a refusal."""

    decision: Literal[False]
    context: UnansweredContext


class Decisions(Open):
    """AuthZEN 1.0 section 7.2: one decision for each item in the order of the request, up to the one that ends it."""

    evaluations: list[Decision | Unanswered]


class Page(Open):
    """AuthZEN 1.0 section 8.2.2."""

    next_token: str = Field(description="Empty: this is the last page.")
    count: int = Field(description="Results on this page.")


class SearchContext(Open):
    """What was searched."""

    revision: Revision


class FoundEntity(Open):
    """A permitted subject or resource."""

    type: str
    id: str
    obligations: list[Obligation] = Field(default=[])


class FoundAction(Open):
    """A permitted action."""

    name: str
    obligations: list[Obligation] = Field(default=[])


class FoundEntities(Open):
    """AuthZEN 1.0 sections 8.4.2 and 8.5.2, in a stable order."""

    page: Page | SkipJsonSchema[None] = Field(
        default=None, description="Absent where the request has none and this is the whole result."
    )
    results: list[FoundEntity]
    context: SearchContext


class FoundActions(Open):
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


class LogStatus(BaseModel):
    """The decision log, as this worker sees it."""

    mode: Literal["durable", "relaxed"]
    waiting: int = Field(description="Records that are not written yet.")
    written: int
    lost: int = Field(description="Records that were never written.")
    problem: str = Field(description="Why decisions cannot be recorded; empty while they can.")


class Readiness(BaseModel):
    """What is live, how old, and what is wrong."""

    stale: bool
    policy: dict[str, SetStatus]
    registry: RegistryStatus | SkipJsonSchema[None] = Field(
        default=None, description="Absent while the registry was never read."
    )
    log: LogStatus | SkipJsonSchema[None] = None


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
