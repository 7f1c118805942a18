"""What `set.yaml` says, as checked immutable values: made by `policy.parse`, described in docs/policy-format.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from authz.core.types import EMPTY, Channel

Labels = Mapping[str, str]
"""Language code -> text."""


class AttributeType(StrEnum):
    """The types an attribute can have. `date` is a whole day (compare it with `today`), `time` an instant."""

    STRING = "string"
    BOOL = "bool"
    INT = "int"
    DATE = "date"
    TIME = "time"
    STRINGS = "strings"


class Origin(StrEnum):
    """Who may state an attribute (DESIGN section 3)."""

    REGISTRY = "registry"
    REQUEST = "request"
    REQUEST_OVER_REGISTRY = "request_over_registry"


class AttributeDef(NamedTuple):
    """`name` is dotted, beginning with `subject.`, `tenant.`, `resource.` or `action.`.

    `contact_id`: a string that names a contact; it is made canonical before facts see it (unknown if it cannot be).
    """

    name: str
    type: AttributeType
    origin: Origin
    contact_id: bool = False
    clause: str = ""


class FactPart(NamedTuple):
    """One named conjunct of a fact, so that a refusal can say which of several requirements is missing."""

    id: str
    expression: str
    label: Labels


class FactDef(NamedTuple):
    """A named yes/no statement: either one CEL `expression`, or `parts` that must all hold."""

    id: str
    expression: str
    label: Labels
    clause: str
    parts: tuple[FactPart, ...] = ()


class RoleDef(NamedTuple):
    """A role of the contract."""

    id: str
    label: Labels
    clause: str


class ActionDef(NamedTuple):
    """An action of the contract; `tags` are the ticket tags, types and printed labels that mean it.

    `high_risk`: by mail it needs `confirmed` (R5). `open_to_any_sender`: the reason why its allow lines need not name
    `network_ok` and `sender_ok` (R7), empty where they must.
    """

    id: str
    label: Labels
    clause: str
    tags: tuple[str, ...] = ()
    high_risk: bool = False
    open_to_any_sender: str = ""


class ResourceTypeDef(NamedTuple):
    """A resource type. `tenant_free`: it belongs to no tenant, so the tenant is inferred from the contact (R2)."""

    id: str
    label: Labels
    clause: str
    tenant_free: bool = False


class ObligationDef(NamedTuple):
    """A must-do of the caller that comes with an allow of one of `actions` (AuthZEN obligations profile).

    `match`: attribute name -> values, any of which applies; all entries must apply.
    """

    id: str
    type: str
    actions: tuple[str, ...]
    match: Mapping[str, tuple[object, ...]]
    properties: Mapping[str, object]
    clause: str


class Hours(NamedTuple):
    """One span of opening hours, local wall-clock minutes after midnight; `end` is exclusive, at most 1440."""

    start: int
    end: int


class CalendarDef(NamedTuple):
    """A working calendar: opening hours per ISO weekday (1 Monday .. 7 Sunday) and for holidays.

    The spans of a day stand in order and do not overlap; a day without any is closed, and so are holidays where
    `holiday_hours` is empty. `country`: whose legal holidays, an ISO 3166-1 country (`RO`) or an ISO 3166-2
    subdivision of one (`DE-BY`); empty: no legal holidays.
    `extra_days_off` are closed, `extra_working_days` have Monday's hours. `around_the_clock` overrides all.
    """

    id: str
    time_zone: str
    hours: Mapping[int, tuple[Hours, ...]]
    holiday_hours: tuple[Hours, ...]
    country: str
    extra_days_off: tuple[dt.date, ...] = ()
    extra_working_days: tuple[dt.date, ...] = ()
    around_the_clock: bool = False
    flag: str = ""


class Term(NamedTuple):
    """A promised time: `amount` working minutes or working days of the row's calendar."""

    amount: int
    unit: str  # "minutes" | "days"


class ServiceRow(NamedTuple):
    """One row of the service table: the first row whose `actions` and `match` fit an allowed request applies.

    `actions` empty: every action. `reaction`, `completion` None: the contract promises none. `deferred_channels`: a
    request over one of them outside the calendar's hours counts as received at the next opening. `lapse`: the time
    after which, counted from the instant in the attribute `lapse_from`, the case falls into the state `lapse_to`.
    """

    id: str
    actions: tuple[str, ...]
    match: Mapping[str, tuple[object, ...]]
    service_class: str
    support_level: str
    calendar: str
    reaction: Term | None
    completion: Term | None
    best_effort: bool
    clause: str
    deferred_channels: tuple[Channel, ...] = ()
    lapse: Term | None = None
    lapse_from: str = ""
    lapse_to: str = ""


class Guard(NamedTuple):
    """What must never be: an allow for `roles` x `actions` (empty: all) or for `deny_cells`, or too wide a range.

    `deny_cells`: role -> actions that stay denied, as the contract's table prints them. `widest_*`: prefix lengths in
    bits, 0 for no limit; `no_any`: the line `any` is too wide as well. `line`: in `set.yaml`.
    """

    id: str
    label: Labels
    roles: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    widest_ipv4: int = 0
    widest_ipv6: int = 0
    line: int = 0
    deny_cells: Mapping[str, tuple[str, ...]] = EMPTY  # type: ignore[assignment]
    no_any: bool = False

    @property
    def is_about_networks(self) -> bool:
        """Whether it limits the declared ranges, and not the cells."""
        return bool(self.widest_ipv4 or self.widest_ipv6 or self.no_any)

    def forbids(self, role: str, action: str) -> bool:
        """Whether an allow of this cell breaks it."""
        if self.deny_cells:
            return action in self.deny_cells.get(role, ())
        return (not self.roles or role in self.roles) and (not self.actions or action in self.actions)


class Reading(NamedTuple):
    """An ambiguity of the contract and how we read it."""

    clause: str
    question: str
    reading: str


class PolicySet(NamedTuple):
    """One provider's contract as declared in `set.yaml`.

    `table_language`: the one of `languages` in which the contract prints its table, the first unless declared.
    """

    id: str
    title: Labels
    languages: tuple[str, ...]
    time_zone: str
    phone_region: str
    roles: Mapping[str, RoleDef]
    actions: Mapping[str, ActionDef]
    attributes: Mapping[str, AttributeDef] = EMPTY  # type: ignore[assignment]
    facts: Mapping[str, FactDef] = EMPTY  # type: ignore[assignment]
    channels: tuple[Channel, ...] = tuple(Channel)
    subject_types: Mapping[str, str] = EMPTY  # type: ignore[assignment]
    resource_types: Mapping[str, ResourceTypeDef] = EMPTY  # type: ignore[assignment]
    obligations: tuple[ObligationDef, ...] = ()
    calendars: Mapping[str, CalendarDef] = EMPTY  # type: ignore[assignment]
    service: tuple[ServiceRow, ...] = ()
    guards: tuple[Guard, ...] = ()
    readings: tuple[Reading, ...] = ()
    source: Mapping[str, str] = EMPTY  # type: ignore[assignment]
    table_language: str = ""
