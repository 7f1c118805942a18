"""R5 `sender_ok`: is the stated assurance enough for this action over this channel?

`session` means that the caller itself authenticated the contact; nothing of the kind can be true of a mail, so by mail
an ordinary action needs `mail_verified` or better and a high-risk one exactly `confirmed` (a link followed from the
registered address). Over the other channels a high-risk action also accepts `session`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from authz.core.types import Assurance, Channel, Reason

EMAIL_REQUESTS: Final = "email_requests"
"""Tenant attribute of the registry: `allow` (default), `confirm` (every mail needs `confirmed`) or `deny`."""

# Reading an enumeration's member costs more than all the comparisons below.
_EMAIL: Final = Channel.EMAIL
_SESSION: Final = Assurance.SESSION
_CONFIRMED: Final = Assurance.CONFIRMED


def channel_refusal(channel: Channel, allowed: Collection[Channel], email_requests: object) -> Reason | None:
    """`channel_not_allowed` where the set, or the tenant's `email_requests: deny`, closes the channel."""
    if channel not in allowed:
        return Reason.CHANNEL_NOT_ALLOWED
    if channel is _EMAIL and email_requests not in (None, "allow", "confirm"):
        return Reason.CHANNEL_NOT_ALLOWED
    return None


def sender_refusal(channel: Channel, assurance: Assurance, high_risk: bool, email_requests: object) -> Reason | None:
    """None where the sender is sure enough, else `sender_unverified` or `confirmation_required`."""
    if assurance is _CONFIRMED or (assurance is _SESSION and channel is not _EMAIL):
        return None
    if assurance is Assurance.CLAIMED:
        return Reason.SENDER_UNVERIFIED
    if channel is _EMAIL:
        confirm = high_risk or email_requests == "confirm"
        return Reason.CONFIRMATION_REQUIRED if confirm else None
    return Reason.CONFIRMATION_REQUIRED if high_risk else None
