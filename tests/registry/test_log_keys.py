"""One key a person and tenant, kept from annex to annex, gone with the person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.types import SubjectKey
from authz.registry import schema
from authz.registry import tables as t
from authz.registry.engine import open_engine
from authz.registry.erasure import erase
from authz.registry.load import load_file
from authz.registry.log_keys import keys_of
from authz.registry.snapshot import load_snapshot, save_snapshot
from authz.registry.store import RegistryStore

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA, IOANA, DORU = (SubjectKey(f"{name}@acme.example") for name in ("ana", "ioana", "doru"))


@pytest.fixture
def loaded(store: RegistryStore, sets: Sets, write: Write, acme: str) -> RegistryStore:
    load_file(write(acme), store, sets, "ines")
    return store


def key_on(store: RegistryStore, number: int, subject: SubjectKey) -> str:
    annex = next(one for one in store.directory().tenants["acme"].annexes if one.number == number)
    contact = annex.contact(subject)
    assert contact is not None
    return contact.log_key


def test_a_person_keeps_the_key_from_annex_to_annex_and_nobody_shares_it(loaded: RegistryStore) -> None:
    keys = {key_on(loaded, 1, ANA), key_on(loaded, 1, DORU), key_on(loaded, 2, IOANA)}

    assert key_on(loaded, 2, ANA) == key_on(loaded, 1, ANA)
    assert len(keys) == 3
    assert all(len(bytes.fromhex(key)) == 16 for key in keys)


def test_a_person_told_by_another_shared_id_keeps_the_key(
    loaded: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    before = key_on(loaded, 2, ANA)
    third = (
        "      - {number: 3, signed_on: 2026-02-01, effective_from: 2026-02-01, network: any, contacts: "
        "[{name: Ana Pop, role: admin, email: ana.new@acme.example, login: ana.pop}]}\n"
    )

    load_file(write(acme + third), loaded, sets, "ines")

    assert key_on(loaded, 3, SubjectKey("ana.new@acme.example")) == before


def test_loading_again_draws_no_new_keys(loaded: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    before = key_on(loaded, 1, ANA)

    load_file(write(acme), loaded, sets, "ines")

    assert key_on(loaded, 1, ANA) == before


def test_the_snapshot_has_the_keys(loaded: RegistryStore, tmp_path: Path) -> None:
    save_snapshot(tmp_path / "snapshot", loaded.directory().tenants.values(), loaded.revision(), 1.0)

    contact = load_snapshot(tmp_path / "snapshot").directory.tenants["acme"].annexes[-1].contact(ANA)

    assert contact is not None
    assert contact.log_key == key_on(loaded, 2, ANA)


def test_a_search_finds_the_keys_by_every_id(loaded: RegistryStore) -> None:
    with loaded.reading() as connection:
        found = [
            keys_of(connection, SubjectKey(one)) for one in (ANA, "login:ana.pop", "+40213000001", "nobody@x.example")
        ]

    assert found[0] == found[1] == found[2] == {"acme": frozenset({key_on(loaded, 1, ANA)})}
    assert found[3] == {}


def test_an_erased_persons_key_is_gone_and_the_others_stay(loaded: RegistryStore) -> None:
    key, other = key_on(loaded, 2, ANA), key_on(loaded, 2, IOANA)

    erase(loaded, ANA, "ines")

    with loaded.reading() as connection:
        keys = set(connection.scalars(sa.select(t.contact.c.log_key)))
    assert key not in keys
    assert other in keys


def test_people_who_were_there_before_there_were_keys_get_theirs(
    bare_database: str, sets: Sets, write: Write, acme: str
) -> None:
    engine = open_engine(bare_database)
    store = RegistryStore(bare_database)
    schema.upgrade(engine)
    load_file(write(acme), store, sets, "ines")
    schema.downgrade(engine, "0002")
    schema.upgrade(engine)

    try:
        keys = {key_on(store, 1, ANA), key_on(store, 1, DORU), key_on(store, 2, IOANA)}
        assert key_on(store, 2, ANA) == key_on(store, 1, ANA)
        assert len(keys) == 3
        assert "" not in keys
    finally:
        store.close()
        engine.dispose()
