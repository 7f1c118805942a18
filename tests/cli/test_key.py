from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from authz.registry.callers import caller_of_key, create_caller, note_uses
from authz.registry.store import RegistryStore
from tests.cli.program import Checkout, authz


def test_a_key_is_printed_once_and_only_its_hash_is_kept(checkout: Checkout, tmp_path: Path) -> None:
    ran = authz("key", "create", "helpdesk", "--scope", "decide", "--scope", "explain", "--json")

    assert ran.status == 0
    assert set(ran.json) == {"id", "key"}
    assert ran.json["key"].encode() not in (tmp_path / "registry.sqlite").read_bytes()
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    caller = caller_of_key(store, ran.json["key"])
    store.close()
    assert caller is not None
    assert caller.id == ran.json["id"]
    assert caller.scopes == {"decide", "explain"}
    assert (caller.tenants, caller.channels, caller.assurance.value, caller.expires_at) == (None, None, "session", None)


def test_the_limits_of_a_key_are_as_stated(loaded: Checkout) -> None:
    authz(
        "key", "create", "portal", "--scope", "decide", "--tenant", "acme", "--channel", "web", "--channel", "api",
        "--assurance", "confirmed", "--expires", "2999-01-01", "--by", "Ana Pop",
    )  # fmt: skip

    (key,) = authz("key", "list", "--json").json

    assert key["state"] == "valid"
    assert (key["tenants"], key["channels"], key["assurance"]) == (["acme"], ["api", "web"], "confirmed")
    assert key["expires_at"] == "2999-01-01T00:00:00+00:00"
    assert key["created_by"] == "Ana Pop"


def test_what_a_question_states_by_saying_nothing_is_listed_and_never_above_the_highest(checkout: Checkout) -> None:
    for options in ((), ("--assurance", "claimed"), ("--assurance", "confirmed", "--default-assurance", "claimed")):
        assert authz("key", "create", "form", "--scope", "decide", *options).status == 0

    assert [key["default_assurance"] for key in authz("key", "list", "--json").json] == [
        "session",
        "claimed",
        "claimed",
    ]


def test_the_last_use_of_a_key_is_listed(checkout: Checkout, tmp_path: Path) -> None:
    made = authz("key", "create", "portal", "--scope", "decide", "--json").json
    (unused,) = authz("key", "list", "--json").json
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    note_uses(store, {made["id"]: 1_780_000_000.0})
    store.close()

    (used,) = authz("key", "list", "--json").json

    assert unused["last_used_at"] is None
    assert used["last_used_at"] == "2026-05-28T20:26:40+00:00"
    assert "last used" in authz("key", "list").out


def test_plain_output_is_the_key_alone_so_that_it_can_be_piped(checkout: Checkout) -> None:
    ran = authz("key", "create", "portal", "--scope", "decide")

    assert ran.out.startswith("authz_")
    assert ran.out.count("\n") == 1
    assert "kept nowhere" in ran.err


def test_a_revoked_key_is_listed_as_such(checkout: Checkout) -> None:
    made = authz("key", "create", "portal", "--scope", "decide", "--json").json

    assert authz("key", "revoke", made["id"]).status == 0

    (key,) = authz("key", "list", "--json").json
    assert key["state"] == "revoked"
    assert made["key"] not in authz("key", "list").out
    assert made["id"] in authz("key", "list").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "x", "--scope", "everything"), "--scope: `everything` is not one of decide, explain"),
        (("create", "x", "--scope", "decide", "--channel", "fax"), "--channel: `fax` is not one of web"),
        (("create", "x", "--scope", "decide", "--assurance", "sure"), "--assurance: `sure` is not one of claimed"),
        (("create", "x", "--scope", "decide", "--default-assurance", "confirmed"), "--default-assurance: is above"),
        (("create", "x", "--scope", "decide", "--expires", "2020-01-01"), "--expires: 2020-01-01 is past"),
        (("create", "x", "--scope", "decide", "--tenant", "nobody"), "there is no tenant `nobody`"),
        (("create", "x"), "Missing option '--scope'"),
        (("revoke", "nobody"), "there is no such key"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(checkout: Checkout, arguments: tuple[str, ...], said: str) -> None:
    ran = authz("key", *arguments)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert authz("key", "list", "--json").json == []


def test_a_key_that_has_run_out_is_listed_as_expired(checkout: Checkout, tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    create_caller(store, "portal", "test", scopes=["decide"], expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    store.close()

    (key,) = authz("key", "list", "--json").json

    assert (key["state"], key["expires_at"]) == ("expired", "2020-01-01T00:00:00+00:00")
