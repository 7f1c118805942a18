"""Who may ask: API keys with their scopes and limits (DESIGN sections 4 and 6). Only hashes are kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import sqlalchemy as sa

from authz.core.types import Assurance, Channel
from authz.errors import NotFound
from authz.registry import tables as t
from authz.registry.change import canonical_json, instant_text
from authz.registry.store import RegistryStore

KEY_PREFIX: Final = "authz_"
NOTE_PATIENCE_S: Final = 0.1
"""How long the uses of keys wait while somebody writes, in seconds: who notes them has keys to watch."""
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32


class Caller(NamedTuple):
    """One API key. `tenants`, `channels` None: all. `expires_at` None: never.

    `assurance`: the highest its caller may state; `default_assurance`: what a question of its states by saying nothing.
    """

    id: str
    name: str
    key_hash: str
    scopes: frozenset[str]
    tenants: frozenset[str] | None
    channels: frozenset[Channel] | None
    assurance: Assurance
    expires_at: dt.datetime | None
    created_at: dt.datetime
    created_by: str
    revoked_at: dt.datetime | None = None
    default_assurance: Assurance = Assurance.SESSION
    last_used_at: dt.datetime | None = None

    def is_valid(self, now: float) -> bool:
        """Whether the key may be used at `now`, in seconds since 1970-01-01T00:00Z."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at.timestamp())


class NewKey(NamedTuple):
    """A key just made; `key` is shown once and kept nowhere."""

    id: str
    key: str


def hash_of_key(key: str) -> str:
    """SHA-256 in hexadecimal digits. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


def create_caller(  # noqa: PLR0913 - the limits of a key
    store: RegistryStore,
    name: str,
    by: str,
    *,
    scopes: Collection[str],
    tenants: Collection[str] | None = None,
    channels: Collection[Channel] | None = None,
    assurance: Assurance = Assurance.SESSION,
    default_assurance: Assurance | None = None,
    expires_at: dt.datetime | None = None,
) -> NewKey:
    """Make a key. Works at once wherever the caller table is read.

    Args:
        default_assurance: None is `session`, or `assurance` where that is less.

    Raises:
        NotFound: one of `tenants` is not in the registry.
        ValueError: `expires_at` has no offset, or `default_assurance` is above `assurance`.
        RegistryUnavailable: the database cannot be reached.
    """
    if expires_at is not None and expires_at.utcoffset() is None:
        raise ValueError("expires_at needs its offset from UTC")
    if default_assurance is not None and _weaker(assurance, default_assurance) is not default_assurance:
        raise ValueError("the default assurance is above the highest")
    caller_id = secrets.token_hex(_ID_BYTES)
    key = f"{KEY_PREFIX}{caller_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    with store.changing(by) as change:
        _all_known(change.connection, tenants or ())
        change.connection.execute(
            t.caller.insert().values(
                id=caller_id,
                name=name,
                key_hash=hash_of_key(key),
                scopes=canonical_json(sorted(scopes)),
                tenants=None if tenants is None else canonical_json(sorted(tenants)),
                channels=None if channels is None else canonical_json(sorted(channels)),
                assurance=assurance.value,
                default_assurance=None if default_assurance is None else default_assurance.value,
                expires_at=None if expires_at is None else instant_text(expires_at.timestamp()),
                created_at=change.at,
                created_by=by,
            )
        )
        change.record("key_created", about=f"key {caller_id}", details={"name": name, "scopes": sorted(scopes)})
    return NewKey(caller_id, key)


def revoke_caller(store: RegistryStore, caller_id: str, by: str) -> None:
    """End a key at once and for good; no change if it has ended already.

    Raises:
        NotFound: there is no such key.
        RegistryUnavailable: the database cannot be reached.
    """
    with store.changing(by, urgent=True) as change:
        row = t.caller.c
        found = change.connection.execute(sa.select(row.revoked_at).where(row.id == caller_id)).first()
        if found is None:
            raise NotFound("there is no such key")
        if found.revoked_at is None:
            ended = {"revoked_at": change.at, "revoked_by": by}
            change.connection.execute(t.caller.update().where(row.id == caller_id).values(ended))
            change.record("key_revoked", about=f"key {caller_id}")


def callers(store: RegistryStore) -> tuple[Caller, ...]:
    """Every key there ever was, by time of making."""
    with store.reading() as connection:
        return read_callers(connection)


def read_callers(connection: sa.Connection) -> tuple[Caller, ...]:
    """Every key there ever was, by time of making, as this look at the database sees them."""
    rows = connection.execute(sa.select(t.caller).order_by(t.caller.c.created_at, t.caller.c.id)).mappings()
    return tuple(map(_caller, rows))


def note_uses(store: RegistryStore, uses: Mapping[str, float]) -> None:
    """Note when keys were last used: caller id -> seconds since 1970-01-01T00:00Z. Never moves an instant back.

    Raises:
        RegistryUnavailable: the database cannot be reached, or somebody else is writing; it can be noted later.
    """
    row = t.caller.c
    with store.noting(NOTE_PATIENCE_S) as connection:
        for caller_id, at in sorted(uses.items()):  # always in one order: two workers must not wait for each other
            instant = instant_text(at)
            earlier = sa.or_(row.last_used_at.is_(None), row.last_used_at < instant)
            connection.execute(t.caller.update().where(row.id == caller_id, earlier).values(last_used_at=instant))


def caller_of_key(store: RegistryStore, key: str) -> Caller | None:
    """The caller whose key this is, valid or not; None: nobody's."""
    with store.reading() as connection:
        query = sa.select(t.caller).where(t.caller.c.key_hash == hash_of_key(key))
        row = connection.execute(query).mappings().first()
        return None if row is None else _caller(row)


def _all_known(connection: sa.Connection, tenants: Collection[str]) -> None:
    known = set(connection.scalars(sa.select(t.tenant.c.id).where(t.tenant.c.id.in_(tenants))))
    for tenant_id in tenants:
        if tenant_id not in known:
            raise NotFound(f"there is no tenant `{tenant_id}`")


def _weaker(one: Assurance, other: Assurance) -> Assurance:
    order = list(Assurance)
    return min(one, other, key=order.index)


def _caller(row: sa.RowMapping) -> Caller:
    tenants, channels = row["tenants"], row["channels"]
    highest, default = Assurance(row["assurance"]), row["default_assurance"]
    return Caller(
        row["id"],
        row["name"],
        row["key_hash"],
        frozenset(json.loads(row["scopes"])),
        None if tenants is None else frozenset(json.loads(tenants)),
        None if channels is None else frozenset(map(Channel, json.loads(channels))),
        highest,
        _instant(row["expires_at"]),
        dt.datetime.fromisoformat(row["created_at"]),
        row["created_by"],
        _instant(row["revoked_at"]),
        Assurance(default) if default is not None else _weaker(highest, Assurance.SESSION),
        _instant(row["last_used_at"]),
    )


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
