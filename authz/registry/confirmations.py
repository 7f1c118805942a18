"""Single-use tokens by which a contact confirms a request (ticketing.md rule 9): 15 minutes, for one thing only.

The database keeps two hashes and an end, and nothing once the token is redeemed: whom and what a token is about can be
checked only by somebody who holds it, so that not even a copy of the database tells who wrote to the desk.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.identity import BUILT_IN_SUBJECT_TYPES, subject_key
from authz.errors import Conflict
from authz.registry import tables as t
from authz.registry.change import instant_text
from authz.registry.store import RegistryStore

LIFETIME_S: Final = 15 * 60
_TOKEN_BYTES: Final = 32


class ConfirmationRefused(Conflict):
    """The token is unknown, redeemed, expired, or for something else; it is not told which (HTTP 409)."""

    code = "confirmation_refused"


class Binding(NamedTuple):
    """What a token confirms; every part as the desk states it, `subject_id` in any spelling of the same id."""

    subject_type: str
    subject_id: str
    action: str
    ticket: str


class Issued(NamedTuple):
    """A token just made; it is shown once and kept nowhere. `expires_at`: seconds since 1970-01-01T00:00Z."""

    token: str
    expires_at: float


class Confirmations:
    """Issues and redeems. It never looks at the registry: a token says nothing about whether its contact is on it.

    Both methods raise `RegistryUnavailable` when the database cannot be reached.
    """

    def __init__(self, store: RegistryStore) -> None:
        self._store = store

    def issue(self, binding: Binding) -> Issued:
        """A token for one use within `LIFETIME_S`."""
        now = self._store.now()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        row = t.confirmation.c
        with self._store.noting() as connection:
            connection.execute(t.confirmation.delete().where(row.expires_at <= instant_text(now)))
            connection.execute(
                t.confirmation.insert().values(
                    token_hash=_hash(token),
                    binding_hash=_binding_hash(token, binding),
                    expires_at=instant_text(now + LIFETIME_S),
                )
            )
        return Issued(token, now + LIFETIME_S)

    def redeem(self, token: str, binding: Binding) -> None:
        """Use a token up. One that is stated for something else stays good for what it is for.

        Raises:
            ConfirmationRefused: it is not, or no longer, good for this.
        """
        row = t.confirmation.c
        mine = sa.and_(
            row.token_hash == _hash(token),
            row.binding_hash == _binding_hash(token, binding),
            row.expires_at > instant_text(self._store.now()),
        )
        with self._store.noting() as connection:
            redeemed = connection.execute(t.confirmation.delete().where(mine)).rowcount
        if redeemed != 1:
            raise ConfirmationRefused("the token is not, or no longer, good for this")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _binding_hash(token: str, binding: Binding) -> str:
    """Nobody without the token's 256 random bits can try contacts on it."""
    kind = BUILT_IN_SUBJECT_TYPES.get(binding.subject_type)
    canonical = subject_key(kind, binding.subject_id) if kind is not None else None
    parts = [token, binding.subject_type, canonical or binding.subject_id, binding.action, binding.ticket]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
