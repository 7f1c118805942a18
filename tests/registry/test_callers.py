from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.types import Assurance, Channel
from authz.errors import NotFound
from authz.registry.callers import caller_of_key, callers, create_caller, hash_of_key, revoke_caller
from authz.registry.load import load_file
from authz.registry.store import RegistryStore

LATER = dt.datetime(2027, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def test_a_key_is_found_by_itself_and_kept_only_as_a_hash(store: RegistryStore, database: str) -> None:
    made = create_caller(store, "helpdesk", "ines", scopes=["decide", "explain"])

    caller = caller_of_key(store, made.key)

    assert caller is not None
    assert (caller.id, caller.name, caller.scopes) == (made.id, "helpdesk", frozenset({"decide", "explain"}))
    assert (caller.tenants, caller.channels, caller.assurance) == (None, None, Assurance.SESSION)
    assert (caller.expires_at, caller.created_by) == (None, "ines")
    assert caller.key_hash == hash_of_key(made.key)
    assert store.revision().number == 1
    secret = made.key.removeprefix(f"authz_{made.id}_")
    assert len(secret) >= 43
    assert not any(secret in str(part) for part in caller)


def test_limits_are_kept(
    store: RegistryStore, sets: Mapping[str, PolicySet], write: Callable[..., Path], acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")
    made = create_caller(
        store,
        "mail gateway",
        "ines",
        scopes=["decide"],
        tenants=["acme"],
        channels=[Channel.EMAIL],
        assurance=Assurance.MAIL_VERIFIED,
        expires_at=LATER,
    )

    caller = caller_of_key(store, made.key)

    assert caller is not None
    assert (caller.tenants, caller.channels) == (frozenset({"acme"}), frozenset({Channel.EMAIL}))
    assert caller.assurance is Assurance.MAIL_VERIFIED
    assert caller.expires_at == LATER
    assert caller.is_valid(LATER.timestamp() - 1)
    assert not caller.is_valid(LATER.timestamp())


def test_no_other_key_is_found(store: RegistryStore) -> None:
    made = create_caller(store, "helpdesk", "ines", scopes=["decide"])

    assert caller_of_key(store, made.key + "x") is None
    assert caller_of_key(store, made.key.swapcase()) is None
    assert caller_of_key(store, "") is None


def test_a_revoked_key_is_valid_no_more_and_stays_listed(store: RegistryStore) -> None:
    made = create_caller(store, "helpdesk", "ines", scopes=["decide"])
    other = create_caller(store, "other", "ines", scopes=["decide"])

    revoke_caller(store, made.id, "mara")
    revoke_caller(store, made.id, "mara")

    assert {caller.id: caller.is_valid(0.0) for caller in callers(store)} == {made.id: False, other.id: True}
    assert store.revision().number == 3


def test_keys_for_unknown_tenants_and_unknown_keys_are_refused(store: RegistryStore) -> None:
    with pytest.raises(NotFound, match="acme"):
        create_caller(store, "helpdesk", "ines", scopes=["decide"], tenants=["acme"])
    with pytest.raises(NotFound):
        revoke_caller(store, "none", "ines")
    with pytest.raises(ValueError, match="offset"):
        create_caller(store, "helpdesk", "ines", scopes=[], expires_at=dt.datetime(2027, 1, 1))  # noqa: DTZ001

    assert callers(store) == ()
    assert store.revision().number == 0


def test_a_new_key_is_a_change_that_a_worker_notices(store: RegistryStore) -> None:
    directory = store.directory()

    create_caller(store, "helpdesk", "ines", scopes=["decide"])

    assert store.refresh(directory)
