from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from authz.core.types import Assurance, Channel
from authz.registry.callers import callers, create_caller, note_uses, revoke_caller
from authz.registry.keys import KeyWatch, load_keys
from authz.registry.store import RegistryStore
from tests.registry.conftest import NOON

LATER = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
NOWHERE = "postgresql://authz@127.0.0.1:9/registry"


def test_the_book_is_the_same_until_the_registry_changes(store: RegistryStore) -> None:
    watch = KeyWatch(store)
    first = watch.book
    watch.poll()
    assert watch.book is first

    made = create_caller(store, "desk", "ines", scopes=["decide"])
    watch.poll()

    assert watch.book is not None
    assert watch.book.ids == {made.id}


def test_a_start_without_the_database_goes_by_the_copy(store: RegistryStore, tmp_path: Path) -> None:
    create_caller(
        store, "desk", "ines", scopes=["decide", "explain"], channels=[Channel.EMAIL], expires_at=LATER,
        assurance=Assurance.CONFIRMED, default_assurance=Assurance.CLAIMED,
    )  # fmt: skip
    ended = create_caller(store, "old", "ines", scopes=["decide"])
    revoke_caller(store, ended.id, "ines")
    copy = tmp_path / "keys.snapshot"
    there = KeyWatch(store, copy).book

    away = KeyWatch(RegistryStore(NOWHERE), copy).book

    assert there is not None
    assert away is not None
    assert away.everybody == there.everybody
    assert away.revision == there.revision
    assert ended.id not in away.by_id
    assert copy.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"x", b"\n", b"{}\n{}"])
def test_a_damaged_copy_is_no_book(store: RegistryStore, tmp_path: Path, damage: bytes) -> None:
    copy = tmp_path / "keys.snapshot"
    KeyWatch(store, copy)
    copy.write_bytes(damage)

    assert load_keys(copy) is None
    assert KeyWatch(RegistryStore(NOWHERE), copy).book is None
    assert KeyWatch(RegistryStore(NOWHERE), tmp_path / "none").book is None


def test_a_copy_with_one_byte_changed_is_no_book(store: RegistryStore, tmp_path: Path) -> None:
    create_caller(store, "desk", "ines", scopes=["decide"])
    copy = tmp_path / "keys.snapshot"
    KeyWatch(store, copy)
    content = copy.read_bytes()
    copy.write_bytes(content.replace(b"decide", b"policy"))

    assert load_keys(copy) is None


def test_the_last_use_never_moves_back(store: RegistryStore) -> None:
    made = create_caller(store, "desk", "ines", scopes=["decide"])

    note_uses(store, {made.id: NOON + 60, "nobody": NOON})
    note_uses(store, {made.id: NOON})

    assert callers(store)[0].last_used_at == dt.datetime.fromtimestamp(NOON + 60, dt.UTC)


def test_uses_that_could_not_be_written_are_written_later(store: RegistryStore) -> None:
    made = create_caller(store, "desk", "ines", scopes=["decide"])
    away = KeyWatch(RegistryStore(NOWHERE))
    away.note_use(made.id, NOON)

    away.write_uses(at_once=True)
    away._store = store
    away.write_uses(at_once=True)

    assert callers(store)[0].last_used_at == dt.datetime.fromtimestamp(NOON, dt.UTC)


def test_a_default_assurance_is_never_above_the_highest(store: RegistryStore) -> None:
    create_caller(store, "a", "ines", scopes=["decide"], assurance=Assurance.CLAIMED)
    create_caller(store, "b", "ines", scopes=["decide"], assurance=Assurance.CONFIRMED)
    with pytest.raises(ValueError, match="above"):
        create_caller(
            store, "c", "ines", scopes=["decide"], assurance=Assurance.CLAIMED, default_assurance=Assurance.SESSION
        )

    defaults = {caller.name: caller.default_assurance for caller in callers(store)}

    assert defaults == {"a": Assurance.CLAIMED, "b": Assurance.SESSION}
