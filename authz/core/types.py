"""The words of a question and its answer (R1..R9 of docs/semantics.md; AuthZEN 1.0 section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple, NewType

Address = NewType("Address", int)
"""A canonical IP address as made by `core.network.parse_address`: IPv4 is 0..2**32-1, IPv6 is 2**128 + its number."""

SubjectKey = NewType("SubjectKey", str)
"""A canonical subject id as made by `core.identity`: an e-mail, a `+E.164` phone, or `login:` and a login."""

EMPTY: Final[Mapping[str, object]] = MappingProxyType({})


class Effect(StrEnum):
    """The effect of a policy line, as written in the files (never a word for the answer)."""

    ALLOW = "allow"
    DENY = "deny"


class Channel(StrEnum):
    """How the request reached the caller; the caller's claim, limited by its key (R5)."""

    WEB = "web"
    API = "api"
    EMAIL = "email"
    PHONE = "phone"
    CHAT = "chat"

    @property
    def has_address(self) -> bool:
        """Whether a request over this channel comes from an IP address (R5)."""
        return self in ADDRESSED


ADDRESSED: Final = frozenset({Channel.WEB, Channel.API})
"""The channels on which a request has an IP address (R5)."""


class Assurance(StrEnum):
    """How sure the caller is that the contact is who it says (R5 `sender_ok`)."""

    CLAIMED = "claimed"
    MAIL_VERIFIED = "mail_verified"
    MAIL_SIGNED = "mail_signed"
    SESSION = "session"
    CONFIRMED = "confirmed"


class NetworkChoice(StrEnum):
    """The annex's box (calltrack 1.7): access from any IP, or only from the declared ones."""

    ANY = "any"
    DECLARED = "declared"


class ContactState(StrEnum):
    """Suspending and revoking take effect at once; both are `contact_suspended` to a decision (R3)."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class Reason(StrEnum):
    """Why a decision is as it is: a closed list, part of the public interface."""

    PERMITTED = "permitted"
    CONTACT_UNREGISTERED = "contact_unregistered"
    CONTACT_SUSPENDED = "contact_suspended"
    ANNEX_NOT_IN_FORCE = "annex_not_in_force"
    TENANT_UNKNOWN = "tenant_unknown"
    TENANT_AMBIGUOUS = "tenant_ambiguous"
    CONTACT_OF_OTHER_TENANT = "contact_of_other_tenant"
    ACTION_UNKNOWN = "action_unknown"
    IP_MISSING = "ip_missing"
    NETWORK_NOT_DECLARED = "network_not_declared"
    NETWORK_CHOICE_MISMATCH = "network_choice_mismatch"
    SENDER_UNVERIFIED = "sender_unverified"
    CONFIRMATION_REQUIRED = "confirmation_required"
    CHANNEL_NOT_ALLOWED = "channel_not_allowed"
    TENANT_NOT_ALLOWED = "tenant_not_allowed"
    FACT_UNKNOWN = "fact_unknown"
    FACT_NOT_MET = "fact_not_met"
    ROLE_NOT_PERMITTED = "role_not_permitted"
    AMBIGUOUS_REQUEST = "ambiguous_request"
    REGISTRY_TOO_OLD = "registry_too_old"
    INTERNAL_ERROR = "internal_error"
    REFUSED = "refused"


class Request(NamedTuple):
    """One question, already strict in form (`web.messages` or the CLI made it): may the subject do the action?

    `subject_id` is as the caller wrote it; `core.decide` makes it canonical. `resource_type` "tenant" with id "*" means
    "infer the tenant" (R2). `assurance` is what the caller stated or its key's default, already resolved.
    `properties` mappings hold plain JSON values as sent (nested objects stay nested). `supported_obligations`: the
    types of obligation that the caller says it can perform, None where it says nothing (AuthZEN obligations profile).
    """

    subject_type: str
    subject_id: str
    action: str
    resource_type: str = "tenant"
    resource_id: str = "*"
    address: Address | None = None
    channel: Channel = Channel.WEB
    assurance: Assurance = Assurance.SESSION
    subject_properties: Mapping[str, object] = EMPTY
    action_properties: Mapping[str, object] = EMPTY
    resource_properties: Mapping[str, object] = EMPTY
    supported_obligations: frozenset[str] | None = None


class Missing(NamedTuple):
    """One thing that would have to be different for an allow (R9): `fact` must become `wanted`.

    `parts`: for a fact made of named parts, the parts that are not met (see docs/policy-format.md); else empty.
    """

    fact: str
    wanted: bool = True
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`own_request`, or `not login_blocked` for a deny fact that would have to be false."""
        return self.fact if self.wanted else f"not {self.fact}"
