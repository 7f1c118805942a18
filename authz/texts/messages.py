"""The English source texts of every reason, in two voices. `N_` marks them for extraction; translations are in locale/.

USER: fit to be pasted into a reply to the requester; never tells whether a contact exists (DESIGN section 6).
ADMIN: for the desk's staff; names people, roles, lines.
"""

from __future__ import annotations

from typing import Final

from authz.core.obligations import SUPPORTED_OBLIGATIONS
from authz.core.table import NETWORK_OK, SENDER_OK
from authz.core.types import Reason


def N_(text: str) -> str:  # noqa: N802 - the name that message extraction knows
    """Mark a text for translation without translating it."""
    return text


GENERIC_REFUSAL: Final = N_(
    "We could not accept this request. Requests are accepted only from the authorised contacts named in the annex to "
    "the contract, within their permissions. Please ask one of your company's authorised contacts to make it."
)
_NOT_CHECKED = N_("The request could not be checked at this moment. Please try again later.")
_DECLARED_ONLY = N_(
    "Under the annex to the contract, this request is accepted only from the network addresses declared "
    "for your company."
)

USER: Final[dict[Reason, str]] = {
    Reason.PERMITTED: N_("Your request is accepted under the contract."),
    Reason.CONTACT_UNREGISTERED: GENERIC_REFUSAL,
    Reason.CONTACT_SUSPENDED: GENERIC_REFUSAL,
    Reason.ANNEX_NOT_IN_FORCE: GENERIC_REFUSAL,
    Reason.TENANT_UNKNOWN: GENERIC_REFUSAL,
    Reason.TENANT_AMBIGUOUS: GENERIC_REFUSAL,
    Reason.CONTACT_OF_OTHER_TENANT: GENERIC_REFUSAL,
    Reason.ACTION_UNKNOWN: N_(
        "The kind of request could not be recognised. Please name one of the request types of the contract."
    ),
    Reason.IP_MISSING: _DECLARED_ONLY,
    Reason.NETWORK_NOT_DECLARED: _DECLARED_ONLY,
    Reason.NETWORK_CHOICE_MISMATCH: _DECLARED_ONLY,
    Reason.SENDER_UNVERIFIED: GENERIC_REFUSAL,
    Reason.CONFIRMATION_REQUIRED: N_(
        "This request has to be confirmed. Please follow the confirmation link sent to the registered address, or make "
        "the request in the application after logging in."
    ),
    Reason.CHANNEL_NOT_ALLOWED: N_("Requests are not accepted over this channel. Please use another one."),
    Reason.TENANT_NOT_ALLOWED: GENERIC_REFUSAL,
    Reason.FACT_UNKNOWN: N_("We lack what is needed to decide on this request: {conditions}."),
    Reason.FACT_NOT_MET: N_("A condition of the contract is not met: {conditions}."),
    Reason.ROLE_NOT_PERMITTED: N_("Under the contract, your role does not include this request: {action}."),
    Reason.AMBIGUOUS_REQUEST: N_("The request contradicts itself. Please send it again."),
    Reason.REGISTRY_TOO_OLD: _NOT_CHECKED,
    Reason.INTERNAL_ERROR: _NOT_CHECKED,
    Reason.REFUSED: GENERIC_REFUSAL,
}

ADMIN: Final[dict[Reason, str]] = {
    Reason.PERMITTED: N_("{contact} ({role}) may request “{action}” for {tenant} under annex {annex}."),
    Reason.CONTACT_UNREGISTERED: N_(
        "Unauthorised: the sender stands on no annex in force and may not make requests on behalf of a client."
    ),
    Reason.CONTACT_SUSPENDED: N_("{contact} of {tenant} is suspended or revoked in the registry."),
    Reason.ANNEX_NOT_IN_FORCE: N_("The sender is listed only on an annex that is not in force yet."),
    Reason.TENANT_UNKNOWN: N_("It cannot be told which client the request is about."),
    Reason.TENANT_AMBIGUOUS: N_("The sender is a contact of several clients; the request has to name one."),
    Reason.CONTACT_OF_OTHER_TENANT: N_("The sender is not a contact of this client, but of another one."),
    Reason.ACTION_UNKNOWN: N_("No request type of the contract goes by this name or tag."),
    Reason.IP_MISSING: N_("{tenant} declared its network addresses, and the request came with none."),
    Reason.NETWORK_NOT_DECLARED: N_("The address is not among those that {tenant} declared."),
    Reason.NETWORK_CHOICE_MISMATCH: N_(
        "Annex {annex} of {tenant} says “declared addresses only”, but the network lines say “any”; the lines have to "
        "be brought into line with the annex."
    ),
    Reason.SENDER_UNVERIFIED: N_("The sender's identity is only claimed; it has to be verified."),
    Reason.CONFIRMATION_REQUIRED: N_(
        "“{action}” asked for in this way needs a confirmation from the registered address."
    ),
    Reason.CHANNEL_NOT_ALLOWED: N_("Requests over this channel are not accepted here."),
    Reason.TENANT_NOT_ALLOWED: N_("The caller's key does not cover this client."),
    Reason.FACT_UNKNOWN: N_("It is not known whether this holds, and the answer hangs on it: {conditions}."),
    Reason.FACT_NOT_MET: N_("Would be allowed if: {conditions}."),
    Reason.ROLE_NOT_PERMITTED: N_(
        "The role {role} may not request “{action}”; nothing in the request would change that."
    ),
    Reason.AMBIGUOUS_REQUEST: N_("The request contradicts itself."),
    Reason.REGISTRY_TOO_OLD: N_("The registry in memory is older than the settings allow."),
    Reason.INTERNAL_ERROR: N_("An internal error happened while deciding; it is in the operations log."),
    Reason.REFUSED: N_("Refused."),
}

BUILT_IN_LABELS: Final[dict[str, str]] = {
    NETWORK_OK: N_("the address is one of the declared ones"),
    SENDER_OK: N_("the sender is verified well enough"),
    SUPPORTED_OBLIGATIONS: N_("the calling application can do what the contract asks for with this request"),
}

IN_THE_WAY: Final[dict[str, str]] = {
    USER[Reason.FACT_NOT_MET]: N_("Under the contract, this stands in the way of the request: {conditions}."),
    ADMIN[Reason.FACT_NOT_MET]: N_("Would be allowed but for this: {conditions}."),
}
"""What is said in place of the text for `fact_not_met` where all that is wrong is that something holds."""
WITHOUT: Final = N_("that this were not so: {condition}")
WITH_PARTS: Final = N_("{condition} (missing: {parts})")
